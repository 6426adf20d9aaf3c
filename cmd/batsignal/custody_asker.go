package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"batsignal/oncall/custody"
	"batsignal/oncall/secret"
)

// asker speaks with whoever sits there: on the error output, so that what a command
// prints can be piped on. There is one for each run of a command: it reads ahead.
type asker struct {
	in  *bufio.Reader
	tty *os.File // nil if nobody sits there
	out io.Writer
}

func (a *app) asker() *asker {
	c := &asker{in: bufio.NewReader(a.stdin), out: a.stderr}
	if isTerminal(a.stdin) {
		c.tty, _ = a.stdin.(*os.File) // what is one is a file
	}
	return c
}

func (c *asker) say(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }

// line reads one line; an end is an error.
func (c *asker) line() (string, error) {
	text, err := c.in.ReadString('\n')
	if err != nil && (text == "" || !errors.Is(err, io.EOF)) {
		return "", err
	}
	return strings.TrimRight(text, "\r\n"), nil
}

// agrees asks something that takes a whole word, so that no finger slips.
func (c *asker) agrees(question string) bool {
	c.say("%s Type yes: ", question)
	answer, err := c.line() // an end is a no
	for err == nil && strings.TrimSpace(answer) == "" {
		answer, err = c.line() // as after a sheet that was typed
	}
	if c.tty == nil {
		c.say("\n") // nobody sees what is typed
	}
	return err == nil && strings.EqualFold(strings.TrimSpace(answer), "yes")
}

// hidden reads a line that is not shown while it is typed. Whoever interrupts it gets their
// terminal back as it was: reading itself goes on.
func (c *asker) hidden(ctx context.Context) (secret.Text, error) {
	if c.tty == nil || c.in.Buffered() > 0 {
		text, err := c.line()
		return secret.New(text), err
	}
	before, err := term.GetState(int(c.tty.Fd()))
	if err != nil || ctx.Err() != nil {
		return secret.Text{}, errors.Join(err, ctx.Err())
	}
	defer context.AfterFunc(ctx, func() {
		_ = term.Restore(int(c.tty.Fd()), before)
		c.say("\nPress Ctrl-C once more to leave.\n")
	})()
	text, err := term.ReadPassword(int(c.tty.Fd()))
	defer clear(text)
	c.say("\n")
	return secret.New(string(text)), err
}

// terminal is the same for plugins of age, such as a YubiKey's, which ask for a PIN.
func (c *asker) terminal(ctx context.Context) custody.Terminal {
	return custody.Terminal{
		Show: func(message string) error { c.say("%s\n", message); return nil },
		Ask: func(prompt string, hidden bool) (string, error) {
			c.say("%s ", prompt)
			if hidden {
				text, err := c.hidden(ctx)
				return text.Reveal(), err
			}
			return c.line()
		},
		Confirm: func(prompt, yes, no string) (bool, error) {
			if no == "" {
				c.say("%s [%s: Enter] ", prompt, yes)
				_, err := c.line()
				return err == nil, err
			}
			c.say("%s [y: %s, n: %s] ", prompt, yes, no)
			answer, err := c.line()
			return strings.HasPrefix(strings.ToLower(strings.TrimSpace(answer)), "y"), err
		},
	}
}

// sheet reads a share that is typed from paper: the line above the letters, and three lines
// of letters. They are seen while they are typed, since nobody types them blindly.
func (c *asker) sheet() (secret.Text, error) {
	c.say("Type the 4 lines of the sheet: \"keyring … custodian …\", then those that begin with 1, 2 and 3.\n")
	var page strings.Builder
	for rows := 0; rows < 4; {
		row, err := c.line()
		if err != nil {
			break // too few lines: whoever reads the sheet says so
		}
		page.WriteString(row + "\n")
		text := strings.ToLower(strings.TrimSpace(row))
		if text != "" && !strings.HasPrefix(text, "#") && !strings.HasPrefix(text, "batsignal ") {
			rows++
		}
	}
	return secret.New(page.String()), nil
}
