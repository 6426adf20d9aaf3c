package incidents_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// called lights the signal and has bea's phone ring.
func (s *scene) called() (inc int64, call paging.Message) {
	s.Helper()
	_, voice := s.phones()
	s.phone("bea", "voice")
	inc = s.light("ada", "bea", fire()).ID
	s.advance(90*time.Second - time.Second)
	s.exec(`update delivery set due_at = $1 where route = 'voice'`, s.Now())
	s.settle()
	calls := voice.take()
	if len(calls) != 1 {
		s.Fatalf("%d calls", len(calls))
	}
	s.wire.take()
	return inc, calls[0]
}

// Row 24: a voicemail picks up, and the line makes noise. Nothing of that is an answer,
// and the next one is rung when the patience is over, not later because somebody "picked
// up".
func TestFault24VoicemailAndNoiseAnswerNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	inc, call := s.called()
	tell := func(seq int, news paging.News, detail string) {
		t.Helper()
		s.must(s.svc.Receipt(ctx, paging.Receipt{Route: "voice", Event: fmt.Sprint("CA1/", seq), Key: call.Key, Ref: "CA1", Seq: seq, News: news, Detail: detail}))
	}
	tell(2, paging.NewsAccepted, "the phone rings")
	tell(3, paging.NewsDelivered, "somebody, or something, picked up")
	// Another page's numbers are noise as well.
	other := paging.KeysOf(0)
	for n := 0; other.Ack == call.Keys.Ack || other.Decline == call.Keys.Decline || other.Join == call.Keys.Join; n++ {
		other = paging.KeysOf(n)
	}
	for _, noise := range []string{
		"", " ", "1", "#", "*", "##", "0", "00", "99", "123", "1234567890", call.Keys.Ack + "0", "0" + call.Keys.Ack, call.Keys.Ack + "#",
		call.Keys.Ack + call.Keys.Decline, other.Ack, other.Decline, other.Join, "hello this is the voicemail of", call.Code[:4],
	} {
		say := s.says(paging.Reply{Route: "voice", Key: call.Key, Text: noise})
		if got := s.pageState(call.Page); got != "open" || say == "" {
			t.Fatalf("%q makes the page %s: %q", noise, got, say)
		}
	}
	tell(4, paging.NewsDelivered, "the call is over after 25 seconds")
	if sent := s.wire.take(); sent != "" {
		t.Errorf("%q rung before the patience was over", sent)
	}
	s.advance(time.Second)
	if sent := s.wire.take(); !strings.Contains(sent, "cem") {
		t.Errorf("rung when it was over: %q", sent)
	}
	if got := s.filled(inc); !strings.HasSuffix(got, "fix=") {
		t.Error(got)
	}
	// The right number is an answer still.
	if say := s.says(paging.Reply{Route: "voice", Key: call.Key, Text: call.Keys.Ack}); !strings.Contains(say, "You have fixing") {
		t.Error(say)
	}
}

// Every number but the three of a page is noise.
func TestFault24OnlyThreeNumbersOfAHundred(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	_, call := s.called()
	right := 0
	for n := range 100 {
		text := strconv.Itoa(n)
		if n < 10 {
			text = "0" + text
		}
		if text == call.Keys.Ack || text == call.Keys.Decline || text == call.Keys.Join {
			right++
			continue
		}
		_, err := s.svc.Reply(ctx, paging.Reply{Route: "voice", Event: "CA1/" + text, Key: call.Key, Text: text})
		s.must(err)
	}
	if got := s.pageState(call.Page); got != "open" || right != 3 {
		t.Errorf("%s after all the wrong ones; %d are right", got, right)
	}
}

// Row 25: a text from somebody's own number proves nothing: without the code of the page
// it acknowledges nothing. With the code any number will do.
func TestFault25ASpoofedSenderNeedsTheCode(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	sms, _ := s.phones()
	s.phone("bea", "sms")
	inc := s.light("ada", "cem", fire()).ID
	s.advance(time.Minute)
	m := sms.take()[0]
	wrong := []byte(m.Code)
	if wrong[0]++; wrong[0] > 'Z' || wrong[0] == 'I' || wrong[0] == 'O' {
		wrong[0] = 'A' + (m.Code[0]-'A'+5)%6
	}
	before := s.stateOf(m.Page)
	for _, words := range []string{
		"ack", "ACK", "yes", "ok", "I am on it", "1", m.Keys.Ack, m.Keys.Decline, "P" + strconv.FormatInt(m.Page, 10), m.Key,
		"no", "decline", string(wrong), m.Code[:4], m.Code + "A", strings.Join(strings.Split(m.Code, ""), " "), "re:\n" + m.Code,
	} {
		say := s.says(paging.Reply{Route: "sms", From: m.Address, Text: words})
		if got := s.stateOf(m.Page); got != before {
			t.Fatalf("%q from their number makes it %s: %q", words, got, say)
		}
	}
	if got := s.filled(inc); !strings.HasSuffix(got, "fix=") {
		t.Error(got)
	}
	if got := get[int](t, s.db, `select count(*) from person where heard_at is not null and handle = 'bea'`); got != 0 {
		t.Error("it counts as a sign of life of hers")
	}
	if say := s.says(paging.Reply{Route: "sms", Text: strings.ToLower(m.Code)}); !strings.Contains(say, "You have fixing") {
		t.Errorf("the code from somewhere else: %s", say)
	}
}

// Row 26: an answer comes after the role was filled, or after the incident was closed. It
// is written down and thanked for, and changes nothing.
func TestFault26AnAnswerThatComesTooLate(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	sms, voice := s.phones()
	s.phone("bea", "sms", "voice")
	inc := s.light("ada", "cem", fire()).ID
	s.advance(urgent + 40*time.Second)
	text, call := sms.take()[0], voice.take()[0]
	s.acks("cem")
	s.wire.take()
	s.said()
	state := func() string {
		return fmt.Sprint(s.filled(inc), s.pageState(text.Page), s.holder(inc),
			get[string](t, s.db, `select string_agg(state || coalesce(ended_at::text, ''), ',' order by id) from escalation`),
			get[int](t, s.db, `select count(*) from delivery`), get[int](t, s.db, `select count(*) from delivery where state in ('queued', 'leased')`))
	}
	late := func(when string, r paging.Reply) {
		t.Helper()
		before, events, lines := state(), get[int](t, s.db, `select count(*) from provider_event`), len(s.timeline(inc))
		say := s.says(r)
		if !strings.Contains(say, "Thank you") {
			t.Errorf("%s: not thanked: %q", when, say)
		}
		if after := state(); after != before {
			t.Errorf("%s: %s became %s", when, before, after)
		}
		if n := get[int](t, s.db, `select count(*) from provider_event`); n != events+1 {
			t.Errorf("%s: %d events after %d", when, n, events)
		}
		if now := s.timeline(inc); len(now) != lines+1 || !strings.Contains(now[len(now)-1], "ack: bea answers page P") {
			t.Errorf("%s: %s", when, strings.Join(now, "\n"))
		}
		if sent := s.wire.take(); sent != "" {
			t.Errorf("%s: %q rung", when, sent)
		}
	}
	late("the role is filled, by text", paging.Reply{Route: "sms", Text: text.Code})
	late("the role is filled, by phone", paging.Reply{Route: "voice", Key: call.Key, Text: call.Keys.Ack})
	s.must(s.svc.Resolve(ctx, s.as("cem"), inc, "", false, true))
	late("it is over, by text", paging.Reply{Route: "sms", Text: text.Code})
	late("it is over, by phone", paging.Reply{Route: "voice", Key: call.Key, Text: call.Keys.Ack})
	// A refusal that is too late is told what is, and changes nothing either.
	before := state()
	if say := s.says(paging.Reply{Route: "sms", Text: "no " + text.Code}); !strings.Contains(say, "closed already") || state() != before {
		t.Errorf("%q, %s", say, state())
	}
}

// Row 27: somebody answers who does not have the role, or not any more. They are noted as
// a helper, and the role is looked for on.
func TestFault27WhoLacksTheRoleHelps(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	sms, _ := s.phones()
	s.phone("bea", "sms")
	inc := s.light("ada", "cem", fire()).ID
	s.advance(time.Minute)
	m := sms.take()[0]
	_, err := s.desk.Leave(ctx, s.as("bea"), "bea", fix)
	s.must(err)
	s.wire.take()
	say := s.says(paging.Reply{Route: "sms", Text: m.Code})
	if !strings.Contains(say, "helper") || !strings.Contains(say, "!role take fix") {
		t.Error(say)
	}
	s.stillHunted(inc, "bea")
	s.advance(urgent)
	if sent := s.wire.take(); !strings.Contains(sent, "cem") {
		t.Errorf("rung: %q", sent)
	}
	s.acks("cem")
	if got := s.filled(inc); !strings.HasSuffix(got, "fix=cem") {
		t.Error(got)
	}
}

// stillHunted checks that somebody's answer is on the timeline as help, and nothing more.
func (s *scene) stillHunted(inc int64, helper string) {
	s.Helper()
	if got := s.filled(inc); !strings.HasSuffix(got, "fix=") {
		s.Errorf("filled: %s", got)
	}
	if n := get[int](s, s.db, `select count(*) from escalation where slot = 'role:fix' and state = 'hunting'`); n != 1 {
		s.Error("nobody looks for the role any more")
	}
	if lines := s.timeline(inc); countOf(lines, "ack: "+helper+" answers P") != 1 || countOf(lines, "helps. Fixing is still looked for.") != 1 {
		s.Error(text(lines))
	}
}

// Row 27, at another paging service: whoever clicks there is somebody else, whom their
// account proves, and who never said yes to the role.
func TestFault27SomebodyElseAnswersForThem(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix dan")
	sms, _ := s.phones()
	s.phone("bea", "sms")
	s.must(oncall.BindAccount(ctx, s.db, s.Now(), s.ids["dan"], oncall.Account{Network: "sms", Name: "PX1"}))
	inc := s.light("ada", "cem", fire()).ID
	s.advance(time.Minute)
	m := sms.take()[0]
	s.wire.take()
	say := s.says(paging.Reply{Route: "sms", Key: m.Key, Account: "PX1", Means: paging.PageAcked})
	if !strings.Contains(say, "helper") {
		t.Error(say)
	}
	s.stillHunted(inc, "dan")
	// And bea, who has said nothing, is rung again in her turn.
	s.advance(20 * time.Minute)
	if sent := s.wire.take(); !strings.Contains(sent, "bea") || !strings.Contains(sent, "cem") {
		t.Errorf("rung: %q", sent)
	}
}
