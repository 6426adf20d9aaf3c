package play_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"batsignal/bot"
	"batsignal/bot/console"
	"batsignal/bot/play"
	"batsignal/incidents"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/rosterfile"
)

// live is a terminal that is heard in the background, as networks are, and in which
// things go wrong.
type live struct {
	*console.Door
	spoken func(context.Context, bot.Heard) (audible bool, err error) // nil says it
	run    error                                                      // ends Run at the second line
	check  error
	away   int // how often the network is away when something is to be said in a room

	mu   sync.Mutex
	seen []console.Line
}

func newLive(name string) *live {
	l := &live{}
	l.Door = &console.Door{ID: name, Show: func(line console.Line) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.seen = append(l.seen, line)
	}}
	return l
}

func (l *live) Network() bot.Network         { return l }
func (l *live) Account(handle string) string { return handle }
func (l *live) Check() error                 { return l.check }

func (l *live) Run(ctx context.Context, ear func(context.Context, bot.Heard)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := 0
	if err := l.Door.Run(ctx, func(ctx context.Context, h bot.Heard) {
		if lines++; lines == 2 && l.run != nil {
			cancel()
			return
		}
		ear(ctx, h)
	}); err != nil {
		return err
	}
	return l.run
}

func (l *live) Say(ctx context.Context, room string, m bot.Message) error {
	if l.away--; l.away >= 0 {
		return bot.ErrOffline
	}
	return l.Door.Say(ctx, room, m)
}

func (l *live) Speak(ctx context.Context, s play.Spoken) (audible bool, err error) {
	h := bot.Heard{Network: l.ID, Room: s.Room, Nick: s.Who, Text: s.Text, Did: s.Did}
	if !s.Borrowed {
		h.Account = s.Who
	}
	if l.spoken != nil {
		return l.spoken(ctx, h)
	}
	return true, l.Door.Speak(ctx, h)
}

func (l *live) Heard(context.Context) ([]console.Line, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.seen
	l.seen = nil
	return seen, nil
}

// on is a stage with the example roster, in some theatres.
func on(t *testing.T, show func(console.Line), theatres ...play.Theatre) *play.Stage {
	t.Helper()
	s, err := play.New(ctx, pgtest.Fresh(t).Pool, play.Options{
		Start: start, Theatres: theatres, Roles: oncall.DefaultRoles(), Guard: incidents.DefaultGuard(), Admins: []string{"maria"},
		NewCode: func() string { return "ABCD" }, Log: slog.New(slog.DiscardHandler), Patience: 10 * time.Second,
		Show: func(_ time.Time, l console.Line) { show(l) },
	})
	must(t, err)
	t.Cleanup(s.Close)
	f, err := rosterfile.Parse(rosterfile.Example)
	must(t, err)
	must(t, s.Cast(ctx, f))
	return s
}

func ignore(console.Line) {}

func wantError(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("the error is %v, want one with %q", err, part)
	}
}

const fire = `maria #ops: !batsignal fire
kevin #ops: !confirm
wait 10s
li: !ack
wait 3m
li #inc-1-fire: !baton take
`

// A story goes the same way where lines arrive on another goroutine.
func TestANetworkIsHeardInTheBackground(t *testing.T) {
	t.Parallel()
	var told []string
	for _, theatre := range []play.Theatre{play.NewTerminal("console"), newLive("console")} {
		var script play.Transcript
		script.Stage = on(t, script.Hear, theatre)
		got, err := script.Play(ctx, fire)
		must(t, err)
		told = append(told, got)
	}
	if diff := cmp.Diff(told[0], told[1]); diff != "" || strings.Count(told[0], "\n") < 40 {
		t.Errorf("%s\n%s", diff, told[0])
	}
}

func TestWhatTheBotDoesNotHear(t *testing.T) {
	t.Parallel()
	l := newLive("console")
	s := on(t, ignore, l)

	// It is not there.
	l.spoken = func(context.Context, bot.Heard) (bool, error) { return false, nil }
	must(t, s.Say(ctx, "maria", "#elsewhere", "hello", true))

	// It is there, but something else arrives.
	l.spoken = func(ctx context.Context, h bot.Heard) (bool, error) {
		h.Text = "hullo"
		return true, l.Door.Speak(ctx, h)
	}
	brief, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := s.Say(brief, "maria", "#ops", "hello", true); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}

	// It is heard, but as somebody else.
	l.spoken = func(ctx context.Context, h bot.Heard) (bool, error) {
		h.Account = "kevin"
		return true, l.Door.Speak(ctx, h)
	}
	wantError(t, s.Say(ctx, "maria", "#ops", "hello", true), `maria was heard as account "kevin" on console, not as "maria"`)
	wantError(t, s.Say(ctx, "maria", "#ops", "hello", false), `not as ""`)

	// People cannot say it.
	l.spoken = func(context.Context, bot.Heard) (bool, error) { return false, errors.New("no such person") }
	wantError(t, s.Say(ctx, "maria", "#ops", "hello", true), "no such person")
}

// Whoever waits in vain is told what was heard instead.
func TestPatienceEnds(t *testing.T) {
	t.Parallel()
	l := newLive("console")
	l.spoken = func(ctx context.Context, h bot.Heard) (bool, error) {
		h.Text = "hullo"
		must(t, l.Door.Speak(ctx, h))
		return true, l.Door.Speak(ctx, h) // taken when the first is done with
	}
	options := play.Options{
		Start: start, Theatres: []play.Theatre{l}, Roles: oncall.DefaultRoles(), Guard: incidents.DefaultGuard(),
		Log: slog.New(slog.DiscardHandler), Show: func(time.Time, console.Line) {}, Patience: 200 * time.Millisecond,
	}
	db := pgtest.Fresh(t).Pool
	s, err := play.New(ctx, db, options)
	must(t, err)
	defer s.Close()
	wantError(t, s.Say(ctx, "maria", "#ops", "hello", true), `the bot did not hear in 200ms what maria said on console; instead it heard ["#ops <maria> hullo"`)

	never := newLive("console")
	never.check = errors.New("not connected")
	options.Theatres = []play.Theatre{never}
	_, err = play.New(ctx, db, options)
	wantError(t, err, "console was not ready in 200ms: not connected")
}

func TestADoorThatStops(t *testing.T) {
	t.Parallel()
	l := newLive("console")
	l.run = errors.New("the cable is cut")
	s := on(t, ignore, l)
	must(t, s.Say(ctx, "maria", "#ops", "hello", true))
	wantError(t, s.Say(ctx, "maria", "#ops", "hello?", true), "the door to console has stopped: the cable is cut")
}

// What people do is told as that on every stage, and a terminal knows everybody there.
func TestWhatPeopleDo(t *testing.T) {
	t.Parallel()
	for _, theatre := range []play.Theatre{play.NewTerminal("console"), newLive("console")} {
		var script play.Transcript
		script.Stage = on(t, script.Hear, theatre)
		got, err := script.Play(ctx, "maria #ops: /me !batsignal fire\n~visitor #ops: /me waves\nmaria: /me !whoami\n")
		must(t, err)
		if strings.Contains(got, "batsignal>") || strings.Contains(got, "(to ") {
			t.Errorf("it was answered:\n%s", got)
		}
		room, err := theatre.Network().Look(ctx, play.Home)
		must(t, err)
		if _, ok := theatre.(*play.Terminal); ok && (!slices.Contains(room.Names, "kevin") || !slices.Contains(room.Names, "visitor")) {
			t.Errorf("%+v", room)
		}
	}
}

// What cannot be said while a network is away is said when it is back.
func TestWhatIsSaidWaitsForTheNetwork(t *testing.T) {
	t.Parallel()
	l := newLive("console")
	l.away = 2
	var said []string
	s := on(t, func(line console.Line) { said = append(said, line.String()) }, l)
	must(t, s.Say(ctx, "maria", play.Home, "!batsignal fire", true))
	must(t, s.Say(ctx, "kevin", play.Home, "!confirm", true))
	if all := strings.Join(said, "\n"); !strings.Contains(all, "The bat-signal is lit.") {
		t.Error(all)
	}
}

// On two networks people are one, what is said names its network, and talk is
// carried over only if that is wanted.
func TestSeveralNetworks(t *testing.T) {
	t.Parallel()
	var script play.Transcript
	script.Stage = on(t, script.Hear, play.NewTerminal("libera"), newLive("oftc"))
	got, err := script.Play(ctx, `maria@libera: !whoami
maria@oftc: !whoami
maria@oftc #ops: !status
maria@libera #ops: hello
`)
	must(t, err)
	for _, part := range []string{
		"whoami\n  libera (to maria) You are: maria\n", "whoami\n  oftc (to maria) You are: maria\n",
		"status\n  oftc #ops <batsignal> ", "hello\n",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is not in:\n%s", part, got)
		}
	}
	_, err = script.Play(ctx, "maria@efnet: !whoami")
	wantError(t, err, `there is no network called "efnet" on this stage`)
}

// Accounts that a roster names are taken from it.
func TestCast(t *testing.T) {
	t.Parallel()
	s := on(t, ignore, play.NewTerminal("libera"), play.NewTerminal("oftc"))
	f, err := rosterfile.Parse([]byte("people: [{handle: noor, accounts: {oftc: noorah, mastodon: noor@example}}]"))
	must(t, err)
	must(t, s.Cast(ctx, f))
	for _, account := range [][2]string{{"libera", "noor"}, {"oftc", "noorah"}, {"mastodon", "noor@example"}} {
		if p, known, err := oncall.PersonByAccount(ctx, s.DB, account[0], account[1]); err != nil || !known || p.Handle != "noor" {
			t.Errorf("%v: %+v, %v, %v", account, p, known, err)
		}
	}
	if f.People[0].Accounts["libera"] != "" {
		t.Error("the caller's roster was changed")
	}
}

func TestSpeakers(t *testing.T) {
	t.Parallel()
	const story = `# eve: a remark
maria #ops: !batsignal fire
  #ops <batsignal> kevin: not said by anybody
~kevin@oftc #ops: !confirm
li@libera: !ack
wait 3m
maria@oftc: hello
~maria: hello`
	for network, want := range map[string]string{"libera": "maria li ~maria", "oftc": "maria ~kevin ~maria"} {
		if got := strings.Join(play.Speakers(story, network), " "); got != want {
			t.Errorf("%s: %s, want %s", network, got, want)
		}
	}
}
