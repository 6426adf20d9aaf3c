package slackfake

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
)

// form is a modal with fields of several kinds.
func form(title string) slack.ModalViewRequest {
	name := slack.NewPlainTextInputBlockElement(plain("what burns"), "title")
	name.MinLength, name.MaxLength = 3, 100
	severity := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Severity"), "severity",
		slack.NewOptionBlockObject("1", plain("High"), nil), slack.NewOptionBlockObject("2", plain("Low"), nil))
	severity.InitialOption = slack.NewOptionBlockObject("2", plain("Low"), nil)
	people := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeUser, plain("Who"), "people")
	hidden := slack.NewCheckboxGroupsBlockElement("flags", slack.NewOptionBlockObject("private", plain("Private"), nil))
	optional := slack.NewInputBlock("b_flags", plain("Flags"), nil, hidden)
	optional.Optional = true
	all := slack.NewInputBlock("b_people", plain("People"), nil, people)
	all.Optional = true
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain(title), Submit: plain("Send"), CallbackID: "light", PrivateMetadata: "K7QX", NotifyOnClose: true,
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewInputBlock("b_title", plain("Title"), plain("short"), name),
			slack.NewInputBlock("b_severity", plain("Severity"), nil, severity), all, optional,
			slack.NewActionBlock("acts", slack.NewButtonBlockElement("more", "m", plain("More fields"))),
		}},
	}
}

func TestAModalFromEndToEnd(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	a := connect(t, s)
	i := s.Slash("maria", "ops", "/bat", "signal")
	opened, err := api.OpenView(i.TriggerID, form("Light it"))
	must(t, err)
	views := s.Views("maria")
	equal(t, "view", words(len(views), views[0].ID, views[0].CallbackID, views[0].Title), words(1, opened.ID, "light", "Light it"))
	_, err = api.OpenView(i.TriggerID, form("Again"))
	refused(t, err, "exchanged_trigger_id")
	_, err = api.OpenView("1.2.3", form("Never"))
	refused(t, err, "invalid_trigger_id")

	must(t, s.ClickView("maria", opened.ID, "More fields").Wait(patient(t)))
	click := a.lastInteraction()
	equal(t, "click", words(click.View.ID, click.Container.Type, click.ActionCallback.BlockActions[0].Value), words(opened.ID, "view", "m"))
	changed := form("Light it up")
	_, err = api.UpdateView(changed, "", "0.wrong", opened.ID)
	refused(t, err, "hash_conflict")
	updated, err := api.UpdateView(changed, "", opened.Hash, opened.ID)
	must(t, err)
	if updated.Hash == opened.Hash {
		t.Error("the hash did not change")
	}
	_, err = api.UpdateView(changed, "", "", "V0NONE")
	refused(t, err, "not_found")

	panics(t, "must not be empty", func() { s.Submit("maria", opened.ID, nil) })
	panics(t, "shorter than 3", func() { s.Submit("maria", opened.ID, map[string]any{"title": "x"}) })
	panics(t, `no "zip"`, func() { s.Submit("maria", opened.ID, map[string]any{"title": "fire", "zip": "1"}) })

	a.answers(func(socketmode.Event) any {
		return slack.NewErrorsViewSubmissionResponse(map[string]string{"b_title": "too vague"})
	})
	i = s.Submit("maria", opened.ID, map[string]any{"title": "fire <now>", "severity": "High", "people": []string{"omar", "maria"}, "flags": []string{"private"}})
	must(t, i.Wait(patient(t)))
	equal(t, "errors", i.Errors()["b_title"], "too vague")
	equal(t, "it stays open", len(s.Views("maria")), 1)
	got := a.lastInteraction()
	equal(t, "type", words(got.Type, got.View.CallbackID, got.View.PrivateMetadata, got.View.Hash), words("view_submission", "light", "K7QX", updated.Hash))
	values := got.View.State.Values
	equal(t, "text", values["b_title"]["title"].Value, "fire <now>")
	equal(t, "option", values["b_severity"]["severity"].SelectedOption.Value, "1")
	equal(t, "people", strings.Join(values["b_people"]["people"].SelectedUsers, ","), s.User("omar").ID+","+s.User("maria").ID)
	equal(t, "flags", values["b_flags"]["flags"].SelectedOptions[0].Value, "private")

	a.answers(func(socketmode.Event) any { v := form("Sure?"); return slack.NewPushViewSubmissionResponse(&v) })
	must(t, s.Submit("maria", opened.ID, nil).Wait(patient(t))) // what was filled in stays
	views = s.Views("maria")
	equal(t, "pushed", words(len(views), views[1].Title), "2 Sure?")
	panics(t, "another modal lies on", func() { s.Submit("maria", opened.ID, nil) })
	a.answers(nil)
	must(t, s.Submit("maria", views[1].ID, map[string]any{"title": "sure"}).Wait(patient(t)))
	equal(t, "default of a menu", a.lastInteraction().View.State.Values["b_severity"]["severity"].SelectedOption.Value, "2")
	equal(t, "closed", len(s.Views("maria")), 1)
	must(t, s.CloseView("maria", opened.ID).Wait(patient(t)))
	equal(t, "closed", words(len(s.Views("maria")), a.lastInteraction().Type), "0 view_closed")
}

func TestTriggersExpire(t *testing.T) {
	t.Parallel()
	clock := &stoppedClock{at: time.Unix(1_700_000_000, 0)}
	s, api := start(t, Options{ClientTime: clock.now})
	connect(t, s)
	i := s.Shortcut("maria", "light")
	clock.add(4 * time.Second)
	_, err := api.OpenView(i.TriggerID, form("Late"))
	refused(t, err, "expired_trigger_id")
	old := s.Slash("maria", "ops", "/bat", "")
	clock.add(31 * time.Minute)
	_, _, err = api.PostMessage("", slack.MsgOptionText("late", false), slack.MsgOptionResponseURL(old.ResponseURL, ""))
	if err == nil || s.Calls("response_url")[0].Outcome != "expired_url" {
		t.Errorf("got %v", err)
	}
}

func TestTheStackOfModals(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	a := connect(t, s)
	i := s.Shortcut("maria", "light")
	_, err := api.PushView(i.TriggerID, form("On what?"))
	refused(t, err, "invalid_trigger_id")
	v, err := api.OpenView(i.TriggerID, form("1"))
	must(t, err)
	for _, title := range []string{"2", "3"} {
		v, err = api.PushView(s.ClickView("maria", v.ID, "more").TriggerID, form(title))
		must(t, err)
	}
	_, err = api.PushView(s.ClickView("maria", v.ID, "more").TriggerID, form("4"))
	refused(t, err, "push_limit_reached")
	equal(t, "root", words(v.RootViewID == s.Views("maria")[0].ID, v.PreviousViewID == s.Views("maria")[1].ID), "true true")
	a.answers(func(socketmode.Event) any { return slack.NewClearViewSubmissionResponse() })
	must(t, s.Submit("maria", v.ID, map[string]any{"title": "fire"}).Wait(patient(t)))
	equal(t, "cleared", len(s.Views("maria")), 0)
	wrong := form(strings.Repeat("x", 25))
	_, err = api.OpenView(s.Shortcut("maria", "light").TriggerID, wrong)
	refused(t, err, "invalid_arguments")
	var response slack.SlackErrorResponse
	if !as(err, &response) || response.ResponseMetadata.Messages[0] != "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]" {
		t.Errorf("the reasons are %q", response.ResponseMetadata.Messages)
	}
}

func TestTheHome(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	a := connect(t, s)
	if s.Home("maria") != nil {
		t.Error("there is a home that nobody published")
	}
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, CallbackID: "home", Blocks: slack.Blocks{BlockSet: buttons()}}
	first, err := api.PublishView(s.User("maria").ID, home, "")
	must(t, err)
	_, err = api.PublishView(s.User("maria").ID, home, "0.wrong")
	refused(t, err, "hash_conflict")
	_, err = api.PublishView(s.User("maria").ID, home, first.Hash)
	must(t, err)
	_, err = api.PublishView("U0NOBODY", home, "")
	refused(t, err, "user_not_found")
	var v struct{ ID, Type string }
	must(t, json.Unmarshal(s.Home("maria"), &v))
	equal(t, "home", v.Type+v.ID, "home"+first.ID)
	a.heard()
	s.OpenHome("maria")
	opened := a.heard()[0].inner.(*slackevents.AppHomeOpenedEvent)
	equal(t, "opened", opened.View.ID+opened.Channel, first.ID+s.IM("maria"))
	i := s.ClickView("maria", v.ID, "take")
	must(t, i.Wait(patient(t)))
	got := a.lastInteraction()
	equal(t, "click", words(got.View.Type, got.View.CallbackID, got.ActionCallback.BlockActions[0].Value), "home home K7QX")
	_, err = api.OpenView(i.TriggerID, form("From home"))
	must(t, err)
	panics(t, "a home cannot be submitted", func() { s.Submit("maria", v.ID, nil) })
}
