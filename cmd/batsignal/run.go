package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"batsignal/bot"
	"batsignal/bot/console"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/rosterfile"
)

func newRunCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "run",
		Short:   "Try the bot by hand: the terminal is a chat network",
		GroupID: groupUse,
		Long: `Run starts everything on this machine with nothing to configure: a private
Postgres, the web pages on localhost, the switchboard that opens sealed telephone
numbers, and the terminal as a chat network with a small invented roster, in which you
speak as everybody. What happens is kept for
the next time. Without a terminal on standard input it plays batsignal try instead.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load(cmd)
			if err != nil {
				return err
			}
			in, isFile := a.stdin.(*os.File)
			if !isFile || !isTerminal(in) {
				return a.try(cmd.Context(), c, tryOptions{script: "heartbleed", seed: 1})
			}
			return a.runTerminal(cmd.Context(), c, in)
		},
	}
}

// terminalPlace is the terminal as a configured network.
func terminalPlace(door bot.Network) place {
	return place{network: door, id: consoleNetwork, home: "#ops", rooms: "#inc-{id}-{slug}"}
}

// shiftedClock is the real clock, moved on when somebody waits on stage.
type shiftedClock struct {
	mu    sync.Mutex
	shift time.Duration
}

func (s *shiftedClock) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.shift)
}

func (s *shiftedClock) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shift += d
}

func (a *app) runTerminal(ctx context.Context, c Config, in *os.File) error {
	if err := harden(); err != nil { // the keys of both halves are made here, and the bot's are used
		return err
	}
	// The log would write over the prompt; what matters is said on stage.
	log := newLogger(a.stderr, logConfig{Level: "error", Format: "text"})
	fmt.Fprintf(a.stdout, "Starting a private Postgres in %s.\n", c.StateDir)
	db, err := openDatabase(ctx, c, false, log)
	if err != nil {
		return err
	}
	defer db.close()

	clock := &shiftedClock{}
	door := &console.Door{ID: consoleNetwork}
	c.Admins = append(c.Admins, consoleNetwork+"/maria")
	board, err := a.startStage(ctx, &c, db, clock.Now)
	if err != nil {
		return err
	}
	if board != nil {
		defer board.stop()
		door.Listen = board.tell
	}
	p, err := wire(ctx, c, db, []place{terminalPlace(door)}, clock.Now, log)
	if err != nil {
		return err
	}
	at, err := listen(ctx, c)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "The pages are at http://%s/\n", at.Addr())
	var hint string
	if board != nil {
		fmt.Fprintf(a.stdout, "Those of the switchboard are at %s/\n", c.Switchboard.Pages)
		hint = stageHint
	}
	fmt.Fprintln(a.stdout)

	width, _, err := term.GetSize(int(in.Fd()))
	if err != nil {
		width = 0
	}
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return fault.Wrap(fault.Unready, err, "The terminal does not let itself be set up: %v.", err)
	}
	defer func() { _ = term.Restore(int(in.Fd()), before) }()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	screen := &console.Terminal{
		Door: door, Raw: true, Width: width, Now: clock.Now, Who: "maria", Room: "#ops", Hint: hint,
		Screen: struct {
			io.Reader
			io.Writer
		}{in, a.stdout},
		People:  func(ctx context.Context) ([]string, error) { return peopleWords(ctx, db, clock.Now()) },
		Advance: func(ctx context.Context, d time.Duration) { p.advance(ctx, clock, board, d) },
	}
	door.Show = screen.Show
	if board != nil {
		door.Show = func(l console.Line) { screen.Show(l); board.shown(l, screen.Print, clock.Now) }
		go board.showRings(screen.Print)
	}
	done := make(chan error, 1)
	go func() { done <- p.run(ctx, c, db, at, log) }()
	err = screen.Run(ctx)
	cancel()
	if runErr := <-done; err == nil {
		err = runErr
	}
	return err
}

// advance lets time pass in small steps, so that what is due on the way happens in
// its order.
func (p *parts) advance(ctx context.Context, clock *shiftedClock, board *stage, d time.Duration) {
	const stride, rest = 15 * time.Second, 40 * time.Millisecond
	for d > 0 && ctx.Err() == nil {
		step := min(d, stride)
		clock.Advance(step)
		if board != nil {
			board.advance(step)
		}
		p.pager.Wake()
		select {
		case <-ctx.Done():
		case <-time.After(rest):
		}
		d -= step
	}
}

// seedRoster gives an empty installation invented people to play with.
func seedRoster(ctx context.Context, db *database, now time.Time) error {
	people, err := oncall.People(ctx, db.Pool)
	if err != nil || len(people) > 0 {
		return err
	}
	f, err := rosterfile.Parse(rosterfile.Example)
	if err != nil {
		return err
	}
	_, err = rosterfile.Apply(ctx, db.Pool, f, rosterfile.How{Now: now, Agreed: true, Network: consoleNetwork})
	return err
}

// peopleWords lists who there is to be, with the time where they are.
func peopleWords(ctx context.Context, db *database, now time.Time) ([]string, error) {
	people, err := oncall.People(ctx, db.Pool)
	var words []string
	for _, p := range people {
		roles, err := oncall.ActiveRoles(ctx, db.Pool, p.ID)
		if err != nil {
			return nil, err
		}
		state := "awake"
		if !p.Awake(now) {
			state = "asleep"
		}
		words = append(words, fmt.Sprintf("  %-8s %s %-7s %-18s %v", p.Handle, now.In(oncall.Location(p.Zone)).Format("15:04"), state, p.Zone, roles))
	}
	return words, err
}
