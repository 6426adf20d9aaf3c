package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/web"
)

func (w *world) members(name string, layer int) string {
	w.t.Helper()
	var handles []string
	for _, id := range w.schedule(name).Layers[layer].Members {
		for _, h := range []string{"li", "sam", "tunde", "priya", "maria", "kevin", "ana"} {
			if w.person(h).ID == id {
				handles = append(handles, h)
			}
		}
	}
	return strings.Join(handles, " ")
}

func TestAFormOfAScheduleIsTheSchedule(t *testing.T) {
	w := newScheduleWorld(t)
	v := w.enters("maria")
	for _, name := range []string{"fixers", "office"} {
		before := w.schedule(name)
		page := v.read("/schedules/" + name + "/edit")
		readAloud(t, page.body)
		if a := v.postForm("/schedules/"+name+"/edit", with(fields(t, page.body, "form"), "do", "save")); a.Code != http.StatusSeeOther {
			t.Fatalf("%d\n%s", a.Code, a.main())
		}
		after := w.schedule(name)
		if after.Version != before.Version+1 {
			t.Errorf("version %d after %d", after.Version, before.Version)
		}
		after.Version = before.Version
		if !same(before, after) {
			t.Errorf("saved as it was, it is\n%+v, and was\n%+v", after, before)
		}
	}
}

// The buttons that rearrange a form store nothing, and keep everything else that was typed.
func TestTheFormIsRearrangedWithoutSaving(t *testing.T) {
	w := newScheduleWorld(t)
	v := w.enters("maria")
	const path = "/schedules/fixers/edit"
	form := fields(t, v.read(path).body, "form")
	form.Set("title", "half typed")
	press := func(button string) {
		t.Helper()
		a := v.postForm(path, with(form, "do", button))
		a.says(t, 200)
		readAloud(t, a.body)
		form = fields(t, a.body, "form")
		if form.Get("title") != "half typed" {
			t.Errorf("%s lost what was typed: %v", button, form)
		}
	}
	people := func(layer string) string {
		var out []string
		for k := range 9 {
			if h, there := form["l"+layer+"-m"+string(rune('0'+k))]; there {
				out = append(out, h[0])
			}
		}
		return strings.Join(out, " ")
	}
	for _, step := range []struct{ button, layer, want string }{
		{"member-down-0-0", "0", "li tunde sam"},
		{"member-up-0-2", "0", "li sam tunde"},
		{"member-up-0-0", "0", "li sam tunde"},
		{"member-down-0-2", "0", "li sam tunde"},
		{"member-remove-0-1", "0", "li tunde"},
		{"member-add-0", "0", "li tunde "},
		{"layer-down-0", "1", "li tunde "},
		{"layer-remove-2", "1", "li tunde "},
		{"layer-add", "2", " "},
		{"window-add-2", "2", " "},
		{"layer-up-2", "1", " "},
		{"window-remove-1-0", "1", " "},
	} {
		if press(step.button); people(step.layer) != step.want {
			t.Errorf("after %s the members are %q, want %q", step.button, people(step.layer), step.want)
		}
	}
	for _, nonsense := range []string{"member-up-9-9", "layer-up--1", "member-up-0", "layer-jump-0", "x", "-", "window-up-0-99999999999999999999", "member-add-0-1-2"} {
		if a := v.postForm(path, with(form, "do", nonsense)); a.Code >= 500 {
			t.Errorf("%q: %d", nonsense, a.Code)
		}
	}
	if got := w.schedule("fixers"); got.Title != "Package fixers" || got.Version != 1 {
		t.Errorf("something was stored: %+v", got)
	}
}

func TestALookDrawsWhatIsNotSaved(t *testing.T) {
	w := newScheduleWorld(t)
	v := w.enters("maria")
	form := fields(t, v.read("/schedules/office/edit").body, "form")
	look := v.postForm("/schedules/office/edit", with(form, "do", "look", "role", "package-fixing", "l0-w0-until", "12:00"))
	look.says(t, 200, "Nothing is saved yet.", "<svg class=\"plan\"", "Nobody is on Sat 28 Feb 23:00", "kevin cannot be rung for package-fixing yet", "gap more.")
	readAloud(t, look.body)
	if got := w.schedule("office"); got.Version != 1 {
		t.Errorf("looking saved: %+v", got)
	}
	// Enter in a field presses the first button: that must be the harmless one.
	if first := look.body[strings.Index(look.body, `<button type="submit" name="do"`):]; !strings.HasPrefix(first, `<button type="submit" name="do" value="look"`) {
		t.Errorf("the first button is %.80s", first)
	}
}

func TestANewScheduleIsMade(t *testing.T) {
	w := newScheduleWorld(t)
	v := w.enters("maria")
	page := v.read("/schedules/new")
	readAloud(t, page.body)
	form := with(fields(t, page.body, "form"), "name", "docs", "title", "Docs", "role", "communications", "l0-m0", "LI", "l0-m1", "", "do", "save")
	if a := v.postForm("/schedules/new", form); a.Code != http.StatusSeeOther || a.Header().Get("Location") != "/schedules/docs?did=saved" {
		t.Fatalf("%d\n%s", a.Code, a.main())
	}
	if got := w.schedule("docs"); got.Role != "communications" || got.Zone != "Europe/Madrid" || len(got.Layers) != 1 || w.members("docs", 0) != "li" || got.Layers[0].Starts != wall("2026-03-02 09:00") {
		t.Errorf("%+v", got)
	}
	v.read("/schedules/docs?did=saved").says(t, 200, "The schedule is saved.")
	v.postForm("/schedules/new", form).says(t, 409, `id="name-problem"`, "There is a schedule docs already")
}

func TestAScheduleErrorsStandBesideTheField(t *testing.T) {
	w := newScheduleWorld(t)
	v := w.enters("maria")
	const path = "/schedules/office/edit"
	for _, c := range []struct{ field, value, says string }{
		{"name", "No Good", "small letters"}, {"name", "", "small letters"},
		{"title", "", "1 to 80 letters"}, {"title", strings.Repeat("x", 81), "1 to 80 letters"},
		{"zone", "Mars/Olympus", "Mars/Olympus"},
		{"l0-name", "Ö", "A layer&#39;s name"},
		{"l0-zone", "Local", "Local"},
		{"l0-starts", "soon", "soon"}, {"l0-starts", "", "the start is missing"},
		{"l0-ends", "2020-01-01", "is not after the start"}, {"l0-ends", "2026-02-30 09:00", "2026-02-30"},
		{"l0-turns", "many", "is no number"}, {"l0-turns", "", "the turns are missing"}, {"l0-turns", "0", "from 1 to 1000"},
		{"l0-unit", "year", "hour, day, week or month"},
		{"l0-m1", "nobody-at-all", "nobody-at-all"},
		{"l0-w0-from", "9", "time of day"}, {"l0-w0-until", "25:00", "time of day"}, {"l0-w0-from", "24:00", "begins outside the day"},
		{"role", "juggling", "There is no role"},
	} {
		for _, do := range []string{"look", "save"} {
			form := with(fields(t, v.read(path).body, "form"), c.field, c.value, "do", do)
			a := v.postForm(path, form)
			if a.Code != 400 && a.Code != 404 {
				t.Errorf("%s=%q: status %d", c.field, c.value, a.Code)
			}
			a.says(t, a.Code, `id="`+c.field+`-problem"`, `aria-describedby="`+c.field+`-problem"`, c.says, "Nothing is stored")
			readAloud(t, a.body)
			if got := fields(t, a.body, "form"); c.field != "l0-unit" && c.field != "role" && got.Get(c.field) != strings.TrimSpace(c.value) {
				t.Errorf("%s: the form holds %q", c.field, got.Get(c.field))
			}
		}
	}
	if got := w.schedule("office"); got.Version != 1 {
		t.Errorf("something was stored: %+v", got)
	}
}

// Two admins at once: the second is told who was quicker and what they changed, and
// chooses. Nothing is overwritten without that.
func TestTwoAdminsAtOnce(t *testing.T) {
	w := newScheduleWorld(t)
	w.access.Now = w.Now
	maria := w.enters("maria")
	const path = "/schedules/fixers/edit"
	mine := with(fields(t, maria.read(path).body, "form"), "title", "Mine", "do", "save")

	theirs := w.schedule("fixers") // kevin is quicker, by chat
	theirs.Title, theirs.Layers[0].Members = "Theirs", w.ids("sam", "li")
	if _, _, err := w.rota.Save(ctx, w.as("kevin"), theirs.Version, theirs); err != nil {
		t.Fatal(err)
	}
	for _, do := range []string{"look", "save"} {
		a := maria.postForm(path, with(mine, "do", do))
		a.says(t, 409, "Somebody else saved while you wrote", "<b><bdi>kevin</bdi></b> was quicker",
			"<th scope=\"row\">Title</th><td>Package fixers</td><td>Theirs</td><td>Mine</td>",
			"<th scope=\"row\">Layer 1 members</th><td>tunde, li, sam</td><td>sam, li</td><td>tunde, li, sam</td>",
			`href="/schedules/fixers/edit">Use theirs</a>`, "Save mine over it")
		readAloud(t, a.body)
		if got := w.schedule("fixers"); got.Title != "Theirs" || w.members("fixers", 0) != "sam li" {
			t.Fatalf("overwritten: %+v", got)
		}
		if do == "save" {
			mine = fields(t, a.body, "form")
		}
	}
	if mine.Get("title") != "Mine" || mine.Get("version") != "2" {
		t.Fatalf("the form holds %v", mine)
	}
	maria.postForm(path, with(mine, "do", "save")).says(t, 303)
	if got := w.schedule("fixers"); got.Title != "Mine" || w.members("fixers", 0) != "tunde li sam" || got.Version != 3 {
		t.Errorf("%+v", got)
	}
	// What is chosen over and over is still refused if somebody is quicker again.
	maria.postForm(path, with(mine, "do", "save")).says(t, 409, "<bdi>maria</bdi></b> was quicker")
}

func TestAScheduleIsRetiredAfterAQuestion(t *testing.T) {
	w := newScheduleWorld(t)
	v := w.enters("maria")
	ask := v.read("/schedules/office/retire")
	ask.says(t, 200, "Retire this schedule?")
	readAloud(t, ask.body)
	v.send2(t, "/schedules/office/retire", "/schedules/office/retire", url.Values{"version": {"7"}}).says(t, 409)
	v.send2(t, "/schedules/office/retire", "/schedules/office/retire", url.Values{"version": {"1"}}).says(t, 303)
	w.get("/schedules/office").says(t, 404)
	if _, err := rota.ByName(ctx, w.DB, "office"); err == nil {
		t.Error("it is still in use")
	}
}

func same(a, b schedule.Schedule) bool { return cmp.Equal(a, b) }

// TestAScheduleIsChangedWithoutScript plays it in a browser: rearrange, look, save; then
// a conflict.
func TestAScheduleIsChangedWithoutScript(t *testing.T) {
	tab := browser(t)
	complained := complaints(t, tab)
	withoutScript(t, tab, true)
	w := newScheduleWorld(t, func(o *web.Options) { o.PublicURL = "http://127.0.0.1" })
	base := "http://127.0.0.1:" + w.serve()
	do(t, tab, chromedp.EmulateViewport(360, 800), chromedp.Navigate(base+w.loginLink("maria")), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(chromedp.CSS(".self button")))
	button := func(value string) chromedp.Action[chromedp.Void] {
		return chromedp.Click(chromedp.CSS(`#form button[value="` + value + `"]:not(.unseen)`))
	}
	do(t, tab, chromedp.Navigate(base+"/schedules/fixers/edit"), button("member-down-0-0"), chromedp.WaitVisible(chromedp.CSS(`#l0-m0[value="li"]`)))
	do(t, tab, button("look"), chromedp.WaitVisible(chromedp.CSS("#look svg")))
	if got := text(t, tab, "#look"); !strings.Contains(got, "Nothing is saved yet.") || !strings.Contains(got, "Somebody is on all the time.") {
		t.Errorf("the look reads %s", got)
	}
	theirs := w.schedule("fixers")
	theirs.Title = "Theirs"
	if _, _, err := w.rota.Save(ctx, w.as("kevin"), theirs.Version, theirs); err != nil {
		t.Fatal(err)
	}
	do(t, tab, button("save"), chromedp.WaitVisible(chromedp.CSS("#clash-head")))
	if got := text(t, tab, "main"); !strings.Contains(got, "kevin was quicker") || !strings.Contains(got, "Theirs") {
		t.Errorf("the conflict reads %s", got)
	}
	do(t, tab, button("save"), chromedp.WaitVisible(chromedp.CSS(".outcome")))
	if got := text(t, tab, ".outcome"); got != "The schedule is saved." {
		t.Errorf("it says %q", got)
	}
	if got := w.members("fixers", 0); got != "li tunde sam" {
		t.Errorf("saved: %s", got)
	}
	for _, message := range complained() {
		if !strings.Contains(message, "409") { // a conflict is told to the console too
			t.Errorf("the browser complains: %s", message)
		}
	}
}
