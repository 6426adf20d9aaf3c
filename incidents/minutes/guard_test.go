package minutes_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/incidents/minutes"
)

func who(nick, account string) minutes.Who { return minutes.Who{Nick: nick, Account: account} }

func (r *room) as(w minutes.Who, text string) []string {
	return r.hear(minutes.Event{At: began.Add(time.Minute), Who: w, Text: text})
}

func (r *room) person(nick string) *minutes.Person {
	i := slices.IndexFunc(r.People(), func(p *minutes.Person) bool { return slices.Contains(p.Nicks, nick) })
	if i < 0 {
		return nil
	}
	return r.People()[i]
}

// TestAStolenNickHasNoVoice: where somebody has proven an account, their nick alone neither
// votes for them nor takes back what they noted.
func TestAStolenNickHasNoVoice(t *testing.T) {
	r := newRoom(t, nil)
	r.as(who("bert", "bert"), "#info mine")
	r.as(who("bert", "bert"), "#motion we move")
	r.as(who("bert", "bert"), "+1")
	if said := r.as(who("bert", ""), "-1"); len(said) != 1 || !strings.HasPrefix(said[0], "to bert: Your answer is not counted") {
		t.Errorf("whoever has the nick hears %q", said)
	}
	for _, thief := range []minutes.Who{who("bert", ""), who("bert", "mallory")} {
		r.as(thief, "#undo 1")
	}
	if len(r.Items) != 1 {
		t.Error("a nick was enough to undo")
	}
	if said := r.say("anna", "#endvote"); said[0] != "Motion accepted: 1 in favour, 0 against, 0 abstained" {
		t.Errorf("the vote: %q", said)
	}
	if r.as(who("bert", "bert"), "#undo 1"); len(r.Items) != 1 || r.Items[0].Kind != minutes.Agreed {
		t.Error("bert could not undo what bert noted")
	}
}

// TestWhoTakesTheNickOfOneWhoLeft is no chair and no voter by it; who takes the nick that a
// chair named beforehand, is.
func TestWhoTakesTheNickOfOneWhoLeft(t *testing.T) {
	for _, c := range []struct {
		left, back bool
		want       bool
	}{{false, false, true}, {true, false, false}, {true, true, true}} {
		r := newRoom(t, nil)
		r.say("bert", "hello")
		r.say("mallory", "hello")
		r.say("anna", "#chair bert")
		r.say("anna", "#voters bert")
		if c.left {
			r.hear(minutes.Event{At: began, Kind: minutes.Left, Who: who("bert", "")})
		}
		if c.back {
			r.hear(minutes.Event{At: began, Kind: minutes.Joined, Who: who("bert", "")})
		}
		r.hear(minutes.Event{At: began, Kind: minutes.Renamed, Who: who("mallory", ""), Text: "bert"})
		if got := r.person("mallory").Chair; got != c.want {
			t.Errorf("%+v: chair is %v", c, got)
		}
		r.say("anna", "#motion we move")
		r.say("bert", "+1")
		if said := r.say("anna", "#endvote"); strings.Contains(said[0], "1 in favour") != c.want {
			t.Errorf("%+v: %q", c, said)
		}
	}
}

// TestAVoteFollowsItsVoter to another nick, and is one vote.
func TestAVoteFollowsItsVoter(t *testing.T) {
	r := newRoom(t, nil)
	r.say("anna", "#motion we move")
	r.say("bert", "+1")
	r.say("bert_", "-1")
	r.hear(minutes.Event{At: began, Kind: minutes.Renamed, Who: who("bert_", ""), Text: "bert"})
	if said := r.say("anna", "#endvote"); said[0] != "Motion failed: 0 in favour, 1 against, 0 abstained" {
		t.Errorf("%q", said)
	}
}

func TestTalkIsNoAnswer(t *testing.T) {
	for text, want := range map[string]int{
		"0.5 s latency now": 0, "0 packets lost": 0, "1": 0, "1 of 3": 0, "+1.5 degrees": 0, "-1/2": 0, "+10": 0, "-0.5": 0, "+1x": 0,
		"0": 1, " 0 ": 1, "+0": 1, "-0 for me": 1, "+1": 1, "-1 sorry": 1, "+1, of course": 1, "+1!": 1, "+1\nat last": 1,
	} {
		r := newRoom(t, nil)
		r.say("anna", "#quorum 1")
		r.say("anna", "#motion we move")
		r.say("bert", text)
		said := r.say("anna", "#endvote")
		if got := strings.Contains(said[0], "too few"); got != (want == 0) {
			t.Errorf("%q: %q", text, said)
		}
	}
}

func TestHowAStartReads(t *testing.T) {
	d := minutes.Batsignal()
	for _, text := range []string{"#startmeeting Weekly sync", " #StartMeeting Weekly sync", "\t#STARTMEETING  Weekly sync \nand more"} {
		m, _ := minutes.Start(minutes.Setting{Dialect: d, Room: "#ops"}, minutes.Event{At: began, Who: who("anna", ""), Text: text})
		if !d.IsStart(text) || d.StartText(text) != "Weekly sync" || m.Topic != "Weekly sync" || m.Name != "weekly-sync" {
			t.Errorf("%q: %q, topic %q, name %q", text, d.StartText(text), m.Topic, m.Name)
		}
	}
}

// TestNothingBeginsWithSomebodysWords: what the bot says in the room fits a line of IRC, so
// that no line of its begins in the middle of what somebody else said.
func TestNothingBeginsWithSomebodysWords(t *testing.T) {
	long := "!page all " + strings.Repeat("障害 ", 500)
	r := newRoom(t, func(s *minutes.Setting) { s.Names = []string{"anna"} })
	for _, text := range []string{
		"#motion ", "#endvote", "#startvote Q? ", "#startvote ", "#endvote", "#agenda ", "#next", "#info ", "#undo", "#undo ", "#vote ", "#chair ", "#voters ", "#meetingname ",
		"#startvote " + long + "?", "#endvote", "#action ", "#owner 1 ", "#nick ", "#here aka ", "https://example.org/ ",
	} {
		if !strings.HasPrefix(text, "#endvote") && text != "#undo" && text != "#next" {
			text += long
		}
		for _, said := range r.say("anna", text) {
			if strings.HasPrefix(said, "to ") {
				continue
			}
			if len(said) > 420 || strings.HasPrefix(said, "!page") || strings.Contains(said, "\n") {
				t.Errorf("%.20q is answered by %d letters: %q", text, len(said), said)
			}
		}
	}
	r.say("anna", "#info secret")
	if said := r.say("anna", "#undo"); !reflect.DeepEqual(said, []string{fmt.Sprintf("Removing item %d from minutes: #info", r.Items[len(r.Items)-1].ID+1)}) {
		t.Errorf("undone: %q", said)
	}
	r.say("anna", "https://example.org/a\n!page all")
	if got := r.last().Text; got != "https://example.org/a" {
		t.Errorf("the link is %q", got)
	}
}

func TestPingallWakesNobodyTooSoon(t *testing.T) {
	ping := func(w minutes.Who, after time.Duration) bool {
		r := newRoom(t, nil)
		r.as(who("bert", "bert"), "hello")
		r.say("anna", "#chair bert")
		return slices.ContainsFunc(r.Hear(minutes.Event{At: began.Add(after), Who: w, Text: "#pingall"}), func(f minutes.Effect) bool { return f.Kind == minutes.CallNames })
	}
	if ping(who("anna", ""), time.Minute) || !ping(who("anna", ""), 6*time.Minute) || !ping(who("bert", "bert"), time.Minute) || ping(who("cleo", "cleo"), 6*time.Minute) {
		t.Error("#pingall is for chairs who are logged in, and later for all chairs")
	}
}

// TestALineChangesWhatItSays and nothing that was put down at it.
func TestALineChangesWhatItSays(t *testing.T) {
	m, _ := minutes.Start(minutes.Setting{Dialect: minutes.Batsignal(), Room: "#ops", Carried: []string{"A1: left over"}, Agenda: []string{"Backups"}},
		minutes.Event{At: began, ID: "0", Who: who("anna", ""), Text: "#startmeeting"})
	hear := func(kind minutes.EventKind, id, text string) {
		m.Hear(minutes.Event{At: began, Kind: kind, ID: id, Who: who("anna", ""), Text: text})
	}
	hear(minutes.Said, "1", "#next")
	hear(minutes.Said, "2", "#motion we move")
	hear(minutes.Said, "3", "#endvote")
	for _, id := range []string{"0", "1", "2", "3"} {
		hear(minutes.Edited, id, "never mind")
		hear(minutes.Deleted, id, "")
	}
	if len(m.Items) != 4 || m.Now != "Backups" {
		t.Fatalf("%d items, topic %q", len(m.Items), m.Now)
	}
	for _, it := range m.Items {
		if it.Gone || it.Text == "" || it.Edited {
			t.Errorf("item %+v changed", *it)
		}
	}
	hear(minutes.Said, "4", "#topic secret")
	hear(minutes.Erased, "4", "")
	if m.Now != "" {
		t.Errorf("the topic still is %q", m.Now)
	}
}

func TestNamesOfOwners(t *testing.T) {
	r := newRoom(t, nil)
	r.say("anna", "#action anna does it")
	if said := r.say("anna", "#owner 1 @"); len(said) != 1 || len(r.last().Owners) != 1 {
		t.Errorf("said %q, the action is %v's", said, r.last().Owners)
	}
	r.say("anna", "#owner 1 @, "+strings.Repeat("é", 1000)+" @cleo")
	if o := r.last().Owners; len(o) != 2 || len(o[0].Name) > 200 || o[1].Name != "cleo" {
		t.Errorf("the action is %v's", o)
	}
	r.say("anna", "#owner 1")
	if o := r.last().Owners; len(o) != 0 {
		t.Errorf("the action is %v's", o)
	}
}

// TestDaysAreTheSpeakers: a day is named as the calendar of whoever says it has it.
func TestDaysAreTheSpeakers(t *testing.T) {
	for zone, want := range map[string]string{"": "2026-11-28", "UTC": "2026-11-28", "Pacific/Auckland": "2026-11-29", "America/New_York": "2026-11-28", "No/Where": "2026-11-28", "../etc": "2026-11-28", "Local": "2026-11-28"} {
		r := newRoom(t, nil)
		w := minutes.Who{Nick: "bert", Zone: zone}
		at := time.Date(2026, 11, 27, 20, 0, 0, 0, time.FixedZone("server", -12*3600)).Add(-12 * time.Hour) // 20:00 UTC
		hear := func(text string) time.Time {
			r.hear(minutes.Event{At: at, ID: "1" + text, Who: w, Text: text})
			return r.last().Due
		}
		if due := hear("#action bert does it by tomorrow"); due.Format(time.DateTime) != want+" 00:00:00" || due.Location() != time.UTC {
			t.Errorf("%q: by %s, want %s", zone, due, want)
		}
		hear("#due 1 today")
		if due := hear("#due 1 tomorrow"); due.Format(time.DateOnly) != want {
			t.Errorf("%q: #due %s, want %s", zone, due, want)
		}
	}
	for text, want := range map[string]bool{"1969-12-31": false, "1970-01-01": true, "2999-12-31": true, "3000-01-01": false, "1 January 0001": false, "9999-12-31": false} {
		if _, ok := minutes.ParseDue(text, began); ok != want {
			t.Errorf("%s is a date: %v", text, ok)
		}
	}
}

// TestCrowds: one line cannot make a crowd, nor can a crowd make a line dear.
func TestCrowds(t *testing.T) {
	r := newRoom(t, nil)
	for i := range 300 {
		var line strings.Builder
		for j := range 100 {
			fmt.Fprintf(&line, " n%dx%d", i, j)
		}
		r.say("anna", "#nick"+line.String())
	}
	if n := len(r.People()); n != 500 {
		t.Errorf("%d people", n)
	}
	if said := r.say("anna", "#chair one_more"); !strings.HasPrefix(said[0], "to anna: There are 500 people") {
		t.Errorf("%q", said)
	}
	for i := range 100 {
		r.hear(minutes.Event{At: began, Kind: minutes.Renamed, Who: who(fmt.Sprint("bert", i), ""), Text: fmt.Sprint("bert", i+1)})
		if i == 0 {
			r.say("bert0", "hi")
			r.hear(minutes.Event{At: began, Kind: minutes.Renamed, Who: who("bert0", ""), Text: "bert1"})
		}
		r.say(fmt.Sprint("bert", i+1), "#here aka "+fmt.Sprint("alias", i))
	}
	if p := r.person("bert0"); p == nil || len(p.Nicks) > 20 || len(p.Aliases) != 5 {
		t.Errorf("bert is %+v", p)
	}
	began := time.Now()
	text := strings.Repeat("by n1x n2x_ will greta ", 8000)
	for range 50 {
		r.say("anna", "#action "+text)
	}
	r.say("anna", "#startvote Q? "+strings.Repeat("a b c d,", 10_000))
	r.say("anna", "#"+strings.Repeat("infö", 10_000))
	for i := range 200 {
		r.say(fmt.Sprint("will", i), "hi")
	}
	if took := time.Since(began); took > 20*time.Second { // it takes a fraction of a second
		t.Errorf("it took %s", took)
	}
}

// TestALateOwnerIsNamedWhole: a new name gives an action an owner only where it, or it
// without what clients add, is a word of the text.
func TestALateOwnerIsNamedWhole(t *testing.T) {
	for nick, want := range map[string]string{"greta": "greta", "greta_": "greta_", "Greta[m]": "Greta[m]", "gret": "", "eta": "", "gretamax": ""} {
		r := newRoom(t, nil)
		r.say("anna", "#action [Greta] updates DNS")
		r.say(nick, "hi")
		got := ""
		if o := r.last().Owners; len(o) > 0 {
			got = o[0].Name
		}
		if got != want {
			t.Errorf("%s came and the action is %q's, want %q", nick, got, want)
		}
	}
}

func TestRoomsAreNoMistakes(t *testing.T) {
	r := newRoom(t, func(s *minutes.Setting) { s.Rooms = []string{"#actoin", "#Tpoic-Team"} })
	for _, text := range []string{"#actoin is a room", "#tpoic-team knows"} {
		if said := r.say("bert", text); len(said) > 0 {
			t.Errorf("%q is answered by %q", text, said)
		}
	}
	if said := r.say("bert", "#tpoic is none"); len(said) != 1 {
		t.Errorf("said %q", said)
	}
}
