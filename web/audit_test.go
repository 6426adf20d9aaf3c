package web_test

import (
	"net/url"
	"strings"
	"testing"

	"batsignal/oncall"
)

func TestWhatWasChanged(t *testing.T) {
	w := newPeopleWorld(t)
	w.agrees("tunde", oncall.Terms{Words: "first " + canaryWords})
	quiet, until := 23*60, 7*60
	w.agrees("tunde", oncall.Terms{Words: "second " + canaryWords, Routes: []string{"chat"}, QuietFrom: &quiet, QuietUntil: &until})
	p := w.person("tunde")
	profile := p.Profile()
	profile.Zone, profile.Wakes = "Asia/Tokyo", 8*60
	if _, err := w.People.SetProfile(ctx, w.as("li"), p.ID, p.Version, profile); err != nil {
		t.Fatal(err)
	}
	role, err := oncall.FindRole(ctx, w.DB, "package-fixing")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.People.SetRoster(ctx, w.as("maria"), role.Name, role.Version, w.ids("sam", "tunde", "li"), 2); err != nil {
		t.Fatal(err)
	}
	maria, tunde, kevin := w.enters("maria"), w.enters("tunde"), w.enters("kevin")

	a := maria.read("/audit")
	a.says(t, 200, "changed the profile of tunde", "<bdi>zone</bdi></dt><dd><del><bdi>Africa/Lagos</bdi></del> <ins><bdi>Asia/Tokyo</bdi></ins>",
		"<del><bdi>07:00</bdi></del> <ins><bdi>08:00</bdi></ins>", "made the schedule fixers", "layers &gt; 1 &gt; members",
		"<del><bdi>li</bdi></del>", "quiet from", "<ins><bdi>23:00</bdi></ins>", `href="/people/tunde"`, `href="/schedules/fixers"`)
	a.lacks(t, canaryWords, "<bdi>languages</bdi></dt>")
	readAloud(t, a.body)

	a = tunde.read("/audit")
	a.says(t, 200, "What you did, and what concerns you", "changed the profile of tunde", "second "+canaryWords, "made the schedule fixers")
	a.lacks(t, "made the schedule office", "changed the order of the list")
	a = kevin.read("/audit?about=tunde")
	a.says(t, 200, "made the schedule office")
	a.lacks(t, "tunde's", "changed the profile of tunde", canaryWords)

	for query, want := range map[string][2]string{ // what is there, and what is not
		"kind=person":                    {"changed the profile", "made the schedule"},
		"subject=fixers":                 {"made the schedule fixers", "made the schedule office"},
		"who=%40li":                      {"changed the profile", "made the schedule"},
		"about=kevin":                    {"made the schedule office", "made the schedule fixers"},
		"kind=role&subject=" + role.Name: {"changed the order of the list and the minimum", "made the schedule"},
		"kind=<script>":                  {"Nothing is like that.", "<script>"},
	} {
		a := maria.read("/audit?" + query)
		a.says(t, 200, want[0])
		a.lacks(t, want[1])
	}
	maria.read("/audit?about=nobody").says(t, 404)
	maria.read("/audit?before=x").says(t, 400)
}

func TestOlderChanges(t *testing.T) {
	w := newPeopleWorld(t)
	w.sql(`insert into audit_entry (at, handle, network, kind, subject, says, concerns)
		select $1, 'maria', 'web', 'label', 'many', 'did thing ' || n || '.', array[$2::bigint] from generate_series(1, 250) n`, night, w.person("kevin").ID)
	for _, handle := range []string{"maria", "kevin"} {
		v := w.enters(handle)
		path, seen := "/audit?"+url.Values{"kind": {"label"}, "who": {"maria"}}.Encode(), 0
		for pages := 1; ; pages++ {
			a := v.read(path)
			seen += strings.Count(a.body, "did thing ")
			if _, rest, more := strings.Cut(a.body, `<p><a href="/audit?`); more {
				path = "/audit?" + strings.ReplaceAll(rest[:strings.Index(rest, `"`)], "&amp;", "&")
				continue
			}
			if pages != 3 || seen != 250 {
				t.Errorf("%s sees %d in %d pages", handle, seen, pages)
			}
			break
		}
	}
}

// A record may hold anything that people wrote.
func TestHostileChanges(t *testing.T) {
	w := newPeopleWorld(t)
	maria := w.enters("maria")
	deep := strings.Repeat(`{"a":`, 2000) + "1" + strings.Repeat("}", 2000)
	for _, text := range append(hostile, `{"a":{"b":[{"c":[[1,[2,{"d":null}]]]}]}}`, `[1,2]`, `"x"`, deep) {
		w.sql(`insert into audit_entry (at, handle, network, kind, subject, says, before, after)
			values ($1, '', left($2, 30), 'label', left($2, 100), left($2, 500), to_jsonb($2::text), jsonb_build_object(left($2, 100), $2::text))`,
			night, strings.ReplaceAll(text, "\x00", ""))
		if strings.HasPrefix(text, "{") && strings.HasSuffix(text, "}") && !strings.HasPrefix(text, "{{") {
			w.sql(`insert into audit_entry (at, kind, subject, says, before) values ($1, 'label', 'x', 'x', $2::text::jsonb)`, night, text)
		}
	}
	a := maria.read("/audit")
	a.says(t, 200)
	a.lacks(t, "<script>", "<img src=x", "<iframe", "<style>", "\u202e")
	readAloud(t, a.body)
}
