package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	vaults "batsignal/integrations/vault"
	"batsignal/integrations/vault/vaulttest"
	"batsignal/migrations/childtest"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/rosterfile"
	"batsignal/oncall/secret"
	"batsignal/oncall/share"
)

const (
	aimUnsealed    = time.Second
	vaultThreshold = 3
)

// strongroom is a bot beside a real Vault, and somebody with its shares.
type strongroom struct {
	bot     *program
	config  config
	db      *pgxpool.Pool
	watcher *client
	address string   // of the Vault
	shares  []string // as Vault printed them
	root    string
	token   string // of the API
}

// vaultUnseal is how long the last share takes to open a Vault, as people in the room see it.
func vaultUnseal(ctx context.Context, b *bench) (_ []figure, err error) {
	s, err := b.strongroom(ctx)
	if err != nil {
		return nil, err
	}
	var took, asked durations
	for i := range b.runs(20, 2) {
		called, opened, err := s.night(ctx)
		if err != nil {
			return nil, fmt.Errorf("unsealing %d: %w\nthe program's log ends:\n%s", i+1, err, s.bot.tail())
		}
		asked, took = append(asked, called), append(took, opened)
	}
	how := fmt.Sprintf("%d times a real Vault (its own core, 5 shares of which 3 open it, on files) is sealed, and the bot takes three shares that "+
		"the client encrypted with age before. From the moment before the third is sent to the API over HTTP to the line \"is unsealed\" of the room at an IRC client. "+
		"On the way: the bot looks every 100 ms for what was handed in, opens it, hands it to Vault, which opens its store, and says so", len(took))
	return []figure{{
		what: "third share to \"is unsealed\" in the room", got: took.list(0.5, 0.95, 1), aim: "max ≤ 1 s", met: took.most() <= aimUnsealed, how: how,
	}, {
		what: "Vault sealed to the call for shares in the room", got: asked.list(0.5, 1),
		how: "the same unsealings, from Vault's answer that it is sealed; the bot asks each node every second here, and looks every 5 s whether it is time to",
	}}, nil
}

// strongroom starts both. The Vault is open then, and one person keeps all shares.
func (b *bench) strongroom(ctx context.Context) (s *strongroom, err error) {
	network, err := b.ownIRC()
	if err != nil {
		return nil, err
	}
	s = &strongroom{config: config{dir: filepath.Join(b.dir, "strongroom"), irc: network}}
	if err := s.startVault(ctx, b); err != nil {
		return nil, err
	}
	if s.config.listen, err = freeAddress(); err != nil {
		return nil, err
	}
	if err := s.config.write(); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(s.config.file())
	if err != nil {
		return nil, err
	}
	text = fmt.Appendf(text, "jobs:\n  vaults:\n    - name: main\n      nodes: [{name: vault1, address: %q}]\n      every: 1s\n", s.address)
	if err := os.WriteFile(s.config.file(), text, 0o600); err != nil {
		return nil, err
	}
	if s.bot, err = b.launch(s.config); err != nil {
		return nil, err
	}
	b.later(s.bot.stop)
	if err := s.bot.ready(ctx); err != nil {
		return nil, err
	}
	if s.db, err = b.attach(ctx, s.config); err != nil {
		return nil, err
	}
	if err := s.enrol(ctx); err != nil {
		return nil, err
	}
	if s.watcher, err = enter(ctx, network, asker); err != nil {
		return nil, err
	}
	b.later(s.watcher.conn.Close)
	return s, s.watcher.sees(ctx, botNick)
}

// startVault starts a Vault, initializes it and opens it.
func (s *strongroom) startVault(ctx context.Context, b *bench) error {
	binary, err := vaulttest.Build()
	if err != nil {
		return err
	}
	listen, err := freeAddress()
	if err != nil {
		return err
	}
	data := filepath.Join(b.dir, "vault")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	cmd := exec.Command(binary, "-listen", listen, "-data", data)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + data}
	child, err := childtest.Run(cmd)
	if err != nil {
		return err
	}
	b.later(func() error { child.Kill(); return nil })
	s.address = "http://" + listen
	if err := until(ctx, "Vault answers", func() bool { return s.vault(ctx, http.MethodGet, "sys/seal-status", nil, nil) == nil }); err != nil {
		return fmt.Errorf("%w\n%s", err, child.Said())
	}
	var made struct {
		Keys []string `json:"keys_base64"`
		Root string   `json:"root_token"`
	}
	if err := s.vault(ctx, http.MethodPut, "sys/init", map[string]any{"secret_shares": 5, "secret_threshold": vaultThreshold}, &made); err != nil {
		return err
	}
	s.shares, s.root = made.Keys, made.Root
	for _, one := range s.shares[:vaultThreshold] {
		if err := s.vault(ctx, http.MethodPut, "sys/unseal", map[string]any{"key": one}, nil); err != nil {
			return err
		}
	}
	return s.active(ctx)
}

// active waits until Vault serves: sealed before that, it would answer with an error.
func (s *strongroom) active(ctx context.Context) error {
	return until(ctx, "Vault serves", func() bool { return s.vault(ctx, http.MethodGet, "sys/health", nil, nil) == nil })
}

// vault asks the server.
func (s *strongroom) vault(ctx context.Context, method, path string, body map[string]any, answer any) error {
	return ask(ctx, method, s.address+"/v1/"+path, http.Header{"X-Vault-Token": {s.root}}, body, answer)
}

// ask sends JSON and reads what is answered.
func ask(ctx context.Context, method, url string, header http.Header, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header = header
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if text, err = io.ReadAll(resp.Body); err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: %d %s", method, url, resp.StatusCode, text)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

// enrol makes one person who keeps all shares, with a token for the API.
func (s *strongroom) enrol(ctx context.Context) error {
	f := rosterfile.File{People: []rosterfile.Person{{
		Handle: asker, Zone: "UTC", Accounts: map[string]string{networkName: asker}, Roles: []string{oncall.DefaultRoles()[0].Name},
	}}}
	now := time.Now()
	if _, err := rosterfile.Apply(ctx, s.db, f, rosterfile.How{Now: now, Agreed: true}); err != nil {
		return err
	}
	who, err := oncall.PersonByHandle(ctx, s.db, asker)
	if err != nil {
		return err
	}
	me := oncall.Actor{PersonID: who.ID, Handle: who.Handle}
	desk := &access.Service{DB: s.db, Now: time.Now}
	token, _, err := desk.CreateToken(ctx, me, "bench", []access.Scope{access.Command}, now.Add(24*time.Hour))
	if err != nil {
		return err
	}
	s.token = token.Reveal()
	for _, one := range s.shares {
		number, commitment, err := share.Register("main", secret.New(one))
		if err != nil {
			return err
		}
		if err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
			return vaults.Register(ctx, tx, now, me, []*vaults.Vault{{Name: "main"}}, vaults.Registration{Vault: "main", Number: number, Commitment: commitment})
		}); err != nil {
			return err
		}
	}
	return nil
}

var callsForShares = regexp.MustCompile(`is sealed: 0 of 3\..*batsignal share submit (\d+) --recipient (age1[a-z0-9]+)`)

// night seals the Vault and has it opened: how long until the room was told how to hand in
// shares, and how long from the third one until it was told that the Vault is open.
func (s *strongroom) night(ctx context.Context) (called, opened time.Duration, err error) {
	if err := s.vault(ctx, http.MethodPut, "sys/seal", nil, nil); err != nil {
		return 0, 0, err
	}
	at := time.Now()
	line, err := s.watcher.hear(ctx, inHome(callsForShares))
	if err != nil {
		return 0, 0, err
	}
	called = time.Since(at)
	to := callsForShares.FindStringSubmatch(line)
	for i, one := range s.shares[:vaultThreshold] {
		sealed, _, err := share.Submit(to[2], secret.New(one))
		if err != nil {
			return 0, 0, err
		}
		if err := rest(ctx, 150*time.Millisecond); err != nil { // people come one by one
			return 0, 0, err
		}
		header := http.Header{"Authorization": {"Bearer " + s.token}}
		at = time.Now()
		if err := ask(ctx, http.MethodPost, "http://"+s.config.listen+"/api/v1/shares/"+to[1], header, map[string]string{"sealed": sealed}, nil); err != nil {
			return 0, 0, err
		}
		want := fmt.Sprintf("vault1: %d of %d, by ", i+1, vaultThreshold)
		if i == vaultThreshold-1 {
			want = "vault1 is unsealed."
		}
		if _, err := s.watcher.hear(ctx, func(line string) bool { return said(line) && strings.Contains(line, want) }); err != nil {
			return 0, 0, err
		}
	}
	opened = time.Since(at)
	return called, opened, errors.Join(s.active(ctx), s.settled(ctx))
}

// settled waits until the run is over: while it goes on, no other is asked for.
func (s *strongroom) settled(ctx context.Context) error {
	return until(ctx, "the run is over", func() bool {
		var open int
		err := s.db.QueryRow(ctx, `select count(*) from job_run where ended_at is null`).Scan(&open)
		return err == nil && open == 0
	})
}
