package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/web"
)

// fields are the fields of a form as a browser would send them, by the id of the form, or
// of the first that is sent to an address.
func fields(t testing.TB, body, action string) url.Values {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		to, _ := attr(n, "action")
		id, _ := attr(n, "id")
		if n.Data != "form" || to != action && id != action {
			continue
		}
		out := url.Values{}
		for f := range n.Descendants() {
			name, _ := attr(f, "name")
			value, _ := attr(f, "value")
			kind, _ := attr(f, "type")
			_, checked := attr(f, "checked")
			switch {
			case f.Data == "input" && (kind != "checkbox" || checked):
				out.Add(name, value)
			case f.Data == "select":
				out.Add(name, chosen(f))
			}
		}
		return out
	}
	t.Fatalf("no form %q in:\n%s", action, body)
	return nil
}

// chosen is the option of a select that is sent.
func chosen(n *html.Node) string {
	var values []string
	for o := range n.Descendants() {
		if o.Data != "option" {
			continue
		}
		value, has := attr(o, "value")
		if !has {
			value = words(o)
		}
		if _, selected := attr(o, "selected"); selected {
			return value
		}
		values = append(values, value)
	}
	return append(values, "")[0]
}

// with is a form with some fields filled in: name, value, name, value.
func with(form url.Values, pairs ...string) url.Values {
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

func TestWhoIsOnIsShownToEverybody(t *testing.T) {
	w := newScheduleWorld(t)
	w.busy()
	list := w.get("/schedules")
	list.says(t, 200, "Package fixers", "Office hours", "<bdi>sam</bdi></b> is on by <bdi>first</bdi>", "until Sun 1 Mar 08:00 UTC",
		"Next: <b><bdi>tunde</bdi></b>", "1 gap in the next 14 days", "11 gaps in the next 14 days")
	page := w.get("/schedules/fixers")
	page.says(t, 200, "<title>li is away and would be on by layer first Sun 8 Mar 08:00 to Mon 9 Mar 08:00 UTC</title>", "sam comes instead of tunde",
		"li is on in addition Thu 5 Mar 07:14 to 19:14 UTC", `<text class="now"`, "tunde asks anybody who can come", "“<bdi>tunde flies</bdi>”",
		"nobody is on Sun 8 Mar 08:00 to Mon 9 Mar 08:00 UTC", `<a href="/sign-in?next=%2Fschedules%2Ffixers">Sign in</a>`)
	for _, hidden := range []string{"skiing", "Take back", "I come", "/edit", "csrf"} {
		if strings.Contains(page.body, hidden) {
			t.Errorf("everybody sees %q", hidden)
		}
	}
	for _, a := range []answer{list, page} {
		readAloud(t, a.body)
	}
	if a := w.get("/schedules/fix"); a.Code != http.StatusSeeOther || a.Header().Get("Location") != "/schedules/fixers" {
		t.Errorf("the beginning of a name: %d to %s", a.Code, a.Header().Get("Location"))
	}
	w.get("/schedules/nothing").says(t, 404)
	w.get("/schedules/fixers?days=999999&from=2026-03-20").says(t, 200, "Mar")
	w.get("/schedules/fixers?from=whenever").says(t, 200, `id="from" name="from" value="whenever" autocomplete="off" aria-invalid="true"`, `id="from-problem"`)
	w.get("/schedules/fixers?zone=Mars/Olympus").says(t, 200, `value="Mars/Olympus" aria-invalid="true"`, `id="zone-problem"`, "In UTC.")
	w.get("/schedules/fixers?zone=Asia/Tokyo").says(t, 200, "In Asia/Tokyo.", "08:00 to Mon 9 Mar 08:00 UTC, 17:00 to Mon 9 Mar 17:00 in Asia/Tokyo")
	w.get("/schedules/fixers?zone=Europe/Berlin&from=2026-03-28&days=2").says(t, 200, "Sun 29 Mar (23 h)")
}

func TestTheMonthIsACalendar(t *testing.T) {
	w := newScheduleWorld(t)
	w.busy()
	a := w.get("/schedules/fixers?view=calendar&month=2026-03&zone=Europe/Berlin")
	a.says(t, 200, "<caption class=\"unseen\">Who is on each day of March 2026, in Europe/Berlin</caption>", "Josefstag in de (tunde and li)",
		`<bdi>sam</bdi></b> <span class="small">09:00–22:14</span> <span class="small">for <bdi>tunde</bdi>`, "nobody from 09:00", "today", "23 h",
		`href="?month=2026-04&amp;view=calendar&amp;zone=Europe%2FBerlin#plan"`)
	readAloud(t, a.body)
	w.get("/schedules/fixers?view=calendar&month=nonsense").says(t, 200, "March 2026")
	w.get("/schedules/office?view=calendar&month=2026-02").says(t, 200, "<p class=\"bad\">nobody</p>")
}

func TestASchedulesOverrideIsLookedAtFirst(t *testing.T) {
	w := newScheduleWorld(t)
	v := w.enters("maria") // an admin in Madrid
	const form = "/schedules/fixers/override#override"
	typed := with(fields(t, v.read("/schedules/fixers").body, form), "person", "li", "instead", "tunde", "start", "today 20:00 Berlin", "end", "for 4h", "note", "dentist", "do", "look")
	look := v.postForm("/schedules/fixers/override", typed)
	look.says(t, 200, "<b>li comes instead of tunde</b>, Sun 1 Mar 19:00 to 23:00 UTC, 20:00 to 24:00 in Europe/Madrid, 20:00 to 24:00 in Europe/Berlin", "Nothing is decided yet.",
		"Until now it was", "Then it is", "li is on instead of tunde")
	readAloud(t, look.body)
	if got := w.overrides(); got != "" {
		t.Fatalf("looking decided: %s", got)
	}
	again := v.postForm("/schedules/fixers/override", with(fields(t, look.body, form), "do", "change"))
	if got := fields(t, again.body, form); got.Get("start") != "2026-03-01T19:00:00Z" || got.Get("note") != "dentist" {
		t.Errorf("changed again, the form holds %v", got)
	}
	// Later it still means the same instant.
	w.tell("wait 3h")
	if a := v.postForm("/schedules/fixers/override", with(fields(t, look.body, form), "do", "save")); a.Code != http.StatusSeeOther {
		t.Fatalf("%d\n%s", a.Code, a.main())
	}
	if got, want := w.overrides(), "li for tunde 2026-03-01T19:00:00Z 2026-03-01T23:00:00Z dentist"; got != want {
		t.Fatalf("decided %q, want %q", got, want)
	}
	v.read("/schedules/fixers?did=override").says(t, 200, "That is decided", "Take back")
	id := w.idOfOverride()
	w.enters("li").send2(t, "/schedules/fixers", fmt.Sprintf("/schedules/fixers/override/%d/remove", id), nil).says(t, 403)
	for range 2 { // twice is as good as once
		v.send2(t, "/schedules/fixers", fmt.Sprintf("/schedules/fixers/override/%d/remove", id), nil).says(t, 303)
	}
	if got := w.overrides(); got != "" {
		t.Errorf("it stands still: %s", got)
	}
}

func TestAnOverridesErrorsStandBesideTheField(t *testing.T) {
	w := newScheduleWorld(t)
	v := w.enters("maria")
	for _, c := range []struct {
		typed  []string
		status int
		field  string
		says   string
	}{
		{[]string{"person", "", "start", "tomorrow 10:00", "end", "for 4h"}, 400, "person", "Say who comes"},
		{[]string{"person", "nobody-of-that-name", "start", "tomorrow 10:00", "end", "for 4h"}, 404, "person", "nobody-of-that-name"},
		{[]string{"person", "li", "instead", "x<b>", "start", "tomorrow 10:00", "end", "for 4h"}, 404, "instead", "x&lt;b&gt;"},
		{[]string{"person", "li", "start", "someday", "end", "for 4h"}, 400, "start", "someday"},
		{[]string{"person", "li", "start", "tomorrow 10:00", "end", ""}, 400, "end", "Say when it ends"},
		{[]string{"person", "li", "start", "tomorrow 10:00", "end", "soon"}, 400, "end", "soon"},
		{[]string{"person", "li", "instead", "sam", "start", "2026-03-02 12:00", "end", "2026-03-02 13:00"}, 409, "", "sam is not on"},
		{[]string{"person", "kevin", "start", "tomorrow 10:00", "end", "for 4h"}, 409, "", "Nobody may ring kevin"},
		{[]string{"person", "li", "layer", "third", "instead", "tunde", "start", "tomorrow 10:00", "end", "for 4h"}, 404, "", "no layer"},
	} {
		for _, do := range []string{"look", "save"} {
			form := with(fields(t, v.read("/schedules/fixers").body, "/schedules/fixers/override#override"), append(c.typed, "do", do)...)
			a := v.postForm("/schedules/fixers/override", form)
			if c.field != "" {
				c.status = 400
				a.says(t, c.status, fmt.Sprintf(`id="%s-problem">`, c.field), fmt.Sprintf(`aria-describedby="%s-problem`, c.field))
			}
			a.says(t, c.status, c.says)
			readAloud(t, a.body)
			if got := fields(t, a.body, "/schedules/fixers/override#override"); got.Get("start") != form.Get("start") {
				t.Errorf("the form lost what was typed: %v", got)
			}
		}
	}
	if got := w.overrides(); got != "" {
		t.Errorf("something was decided: %s", got)
	}
}

func TestPeopleDecideAboutThemselvesOnly(t *testing.T) {
	w := newScheduleWorld(t)
	v := w.enters("sam")
	form := fields(t, v.read("/schedules/fixers").body, "/schedules/fixers/override#override")
	if form.Get("person") != "sam" {
		t.Errorf("the form holds %v", form)
	}
	v.postForm("/schedules/fixers/override", with(form, "instead", "tunde", "start", "tomorrow 10:00", "end", "for 4h", "do", "save")).says(t, 403, "Only they themselves or an admin")
	v.postForm("/schedules/fixers/override", with(form, "instead", "", "do", "save")).says(t, 303)
	for _, page := range []string{"/schedules/new", "/schedules/fixers/edit", "/schedules/fixers/retire"} {
		v.read(page).says(t, 403, "and this is for")
		v.send2(t, "/schedules/fixers", page, url.Values{"do": {"save"}}).says(t, 403)
		if a := w.get(page); a.Code != http.StatusSeeOther || !strings.HasPrefix(a.Header().Get("Location"), "/sign-in") {
			t.Errorf("%s for anybody: %d", page, a.Code)
		}
	}
	w.visitor().postForm("/schedules/fixers/override", form).says(t, 403)
	form.Set("csrf", "wrong")
	v.postForm("/schedules/fixers/override", form).says(t, 403, "This form was not made for you")
}

func TestCoverIsAskedForAndGiven(t *testing.T) {
	w := newScheduleWorld(t)
	tunde, sam, li := w.enters("tunde"), w.enters("sam"), w.enters("li")
	const form = "/schedules/fixers/cover#cover"
	read := tunde.read("/schedules/fixers").body
	shift := func(title string) string {
		t.Helper()
		found := regexp.MustCompile(`<option value="([^"]+)">` + title).FindStringSubmatch(read)
		if found == nil {
			t.Fatalf("the shift %q is not offered:\n%s", title, read)
		}
		return found[1]
	}
	ask := with(fields(t, read, form), "shift", shift("Sun 1 Mar 08:00"))
	tunde.postForm("/schedules/fixers/cover", with(ask, "of", "sam", "note", "a wedding")).says(t, 303)
	page := sam.read("/schedules/fixers?did=asked")
	page.says(t, 200, "tunde asks sam to come", "a wedding", "I come", "I cannot", "It is asked.")
	readAloud(t, page.body)
	if a := li.read("/schedules/fixers"); strings.Contains(a.body, "I come<") {
		t.Error("li may answer what sam is asked")
	}
	li.send2(t, "/schedules/fixers", "/schedules/fixers/cover/1/accept", nil).says(t, 403)
	li.send2(t, "/schedules/fixers", "/schedules/fixers/cover/1/withdraw", nil).says(t, 403)
	sam.send2(t, "/schedules/fixers", "/schedules/fixers/cover/1/decline", nil).says(t, 303)
	sam.send2(t, "/schedules/fixers", "/schedules/fixers/cover/1/accept", nil).says(t, 409, "No longer open")

	tunde.postForm("/schedules/fixers/cover", with(ask, "of", "")).says(t, 303)
	sam.send2(t, "/schedules/fixers", "/schedules/fixers/cover/2/accept", nil).says(t, 303)
	if got := w.overrides(); !strings.HasPrefix(got, "sam for tunde") {
		t.Errorf("decided: %s", got)
	}

	// A swap: sam takes one of tunde's shifts, and gives one of theirs.
	read = tunde.read("/schedules/fixers").body
	swap, theirs, mine := fields(t, read, form), shift("sam: Tue 3 Mar"), shift("Wed 4 Mar")
	tunde.postForm("/schedules/fixers/cover", with(swap, "shift", mine, "return", theirs, "of", "li")).says(t, 400, `id="return-problem"`)
	tunde.postForm("/schedules/fixers/cover", with(swap, "of", "nobody-at-all")).says(t, 400, `id="of-problem"`)
	tunde.postForm("/schedules/fixers/cover", with(swap, "shift", theirs, "of", "")).says(t, 400, `id="shift-problem"`)
	tunde.postForm("/schedules/fixers/cover", with(swap, "shift", "x", "return", "")).says(t, 400, `id="shift-problem"`)
	tunde.postForm("/schedules/fixers/cover", with(swap, "shift", mine, "return", theirs, "of", "")).says(t, 303)
	tunde.read("/schedules/fixers").says(t, 200, "in return they take")
	tunde.send2(t, "/schedules/fixers", "/schedules/fixers/cover/3/withdraw", nil).says(t, 303)
	w.get("/schedules/fixers").says(t, 200, "Nobody does.")
}

// send2 sends a form that has nothing but its token, of a page.
func (v *visitor) send2(t *testing.T, page, path string, form url.Values) answer {
	t.Helper()
	if form == nil {
		form = url.Values{}
	}
	form.Set("csrf", v.csrf(page))
	return v.postForm(path, form)
}

// overrides lists what was decided about the schedule fixers.
func (w *world) overrides() string {
	w.t.Helper()
	list, err := rota.Overrides(ctx, w.DB, w.schedule("fixers").ID, w.Now().AddDate(-1, 0, 0), w.Now().AddDate(1, 0, 0))
	if err != nil {
		w.t.Fatal(err)
	}
	handle := map[int64]string{}
	for _, h := range []string{"li", "sam", "tunde", "priya", "maria"} {
		handle[w.person(h).ID] = h
	}
	var out []string
	for _, o := range list {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s for %s %s %s %s", handle[o.Person], handle[o.Instead],
			o.From.UTC().Format(time.RFC3339), o.Until.UTC().Format(time.RFC3339), o.Note)))
	}
	return strings.Join(out, "\n")
}

func (w *world) idOfOverride() (id int64) {
	w.t.Helper()
	if err := w.DB.QueryRow(ctx, `select max(id) from shift_override`).Scan(&id); err != nil {
		w.t.Fatal(err)
	}
	return id
}

// Where schedules are not wired there are no such pages, and nothing leads to them.
func TestWithoutSchedules(t *testing.T) {
	w := newWorld(t, func(o *web.Options) { o.Rota, o.Policies = nil, nil })
	for _, path := range []string{"/schedules", "/coverage", "/policies", "/schedules/x"} {
		w.get(path).says(t, 404)
	}
	if a := w.get("/"); strings.Contains(a.body, "/schedules") {
		t.Error("the menu leads to them")
	}
}

// TestAScheduleFullOfHostileWords puts every such text where somebody's words reach.
func TestAScheduleFullOfHostileWords(t *testing.T) {
	w := newScheduleWorld(t)
	w.busy()
	admin := w.enters("maria")
	o := w.decide(schedule.Override{Person: w.person("sam").ID, From: w.Now().Add(time.Hour), Until: w.Now().Add(2 * time.Hour)})
	for i, text := range hostile {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			short := clip(strings.ReplaceAll(text, "\x00", ""), 60)
			w.sql(`update schedule set title = $1`, short)
			w.sql(`update shift_override set note = $1 where id = $2`, short, o.ID)
			w.sql(`update cover_request set note = $1`, short)
			w.sql(`update holiday set name = $1`, short)
			w.sql(`update role set title = $1 where name = 'package-fixing'`, short)
			w.sql(`update escalation_policy set title = $1`, short)
			q := url.QueryEscape(text)
			for _, path := range []string{
				"/schedules", "/schedules/fixers", "/schedules/fixers?view=calendar&month=2026-03", "/schedules/fixers?from=" + q + "&zone=" + q + "&days=" + q,
				"/schedules/fixers/edit", "/schedules/fixers/retire", "/coverage", "/coverage/package-fixing?zone=" + q, "/policies", "/policies/late", "/policies/late/edit",
				"/policies/try?role=package-fixing&title=" + q, "/policies/try?role=package-fixing&at=" + q, "/policies/try?role=" + q,
			} {
				checkHostile(t, path, admin.read(path))
			}
			form := with(fields(t, admin.read("/schedules/fixers/edit").body, "form"), "do", "look", "title", text, "l0-m0", text, "l0-starts", text, "l0-name", text)
			checkHostile(t, "/schedules/fixers/edit", admin.postForm("/schedules/fixers/edit", form))
			form = with(fields(t, admin.read("/schedules/fixers").body, "/schedules/fixers/override#override"), "do", "look", "person", text, "start", text, "note", text)
			checkHostile(t, "/schedules/fixers", admin.postForm("/schedules/fixers/override", form))
			form = with(fields(t, admin.read("/policies/late/edit").body, "form"), "do", "look", "title", text, "s0-t0-name", text, "s0-wait", text)
			checkHostile(t, "/policies/late/edit", admin.postForm("/policies/late/edit", form))
		})
	}
}

// checkHostile reads a page as a browser would, and fails on anything that is not ours.
func checkHostile(t *testing.T, path string, a answer) {
	t.Helper()
	if a.Code >= 500 {
		t.Errorf("%s: %d", path, a.Code)
	}
	root, err := html.Parse(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		switch n.Data {
		case "script", "iframe", "style", "object", "embed", "base", "foreignObject", "animate", "set", "use", "image":
			if n.Type == html.ElementNode {
				t.Errorf("%s: <%s>", path, n.Data)
			}
		}
		for _, at := range n.Attr {
			if strings.HasPrefix(at.Key, "on") || at.Key == "style" {
				t.Errorf("%s: <%s %s>", path, n.Data, at.Key)
			}
			if (at.Key == "href" || at.Key == "src" || at.Key == "action" || at.Key == "formaction") && !strings.HasPrefix(at.Val, "/") && !strings.HasPrefix(at.Val, "#") && !strings.HasPrefix(at.Val, "?") {
				t.Errorf("%s: %s=%q", path, at.Key, at.Val)
			}
		}
	}
}
