// Package placetest tries whether a place keeps the promises of [place.Place]. Each sort of
// place passes it with its real server.
package placetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/integrations/place"
	"batsignal/oncall/fault"
)

const (
	big = 40 << 20
	// patience is how long any one call may take.
	patience = 2 * time.Minute
)

// All tries an empty place, and leaves it empty.
func All(t *testing.T, p place.Place) {
	t.Helper()
	for _, story := range []struct {
		name string
		run  func(*testing.T, place.Place)
	}{
		{"what is kept comes back", comesBack},
		{"a file is replaced as a whole", replaced},
		{"keys reach nothing else", keys},
		{"a stream that breaks off leaves what was", breaksOff},
		{"a put that is cancelled leaves what was", cancelled},
		{"what is not there", notThere},
		{"the list is in order", listed},
		{"many at once", atOnce},
		{"asking leaves nothing", asking},
	} {
		t.Run(story.name, func(t *testing.T) {
			story.run(t, p)
			empty(t, p)
		})
	}
}

func comesBack(t *testing.T, p place.Place) {
	for _, size := range []int{0, 1, big} {
		for _, known := range []bool{true, false} {
			key := fmt.Sprintf("back/%d-%v", size, known)
			content := Random(size)
			put(t, p, key, content, known)
			want(t, p, key, content)
			files, err := p.List(within(t), key)
			if err != nil || len(files) != 1 || files[0].Size != int64(size) {
				t.Errorf("%s is listed as %+v, %v", key, files, err)
			}
			remove(t, p, key)
			want(t, p, key, nil)
		}
	}
}

func replaced(t *testing.T, p place.Place) {
	for _, size := range []int{100_000, 5, 0, 70_000} {
		content := Random(size)
		put(t, p, "replaced", content, size%2 == 0)
		want(t, p, "replaced", content)
		if keys := list(t, p, "replaced"); len(keys) != 1 {
			t.Errorf("listed as %v", keys)
		}
	}
	remove(t, p, "replaced")
}

func keys(t *testing.T, p place.Place) {
	good := []string{"a", "a.b/c.d", ".hidden/..x", "b/...", "UPPER_lower-0.9/x.tar.age", strings.Repeat("n", 200), "deep/1/2/3/4/5/6/7/8/9"}
	for i, key := range good {
		put(t, p, key, []byte(key), i%2 == 0)
	}
	for _, key := range good {
		want(t, p, key, []byte(key))
	}
	remove(t, p, good...)
	for _, key := range []string{"", "/", ".", "..", "/etc/passwd", "../x", "a/../../x", "a/../x", "a//x", "a/", "/a", "./a", "a/.", "a/..", "a\x00b", "a\x00",
		"a b", "a\nb", "ä", "a\\b", "a*", "a~", "~a", "-rf", "a/-x", "a:b", "a,b", "a=b", "a?versionId=x", "%2e%2e/x", strings.Repeat("n", 201), strings.Repeat("n/", 300) + "n"} {
		if _, err := p.Put(within(t), key, strings.NewReader("x"), 1); fault.KindOf(err) != fault.Invalid || err == nil {
			t.Errorf("Put takes %q: %v", key, err)
		}
		if r, err := p.Get(within(t), key); fault.KindOf(err) != fault.Invalid || err == nil {
			t.Errorf("Get takes %q: %v, %v", key, r, err)
		}
		if err := p.Delete(within(t), key); fault.KindOf(err) != fault.Invalid || err == nil {
			t.Errorf("Delete takes %q: %v", key, err)
		}
	}
	for _, prefix := range []string{"/", "../", "a/../b", "a//", "a b", "a\x00"} {
		if _, err := p.List(within(t), prefix); fault.KindOf(err) != fault.Invalid || err == nil {
			t.Errorf("List takes %q: %v", prefix, err)
		}
	}
}

var errBroken = errors.New("the stream broke off")

func breaksOff(t *testing.T, p place.Place) {
	before := []byte("what was there before")
	put(t, p, "broken/old", before, true)
	for _, after := range []int{0, 10, big / 2} {
		for _, key := range []string{"broken/old", "broken/new"} {
			for _, size := range []int64{-1, big} {
				r := io.MultiReader(bytes.NewReader(Random(after)), failing{})
				if _, err := p.Put(within(t), key, r, size); !errors.Is(err, errBroken) {
					t.Errorf("%s, broken off after %d of %d: %v", key, after, size, err)
				}
			}
			// It ends too early, or too late.
			for _, size := range []int64{int64(after) + 1, max(int64(after)-1, 0)} {
				if int64(after) == size {
					continue
				}
				if _, err := p.Put(within(t), key, bytes.NewReader(Random(after)), size); err == nil {
					t.Errorf("%s: %d bytes were taken for %d", key, after, size)
				}
			}
		}
		want(t, p, "broken/old", before)
		want(t, p, "broken/new", nil)
	}
	if keys := list(t, p, "broken/"); !slices.Equal(keys, []string{"broken/old"}) {
		t.Errorf("there is %v", keys)
	}
	remove(t, p, "broken/old")
}

// failing is the end of a stream that breaks off.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }

func cancelled(t *testing.T, p place.Place) {
	before := []byte("what was there before")
	put(t, p, "cancelled/old", before, true)
	why := errors.New("somebody cancelled it")
	for _, key := range []string{"cancelled/old", "cancelled/new"} {
		ctx, cancel := context.WithCancelCause(within(t))
		content := Random(1 << 20)
		n := 0
		r := readerFunc(func(b []byte) (int, error) {
			if n++; n == 20 {
				cancel(why)
			}
			return copy(b, content), nil
		})
		if _, err := p.Put(ctx, key, r, -1); !errors.Is(err, why) {
			t.Errorf("%s: %v", key, err)
		}
		if _, err := p.Get(ctx, key); err == nil {
			t.Errorf("%s is read after the end", key)
		}
	}
	want(t, p, "cancelled/old", before)
	want(t, p, "cancelled/new", nil)

	put(t, p, "cancelled/read", Random(big), true)
	ctx, cancel := context.WithCancelCause(within(t))
	r, err := p.Get(ctx, "cancelled/read")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	cancel(why)
	if _, err := io.Copy(io.Discard, r); err == nil {
		t.Error("what was cancelled is read to its end")
	}
	_ = r.Close() // it may tell of the cancelling or not
	remove(t, p, "cancelled/old", "cancelled/read")
}

type readerFunc func(b []byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func notThere(t *testing.T, p place.Place) {
	for _, key := range []string{"none", "no/folder/either"} {
		want(t, p, key, nil)
		remove(t, p, key, key)
	}
	put(t, p, "there", []byte("x"), true)
	want(t, p, "the", nil)
	want(t, p, "there2", nil)
	remove(t, p, "the")
	want(t, p, "there", []byte("x"))
	remove(t, p, "there", "there")
	want(t, p, "there", nil)
}

func listed(t *testing.T, p place.Place) {
	// "." comes before "/", and capitals before small letters.
	all := []string{"B/1", "a-b", "a.b/1", "a/1", "a/10", "a/2", "a/sub/x", "ab"}
	for _, i := range rand.Perm(len(all)) {
		put(t, p, all[i], []byte(all[i]), true)
	}
	for prefix, want := range map[string][]string{
		"": all, "a": all[1:], "a/": all[3:7], "a/1": all[3:5], "a/sub": {"a/sub/x"}, "a/sub/": {"a/sub/x"}, "a.": {"a.b/1"}, "B": {"B/1"}, "b": nil,
		"none/": nil, "a/1/": nil, "ab/c/d": nil,
	} {
		if keys := list(t, p, prefix); !slices.Equal(keys, want) {
			t.Errorf("%q lists %v, want %v", prefix, keys, want)
		}
	}
	remove(t, p, all...)
}

// atOnce has people put, read and delete beside each other, in the same folders, and some of
// them the same file: of which one wins, as a whole.
func atOnce(t *testing.T, p place.Place) {
	var wg sync.WaitGroup
	var contents [6][]byte
	for i := range contents {
		contents[i] = Random(100_000 + i)
		wg.Go(func() {
			own := fmt.Sprintf("once/%d/own", i%2)
			if i%2 == 1 {
				own += fmt.Sprint(i)
			} else {
				own = fmt.Sprintf("once/alone-%d/own", i)
			}
			put(t, p, own, contents[i], true)
			put(t, p, "once/same", contents[i], false)
			want(t, p, own, contents[i])
			remove(t, p, own)
		})
	}
	wg.Wait()
	got, there := get(t, p, "once/same")
	if !there || !slices.ContainsFunc(contents[:], func(c []byte) bool { return bytes.Equal(c, got) }) {
		t.Errorf("of several that were put there is: %v, of %d bytes", there, len(got))
	}
	if keys := list(t, p, "once/"); !slices.Equal(keys, []string{"once/same"}) {
		t.Errorf("there is %v", keys)
	}
	remove(t, p, "once/same")
}

func asking(t *testing.T, p place.Place) {
	if err := p.Check(within(t)); err != nil {
		t.Error(err)
	}
	if sealing, ok := p.(place.SelfSealing); ok && (sealing.SealedBy() == "" || !strings.Contains(sealing.Opening(), "KEY")) {
		t.Error("it does not say what seals")
	}
}
