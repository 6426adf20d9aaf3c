package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"batsignal/oncall/policy"
)

func (w *world) policy(name string) policy.Policy {
	w.t.Helper()
	p, err := policy.Get(ctx, w.DB, name)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func TestPoliciesAreShownToEverybody(t *testing.T) {
	w := newScheduleWorld(t)
	list := w.get("/policies")
	list.says(t, 200, "At night", "Tells #ops. Rings whoever is on by fixers, one after the other, and waits 2 minutes.", "Rings maria and kevin, all at once.",
		"Gone through 2 times.", "followed for package-fixing at severity 1", `<td><a href="/policies/late">late</a></td>`)
	one := w.get("/policies/late")
	one.says(t, 200, "Rings the roster of package-fixing", `href="/policies/try?role=package-fixing&amp;severity=1"`)
	for _, a := range []answer{list, one} {
		readAloud(t, a.body)
		if strings.Contains(a.body, "csrf") || strings.Contains(a.body, "/edit") {
			t.Error("everybody is offered to change it")
		}
	}
	w.get("/policies/none").says(t, 404)
	sam := w.enters("sam")
	for _, page := range []string{"/policies/new", "/policies/late/edit", "/policies/late/remove"} {
		sam.read(page).says(t, 403)
		sam.send2(t, "/account", page, url.Values{"do": {"save"}}).says(t, 403)
	}
	sam.send2(t, "/account", "/policies", nil).says(t, 403)
}

func TestAPolicyIsTried(t *testing.T) {
	w := newScheduleWorld(t)
	w.busy()
	form := w.get("/policies/try")
	form.says(t, 200, "package fixing")
	readAloud(t, form.body)
	// On Sunday at 03:00 tunde is on by the first layer, then the roster without li, who is
	// away then, then both at once.
	a := w.get("/policies/try?role=package-fixing&severity=1&at=sunday+03:00")
	readAloud(t, a.body)
	a.says(t, 200, "from Sun 8 Mar 03:00 UTC", "That time is over today; Sun 8 Mar is meant.", `by the policy <a href="/policies/late">`,
		"<b>at once</b>", "Rings <b><bdi>tunde</bdi></b> (on by fixers, asleep), and waits 2 minutes. Tells #ops.",
		"<b>after 2 minutes</b>", "<bdi>sam</bdi></b> (on the roster, awake), and waits 5 minutes", "<b>after 7 minutes</b>",
		"<b><bdi>maria</bdi></b> (asked for by name, asleep); <b><bdi>kevin</bdi></b>", "Step 1, round 2", "<li>li: away until Wed 11 Mar 13:14 UTC</li>", "0:07:00</text>")
	w.get("/policies/try?role=coordination&severity=2").says(t, 200, "no policy of its own", "<b>after 5 minutes</b>")
	w.get("/policies/try?role=juggling").says(t, 400, `id="role-problem"`)
	w.get("/policies/try?role=coordination&at=whenever").says(t, 400, `id="at-problem"`, `value="whenever"`)
	w.enters("tunde").read("/policies/try?role=package-fixing&at=tomorrow").says(t, 200, "00:00 in Africa/Lagos")
	if n := w.count("page"); n != 0 {
		t.Errorf("%d people were rung", n)
	}
}

func TestAPolicyIsChanged(t *testing.T) {
	w := newScheduleWorld(t)
	v := w.enters("maria")
	const path = "/policies/late/edit"
	page := v.read(path)
	readAloud(t, page.body)
	form := fields(t, page.body, "form")
	v.postForm(path, with(form, "do", "save")).says(t, 303)
	before := w.policy("late")
	if before.Version != 2 || len(before.Steps) != 3 || !before.Steps[2].All || before.Steps[0].Wait.Minutes() != 2 || before.Repeats != 2 {
		t.Fatalf("saved as it was, it is %+v", before)
	}
	form = fields(t, v.read(path).body, "form")
	for _, button := range []string{"step-down-0", "target-remove-2-1", "step-add", "target-add-3", "target-up-3-1", "step-remove-3", "step-up-1"} {
		a := v.postForm(path, with(form, "do", button))
		a.says(t, 200)
		readAloud(t, a.body)
		form = fields(t, a.body, "form")
	}
	look := v.postForm(path, with(form, "do", "look"))
	look.says(t, 200, "What would happen now", "For <bdi>package fixing</bdi> at severity 1", "by what is written above")
	readAloud(t, look.body)
	if got := w.policy("late"); got.Version != 2 {
		t.Fatalf("looking stored it: %+v", got)
	}
	v.postForm(path, with(form, "do", "save")).says(t, 303)
	got := w.policy("late")
	var said []string
	for _, s := range got.Steps {
		for _, target := range s.Targets {
			said = append(said, string(target.Kind)+" "+target.Name)
		}
		said = append(said, "then")
	}
	if s, want := strings.Join(said, ", "), "schedule fixers, room #ops, then, role package-fixing, then, person maria, then"; s != want {
		t.Errorf("the steps are %s, want %s", s, want)
	}
	v.read("/policies/late?did=saved").says(t, 200, "The policy is saved.")
}

func TestAPolicysErrorsStandBesideTheField(t *testing.T) {
	w := newScheduleWorld(t)
	v := w.enters("maria")
	for _, c := range []struct{ page, field, value, problem, says string }{
		{"/policies/new", "name", "No Good", "name", "cannot be a policy"},
		{"/policies/new", "name", "try", "name", "taken by a page"},
		{"/policies/new", "name", "late", "name", "There is a policy called late already"},
		{"/policies/late/edit", "title", "", "title", "needs a title"},
		{"/policies/late/edit", "repeats", "often", "repeats", "1 to 100"},
		{"/policies/late/edit", "repeats", "1000", "repeats", "1 to 100"},
		{"/policies/late/edit", "s0-wait", "a while", "s0-wait", "a while"},
		{"/policies/late/edit", "s0-wait", "2 seconds", "s0-wait", "10 seconds to 24 hours"},
		{"/policies/late/edit", "s0-t0-name", "nightshift", "s0-targets", "there is none of that name"},
		{"/policies/late/edit", "s0-t1-name", "ops", "s0-targets", "is no room"},
	} {
		for _, do := range []string{"look", "save"} {
			form := with(fields(t, v.read(c.page).body, "form"), "title", "T", "s0-t0-name", "fixers", c.field, c.value, "do", do)
			if c.page == "/policies/new" && c.field != "name" {
				form.Set("name", "fresh")
			}
			a := v.postForm(c.page, form)
			if a.Code != 400 && a.Code != 409 {
				t.Errorf("%s=%q: status %d", c.field, c.value, a.Code)
			}
			a.says(t, a.Code, `id="`+c.problem+`-problem"`, c.says)
			readAloud(t, a.body)
		}
	}
	a := v.postForm("/policies/late/edit", with(fields(t, v.read("/policies/late/edit").body, "form"), "steps", "0", "do", "save"))
	a.says(t, 400, "needs 1 to 20 steps")
	if got := w.policy("late"); got.Version != 1 {
		t.Errorf("something was stored: %+v", got)
	}
}

func TestTwoAdminsChangeAPolicyAtOnce(t *testing.T) {
	w := newScheduleWorld(t)
	v := w.enters("maria")
	const path = "/policies/late/edit"
	mine := with(fields(t, v.read(path).body, "form"), "title", "Mine")
	theirs := w.policy("late")
	theirs.Title, theirs.Steps = "Theirs", theirs.Steps[:2]
	if _, err := w.policies().Save(ctx, w.as("kevin"), theirs); err != nil {
		t.Fatal(err)
	}
	a := v.postForm(path, with(mine, "do", "save"))
	a.says(t, 409, "<bdi>kevin</bdi></b> was quicker", "<th scope=\"row\">Title</th><td>At night</td><td>Theirs</td><td>Mine</td>",
		"<th scope=\"row\">Step 3 targets</th><td>person maria, person kevin</td><td></td><td>person maria, person kevin</td>", "Use theirs", "Save mine over it")
	readAloud(t, a.body)
	if w.policy("late").Title != "Theirs" {
		t.Fatal("overwritten")
	}
	v.postForm(path, with(fields(t, a.body, "form"), "do", "save")).says(t, 303)
	if got := w.policy("late"); got.Title != "Mine" || len(got.Steps) != 3 {
		t.Errorf("%+v", got)
	}
}

func TestWhichRoleFollowsWhichPolicy(t *testing.T) {
	w := newScheduleWorld(t)
	v := w.enters("maria")
	page := v.read("/policies")
	readAloud(t, page.body)
	form := fields(t, page.body, "/policies#uses")
	v.postForm("/policies", with(form, "use-0-coordination", "late", "use-1-package-fixing", "")).says(t, 303)
	uses, err := policy.Uses(ctx, w.DB)
	if err != nil || len(uses) != 1 || uses[0] != (policy.Use{Role: "coordination", Policy: "late"}) {
		t.Fatalf("%v %v", uses, err)
	}
	// Somebody who still sees the old grid overwrites nothing.
	a := v.postForm("/policies", with(form, "use-0-coordination", "", "was-use-0-coordination", "other", "use-2-package-fixing", "late"))
	a.says(t, 409, "Nothing is stored: somebody else changed", "now: late")
	readAloud(t, a.body)
	if again, err := policy.Uses(ctx, w.DB); err != nil || len(again) != 1 {
		t.Errorf("%v %v", again, err)
	}
	v.postForm("/policies", with(form, "was-use-0-coordination", "late", "use-0-coordination", "late", "use-3-coordination", "no-such")).says(t, 404, "no-such")

	v.send2(t, "/policies/late/remove", "/policies/late/remove", url.Values{"version": {"1"}}).says(t, 409, "is followed for coordination")
	v.postForm("/policies", with(fields(t, v.read("/policies").body, "/policies#uses"), "use-0-coordination", "")).says(t, 303)
	v.send2(t, "/policies/late/remove", "/policies/late/remove", url.Values{"version": {"9"}}).says(t, 409)
	if a := v.send2(t, "/policies/late/remove", "/policies/late/remove", url.Values{"version": {"1"}}); a.Code != http.StatusSeeOther {
		t.Errorf("%d\n%s", a.Code, a.main())
	}
	w.get("/policies?did=removed").says(t, 200, "The policy is removed.", "There is no policy.")
}
