package alert

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"batsignal/migrations/pgtest"
)

// Whatever comes in whatever commits, what is stored is what a plain reading of the
// events says, and the figures of the groups fit.
func TestAnyStory(t *testing.T) {
	tx := pgtest.Tx(t)
	s := newScene(t, tx)
	stories := 0
	rapid.Check(t, func(r *rapid.T) {
		stories++
		s.key = s.addKey(Key{Name: fmt.Sprintf("k%d", stories), Policy: "night"})
		type one struct {
			state    State
			severity int
			count    int
		}
		open, over := map[string]*one{}, 0
		for range rapid.IntRange(1, 6).Draw(r, "commits") {
			var events []Event
			for range rapid.IntRange(1, 8).Draw(r, "events") {
				name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "name")
				severity := rapid.SampledFrom(Words()).Draw(r, "severity")
				action := rapid.SampledFrom([]Action{Trigger, Trigger, Acknowledge, Resolve}).Draw(r, "action")
				events = append(events, eventsOf(action, name+":"+severity)...)
				is := open[name]
				n, _ := usual(severity)
				switch {
				case action == Trigger && is == nil:
					open[name] = &one{Triggered, n, 1}
				case action == Trigger:
					is.count++
					if n < is.severity {
						is.state = Triggered
					}
					is.severity = n
				case is == nil:
				case action == Resolve:
					delete(open, name)
					over++
				default:
					is.state = Acknowledged
				}
			}
			if _, err := s.Take(ctx, s.key, events...); err != nil {
				r.Fatal(err)
			}
			if rapid.Bool().Draw(r, "told") {
				if _, err := tx.Exec(ctx, `update alert_group set told_at = $1, untold = false`, s.now); err != nil {
					r.Fatal(err)
				}
				if _, err := tx.Exec(ctx, `update alert set told_at = $1`, s.now); err != nil {
					r.Fatal(err)
				}
			}
		}
		list, err := List(ctx, tx, Query{Past: true, Key: fmt.Sprintf("k%d", stories)})
		if err != nil {
			r.Fatal(err)
		}
		for _, a := range list {
			if a.State == Resolved {
				over--
				continue
			}
			is := open[a.DedupKey]
			if is == nil || *is != (one{a.State, a.Severity, int(a.Count)}) {
				r.Fatalf("%s is %v %d ×%d, should be %+v", a.DedupKey, a.State, a.Severity, a.Count, is)
			}
			delete(open, a.DedupKey)
		}
		if len(open) > 0 || over != 0 {
			r.Fatalf("missing: %v, %d that are over", open, over)
		}
		// Somebody is hunted for exactly while a group that rings is open.
		var wrong int
		if err := tx.QueryRow(ctx, `
			select count(*) from alert_group g where (g.state = 'open' and g.severity < 4) <>
				exists (select from escalation e where e.cause = 'alert:' || g.id and e.state = 'hunting' and e.severity = g.severity)`).Scan(&wrong); err != nil {
			r.Fatal(err)
		}
		if wrong > 0 {
			r.Fatalf("%d groups are hunted for wrongly", wrong)
		}
	})
	s.settled()
}

// Whatever a sender writes, the database takes it.
func FuzzEvent(f *testing.F) {
	f.Add("summary", "source", "details", "https://example.org")
	f.Add("\x00\xff", strings.Repeat("ä", 3000), strings.Repeat("€", 2000), "\u202e")
	f.Fuzz(func(t *testing.T, summary, source, details, href string) {
		e := Event{Action: Trigger, DedupKey: "x", Summary: summary, Source: source, Details: details, Links: []Link{{Href: href}}, Component: summary, Class: source, Part: href}
		e.clean()
		for _, text := range []string{e.Summary, e.Source, e.Component, e.Class, e.Part, e.Links[0].Href} {
			if !utf8.ValidString(text) || utf8.RuneCountInString(text) > longestText || strings.ContainsAny(text, "\x00\n\r") {
				t.Errorf("%q", text)
			}
		}
		if e.Summary == "" || len(e.Details) > mostDetails || !utf8.ValidString(e.Details) || strings.Contains(e.Details, "\x00") {
			t.Errorf("%q %d", e.Summary, len(e.Details))
		}
	})
}
