package minutes_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/incidents/minutes"
)

// TestANickIsNotThePerson: a chair who changes the nick stays chair and one person; who
// takes a nick over that a proven chair had, is none.
func TestANickIsNotThePerson(t *testing.T) {
	r := newRoom(t, nil)
	who := func(nick, account string) minutes.Who { return minutes.Who{Nick: nick, Account: account} }
	hear := func(kind minutes.EventKind, w minutes.Who, text string) []string {
		return r.hear(minutes.Event{At: began, Kind: kind, Who: w, Text: text})
	}
	r.say("anna", "#chair bert")
	hear(minutes.Said, who("bert", "bert"), "hello")
	hear(minutes.Renamed, who("bert", "bert"), "bert_afk")
	hear(minutes.Said, who("bert_afk", "bert"), "#topic Said under another nick")
	if r.Now != "Said under another nick" {
		t.Error("with /nick the chair was lost")
	}
	hear(minutes.Said, who("bert", ""), "#topic by somebody who took the nick")
	hear(minutes.Said, who("bert", "mallory"), "#topic by somebody else")
	if r.Now != "Said under another nick" {
		t.Errorf("the topic is %q: a nick made a chair", r.Now)
	}
	hear(minutes.Said, who("phone", "bert"), "#topic from the phone")
	if r.Now != "from the phone" {
		t.Error("the account is bert, so the chair is")
	}
	r.say("ANNA", "#topic Case does not matter on IRC")
	if r.Now != "Case does not matter on IRC" {
		t.Error("anna in capitals is not anna")
	}
	i := slices.IndexFunc(r.People(), func(p *minutes.Person) bool { return p.Account == "bert" })
	if p := r.People()[i]; p.Lines != 3 || !slices.Equal(p.Nicks, []string{"bert", "bert_afk", "phone"}) {
		t.Errorf("bert said %d lines as %v", p.Lines, p.Nicks)
	}
}

// TestEditsAndDeletions: what somebody changes of a line changes what it made, and
// makes nothing new.
func TestEditsAndDeletions(t *testing.T) {
	r := newRoom(t, nil)
	hear := func(kind minutes.EventKind, id, text string) {
		r.hear(minutes.Event{At: began, Kind: kind, ID: id, Who: minutes.Who{Nick: "bert"}, Text: text})
	}
	hear(minutes.Said, "1", "#action anna does it")
	hear(minutes.Said, "2", "#info wrong")
	hear(minutes.Said, "3", "talk")
	hear(minutes.Edited, "1", "#action bert does it by 2026-12-01")
	hear(minutes.Deleted, "2", "")
	hear(minutes.Edited, "3", "#action an edit is no command")
	hear(minutes.Edited, "unknown", "#action neither is this")
	if len(r.Items) != 2 {
		t.Fatalf("%d items", len(r.Items))
	}
	if it := r.Items[0]; !it.Edited || it.Gone || it.Text != "bert does it by 2026-12-01" || it.Owners[0].Name != "bert" || it.Due.IsZero() {
		t.Errorf("the edited action is %+v", it)
	}
	if it := r.Items[1]; !it.Gone || it.Text != "" {
		t.Errorf("the deleted note is %+v", it)
	}
	hear(minutes.Edited, "1", "never mind")
	if it := r.Items[0]; !it.Gone || len(r.Actions()) != 0 {
		t.Errorf("an action whose line is none any more is %+v", it)
	}
	r.say("anna", "#endmeeting")
	hear(minutes.Deleted, "3", "") // after the end, too
}

func TestOffTheRecord(t *testing.T) {
	r := newRoom(t, nil)
	var log minutes.Log
	for _, text := range []string{"[off] #action secret", " [OFF] more", "#action public"} {
		e := minutes.Event{At: began, Who: minutes.Who{Nick: "bert"}, Text: text}
		log.Hear(r.Meeting, e)
		r.hear(e)
	}
	if len(r.Items) != 1 || !log.Lines[0].Off || log.Lines[0].Text != "" || !log.Lines[1].Off || log.Lines[2].Off {
		t.Errorf("items %v, lines %+v", r.Items, log.Lines)
	}
}

func TestVotes(t *testing.T) {
	r := newRoom(t, nil)
	r.say("anna", "#startvote Ship it?")
	r.say("bert", "#vote yes")
	r.say("cleo", "#vote no")
	r.say("bert", "#vote NO")
	if said := r.say("dora", "#vote maybe"); len(said) != 1 || said[0] != "to dora: That is no option of this vote. The options are: Yes, No." {
		t.Errorf("dora hears %q", said)
	}
	r.say("anna", "#endvote")
	if text := r.last().Text; text != `Voted on "Ship it?" Results are, Yes: 0, No: 2` {
		t.Errorf("the vote is noted as %q", text)
	}
	for _, options := range []string{"a, b", "(a, b)", "a/b", "a b", "a,b, A", "(a b)"} {
		said := r.say("anna", "#startvote Which? "+options)
		if len(said) != 2 || said[0] != "Begin voting on: Which? Valid vote options are a, b." {
			t.Errorf("%q: %q", options, said)
		}
		r.say("anna", "#endvote")
	}
	r.say("anna", "#startvote Who? anna, bert")
	r.say("bert", "#vote bert")
	r.say("anna", "#endmeeting") // which settles what nobody ended
	if text := r.last().Text; text != `Voted on "Who?" Results are, anna: 0, bert: 1` {
		t.Errorf("the vote is noted as %q", text)
	}
}

func TestMotions(t *testing.T) {
	for _, c := range []struct {
		say   string // answers, with blanks
		more  string // a command of the chair before them
		kind  minutes.ItemKind
		reply string
	}{
		{"+1 +1 -1", "", minutes.Agreed, "Motion accepted: 2 in favour, 1 against, 0 abstained"},
		{"+1 -1 -0", "", minutes.Inconclusive, "Motion inconclusive: 1 in favour, 1 against, 1 abstained"},
		{"-1 +0", "", minutes.Rejected, "Motion failed: 0 in favour, 1 against, 1 abstained"},
		{"+1 +1", "#quorum 3", minutes.Inconclusive, "Motion inconclusive, too few voted: 2 in favour, 0 against, 0 abstained"},
		{"+1 -1 -1", "#voters p0", minutes.Agreed, "Motion accepted: 1 in favour, 0 against, 0 abstained"},
		{"+1x +10 yes 0 1 +1.5 -1,5", "", minutes.Inconclusive, "Motion inconclusive: 0 in favour, 0 against, 0 abstained"},
	} {
		r := newRoom(t, nil)
		r.say("anna", c.more)
		r.say("bert", "#proposed #agreed we move")
		for i, answer := range strings.Fields(c.say) {
			r.say("p"+string(rune('0'+i)), answer+" because")
		}
		said := r.say("anna", "#endvote")
		if it := r.last(); len(said) != 1 || said[0] != c.reply || it.Kind != c.kind || !strings.HasPrefix(it.Text, "we move (") {
			t.Errorf("%q: %q, %s %q", c.say, said, it.Kind, it.Text)
		}
	}
}

// TestHints: whoever mistypes is told once, alone; numbers, rooms and what is like no
// command are nobody's mistake.
func TestHints(t *testing.T) {
	for text, want := range map[string]string{
		"#endmeting": "#endmeeting", "#stopmeeting": "#endmeeting", "#prposed x": "#proposed", "#actoin x": "#action", "#tpoic x": "#topic", "#decision x": "#agreed",
		"#123": "", "#1234567 fixed": "", "#ops is the room": "", "#infrastructure": "", "#fedora-devel": "", "# info": "", "##info": "", "#": "", "#a": "", "#debian-admin": "",
	} {
		r := newRoom(t, nil)
		said := r.say("bert", text)
		switch {
		case want == "" && len(said) > 0:
			t.Errorf("%q is answered by %q", text, said)
		case want != "" && (len(said) != 1 || !strings.HasPrefix(said[0], "to bert: ") || !strings.HasSuffix(said[0], "Did you mean "+want+"?")):
			t.Errorf("%q is answered by %q, want %s", text, said, want)
		}
		if again := r.say("bert", text); len(again) > 0 {
			t.Errorf("%q is answered again: %q", text, again)
		}
	}
}

func TestWhoMayEndIt(t *testing.T) {
	r := newRoom(t, nil)
	end := func(after time.Duration, op bool) bool {
		r.hear(minutes.Event{At: began.Add(after), Who: minutes.Who{Nick: "bert"}, Text: "#endmeeting", Op: op})
		return r.Over
	}
	if end(time.Hour, false) || !end(time.Hour+time.Second, false) {
		t.Error("anybody may end it after an hour, and not before")
	}
	r = newRoom(t, nil)
	if !end(time.Minute, true) {
		t.Error("an operator of the channel may end it")
	}
	r = newRoom(t, func(s *minutes.Setting) { s.Incident = "INC-7" })
	if said := r.say("anna", "#endmeeting"); r.Over || len(said) != 1 || !strings.Contains(said[0], "INC-7") {
		t.Errorf("the minutes of an incident are ended by a chair: %q", said)
	}
}

// TestTheBatonIsTheChair: the lead of an incident is its chair, as long as it leads.
func TestTheBatonIsTheChair(t *testing.T) {
	r := newRoom(t, func(s *minutes.Setting) { s.Incident = "INC-7" })
	maria := minutes.Who{Nick: "maria_", Account: "maria", Handle: "maria"}
	agreed := func() int {
		r.hear(minutes.Event{At: began, Who: maria, Text: "#agreed yes"})
		return len(r.Items)
	}
	if agreed() != 0 {
		t.Error("maria is a chair before she leads")
	}
	r.hear(minutes.Event{At: began, Kind: minutes.Led, Who: minutes.Who{Nick: "maria", Handle: "maria"}})
	if agreed() != 1 {
		t.Error("maria leads and is no chair")
	}
	r.hear(minutes.Event{At: began, Kind: minutes.Led})
	if agreed() != 1 {
		t.Error("nobody leads, and maria is still a chair")
	}
}

func TestAgenda(t *testing.T) {
	r := newRoom(t, func(s *minutes.Setting) {
		s.Carried = []string{"A1: test the restore (bert)"}
		s.Agenda = []string{"Backups"}
	})
	if r.Items[0].Text != "Open actions of the last meeting" || r.Items[1].Text != "A1: test the restore (bert)" {
		t.Errorf("it begins with %q, %q", r.Items[0].Text, r.Items[1].Text)
	}
	r.say("anna", "#agenda Mirrors; Any other business")
	var topics []string
	for range 3 {
		r.say("anna", "#next")
		topics = append(topics, r.Now)
	}
	if want := []string{"Backups", "Mirrors", "Any other business"}; !slices.Equal(topics, want) {
		t.Errorf("the topics are %v, want %v", topics, want)
	}
	if said := r.say("anna", "#next"); len(said) != 1 || !strings.Contains(said[0], "at its end") {
		t.Errorf("after the last topic: %q", said)
	}
}

// TestNamesOfFiles: whatever a meeting is called, its files stay below the archive.
func TestNamesOfFiles(t *testing.T) {
	for pattern, want := range map[string]string{
		"": "ops/2026/ops.2026-11-27-20.00",
		"%(meetingname)s/%%Y/%(meetingname)s.%%F-%%H.%%M": "etc-passwd/2026/etc-passwd.2026-11-27-20.00",
		"%(network)s/%(channel)s/%%Y-%%m-%%d_%%H%%M%%S":   "li_era/ops/2026-11-27_200000",
		"../../%(meetingname)s":                           "etc-passwd",
	} {
		m, _ := minutes.Start(minutes.Setting{Dialect: minutes.Batsignal(), Room: "#Ops", Network: "li/era", Files: minutes.Naming{Pattern: pattern}},
			minutes.Event{At: began, Who: minutes.Who{Nick: "anna"}, Text: "#startmeeting ../../etc/passwd"})
		if got := m.Path(); got != want {
			t.Errorf("%q is %q, want %q", pattern, got, want)
		}
	}
	m, _ := minutes.Start(minutes.Setting{Dialect: minutes.Debian(), Room: "#Ops", Files: minutes.Naming{Pattern: "%(meetingname)s"}},
		minutes.Event{At: began, Who: minutes.Who{Nick: "anna"}, Text: "#startmeeting"})
	m.Hear(minutes.Event{At: began, Who: minutes.Who{Nick: "anna"}, Text: "#meetingname ../.. %(channel)s %%Y"})
	if got := m.Path(); got != ".._.._(channel)s__Y" && strings.Contains(got, "/") {
		t.Errorf("a hostile name is %q", got)
	}
}
