package place_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"batsignal/integrations/place"
	"batsignal/oncall/fault"
)

// Whatever is taken for a key stays below a directory, is its own clean form, and no program
// takes it for an option.
func FuzzCheckKey(f *testing.F) {
	for _, key := range []string{"a", "a/b.c", "../x", "/x", "a//b", "a/./b", "a/..", "-x", "a\x00", "", "a b", "ä", strings.Repeat("a/", 255) + "a"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		err := place.CheckKey(key)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid || len(fault.Say(err)) > 500 {
				t.Errorf("%q: %v", key, err)
			}
			return
		}
		if !filepath.IsLocal(key) || filepath.Clean(key) != key || strings.ContainsAny(key, "\x00~@,=\n ") || key[0] == '-' || strings.Contains(key, "/-") || len(key) > 512 {
			t.Errorf("%q is taken", key)
		}
		for i := range key {
			if err := place.CheckPrefix(key[:i]); err != nil {
				t.Errorf("%q begins with %q: %v", key, key[:i], err)
			}
		}
	})
}

func TestAMeterMeasures(t *testing.T) {
	const text = "hello"
	const sum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	broken := errors.New("broken")
	cancelled, cancel := context.WithCancelCause(t.Context())
	cancel(broken)
	for name, c := range map[string]struct {
		ctx  context.Context
		r    io.Reader
		size int64
		fail bool
	}{
		"unknown":   {t.Context(), strings.NewReader(text), -1, false},
		"known":     {t.Context(), strings.NewReader(text), 5, false},
		"by bytes":  {t.Context(), iotest.OneByteReader(strings.NewReader(text)), 5, false},
		"with end":  {t.Context(), iotest.DataErrReader(strings.NewReader(text)), 5, false},
		"too short": {t.Context(), strings.NewReader(text), 6, true},
		"too long":  {t.Context(), strings.NewReader(text), 4, true},
		"breaks":    {t.Context(), io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), -1, true},
		"cut off":   {t.Context(), io.MultiReader(strings.NewReader(text), iotest.ErrReader(io.ErrUnexpectedEOF)), -1, true},
		"cancelled": {cancelled, strings.NewReader(text), -1, true},
	} {
		m := place.NewMeter(c.ctx, c.r, c.size)
		_, err := io.Copy(io.Discard, m)
		if (err != nil) != c.fail || (m.Failed() != nil) != c.fail {
			t.Errorf("%s: %v, %v", name, err, m.Failed())
		}
		if !c.fail && m.Kept() != (place.Kept{Size: 5, SHA256: sum}) {
			t.Errorf("%s: %+v", name, m.Kept())
		}
		if _, again := m.Read(make([]byte, 1)); c.fail && !errors.Is(again, m.Failed()) {
			t.Errorf("%s: %v", name, again)
		}
	}
}

func TestWhatPeopleAreTold(t *testing.T) {
	if err := place.None("a/b"); !errors.Is(err, place.ErrNone) || fault.KindOf(err) != fault.NotFound || !strings.Contains(fault.Say(err), "a/b") {
		t.Error(err)
	}
	if err := place.Locked("a/b"); !errors.Is(err, place.ErrLocked) || fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Say(err), "a/b") {
		t.Error(err)
	}
}
