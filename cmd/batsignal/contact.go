package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"batsignal/oncall/contact"
	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// sealing is how an address is sealed: whose, to which keys, and what its owner agrees to.
type sealing struct {
	owner      int64
	kind       string
	keyring    string
	lanes      []string
	perQuarter int
	quiet      string
	out        string
}

func newContactCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "contact",
		Short:   "Seal an address of yours, on your own machine",
		GroupID: groupUse,
	}
	cmd.AddCommand(newContactSealCommand(a))
	return cmd
}

func newContactSealCommand(a *app) *cobra.Command {
	agreed := escrow.DefaultPolicy()
	var s sealing
	cmd := &cobra.Command{
		Use:   "seal",
		Short: "Seal an address so that only the switchboard opens it, in a confirmed emergency",
		Long: `Seal asks for an address, without showing it, and prints it sealed: what is printed can
be pasted on your page, and tells nobody anything. It needs no configuration and no
database, and sends nothing anywhere. It takes the address from the terminal, or from
standard input if that is none, and never from the command line, which others can see.

Your page (!login) shows the whole command, with your number and the address of the
keyring.`,
		Example: `  batsignal contact seal --owner 7 --kind voice --keyring https://bat.example.org/keyring
  batsignal contact seal --owner 7 --kind sms --keyring keyring.txt --quiet "22:00-07:00 Europe/Berlin" --out sms.sealed`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.seal(cmd.Context(), s) },
	}
	f := cmd.Flags()
	f.Int64Var(&s.owner, "owner", 0, "your number, as your page shows it")
	f.StringVar(&s.kind, "kind", "", "which kind: "+strings.Join(contact.Kinds(), ", "))
	f.StringVar(&s.keyring, "keyring", "", "the keyring to seal to: a file, or an https address")
	f.StringSliceVar(&s.lanes, "lanes", []string{string(unseal.LaneDial)}, "who may have it opened: B two people, to be dialled; D the custodians, to be shown to one person")
	f.IntVar(&s.perQuarter, "per-quarter", agreed.PerQuarter, "how often it may be opened in a quarter of the year")
	f.StringVar(&s.quiet, "quiet", "", "when it is never dialled, each day: \"22:00-07:00 Europe/Berlin\"")
	f.StringVar(&s.out, "out", "", "the file to write; standard output if there is none")
	for _, name := range []string{"owner", "kind", "keyring"} {
		_ = cmd.MarkFlagRequired(name) // fails for a flag that is not there
	}
	return cmd
}

func (a *app) seal(ctx context.Context, s sealing) error {
	policy := escrow.Policy{PerQuarter: s.perQuarter, Quiet: s.quiet}
	for _, lane := range s.lanes {
		policy.Lanes = append(policy.Lanes, unseal.Lane(strings.ToUpper(strings.TrimSpace(lane))))
	}
	switch err := policy.Check(); {
	case err != nil:
		return err
	case s.owner < 1:
		return fault.New(fault.Invalid, "Your number is 1 or more. Your page shows it: !login.")
	case !contact.Known(s.kind):
		return fault.New(fault.Invalid, "A contact is of the kind %s.", strings.Join(contact.Kinds(), ", "))
	}
	keyring, err := a.keyring(ctx, s.keyring)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, `This seals your %s for person %d, with keyring %d of %s.
Its fingerprint is %s: compare it with what the custodians published.
You agree that it is %s.
You are told each time that it is opened. To take it back: !contact remove %s.
`, contact.Noun(s.kind), s.owner, keyring.Epoch, keyring.Made, keyring.Short(), contact.PolicySays(policy), s.kind)
	typed, err := a.askFor(ctx, contact.Noun(s.kind))
	if err != nil {
		return err
	}
	value, err := contact.Clean(s.kind, typed)
	if err != nil {
		return err
	}
	sealed, err := escrow.Seal(keyring.Keys(), s.owner, s.kind, policy, value)
	if err != nil {
		return err
	}
	return a.write(s.out, []byte(sealed.Text()))
}

// askFor takes an address from the terminal, twice and without showing it, or a line of
// standard input.
func (a *app) askFor(ctx context.Context, what string) (secret.Text, error) {
	talk := a.asker()
	if talk.tty == nil {
		line, err := talk.line()
		if errors.Is(err, io.EOF) {
			err = nil // an empty address is refused with better words
		}
		return secret.New(line), err
	}
	talk.say("Your %s, which is not shown: ", what)
	first, err := talk.hidden(ctx)
	if err != nil {
		return first, err
	}
	talk.say("Once more: ")
	again, err := talk.hidden(ctx)
	if err == nil && !again.Equal(first) {
		err = fault.New(fault.Invalid, "The two are not the same. Nothing was sealed; begin again.")
	}
	return first, err
}

// keyring reads a keyring from a file or an address. The first one must be signed by all of
// its custodians; of a later one its fingerprint tells whether it is the right one.
func (a *app) keyring(ctx context.Context, from string) (k custody.Keyring, err error) {
	var text []byte
	if u, wrong := url.Parse(from); wrong == nil && u.Host != "" {
		text, err = fetchKeyring(ctx, u)
	} else {
		text, err = a.readFile(from)
	}
	if err != nil {
		return k, err
	}
	if k, err = custody.ParseKeyring(string(text)); err != nil {
		return k, err
	}
	if k.Epoch == 1 {
		err = k.Verify(custody.Keyring{})
	}
	return k, err
}

const keyringPatience = 15 * time.Second

func fetchKeyring(ctx context.Context, from *url.URL) ([]byte, error) {
	ip := net.ParseIP(from.Hostname())
	if from.Scheme != "https" && !(from.Scheme == "http" && (from.Hostname() == "localhost" || ip != nil && ip.IsLoopback())) {
		return nil, fault.New(fault.Invalid, "A keyring is fetched by https only: on the way somebody could put other keys into it.")
	}
	ctx, cancel := context.WithTimeout(ctx, keyringPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from.String(), nil)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "That is no address of a keyring.")
	}
	req.Header.Set("Accept", "text/plain")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fault.Wrap(fault.Unready, err, "The keyring cannot be fetched from there. Try again, or give a file.")
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, custody.MaxKeyring+1))
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil, fault.Wrap(fault.Unready, err, "There is no keyring at that address: it answers %d.", resp.StatusCode)
	}
	return text, nil
}
