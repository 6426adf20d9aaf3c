package s3_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/place"
	"batsignal/integrations/place/placetest"
	"batsignal/integrations/s3"
	"batsignal/integrations/s3/s3test"
	"batsignal/oncall/fault"
)

func TestMain(m *testing.M) {
	placetest.Main(m, func(argument string) (place.Place, error) {
		var c s3.StoreConfig
		if err := json.Unmarshal([]byte(argument), &c); err != nil {
			return nil, err
		}
		c.AccessKey, c.SecretKey = s3test.AccessKey, s3test.Secret()
		return s3.NewStore(c)
	})
}

func store(t testing.TB, c s3.StoreConfig) *s3.Store {
	t.Helper()
	if c.AccessKey == "" {
		c.AccessKey, c.SecretKey = s3test.AccessKey, s3test.Secret()
	}
	c.Insecure = true
	c.Pause = func(int) time.Duration { return 0 }
	s, err := s3.NewStore(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestABucketIsAPlace(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "plain")
	server.VersionedBucket(t, "versioned")
	for bucket, prefix := range map[string]string{"plain": "", "versioned": "our/backups/"} {
		t.Run(bucket, func(t *testing.T) {
			s := store(t, s3.StoreConfig{BucketConfig: s3.BucketConfig{Endpoint: server.Endpoint, Bucket: bucket}, Prefix: prefix})
			placetest.All(t, s)
			if versions, markers, uploads := server.Things(t, bucket); versions+markers+uploads > 0 {
				t.Errorf("%d versions, %d markers and %d uploads are left", versions, markers, uploads)
			}
		})
	}
}

func TestAKillLeavesNothingAfterASweep(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "backups")
	c := s3.StoreConfig{BucketConfig: s3.BucketConfig{Endpoint: server.Endpoint, Bucket: "backups", Insecure: true}, Prefix: "b/"}
	argument, err := json.Marshal(map[string]any{"Endpoint": c.Endpoint, "Bucket": c.Bucket, "Insecure": true, "Prefix": c.Prefix})
	if err != nil {
		t.Fatal(err)
	}
	most := 0
	placetest.Killed(t, store(t, c), string(argument), func() int {
		versions, markers, uploads := server.Things(t, "backups")
		most = max(most, uploads)
		return versions + markers + uploads
	})
	if most != 2 {
		t.Errorf("%d uploads were there, and 2 were killed", most)
	}
}

// A prefix is a place of its own: what others keep beside it is nobody's here.
func TestPrefixesAreApart(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "shared")
	at := func(prefix string) *s3.Store {
		return store(t, s3.StoreConfig{BucketConfig: s3.BucketConfig{Endpoint: server.Endpoint, Bucket: "shared"}, Prefix: prefix})
	}
	for _, prefix := range []string{"", "a/", "ab/"} {
		if _, err := at(prefix).Put(ctx, "x", strings.NewReader(prefix), -1); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string]string{"": "[a/x ab/x x]", "a/": "[x]", "ab/": "[x]", "c/": "[]"} {
		files, err := at(prefix).List(ctx, "")
		keys := []string{}
		for _, f := range files {
			keys = append(keys, f.Key)
		}
		if err != nil || fmt.Sprint(keys) != want {
			t.Errorf("%q: %v, %v", prefix, keys, err)
		}
	}
}

// More files than one page of a list holds.
func TestALongList(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "many")
	s := store(t, s3.StoreConfig{BucketConfig: s3.BucketConfig{Endpoint: server.Endpoint, Bucket: "many"}})
	const many = 1100
	work := make(chan int)
	done := make(chan error)
	for range 8 {
		go func() {
			var all error
			for i := range work {
				_, err := s.Put(ctx, fmt.Sprintf("f/%04d", i), strings.NewReader(""), 0)
				all = errors.Join(all, err)
			}
			done <- all
		}()
	}
	for i := range many {
		work <- i
	}
	close(work)
	for range 8 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	files, err := s.List(ctx, "f/")
	if err != nil || len(files) != many {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for i, f := range files {
		if f.Key != fmt.Sprintf("f/%04d", i) {
			t.Fatalf("%s is the %d.", f.Key, i)
		}
	}
}

// What is locked stays, whoever asks, and people hear why.
func TestALockHolds(t *testing.T) {
	server := s3test.Start(t)
	server.LockingBucket(t, "locked")
	server.Bucket(t, "plain")
	config := func(bucket string, mode s3.LockMode) s3.StoreConfig {
		c := s3.StoreConfig{BucketConfig: s3.BucketConfig{Endpoint: server.Endpoint, Bucket: bucket}, Lock: mode}
		if mode != s3.LockNone {
			c.LockDays = 2
		}
		return c
	}
	for _, mode := range []s3.LockMode{s3.LockCompliance, s3.LockGovernance} {
		s := store(t, config("locked", mode))
		if err := s.Check(ctx); err != nil {
			t.Fatal(err)
		}
		if _, _, uploads := server.Things(t, "locked"); uploads != 0 {
			t.Error("the check left something")
		}
		for name, content := range map[string][]byte{"short": []byte("hello"), "long": placetest.Random(20 << 20)} {
			key := string(mode) + "/" + name
			if _, err := s.Put(ctx, key, bytes.NewReader(content), -1); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := s.Delete(ctx, key); !errors.Is(err, place.ErrLocked) || fault.KindOf(err) != fault.Conflict {
					t.Errorf("%s: %v", key, err)
				}
				if got := read(t, s, key); !bytes.Equal(got, content) {
					t.Errorf("%s has %d bytes now", key, len(got))
				}
			}
			// Nor does putting another one over it take it away.
			if _, err := s.Put(ctx, key, strings.NewReader("other"), -1); err != nil {
				t.Error(err)
			}
			if err := s.Delete(ctx, key); !errors.Is(err, place.ErrLocked) {
				t.Errorf("%s: %v", key, err)
			}
		}
	}
	versions, markers, _ := server.Things(t, "locked")
	if versions != 8 || markers != 0 {
		t.Errorf("there are %d versions and %d markers", versions, markers)
	}
	// One that is not locked, over one that is: both stay hidden, and the lock is told.
	free := store(t, config("locked", s3.LockNone))
	if _, err := free.Put(ctx, "COMPLIANCE/short", strings.NewReader("free"), -1); err != nil {
		t.Fatal(err)
	}
	if err := free.Delete(ctx, "COMPLIANCE/short"); !errors.Is(err, place.ErrLocked) {
		t.Errorf("%v", err)
	}
	if r, err := free.Get(ctx, "COMPLIANCE/short"); !errors.Is(err, place.ErrNone) {
		t.Errorf("%v, %v: what was deleted above it shows it again", r, err)
	}
	if _, err := free.Put(ctx, "free", strings.NewReader("free"), -1); err != nil {
		t.Fatal(err)
	}
	if err := free.Delete(ctx, "free"); err != nil {
		t.Error(err)
	}
	// Days later the clock of a server that is honest lets it go; ours does not matter to it.
	if err := store(t, config("plain", s3.LockCompliance)).Check(ctx); err == nil {
		t.Error("a bucket without locks is taken for one with")
	}
}

func read(t testing.TB, s *s3.Store, key string) []byte {
	t.Helper()
	r, err := s.Get(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// What somebody deleted by hand, and so only hid, is deleted by us.
func TestDeletingIsOfAllVersions(t *testing.T) {
	server := s3test.Start(t)
	server.VersionedBucket(t, "versioned")
	s := store(t, s3.StoreConfig{BucketConfig: s3.BucketConfig{Endpoint: server.Endpoint, Bucket: "versioned"}})
	for _, text := range []string{"1", "2", "3"} {
		for _, key := range []string{"a", "ab"} {
			if _, err := s.Put(ctx, key, strings.NewReader(text), -1); err != nil {
				t.Fatal(err)
			}
		}
	}
	server.HideObject(t, "versioned", "a")
	if versions, markers, _ := server.Things(t, "versioned"); versions != 6 || markers != 1 {
		t.Fatalf("%d versions, %d markers", versions, markers)
	}
	if err := s.Delete(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	if versions, markers, _ := server.Things(t, "versioned"); versions != 3 || markers != 0 {
		t.Errorf("%d versions, %d markers", versions, markers)
	}
	if got := read(t, s, "ab"); string(got) != "3" {
		t.Errorf("%q", got)
	}
}
