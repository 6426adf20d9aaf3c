package retrospective_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/incidents/retrospective"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

func TestTwoEditorsAtOnce(t *testing.T) {
	s := newScene(t)
	id := s.light("openssl is on fire")
	s.end(id, "")
	first := s.drafted(id)
	s.wait(time.Minute)
	mine, err := s.retro.Save(ctx, s.as("li"), id, first.Number, "li's words")
	s.must(err)
	if mine.Number != 2 || mine.By != "li" || mine.Text != "li's words\n" || !mine.At.Equal(s.Now()) {
		t.Errorf("%+v", mine)
	}
	_, err = s.retro.Save(ctx, s.as("ana"), id, first.Number, "ana's words")
	s.refused(err, fault.Conflict, "Edition 2 was saved while edition 1 was being changed")
	if e, err := s.retro.Get(ctx, id, 0); err != nil || e.Text != mine.Text {
		t.Errorf("%+v, %v", e, err)
	}
	theirs, err := s.retro.Save(ctx, s.as("ana"), id, mine.Number, "li's words\r\nand ana's\r\n\r\n")
	s.must(err)
	if theirs.Number != 3 || theirs.Text != "li's words\nand ana's\n" {
		t.Errorf("%+v", theirs)
	}

	// Sending a form twice makes one edition.
	again, err := s.retro.Save(ctx, s.as("ana"), id, mine.Number, theirs.Text)
	s.must(err)
	if again.Number != 3 {
		t.Errorf("edition %d", again.Number)
	}

	list, err := s.retro.Editions(ctx, id)
	s.must(err)
	var of []string
	for _, e := range list {
		of = append(of, e.By)
	}
	if !slices.Equal(of, []string{"ana", "li", ""}) || list[0].Text != "" || list[0].Letters != 21 {
		t.Errorf("%+v", list)
	}
	old, err := s.retro.Get(ctx, id, 1)
	s.must(err)
	if old.Text != first.Text {
		t.Error("the first edition has changed")
	}
	_, err = s.retro.Get(ctx, id, 4)
	s.refused(err, fault.NotFound, "has no edition 4")
}

// TestARaceHasOneWinner lets many people save the next edition at the same moment.
func TestARaceHasOneWinner(t *testing.T) {
	s := newScene(t)
	id := s.light("openssl is on fire")
	s.end(id, "")
	s.drafted(id)
	var all sync.WaitGroup
	var mu sync.Mutex
	saved, lost := 0, 0
	for i := range 10 {
		all.Go(func() {
			_, err := s.retro.Save(ctx, s.as("li"), id, 1, strings.Repeat("x", i+1))
			mu.Lock()
			defer mu.Unlock()
			switch fault.KindOf(err) {
			case fault.Conflict:
				lost++
			default:
				saved++
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	// Lines that are added meanwhile all find their place.
	for range 10 {
		all.Go(func() {
			if _, _, err := s.retro.Add(ctx, s.as("ana"), id, "lucky", "it was not Christmas"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if saved > 1 || saved+lost != 10 {
		t.Errorf("%d saved, %d were told that it was too late", saved, lost)
	}
	e, err := s.retro.Get(ctx, id, 0)
	s.must(err)
	if e.Number != 1+saved+10 {
		t.Errorf("edition %d with %d saved", e.Number, saved)
	}
}

func TestWhatIsNotSaved(t *testing.T) {
	s := newScene(t)
	id := s.light("openssl is on fire")
	_, err := s.retro.Save(ctx, s.as("li"), id, 1, "too early")
	s.refused(err, fault.Conflict, "INC-1 goes on")
	_, err = s.retro.Save(ctx, s.as("li"), 99, 1, "nowhere")
	s.refused(err, fault.NotFound, "There is no INC-99")
	s.end(id, "")
	s.drafted(id)
	for _, empty := range []string{"", " \n\t\r\n", "\u2066\u2069"} {
		_, err = s.retro.Save(ctx, s.as("li"), id, 1, empty)
		s.refused(err, fault.Invalid, "empty")
	}
	_, err = s.retro.Save(ctx, s.as("li"), id, 1, strings.Repeat("ü", retrospective.Longest))
	s.refused(err, fault.Invalid, "200001 letters and may have 200000")
	_, err = s.retro.Save(ctx, s.as("li"), id, 1, strings.Repeat("ü", retrospective.Longest-1))
	s.must(err)
	_, _, err = s.retro.Add(ctx, s.as("li"), id, "bad", "one line too many")
	s.refused(err, fault.Invalid, "so nothing was saved")
	e, err := s.retro.Save(ctx, s.as("li"), id, 2, "bell\x07 nul\x00 \u202eturned\u202c joined\u200dhere \xff\n")
	s.must(err)
	if e.Text != "bell nul turned joined\u200dhere \uFFFD\n" {
		t.Errorf("%q", e.Text)
	}
}

func TestLinesAreAddedUnderTheirSection(t *testing.T) {
	s := newScene(t)
	id := s.light("openssl is on fire")
	s.end(id, "")
	s.drafted(id)
	add := func(word, text string) string {
		t.Helper()
		e, _, err := s.retro.Add(ctx, s.as("li"), id, word, text)
		s.must(err)
		return e.Text
	}
	add("well", "the mirrors were told early")
	text := add("well", "nobody panicked")
	if got := section(t, text, "What went well"); got != "\n- the mirrors were told early (li)\n- nobody panicked (li)\n" {
		t.Errorf("%q", got)
	}
	if got := section(t, text, "What did not"); !strings.Contains(got, "*What was slow") {
		t.Errorf("%q", got)
	}
	if got := section(t, add("follow-up", "rotate"), "Follow-up"); got != "\n- rotate (li)\n" {
		t.Errorf("%q", got)
	}
	if got := retrospective.Unwritten(text); !slices.Equal(got, []string{"Summary", "What did not", "Where we were lucky", "Follow-up"}) {
		t.Errorf("%q", got)
	}

	// People write it as they like: with words of their own, in code, without the section.
	newest, err := s.retro.Get(ctx, id, 0)
	s.must(err)
	_, err = s.retro.Save(ctx, s.as("li"), id, newest.Number, "# Ours\n\n```\n## What did not\n```\n\n## what did NOT\n\nA paragraph.\n### and more\nmore\n# Next\nend")
	s.must(err)
	want := "# Ours\n\n```\n## What did not\n```\n\n## what did NOT\n\nA paragraph.\n### and more\nmore\n\n- slow (li)\n\n# Next\nend\n"
	if got := add("bad", "slow"); got != want {
		t.Errorf("%q", got)
	}
	if got := add("lucky", "it was March"); got != want+"\n## Where we were lucky\n\n- it was March (li)\n" {
		t.Errorf("%q", got)
	}
	_, _, err = s.retro.Add(ctx, s.as("li"), id, "odd", "x")
	s.refused(err, fault.Invalid, "summary, well, bad, lucky and follow-up")
	for _, line := range []string{"", strings.Repeat("x", 1001)} {
		_, _, err = s.retro.Add(ctx, s.as("li"), id, "bad", line)
		s.refused(err, fault.Invalid, "1 to 1000 letters")
	}
}

func TestALinkIsOnePersonsForADay(t *testing.T) {
	s := newScene(t)
	id := s.light("openssl is on fire")
	_, _, err := s.retro.EditLink(ctx, s.as("li"), id)
	s.refused(err, fault.Conflict, "INC-1 goes on")
	s.end(id, "")
	link, expires, err := s.retro.EditLink(ctx, s.as("li"), id) // drafts it as well
	s.must(err)
	token, ok := strings.CutPrefix(link.Reveal(), "https://bat.example/retro/edit/")
	if !ok || len(token) != retrospective.TokenLength || !expires.Equal(s.Now().Add(24*time.Hour)) {
		t.Errorf("%q until %s", link.Reveal(), expires)
	}
	other, _, err := s.retro.EditLink(ctx, s.as("li"), id)
	s.must(err)
	if other.Reveal() == link.Reveal() {
		t.Error("two links are the same")
	}
	if get[bool](t, s.db, `select exists (select from edit_token where encode(hash, 'escape') like '%' || $1 || '%')`, token) {
		t.Error("the token is stored")
	}
	for range 3 {
		e, err := s.retro.Editor(ctx, secret.New(token))
		s.must(err)
		if e.Handle != "li" || e.Incident != id || e.Actor().PersonID != s.ids["li"] {
			t.Errorf("%+v", e)
		}
	}
	for _, wrong := range []string{"", "x", token[:42], token + "x", strings.ToUpper(token), strings.Repeat("A", 43)} {
		_, err := s.retro.Editor(ctx, secret.New(wrong))
		s.refused(err, fault.NotFound, "!retro edit gives you a new one")
	}
	s.wait(24*time.Hour - time.Second)
	_, err = s.retro.Editor(ctx, secret.New(token))
	s.must(err)
	s.wait(time.Second)
	_, err = s.retro.Editor(ctx, secret.New(token))
	s.refused(err, fault.NotFound, "older than a day")
	s.wait(time.Second)
	s.must(s.retro.DraftDue(ctx))
	if n := get[int](t, s.db, `select count(*) from edit_token`); n != 0 {
		t.Errorf("%d tokens are kept that open nothing", n)
	}

	_, _, err = s.retro.EditLink(ctx, oncall.Actor{Network: "cli", Account: "operator"}, id)
	s.refused(err, fault.Forbidden, "--as HANDLE")
	s.retro.PublicURL = ""
	_, _, err = s.retro.EditLink(ctx, s.as("li"), id)
	s.refused(err, fault.Conflict, "no web pages")
}

func TestWhichOneSomebodyMeans(t *testing.T) {
	s := newScene(t)
	_, err := s.retro.Pick(ctx, network, "#ops", 0)
	s.refused(err, fault.NotFound, "nothing to look back at")
	first := s.light("one")
	second := s.light("two")
	s.end(second, "")
	s.wait(time.Hour)
	s.end(first, "")
	third := s.light("three")
	for _, c := range []struct {
		room   string
		number int64
		want   int64
	}{{"#ops", 0, first}, {"", 0, first}, {"#INC-2", 0, second}, {"#inc-3", 0, third}, {"#inc-3", second, second}} {
		if got, err := s.retro.Pick(ctx, network, c.room, c.number); err != nil || got.ID != c.want {
			t.Errorf("in %q with %d: %d, %v", c.room, c.number, got.ID, err)
		}
	}
	_, err = s.retro.Pick(ctx, network, "", 9)
	s.refused(err, fault.NotFound, "There is no INC-9")
}

func TestAFollowUpMeetingHasAnAgenda(t *testing.T) {
	s := newScene(t)
	id := s.fire()
	s.said()
	by := minutes.Who{Nick: "li", Account: "li", Network: network}
	s.must(s.retro.Meet(ctx, ops, by, id, meeting.Look{Topic: "old", Self: "batsignal"}))
	said := strings.Join(s.said(), "\n")
	if !strings.Contains(said, "Agenda: Summary; Timeline; What went well; What did not; Where we were lucky; Follow-up; A1 (li): li rotates the signing key by 2026-03-05; A2 (nobody): somebody tells the mirrors. A chair goes on with #next.") {
		t.Errorf("said:\n%s", said)
	}
	title := get[string](t, s.db, `select title from meeting where room = '#ops'`)
	if title != "#ops: INC-1 retrospective" {
		t.Errorf("the meeting is called %q", title)
	}
	err := s.retro.Meet(ctx, ops, by, id, meeting.Look{})
	s.refused(err, fault.Conflict, "A meeting goes on in #ops")
	open := s.light("another")
	err = s.retro.Meet(ctx, incidents.Room{Network: network, Room: "#elsewhere"}, by, open, meeting.Look{})
	s.refused(err, fault.Conflict, "INC-2 goes on")
	s.retro.Meetings = nil
	err = s.retro.Meet(ctx, ops, by, id, meeting.Look{})
	s.refused(err, fault.Conflict, "keeps no minutes")
}
