package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"batsignal/bot"
)

// Terminal lets one human be everybody on a [Door]: what is typed is said by the
// person of the prompt, and lines that begin with / direct the stage.
type Terminal struct {
	Door *Door
	// Screen is where lines are typed and shown. If Raw is set it is a terminal in
	// raw mode, which lets the bot speak while somebody types.
	Screen io.ReadWriter
	Raw    bool
	Width  int // columns; longer lines are broken between words; 0 breaks none

	Now     func() time.Time
	Advance func(ctx context.Context, d time.Duration) // lets time pass
	People  func(ctx context.Context) ([]string, error)
	Who     string // who speaks at first
	Room    string // where
	Hint    string // lines below the help: what else there is on this stage

	mu   sync.Mutex
	line *term.Terminal
}

// errQuit ends Run at the speaker's wish.
var errQuit = errors.New("quit")

const stageHelp = `You are everybody here. What you type is said by the person in the prompt.
  /as maria            speak as maria from now on
  /as maria !ack       let maria say one thing
  /me waves            do something, instead of saying it
  /room #inc-1-openssl go to a room; /private talks to the bot alone
  /people              who there is, and their local time
  /wait 2m             let time pass
  /quit                end (so does Ctrl-D)
Commands of the bot begin with !. To begin with:
  !batsignal remote code execution in openssl
  /as kevin !confirm`

// Run reads lines until /quit, the end of the input, or ctx ends.
func (t *Terminal) Run(ctx context.Context) error {
	next := t.plainReader()
	if t.Raw {
		t.mu.Lock()
		t.line = term.NewTerminal(t.Screen, "")
		if t.Width > 0 {
			_ = t.line.SetSize(t.Width, 24) // only fails on sizes below zero
		}
		t.mu.Unlock()
		next = t.line.ReadLine
	}
	t.help()
	for ctx.Err() == nil {
		t.prompt()
		text, err := read(ctx, next)
		if errors.Is(err, io.EOF) || ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		switch err := t.do(ctx, strings.TrimSpace(text)); {
		case errors.Is(err, errQuit):
			return nil
		case err != nil:
			t.Print(err.Error())
		}
	}
	return nil
}

// read waits for a line or the end of ctx. A terminal's read cannot be called off:
// one that is given up ends with the program.
func read(ctx context.Context, next func() (string, error)) (string, error) {
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := next()
		read <- line{text, err}
	}()
	select {
	case l := <-read:
		return l.text, l.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// help tells how the stage is directed.
func (t *Terminal) help() {
	t.Print(strings.TrimSuffix(stageHelp+"\n"+t.Hint, "\n"))
}

// Print shows text above the line that is being typed.
func (t *Terminal) Print(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.line != nil {
		_, _ = io.WriteString(t.line, text+"\n") // a screen that is gone ends Run
		return
	}
	_, _ = fmt.Fprintln(t.Screen, text)
}

// Show prints a line of the bot with its time, which is UTC.
func (t *Terminal) Show(l Line) {
	t.Print(broken(t.Now().UTC().Format("15:04:05")+" "+l.String(), t.Width))
}

// broken breaks a line between words; what follows is set in under the text.
func broken(text string, width int) string {
	const indent = "         "
	var b strings.Builder
	for width > 2*len(indent) && utf8.RuneCountInString(text) > width {
		at := strings.LastIndexByte(string([]rune(text)[:width]), ' ')
		if at <= len(indent) {
			break
		}
		b.WriteString(text[:at] + "\n")
		text = indent + text[at+1:]
	}
	return b.String() + text
}

func (t *Terminal) plainReader() func() (string, error) {
	lines := bufio.NewScanner(t.Screen)
	return func() (string, error) {
		if lines.Scan() {
			return lines.Text(), nil
		}
		if err := lines.Err(); err != nil {
			return "", err
		}
		return "", io.EOF
	}
}

func (t *Terminal) prompt() {
	where := t.Room
	if where == "" {
		where = "private"
	}
	text := where + " " + t.Who + "> "
	if t.line != nil {
		t.line.SetPrompt(text)
		return
	}
	_, _ = io.WriteString(t.Screen, text)
}

func (t *Terminal) do(ctx context.Context, text string) error {
	if text == "" {
		return nil
	}
	if !strings.HasPrefix(text, "/") {
		return t.speak(ctx, t.Who, text)
	}
	verb, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch verb {
	case "/me":
		if rest == "" {
			return errors.New("Say what you do: /me waves.")
		}
		return t.speak(ctx, t.Who, text)
	case "/as":
		who, words, _ := strings.Cut(rest, " ")
		if who == "" {
			return errors.New("Say as whom: /as maria. /people lists who there is.")
		}
		if words == "" {
			t.Who = strings.ToLower(who)
			return nil
		}
		return t.speak(ctx, strings.ToLower(who), words)
	case "/room", "/join":
		t.Room = strings.ToLower(rest)
		return nil
	case "/private", "/query":
		t.Room = ""
		return nil
	case "/people", "/names":
		names, err := t.People(ctx)
		t.Print(strings.Join(names, "\n"))
		return err
	case "/wait":
		d, err := time.ParseDuration(rest)
		if err != nil || d <= 0 || d > 24*time.Hour {
			return errors.New("Say how long, up to 24h: /wait 90s or /wait 5m.")
		}
		t.Advance(ctx, d)
		return nil
	case "/help":
		t.help()
		return nil
	case "/quit", "/exit":
		return errQuit
	}
	return fmt.Errorf("There is no %s here. /help lists what there is; commands of the bot begin with !.", verb)
}

func (t *Terminal) speak(ctx context.Context, who, text string) error {
	text, did := strings.CutPrefix(text, "/me ")
	return t.Door.Speak(ctx, bot.Heard{At: t.Now(), Network: t.Door.ID, Room: t.Room, Nick: who, Account: who, Text: text, Did: did})
}
