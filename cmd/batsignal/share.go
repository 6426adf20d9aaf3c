package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/share"
)

func newVaultShareCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "share",
		Short:   "Hand in your share of a Vault, from your own machine",
		GroupID: groupUse,
	}
	cmd.AddCommand(newShareSubmitCommand(a), newShareRegisterCommand(a))
	return cmd
}

// toServer is where something is sent; nowhere if there is no server.
type toServer struct {
	server    string
	tokenFile string
}

func (t *toServer) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.server, "server", "", "the address of the bot's pages, to send it there; else it is printed")
	cmd.Flags().StringVar(&t.tokenFile, "token-file", "", "a file with a token of yours for the API, with the scope command")
}

func newShareSubmitCommand(a *app) *cobra.Command {
	var to toServer
	var recipient string
	cmd := &cobra.Command{
		Use:   "submit [SESSION]",
		Short: "Seal a share to the run that waits for it, and hand it in",
		Long: `Submit asks for your share, without showing it, and seals it to the key that only the run
has that waits for it. The bot says session and key in the room, and the page of the
session shows them. What the room shows went through the database, so who can write that
could show another key: with --server the bot compares the key with the one that it made,
and keeps no share that was sealed to another; without, compare it with the page. It takes the share from the terminal, or
from standard input if that is none, and never from the command line, which others can see.

With --server and --token-file it is handed in. Without, the sealed text is printed: paste
it on the page of the session. It tells nobody anything.`,
		Example: `  batsignal share submit 4 --recipient age1... --server https://bat.example.org --token-file ~/.batsignal-token
  age -d -i ~/.age/key share.age | batsignal share submit 4 --recipient age1... --server https://bat.example.org --token-file token
  gpg -d share.gpg | batsignal share submit --recipient age1...`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var session int64
			if len(args) > 0 {
				var err error
				if session, err = strconv.ParseInt(args[0], 10, 64); err != nil || session < 1 {
					return fault.New(fault.Invalid, "The session is a number, as the bot says it in the room.")
				}
			}
			if to.server != "" && session == 0 {
				return fault.New(fault.Invalid, "Say to which session it is handed in, by the number that the bot says in the room: batsignal share submit 4 ...")
			}
			text, err := a.askForShare(cmd.Context())
			if err != nil {
				return err
			}
			sealed, number, err := share.Submit(recipient, text)
			if err != nil {
				return err
			}
			if to.server == "" {
				fmt.Fprintf(a.stderr, "Share %d, sealed to %s. Hand it in only if the page of the session shows that key, too:\n", number, recipient)
				return a.write("", []byte(sealed))
			}
			if err := to.post(cmd.Context(), fmt.Sprintf("/shares/%d", session), map[string]string{"sealed": sealed, "recipient": strings.TrimSpace(recipient)}); err != nil {
				return err
			}
			fmt.Fprintf(a.stdout, "Share %d is handed in. The room says what comes of it.\n", number)
			return nil
		},
	}
	cmd.Flags().StringVar(&recipient, "recipient", "", "the key of the session: age1...")
	_ = cmd.MarkFlagRequired("recipient") // fails for a flag that is not there
	to.flags(cmd)
	return cmd
}

func newShareRegisterCommand(a *app) *cobra.Command {
	var to toServer
	var vault, place string
	cmd := &cobra.Command{
		Use:   "register",
		Short: "Say that you hold a share of a Vault, without showing it",
		Long: `Register asks for your share and sends by what it is known again: a hash, from which nobody
finds the share. The bot then calls you when the Vault is sealed, tells a wrong share by
its number at once, and counts who could open the Vault together.`,
		Example: `  batsignal share register --vault main --place "the laptop" --server https://bat.example.org --token-file ~/.batsignal-token`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := a.askForShare(cmd.Context())
			if err != nil {
				return err
			}
			number, commitment, err := share.Register(vault, text)
			if err != nil {
				return err
			}
			if to.server == "" {
				return fault.New(fault.Invalid, "Say where it is registered: --server and --token-file.")
			}
			err = to.post(cmd.Context(), "/shares", map[string]any{"vault": vault, "number": number, "commitment": commitment, "place": place})
			if err != nil {
				return err
			}
			fmt.Fprintf(a.stdout, "Share %d of Vault %s is registered as yours.\n", number, vault)
			return nil
		},
	}
	cmd.Flags().StringVar(&vault, "vault", "", "which Vault")
	cmd.Flags().StringVar(&place, "place", "", "where you keep it, in a few words: who else can get at it there?")
	_ = cmd.MarkFlagRequired("vault") // fails for a flag that is not there
	to.flags(cmd)
	return cmd
}

// askForShare takes a share from the terminal, without showing it, or from standard input.
func (a *app) askForShare(ctx context.Context) (secret.Text, error) {
	talk := a.asker()
	if talk.tty == nil {
		line, err := talk.line()
		if errors.Is(err, io.EOF) {
			err = nil // an empty share is refused with better words
		}
		return secret.New(line), err
	}
	talk.say("Your share, which is not shown: ")
	return talk.hidden(ctx)
}

const serverPatience = 20 * time.Second

// post sends something to the API of the bot.
func (t toServer) post(ctx context.Context, path string, body any) error {
	u, err := url.Parse(strings.TrimRight(t.server, "/") + "/api/v1" + path)
	if err != nil || u.Host == "" {
		return fault.New(fault.Invalid, "The server must be an address such as https://bat.example.org.")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme != "https" && !(u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())) {
		return fault.New(fault.Invalid, "Your token goes over https only: on the way somebody could take it.")
	}
	if t.tokenFile == "" {
		return fault.New(fault.Invalid, "Name a file with a token of yours: --token-file. Your account page makes one, with the scope command.")
	}
	token, err := secret.FromFile(t.tokenFile)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The token cannot be read from %s.", t.tokenFile)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token.Reveal())
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return fault.Wrap(fault.Unready, err, "The bot does not answer at %s.", t.server)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 300 {
		return nil
	}
	var refusal struct {
		Error struct {
			Say string `json:"say"`
		} `json:"error"`
	}
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // it only explains
	if json.Unmarshal(said, &refusal) == nil && refusal.Error.Say != "" {
		return fault.New(fault.Invalid, "%s", refusal.Error.Say)
	}
	return fault.New(fault.Unready, "The bot answers %d.", resp.StatusCode)
}
