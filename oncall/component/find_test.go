package component_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"batsignal/oncall"
	"batsignal/oncall/component"
	"batsignal/oncall/fault"
)

func TestWhatSomebodyMayHaveMeant(t *testing.T) {
	names := []string{"openssl", "openssl-libs", "openssh", "compat-openssl11", "curl", "bc", "glibc", "gtk+", "libcurl"}
	for word, want := range map[string]string{
		"opnssl":  "openssl openssh",
		"openssk": "openssh openssl",
		"open":    "openssh openssl openssl-libs compat-openssl11",
		"crul":    "curl",
		"bd":      "bc",
		"gtk":     "gtk+",
		"zzz":     "",
	} {
		if got := strings.Join(component.Near(names, word, 5), " "); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
}

func TestLookup(t *testing.T) {
	h := build(t)
	h.load(t, "fedora", "openssl: [maria]\nopenssh: [jan]\n")
	if _, err := h.SetAlias(ctx, h.actor(t, "ada"), component.Change{Component: "openssl", Admin: true}, "LibSSL", false); err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{"openssl", " OpenSSL ", "libssl"} {
		c, err := component.Find(ctx, h.db, typed)
		if err != nil || c.Name != "openssl" || cmp.Diff([]string{"libssl"}, c.Aliases) != "" || c.Source != "fedora" {
			t.Errorf("%q: %+v %v", typed, c, err)
		}
	}
	for typed, want := range map[string]string{
		"opensl": "I know no component called opensl. Did you mean openssl or openssh? To ask everybody: !owner ask opensl",
		"kernel": "I know no component called kernel. To ask everybody: !owner ask kernel",
	} {
		if _, err := component.Find(ctx, h.db, typed); fault.KindOf(err) != fault.NotFound || fault.Say(err) != want {
			t.Errorf("%q: %v", typed, err)
		}
	}
	if _, err := component.Find(ctx, h.db, "no such thing"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
}

func TestWhatATitleNames(t *testing.T) {
	h := build(t)
	h.load(t, "fedora", "openssl: [maria]\nbc: [maria]\nfile: [jan]\ncode: [jan]\ngtk+: [jan]\nr-core: [jan]\npython3.12: [li]\nopen: []\n")
	if _, err := h.SetAlias(ctx, h.actor(t, "ada"), component.Change{Component: "openssl", Admin: true}, "libssl", false); err != nil {
		t.Fatal(err)
	}
	for title, want := range map[string]string{
		"openssl: remote code execution":          "openssl",
		"OpenSSL has a hole":                      "openssl",
		"remote hole in libssl.":                  "openssl",
		"libssl (openssl) again":                  "openssl",
		"openssl-3.0.7-1.fc37 is bad, and r-core": "openssl and r-core",
		"a file in bc":                            "nobody",
		"file: heap overflow":                     "file",
		"bc: heap overflow":                       "bc",
		"hole in gtk+, python3.12":                "gtk+ and python3.12",
		"opensslé":                                "nobody",
		"myopenssl and openssl_x":                 "nobody",
		"открыто openssl":                         "openssl",
		"":                                        "nobody",
		":;!?":                                    "nobody",
	} {
		named, err := component.Named(ctx, h.db, title)
		var names []string
		for _, c := range named {
			names = append(names, c.Name)
		}
		if got := oncall.JoinNames(names); err != nil || got != want {
			t.Errorf("%q: %s, want %s; %v", title, got, want, err)
		}
	}
	owning := func(title string) (map[int64]bool, error) {
		named, err := component.Named(ctx, h.db, title)
		if err != nil {
			return nil, err
		}
		return component.Owning(ctx, h.db, named)
	}
	people, err := owning("openssl and file: both broken")
	if maria := h.actor(t, "maria").PersonID; err != nil || len(people) != 1 || !people[maria] {
		t.Errorf("%v %v", people, err)
	}
	if people, err := owning("nothing of ours"); len(people) != 0 || err != nil {
		t.Errorf("%v %v", people, err)
	}
}

func FuzzNear(f *testing.F) {
	f.Add("openssl", "opnssl")
	f.Fuzz(func(t *testing.T, name, word string) {
		for _, n := range component.Near([]string{name, "openssl"}, word, 5) {
			if n != name && n != "openssl" {
				t.Fatalf("%q was made up", n)
			}
		}
	})
}

func BenchmarkNear25000(b *testing.B) {
	names := make([]string, 25_000)
	for i := range names {
		names[i] = fmt.Sprintf("perl-package-%d", i)
	}
	start := time.Now()
	for b.Loop() {
		component.Near(names, "perl-pakage-77", 5)
	}
	b.ReportMetric(float64(time.Since(start).Milliseconds())/float64(b.N), "ms/lookup")
}
