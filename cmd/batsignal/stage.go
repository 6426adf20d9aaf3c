package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"batsignal/bot/console"
	"batsignal/oncall/fault"
)

// stage is the switchboard of batsignal run: the real process, started as a child, which
// hears the terminal through a pipe since a terminal has no second connection. Its phones
// ring on the screen.
type stage struct {
	cmd   *exec.Cmd
	lines io.WriteCloser
	rings chan ring
	ended chan error
	demo  demo

	mu    sync.Mutex
	shift time.Duration
}

// ring is what a phone of the stage does. It has no number.
type ring struct {
	Ready  bool   `json:",omitempty"`
	Who    string `json:",omitempty"`
	Ref    string `json:",omitempty"`
	Role   string `json:",omitempty"`
	Code   string `json:",omitempty"` // of a proof
	Hangup bool   `json:",omitempty"`
}

// stagePatience is how long the child may take to be up.
const stagePatience = 30 * time.Second

// startStage makes what a first run needs, starts the child, and sets the bot's side of the
// configuration. Without a private database there is none.
func (a *app) startStage(ctx context.Context, c *Config, db *database, now func() time.Time) (_ *stage, err error) {
	if db.Local == nil {
		return nil, nil
	}
	home := filepath.Join(c.StateDir, "switchboard")
	child := Config{StateDir: home, Switchboard: switchboardConfig{Run: switchboardRunConfig{PagesURL: "http://batsignal.localhost"}}}
	ours, err := botKeys(*c).identity()
	if err != nil {
		return nil, err
	}
	theirs, err := switchboardKeys(child).identity()
	if err != nil {
		return nil, err
	}
	at := [3]string{}
	for i := range at {
		if at[i], err = freeLocal(ctx); err != nil {
			return nil, err
		}
	}
	c.Switchboard = switchboardConfig{URL: "https://" + at[0], Peer: string(theirs.Pin()), Listen: at[1], Pages: "http://" + at[2]}
	config := filepath.Join(home, "switchboard.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, `# Made anew by each batsignal run.
state_dir: %q
database: {url: %q}
log: {level: error, format: text}
commands: {prefix: %q, emergency: %q}
switchboard:
  run: {listen: %q, peer: %q, bots: [%q], pages: %q, pages_url: %q, bot_accounts: [%q]}
`, home, db.Local.SwitchboardDSN(), c.Commands.Prefix, c.Commands.Emergency,
		at[0], string(ours.Pin()), "https://"+at[1], at[2], c.Switchboard.Pages, consoleNetwork+"/batsignal"), 0o600); err != nil {
		return nil, err
	}
	s := &stage{rings: make(chan ring, 100), ended: make(chan error, 1)}
	if s.demo, err = makeDemo(ctx, *c, child, db, now()); err != nil {
		return nil, err
	}
	return s, s.start(ctx, a.stderr, config)
}

// start runs this very program once more.
func (s *stage) start(ctx context.Context, stderr io.Writer, config string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	s.cmd = exec.Command(self, "switchboard", "stage", "--config", config) // #nosec G204 -- this very program, with a file that it wrote itself
	s.cmd.Env = stageEnvironment(os.Environ())
	s.cmd.Stderr = stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt of the terminal is ours
	return s.launch(ctx)
}

// launch starts the child, and waits until it is up.
func (s *stage) launch(ctx context.Context) (err error) {
	if s.lines, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return fault.Wrap(fault.Unready, err, "The switchboard cannot be started: %v.", err)
	}
	ready := make(chan struct{})
	go func() {
		scan := bufio.NewScanner(out)
		for scan.Scan() {
			var r ring
			if json.Unmarshal(scan.Bytes(), &r) != nil {
				continue
			}
			if r.Ready {
				close(ready)
				continue
			}
			s.rings <- r
		}
		close(s.rings)
		s.ended <- s.cmd.Wait() // after its last line: waiting closes the pipe
	}()
	select {
	case <-ready:
		return nil
	case err := <-s.ended:
		return fault.Wrap(fault.Unready, err, "The switchboard ended as it began.")
	case <-ctx.Done():
		s.stop()
		return ctx.Err()
	case <-time.After(stagePatience):
		s.stop()
		return fault.New(fault.Unready, "The switchboard does not begin.")
	}
}

// stageEnvironment is the environment of the child. What configures the bot by it is the
// bot's: the child would take the bot's directory, and its keys, for its own.
func stageEnvironment(ours []string) []string {
	return slices.DeleteFunc(slices.Clone(ours), func(v string) bool {
		return strings.HasPrefix(v, "BATSIGNAL_") && !strings.HasPrefix(v, envUnhardened+"=")
	})
}

// stop has the child end, which it does when the terminal is gone.
func (s *stage) stop() {
	_ = s.lines.Close()
	go func() {
		for range s.rings { // nobody looks any more
		}
	}()
	select {
	case <-s.ended:
	case <-time.After(5 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
}

// tell has the child hear a line of a room.
func (s *stage) tell(room, account, text string, ours bool) {
	if room != "" {
		s.write(stageLine{Room: room, Account: account, Text: text, Ours: ours})
	}
}

// advance moves its clock on with ours.
func (s *stage) advance(by time.Duration) {
	s.mu.Lock()
	s.shift += by
	shift := s.shift
	s.mu.Unlock()
	s.write(stageLine{Shift: shift})
}

func (s *stage) write(l stageLine) {
	text, err := json.Marshal(l)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.lines.Write(append(text, '\n')) // if it is gone, that is told by its end
}

// shown tells, after the challenge of the switchboard, which codes would confirm it: in a
// terminal there is nobody else to look at an authenticator.
func (s *stage) shown(l console.Line, print func(string), now func() time.Time) {
	if l.Act == "say" && l.Room != "" && strings.Contains(l.Text, " opens sealed ") {
		print(s.demo.codes(now()))
	}
}

// showRings shows phones that ring, until the switchboard ends.
func (s *stage) showRings(print func(string)) {
	for r := range s.rings {
		switch {
		case r.Hangup:
			print("(A phone stops ringing.)")
		case r.Code != "":
			print("(The phone behind a sealed number rings, and tells " + cmp.Or(r.Who, "its owner") + " the code " + r.Code + ".)")
		default:
			print("(The phone behind a sealed number rings: " + r.Who + " is called for " + r.Ref + ", " + r.Role + ".)")
		}
	}
}

// stageHint tells, below the help of the stage, what a switchboard adds.
const stageHint = `Telephone numbers are sealed here (all invented): they ring when a code confirms, too.
  /as kevin !confirm CODE DIGITS   after !batsignal, with the digits that are shown then
  /private, then !contact seal     a link to the switchboard's form; !contact mine is one to your own`

// freeLocal finds an address of this machine that nobody listens on.
func freeLocal(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", errors.Join(errors.New("no port of this machine is free"), err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}
