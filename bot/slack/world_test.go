package slack_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/bot"
	"batsignal/bot/console"
	"batsignal/bot/play"
	"batsignal/bot/play/doortest"
	"batsignal/bot/slack"
	"batsignal/bot/slack/slackfake"
	"batsignal/incidents"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/rosterfile"
)

// TestMain lets the tests run side by side even on a small machine: most of their time
// they wait, for pauses that Slack asks for among others.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	pgtest.Main(m)
}

// patience is how long anything is waited for; a fast machine never waits so long.
const patience = time.Minute

// world is the whole bot in a Slack workspace, on a clock that a test moves.
type world struct {
	*testing.T
	*play.Stage
	*doortest.Workspace
	db    *pgxpool.Pool
	cfg   slack.Config
	owner string         // how the owner of the tables connects
	seen  []console.Line // what people saw, of what the stage collected
}

const crew = `people:
  - {handle: maria, zone: Europe/Madrid, roles: [coordination]}
  - {handle: kevin, zone: America/Denver, roles: [release-engineering]}
  - {handle: li, zone: Asia/Shanghai, roles: [package-fixing]}
  - {handle: sam, zone: UTC, roles: [quality-assurance]}
`

func newWorld(t *testing.T, edits ...func(*slack.Config)) *world {
	t.Helper()
	return newWorldOf(t, slackfake.Run(t, doortest.Patient(t)), edits...)
}

// newWorldOf is newWorld in a workspace that is there already.
func newWorldOf(t *testing.T, fake *slackfake.Server, edits ...func(*slack.Config)) *world {
	t.Helper()
	return newWorldWith(t, fake, nil, edits...)
}

// newWorldWith is newWorldOf with jobs that can be asked for.
func newWorldWith(t *testing.T, fake *slackfake.Server, jobs *play.Jobs, edits ...func(*slack.Config)) *world {
	t.Helper()
	ctx := t.Context()
	fresh := pgtest.Fresh(t)
	w := &world{T: t, db: fresh.Pool, owner: fresh.OwnerDSN}
	// What the app shows by itself reads incidents; the stage makes them later.
	lookup := &incidents.Service{DB: w.db, Now: time.Now}
	edits = append([]func(*slack.Config){func(c *slack.Config) {
		c.Incidents, c.PublicURL = lookup, "https://batsignal.example.org"
	}}, edits...)
	edits = append(edits, func(c *slack.Config) { w.cfg = *c })
	w.Workspace = doortest.SlackAt(t, fake, w.db, "slack", []string{"maria", "kevin", "li", "sam", "zed"}, edits...)
	codes := 0
	stage, err := play.New(ctx, w.db, play.Options{
		Start: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Theatres: []play.Theatre{w.Workspace},
		Roles: oncall.DefaultRoles(), Admins: []string{"maria"}, Guard: incidents.DefaultGuard(), PublicURL: "https://batsignal.example.org",
		Jobs:    jobs,
		NewCode: func() string { codes++; return fmt.Sprintf("KQX%d", codes+1) },
		Show:    func(_ time.Time, l console.Line) { w.seen = append(w.seen, l) },
		Log:     slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	w.must(err)
	t.Cleanup(stage.Close)
	w.Stage = stage
	stage.Incidents.Networks[0].Summaries = true
	roster, err := rosterfile.Parse([]byte(crew))
	w.must(err)
	w.must(stage.Cast(ctx, roster))
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// says makes somebody type a line.
func (w *world) says(who, room, text string) {
	w.Helper()
	w.must(w.Stage.Say(w.Context(), who, room, text, true))
}

// worked waits until the bot has worked everything that Slack delivered, and then
// lets happen what is due by it.
func (w *world) worked() {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	defer cancel()
	w.must(w.Fake.Settled(ctx))
	for {
		var left int
		w.must(w.db.QueryRow(ctx, `select count(*) from slack_event where done_at is null`).Scan(&left))
		if left == 0 {
			break
		}
		time.Sleep(time.Millisecond) // between two looks
	}
	w.must(w.Door.Quiet(ctx))
	_, err := w.Next(ctx)
	w.must(err)
}

// acked waits until Slack has its answer to a click, a command or a form.
func (w *world) acked(i *slackfake.Invocation) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	defer cancel()
	w.must(i.Wait(ctx))
	w.worked()
}

// last is the newest message of the bot in a channel or to somebody that holds a text.
func (w *world) last(channel, holds string) slackfake.Message {
	w.Helper()
	all := w.Fake.Messages(channel)
	for i := len(all) - 1; i >= 0; i-- {
		if m := all[i]; m.User == w.Fake.BotUserID() && strings.Contains(w.Plain(m.Text), holds) {
			return m
		}
	}
	var said []string
	for _, m := range all {
		said = append(said, w.Plain(m.Text))
	}
	w.Fatalf("nothing in %s holds %q; there is %q", channel, holds, said)
	return slackfake.Message{}
}

// timeline is every line of an incident's timeline.
func (w *world) timeline(incident int64) (lines []string) {
	w.Helper()
	entries, err := w.Incidents.Timeline(w.Context(), incident, 0)
	w.must(err)
	for _, e := range entries {
		lines = append(lines, e.Kind+" "+e.Who+": "+e.Text)
	}
	return lines
}

func count(lines []string, holds string) (n int) {
	for _, l := range lines {
		if strings.Contains(l, holds) {
			n++
		}
	}
	return n
}

// emergency lights the signal in the home room, so that INC-1 is open.
func (w *world) emergency() {
	w.Helper()
	w.says("maria", play.Home, "!batsignal remote code execution in openssl")
	w.says("kevin", play.Home, "!confirm")
}

// listener is a door alone, with what it heard.
type listener struct {
	*testing.T
	*doortest.Workspace
	db *pgxpool.Pool

	mu    sync.Mutex
	heard []bot.Heard   // lines, and what became of them
	moved []bot.Heard   // who came and went
	news  chan struct{} // closed at the next of either, and made anew
}

// listen runs a door whose ear only remembers.
func listen(t *testing.T, people ...string) *listener {
	t.Helper()
	return listenAt(t, slackfake.Run(t, doortest.Patient(t)), people...)
}

// listenAt is listen in a workspace that is there already.
func listenAt(t *testing.T, fake *slackfake.Server, people ...string) *listener {
	t.Helper()
	l := &listener{T: t, db: pgtest.Fresh(t).Pool, news: make(chan struct{})}
	l.Workspace = doortest.SlackAt(t, fake, l.db, "slack", people)
	l.run(l.Door)
	l.ready()
	return l
}

func (l *listener) run(d *slack.Door) (stop func()) {
	ctx, cancel := context.WithCancel(l.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := d.Run(ctx, l.ear); err != nil {
			l.Error(err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	l.Cleanup(stop)
	return stop
}

func (l *listener) ready() {
	l.Helper()
	l.eventually("the door is well", func() bool { return l.Door.Check() == nil })
}

func (l *listener) ear(_ context.Context, h bot.Heard) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h.Via = nil
	if h.Change == bot.Joined || h.Change == bot.Left {
		l.moved = append(l.moved, h)
	} else {
		l.heard = append(l.heard, h)
	}
	close(l.news)
	l.news = make(chan struct{})
}

// until waits until so many lines were heard, and takes them.
func (l *listener) until(n int) []bot.Heard {
	l.Helper()
	return l.take(&l.heard, n)
}

func (l *listener) take(from *[]bot.Heard, n int) []bot.Heard {
	l.Helper()
	limit := time.After(patience)
	for {
		l.mu.Lock()
		heard, news := *from, l.news
		if len(heard) >= n {
			*from = nil
			l.mu.Unlock()
			return heard
		}
		l.mu.Unlock()
		select {
		case <-news:
		case <-limit:
			l.Fatalf("heard %d of %d: %+v", len(heard), n, heard)
		}
	}
}

// hears waits for exactly one line.
func (l *listener) hears() bot.Heard {
	l.Helper()
	heard := l.until(1)
	if len(heard) != 1 {
		l.Fatalf("heard %+v", heard)
	}
	return heard[0]
}

func (l *listener) eventually(what string, holds func() bool) {
	l.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			l.Fatalf("not in %s: %s", patience, what)
		}
	}
}

// asOwner runs SQL that the bot may not.
func (w *world) asOwner(sql string) {
	w.Helper()
	conn, err := pgx.Connect(w.Context(), w.owner)
	w.must(err)
	defer conn.Close(w.Context())
	_, err = conn.Exec(w.Context(), sql)
	w.must(err)
}

// types is says for what Slack delivers as something else, such as a mention.
func (w *world) types(who, room, text string) {
	w.Helper()
	w.Fake.Post(who, strings.TrimPrefix(room, "#"), text)
	w.worked()
}
