package slack_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/bot"
	"batsignal/bot/play"
	"batsignal/bot/play/doortest"
	"batsignal/bot/slack"
	"batsignal/bot/slack/slackfake"
	"batsignal/incidents"
	"batsignal/migrations/childtest"
	"batsignal/oncall"
	"batsignal/oncall/notice"
)

// Thousands of lines in bursts, each delivered four times and out of order: all are
// heard once, and each command among them has its effect once.
func TestRedeliveryHasOneEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emergency()
	w.worked()
	const every = 50
	lines := childtest.Times(2_000, 10_000)
	w.Fake.Redeliver(4)
	w.Fake.Shuffle(7, 40)
	for i := range lines {
		text := fmt.Sprintf("only talk %d", i)
		if i%every == 0 {
			text = fmt.Sprintf("!incident note n%d.", i)
		}
		w.Fake.Post("maria", "inc-1-openssl", text)
	}
	w.worked()
	got := w.timeline(1)
	for i := 0; i < lines; i += every {
		if n := count(got, fmt.Sprintf("note maria: n%d.", i)); n != 1 {
			t.Errorf("the note n%d is there %d times", i, n)
		}
	}
	var stored, calls int
	w.must(w.db.QueryRow(t.Context(), `select count(*) from slack_event where payload is null and done_at is not null and key like 'm %'`).Scan(&stored))
	w.must(w.db.QueryRow(t.Context(), `select count(*) from command_call where verb = 'incident note' and finished_at is not null`).Scan(&calls))
	if stored < lines || calls != lines/every {
		t.Errorf("%d lines were worked, %d commands recorded", stored, calls)
	}
}

// What Slack refuses for a while, or cannot do, is said later, and nothing is lost.
func TestTroubleOfSlack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		begin func(w *world)
	}{
		{"429 on messages", func(w *world) { w.Fake.RateLimit("chat.postMessage", 3, 50*time.Millisecond) }},
		{"429 on everything", func(w *world) { w.Fake.RateLimit("", 6, 20*time.Millisecond) }},
		{"500 on messages", func(w *world) { w.Fake.FailNext("chat.postMessage", 3, http.StatusInternalServerError) }},
		{"503 on making channels", func(w *world) { w.Fake.FailNext("conversations.create", 2, http.StatusServiceUnavailable) }},
		{"an error of Slack's own", func(w *world) { w.Fake.ErrorNext("conversations.invite", 2, "internal_error") }},
		{"a refresh of the connection", func(w *world) { w.Fake.Refresh() }},
		{"a cut connection", func(w *world) { w.Fake.Cut() }},
		{"lost acknowledgements", func(w *world) { w.Fake.LoseAcks(2) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fake := doortest.Patient(t)
			if c.name == "lost acknowledgements" {
				fake.AckTimeout = 500 * time.Millisecond // then they are sent again
			}
			w := newWorldOf(t, slackfake.Run(t, fake))
			w.says("maria", play.Home, "!batsignal remote code execution in openssl")
			c.begin(w)
			w.says("kevin", play.Home, "!confirm")
			w.worked()
			w.must(w.WaitUntil(t.Context(), w.Now().Add(30*time.Second))) // pages have pauses of their own
			for what, m := range map[string]string{"ops": "The bat-signal is lit.", "inc-1-openssl": "Paging maria for coordination"} {
				w.last(what, m)
			}
			for _, who := range []string{"maria", "kevin", "li", "sam"} {
				w.last(w.Fake.IM(who), "You are needed for")
			}
			if c := w.Fake.Channel("inc-1-openssl"); len(c.Members) != 5 || !strings.HasPrefix(c.Topic, "INC-1") {
				t.Errorf("%+v", c)
			}
			if n := count(w.timeline(1), "confirmed maria"); n != 1 {
				t.Errorf("confirmed %d times", n)
			}
		})
	}
}

// An edit is never a command, and neither is a deletion, nor an edit that comes before
// its line.
func TestAnEditedMessageIsNeverACommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ts := w.Fake.Post("maria", "ops", "hello")
	w.worked()
	w.Fake.Edit("maria", "ops", ts, "!batsignal fire")
	w.worked()
	ts = w.Fake.Post("maria", "ops", "!whoami")
	w.worked()
	w.Fake.Edit("maria", "ops", ts, "!batsignal fire")
	w.Fake.Delete("maria", "ops", ts)
	w.worked()
	w.Fake.Shuffle(3, 10)
	for range 5 {
		ts = w.Fake.Post("maria", "ops", "nothing")
		w.Fake.Edit("maria", "ops", ts, "!batsignal fire")
	}
	w.worked()
	var asked int
	w.must(w.db.QueryRow(t.Context(), `select count(*) from signal_use`).Scan(&asked))
	answers := 0
	for _, m := range w.Fake.Messages("ops") {
		if m.User == w.Fake.BotUserID() && m.Subtype == "" {
			answers++
		}
	}
	if asked != 0 || answers != 1 { // to !whoami, when it was new
		t.Errorf("an edit was obeyed: %d uses, %d answers", asked, answers)
	}
}

// A page overtakes announcements that wait for Slack's limit, and waits for nobody's.
func TestPagesOvertakeChatterAtTheLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *slack.Config) { c.Pace = slack.Pace{Burst: 1, PerSecond: 1} })
	ctx := t.Context()
	stop, done := context.WithCancel(ctx)
	said := make(chan error, 8)
	for i := range 8 {
		go func() { said <- w.Door.Say(stop, play.Home, bot.Message{Text: fmt.Sprintf("chatter %d", i)}) }()
	}
	// The lane of the room is busy when the first of them is out.
	w.must(w.Fake.Await(ctx, func() bool { return len(w.Fake.Spoken("ops")) >= 1 }))
	for _, who := range []string{"maria", "kevin", "li"} {
		w.must(w.Door.Direct(ctx, w.Account(who), bot.Message{Text: "Page P1: wake up"}))
	}
	chatter := 0
	for _, m := range w.Fake.Spoken("ops") {
		if strings.HasPrefix(m.Text, "chatter") {
			chatter++
		}
	}
	if chatter == 8 {
		t.Error("the pages came after everything else")
	}
	done()
	for range 8 {
		if err := <-said; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// Fault 20: the same command on two networks at once is one incident. Faults 21 and
// 22: two who declare at once, and the declarer's second account.
func TestTheSameFireOnTwoNetworks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	// A second network, of which only the rows are needed: maria and li are on it too.
	w.Incidents.Networks = append(w.Incidents.Networks, incidents.Network{Name: "libera", Home: "#ops"})
	as := func(who, network string) oncall.Actor {
		p, err := oncall.PersonByHandle(ctx, w.db, who)
		w.must(err)
		return oncall.Actor{PersonID: p.ID, Handle: who, Network: network, Room: "#ops", Account: who}
	}
	fire := incidents.Signal{What: "openssl is on fire", Severity: 1}
	type answer struct {
		asked incidents.Asked
		err   error
	}
	answers := make(chan answer, 2)
	for _, a := range []oncall.Actor{as("maria", "slack"), as("li", "libera")} {
		go func() {
			asked, err := w.Incidents.Ask(ctx, a, fire)
			answers <- answer{asked, err}
		}()
	}
	first, second := <-answers, <-answers
	if first.err != nil {
		first, second = second, first
	}
	if first.err != nil || second.err == nil || !strings.Contains(second.err.Error(), "!confirm "+first.asked.Code) {
		t.Fatalf("%+v, %+v", first, second)
	}
	var uses string
	w.must(w.db.QueryRow(ctx, `select string_agg(act || ' ' || network, ', ' order by act) from signal_use`).Scan(&uses))
	if uses != "asked slack, refused libera" && uses != "asked libera, refused slack" {
		t.Error(uses)
	}
	// Whoever asked cannot confirm, whatever account they use; it is on the record.
	var asker string
	w.must(w.db.QueryRow(ctx, `select who from signal_use where act = 'asked'`).Scan(&asker))
	for _, network := range []string{"slack", "libera"} {
		if _, err := w.Incidents.Confirm(ctx, as(asker, network), first.asked.Code); err == nil || !strings.Contains(err.Error(), "asked for it yourself") {
			t.Errorf("%s confirmed from %s: %v", asker, network, err)
		}
	}
	// The second one joins: two confirmations at once light one signal.
	other := map[string]string{"maria": "li", "li": "maria"}[asker]
	lit := make(chan error, 2)
	for _, a := range []oncall.Actor{as(other, "slack"), as("kevin", "slack")} {
		go func() {
			_, err := w.Incidents.Confirm(ctx, a, first.asked.Code)
			lit <- err
		}()
	}
	if a, b := <-lit, <-lit; (a == nil) == (b == nil) {
		t.Errorf("lit by %v and %v", a, b)
	}
	var open, refused int
	w.must(w.db.QueryRow(ctx, `select (select count(*) from incident), (select count(*) from signal_use where act = 'refused' and text like 'confirmation: %')`).Scan(&open, &refused))
	if open != 1 || refused != 3 {
		t.Errorf("%d incidents, %d refused confirmations on the record", open, refused)
	}
}

// A process that is killed leaves rows, which the next one works.
func TestWhatADeadProcessLeftIsWorked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emergency()
	w.worked()
	ops := w.Fake.Channel("inc-1-openssl").ID
	ts := w.Fake.Post("maria", "inc-1-openssl", "!incident note before it died")
	w.worked()
	// As if another process had stored this line, acknowledged it, and died: once
	// before it began, and once in the middle of the command.
	for i, text := range []string{"!incident note never begun", "!incident note half done"} {
		ts := fmt.Sprintf("%d.00000%d", time.Now().Unix(), i)
		payload := fmt.Sprintf(`{"team_id":%q,"event_id":"Ev%d","event":{"type":"message","channel":%q,"channel_type":"channel","user":"UMARIA","text":%q,"ts":%q,"event_ts":%q}}`,
			w.Fake.TeamID(), i, ops, text, ts, ts)
		_, err := w.db.Exec(t.Context(), `insert into slack_event (network, key, kind, payload, worker, received_at) values ('slack', $1, 'event', $2, 'dead', now() - interval '11 s')`,
			"m "+ops+" "+ts, payload)
		w.must(err)
		if i == 1 {
			_, err := w.db.Exec(t.Context(), `insert into command_call (at, network, room, account, verb, message_id) values ($1, 'slack', '#inc-1-openssl', '', 'incident note', $2)`,
				w.Now().Add(-time.Minute), ops+"/"+ts)
			w.must(err)
		}
	}
	w.worked()
	got := w.timeline(1)
	for _, text := range []string{"before it died", "never begun", "half done"} {
		if count(got, text) != 1 {
			t.Errorf("%q is there %d times in %q", text, count(got, text), got)
		}
	}
	// Delivered once more, the finished line does nothing.
	_, err := w.db.Exec(t.Context(), `update slack_event set done_at = null, worker = 'dead', received_at = now() - interval '1 minute',
		payload = $2 where key = $1`, "m "+ops+" "+ts,
		fmt.Sprintf(`{"team_id":%q,"event_id":"EvX","event":{"type":"message","channel":%q,"channel_type":"channel","user":"UMARIA","text":"!incident note before it died","ts":%q,"event_ts":%q}}`, w.Fake.TeamID(), ops, ts, ts))
	w.must(err)
	w.worked()
	if n := count(w.timeline(1), "before it died"); n != 1 {
		t.Errorf("a finished command had its effect %d times", n)
	}
}

// While the database is away, who asks hears so; what Slack delivers again is obeyed
// when it is back.
func TestTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	fake := doortest.Patient(t)
	fake.AckTimeout = 500 * time.Millisecond // what is not acknowledged is sent again then
	w := newWorldOf(t, slackfake.Run(t, fake))
	w.emergency()
	w.worked()
	w.asOwner(`alter table slack_event rename to slack_event_away`)
	w.Fake.DM("maria", "whoami")
	w.must(w.Fake.Await(t.Context(), func() bool {
		for _, m := range w.Fake.Messages(w.Fake.IM("maria")) {
			if strings.Contains(m.Text, "You are: maria") {
				return true
			}
		}
		return false
	}))
	w.asOwner(`alter table slack_event_away rename to slack_event`)
	w.worked() // it was not acknowledged, and comes again, to be found done
	n := 0
	for _, m := range w.Fake.Messages(w.Fake.IM("maria")) {
		n += strings.Count(m.Text, "You are: maria")
	}
	if n != 1 {
		t.Errorf("answered %d times", n)
	}
}

// The same line carried twice is said once.
func TestALineIsCarriedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(pgx.BeginFunc(t.Context(), w.db, func(tx pgx.Tx) error {
		n := notice.Notice{Network: "slack", Kind: notice.Say, Room: play.Home, Text: "[libera] <maria> hello", Origin: "libera m1 #ops"}
		for range 3 {
			if err := notice.Post(t.Context(), tx, w.Incidents.Queue, w.Now(), n); err != nil {
				return err
			}
		}
		return nil
	}))
	w.worked()
	n := 0
	for _, m := range w.Fake.Spoken("ops") {
		n += strings.Count(w.Plain(m.Text), "[libera] <maria> hello")
	}
	if n != 1 {
		t.Errorf("said %d times", n)
	}
}

// A channel that is asked more than Slack lets us answer holds up nobody elsewhere.
func TestABusyRoomHoldsUpNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emergency()
	page := w.last(w.Fake.IM("li"), "You are needed for package fixing")
	w.Fake.RateLimit("chat.postMessage", 1, time.Hour) // meets the answer in the room
	w.Fake.Post("zed", "ops", "!status")
	w.Fake.Post("zed", "ops", "!status")
	i := w.Fake.Click("li", page.Channel, page.TS, "I take it")
	limited, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	w.must(i.Wait(limited))
	for count(w.timeline(1), "li answers P") == 0 {
		w.must(limited.Err())
		time.Sleep(time.Millisecond) // between two looks
	}
	w.must(w.Fake.Slash("maria", "ops", "/batsignal", "").Wait(limited))
	w.must(w.Fake.Await(limited, func() bool { return len(w.Fake.Views("maria")) == 1 }))
}
