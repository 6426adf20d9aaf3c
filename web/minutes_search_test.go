package web_test

import (
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"batsignal/incidents/minutes"
)

func find(words string, more ...string) string {
	q := url.Values{"q": {words}}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return "/minutes/search?" + q.Encode()
}

func TestSearch(t *testing.T) {
	w := newWorld(t)
	w.meets(ops, evening, weekly)
	w.meets(dev, night, "03:00:00 <anna> #startmeeting Release\n03:01:00 <bert> a fan of the <b>release</b> &amp; of Gehäuse\n")
	for words, want := range map[string][]string{
		"rattles":                {`<a href="/minutes/m/1/log#l-5">`, "the fan in rack 4 <mark>rattles</mark>, see https://wiki.example/rack4"},
		"GRÖSSERE lüfter":        {"Nothing was found."}, // upper case has no ß: other letters
		"größere LÜFTER":         {"<mark>größere</mark> <mark>Lüfter</mark> für Gehäuse"},
		"会议":                     {"und <mark>会议</mark> in Peking"},
		`"fan in rack"`:          {`<mark>fan</mark> <mark>in</mark> <mark>rack</mark> 4 by friday`, `<span class="kind">action</span>`},
		"fan -rattles":           {"kevin replaces the <mark>fan</mark>", "a <mark>fan</mark> of the &lt;b&gt;release"},
		"vendor or rattles":      {"bert writes to the <mark>vendor</mark>", "<mark>rattles</mark>"},
		"release b":              {"&lt;<mark>b</mark>&gt;<mark>release</mark>&lt;/<mark>b</mark>&gt; &amp;amp; of"},
		"bert":                   {"<b><bdi>bert</bdi></b>"},
		"' \" : & | ! ( <->":     {"Name at least one word"},
		"-fan":                   {"Name at least one word"},
		"a:* | b":                {"</html>"},
		strings.Repeat("a", 201): {"200 letters are the most"},
	} {
		a := w.get(find(words))
		if a.Code != 200 && a.Code != 400 {
			t.Errorf("%s: %d", words, a.Code)
		}
		for _, text := range want {
			if !strings.Contains(a.body, text) {
				t.Errorf("%s: %q is not in\n%s", words, text, a.main())
			}
		}
	}
	if a := w.get(find("fan", "room", "acme/#dev")); strings.Contains(a.body, "rattles") || !strings.Contains(a.body, "a <mark>fan</mark>") || !strings.Contains(a.body, "selected") {
		t.Error(a.main())
	}
	if a := w.get(find("fan", "in", "notes")); strings.Contains(a.body, "rattles") || !strings.Contains(a.body, "kevin replaces the <mark>fan</mark>") {
		t.Error(a.main())
	}
	if a := w.get(find("vendor")); strings.Contains(a.body, "is slow") {
		t.Error("what is off the record is found")
	}
	if a := w.get(find("off")); !strings.Contains(a.body, "Nothing was found.") {
		t.Error(a.main())
	}
	for _, path := range []string{find("fan", "before", "x"), find("fan", "before", "1-x"), find("fan", "before", "-1-1"), find("fan", "before", "7-1")} {
		w.get(path).says(t, 400)
	}
	w.get("/minutes/search?q=%ff%00fan&room=%ff%00").says(t, 200, "<mark>fan</mark>")
}

// What is said now is found, and what was taken back is not: not even by who said it.
func TestSearchFollowsWhatPeopleChange(t *testing.T) {
	w := newWorld(t)
	w.meets(dev, night, "03:00:00 <anna> #startmeeting Release\n")
	w.says(dev, night, "zoe", "e1", "the passwrod is wrong")
	w.says(dev, night, "zoe", "e2", "#info the secret is swordfish")
	w.says(dev, night, "zoe", "e3", "swordfish again")
	w.get(find("swordfish")).says(t, 200, "the secret is <mark>swordfish</mark>", "<mark>swordfish</mark> again")
	w.change(dev, night, minutes.Edited, "e1", "the password is wrong")
	w.change(dev, night, minutes.Deleted, "e2", "")
	w.change(dev, night, minutes.Edited, "e3", "[off] swordfish")
	w.get(find("password")).says(t, 200, "the <mark>password</mark> is wrong")
	for _, words := range []string{"passwrod", "swordfish"} {
		w.get(find(words)).says(t, 200, "Nothing was found.")
	}
	if a := w.get(find("zoe")); strings.Count(a.body, "<li>") != strings.Count(w.get(find("nothing")).body, "<li>")+1 {
		t.Error(a.main())
	}
}

// Every hit is on one page and on one only, whatever made it.
func TestSearchGoesOn(t *testing.T) {
	w := newWorld(t)
	for m := range 5 {
		var log strings.Builder
		log.WriteString("10:00:00 <anna> #startmeeting Many\n")
		for i := range 20 {
			text := fmt.Sprintf("needle %d.%d.", m, i)
			if i%3 == 0 {
				text = "#info " + text
			}
			fmt.Fprintf(&log, "10:%02d:00 <bert> %s\n", i+1, text)
		}
		log.WriteString("11:00:00 <anna> #endmeeting\n")
		w.meets(ops, evening.AddDate(0, 0, -m), log.String())
	}
	seen, pages, path := map[string]int{}, 0, find("needle")
	for path != "" {
		a := w.get(path)
		a.says(t, 200)
		for m := range 5 {
			for i := range 20 {
				text := fmt.Sprintf("<mark>needle</mark> %d.%d.<", m, i)
				seen[text] += strings.Count(a.body, text)
			}
		}
		pages++
		_, rest, more := strings.Cut(a.body, `<p class="turn"><a href="`)
		path = ""
		if more {
			next, _, _ := strings.Cut(rest, `"`)
			path = html.UnescapeString(next)
		}
	}
	if pages != 4 {
		t.Errorf("%d pages", pages)
	}
	for text, n := range seen {
		if n != 1 {
			t.Errorf("%s: %d times", text, n)
		}
	}
}
