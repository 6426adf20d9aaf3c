package minutes_test

import (
	"strings"
	"testing"
	"time"

	"batsignal/incidents/minutes"
)

var began = time.Date(2026, 11, 27, 20, 0, 0, 0, time.UTC) // a Friday

// room is a meeting of our dialect under way, for one line after another.
type room struct {
	*minutes.Meeting
	t *testing.T
}

func newRoom(t *testing.T, change func(*minutes.Setting)) *room {
	t.Helper()
	s := minutes.Setting{Dialect: minutes.Batsignal(), Room: "#ops", RoomTopic: "before", Roster: []minutes.Owner{{Name: "maria", Handle: "maria"}}}
	if change != nil {
		change(&s)
	}
	m, _ := minutes.Start(s, minutes.Event{At: began, Who: minutes.Who{Nick: "anna"}, Text: "#startmeeting"})
	return &room{m, t}
}

// say has somebody say a line, and returns what the bot says to everybody and, after
// "to NICK:", to somebody alone.
func (r *room) say(nick, text string) (said []string) {
	r.t.Helper()
	return r.hear(minutes.Event{At: began.Add(time.Minute), Who: minutes.Who{Nick: nick}, Text: text})
}

func (r *room) hear(e minutes.Event) (said []string) {
	r.t.Helper()
	for _, f := range r.Hear(e) {
		switch f.Kind {
		case minutes.Reply:
			said = append(said, f.Text)
		case minutes.Private:
			said = append(said, "to "+f.Who.Nick+": "+f.Text)
		}
	}
	return said
}

func (r *room) last() *minutes.Item { return r.Items[len(r.Items)-1] }

// TestWhoseActionItIs: each action is said by anna, after these people were heard.
func TestWhoseActionItIs(t *testing.T) {
	present := strings.Fields("jon jonathan t-bast bast cdecker[m] eve_ Zed siretart` fred|away will joostjgr Üţáhraptõr {curly} to")
	for action, want := range map[string]string{
		"jonathan writes the postmortem":          "jonathan",
		"jon and ANNA review it":                  "jon anna",
		"t-bast merges 847":                       "t-bast",
		"cdecker[m] restarts the bot":             "cdecker[m]",
		"cdecker restarts the bot":                "cdecker[m]",
		"(cdecker[m]) restarts the bot":           "cdecker[m]",
		"eve_ and eve check the logs":             "eve_",
		"zed: rotate keys":                        "Zed",
		"siretart` tags the release":              "siretart`",
		"siretart's release is tagged":            "siretart`",
		"fred pages the vendor":                   "fred|away",
		"üţáhraptõr écrit le rapport":             "Üţáhraptõr",
		"{curly} braces":                          "{curly}",
		"[bert] is not here":                      "",
		"somebody will file a ticket":             "",
		"will: file a ticket":                     "will",
		"@will files a ticket":                    "will",
		"talk to the vendor":                      "",
		"joost asks upstream":                     "maybe joostjgr",
		"maria, who is on the roster, signs":      "maria",
		"greta updates DNS":                       "",
		"I write it down":                         "anna",
		"i'll ask":                                "anna",
		"the jonathans of this world are many":    "",
		"bast-like things":                        "",
		"ask jon/jonathan":                        "jon jonathan",
		"https://example.org/jon is to be read":   "jon",
		"":                                        "",
		"<i>jon</i> cleans up":                    "jon",
		"see jon@example.org":                     "jon",
		"nobody knows what the <b>jon</b> is for": "jon",
	} {
		r := newRoom(t, nil)
		for _, nick := range present {
			r.say(nick, "hi")
		}
		r.say("anna", "#action "+action)
		var names []string
		for _, o := range r.last().Owners {
			names = append(names, o.Name)
		}
		got := strings.Join(names, " ")
		if len(r.last().Unsure) > 0 {
			got = "maybe " + strings.Join(r.last().Unsure, " ")
		}
		if got != want && !(want == "" && strings.HasPrefix(got, "maybe")) {
			t.Errorf("%q is %q's, want %q", action, got, want)
		}
	}
}

func TestAnOwnerWhoComesLater(t *testing.T) {
	r := newRoom(t, nil)
	r.say("anna", "#action greta updates DNS")
	if len(r.last().Owners) > 0 {
		t.Fatal("greta was not there yet")
	}
	r.say("greta", "sorry, I am late")
	if o := r.last().Owners; len(o) != 1 || o[0].Name != "greta" {
		t.Errorf("the action is %v's", o)
	}
}

func TestAnUnclearOwnerIsOffered(t *testing.T) {
	r := newRoom(t, nil)
	r.say("joostjgr", "hi")
	said := r.say("anna", "#action joost asks upstream")
	if len(said) != 1 || said[0] != "to anna: Whose is action 1? Perhaps joostjgr. Say #owner 1 NICK, or leave it open." {
		t.Errorf("anna is told %q", said)
	}
	r.say("anna", "#owner 1 joostjgr")
	r.say("anna", "#due 1 next week")
	if it := r.last(); len(it.Owners) != 1 || it.Owners[0].Name != "joostjgr" || it.Due.Format(time.DateOnly) != "2026-12-04" {
		t.Errorf("the action is %v's until %s", it.Owners, it.Due)
	}
	if said := r.say("anna", "#owner 7 joostjgr"); len(said) != 1 || !strings.Contains(said[0], "The actions have these numbers: 1.") {
		t.Errorf("anna is told %q", said)
	}
}

func TestUntilWhen(t *testing.T) {
	for text, want := range map[string]string{
		"bert does it by Friday":           "2026-12-04", // it is Friday already
		"bert does it by monday, at last":  "2026-11-30",
		"by tomorrow bert does it":         "2026-11-28",
		"bert does it (by 2026-12-24)":     "2026-12-24",
		"bert does it by 24 December":      "2026-12-24",
		"bert does it by Jan 3":            "2027-01-03",
		"bert does it, due today":          "2026-11-27",
		"bert does it by next week":        "2026-12-04",
		"by bert by accident":              "",
		"stand by":                         "",
		"by bert, by Sunday":               "2026-11-29",
		"bert does it by 31 February 2027": "",
	} {
		r := newRoom(t, nil)
		r.say("anna", "#action "+text)
		got := ""
		if due := r.last().Due; !due.IsZero() {
			got = due.Format(time.DateOnly)
		}
		if got != want {
			t.Errorf("%q is due %q, want %q", text, got, want)
		}
	}
}
