package bot_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/bot"
	"batsignal/integrations/vault"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/rota"
	"batsignal/oncall/secret"
	"batsignal/oncall/share"
)

// randomShare is what Vault prints, of this number.
func randomShare(number byte) (base string, raw []byte) {
	raw = make([]byte, 33)
	_, _ = rand.Read(raw)
	raw[32] = number
	return base64.StdEncoding.EncodeToString(raw), raw
}

// burning is a stage whose bot looks for secrets in what is said; ada keeps a share.
func burning(t *testing.T) (s *stage, kept string, raw []byte) {
	t.Helper()
	s = newStage(t, roster(), "ada:coordination bea:coordination")
	s.dispatcher.Burnt = &bot.Burnt{DB: s.db, Now: s.Now, Log: slog.New(slog.DiscardHandler), Home: []rota.Room{{Network: network, Room: home}}}
	kept, raw = randomShare(2)
	number, commitment, err := share.Register("main", secret.New(kept))
	s.must(err)
	s.must(pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		return vault.Register(ctx, tx, start, oncall.Actor{PersonID: s.ids["ada"], Handle: "ada"}, []*vault.Vault{{Name: "main"}}, vault.Registration{Vault: "main", Number: number, Commitment: commitment})
	}))
	return s, kept, raw
}

// said hears one line, and checks that no part of a secret is in the answer.
func (s *stage) burns(h bot.Heard, secret, want string) {
	s.Helper()
	s.wait(5 * time.Minute) // who was told of the same just now is not told again
	h.At, h.Network = s.Now(), network
	s.dispatcher.Hear(ctx, s.door, h)
	answers := s.door.take()
	if len(answers) != 1 || !strings.Contains(answers[0], want) {
		s.Errorf("%q is answered %q, and not %q", h.Text, answers, want)
	}
	if strings.Contains(strings.Join(answers, "\n"), secret[:12]) {
		s.Errorf("the answer repeats it: %q", answers)
	}
}

func TestAShareSaidInARoomIsBurntAndOpensATask(t *testing.T) {
	s, kept, raw := burning(t)
	one := bot.Heard{Room: home, Nick: "bea", Account: "bea", MessageID: "m1", Text: "here is mine: " + kept + ", hurry"}
	s.burns(one, kept, "#ops That is share 2 of Vault main, which ada keeps. Treat it as known to everybody")
	one.At, one.Network = s.Now(), network
	s.dispatcher.Hear(ctx, s.door, one) // a network delivers twice
	if said := s.door.take(); len(said) != 0 {
		t.Errorf("the same line again: %q", said)
	}
	if n := get[int](t, s.db, `select count(*) from rotation_task`); n != 1 {
		t.Errorf("%d tasks", n)
	}
	if got := get[string](t, s.db, `select vault || ' ' || number || ' ' || said_by || ' ' || said_in from rotation_task`); got != "main 2 bea net #ops" {
		t.Error(got)
	}

	// In other spellings, by somebody unknown, as a deed, in an edit, and in private.
	hexed := hex.EncodeToString(raw)
	s.burns(bot.Heard{Room: home, Nick: "mallory", Text: hexed}, hexed, "share 2 of Vault main")
	s.burns(bot.Heard{Room: home, Nick: "bea", Account: "bea", Did: true, Text: "uses " + kept}, kept, "share 2 of Vault main")
	s.burns(bot.Heard{Room: home, Nick: "bea", Account: "bea", Change: bot.Edited, MessageID: "m2", Text: kept}, kept, "share 2 of Vault main")
	s.burns(bot.Heard{Nick: "bea", Account: "bea", Text: kept}, kept, "@bea That is share 2 of Vault main")

	// One that nobody registered, and what is no share.
	other, _ := randomShare(7)
	s.burns(bot.Heard{Room: home, Nick: "bea", Account: "bea", Text: "my share: " + other}, other, "That looked like a share of a Vault.")
	token := "ghp_" + strings.Repeat("a1B2c3", 6)
	s.burns(bot.Heard{Room: home, Nick: "bea", Account: "bea", Text: "it is " + token}, token, "That looked like a GitHub token.")

	list := strings.Join(s.hear("ada", home, "!rotation"), "\n")
	if !strings.Contains(list, "Share 2 of Vault main was said by bea in net #ops") || !strings.Contains(list, "A GitHub token was said by bea") {
		t.Error(list)
	}
}

// A line that is a command is obeyed without what was burnt: nobody is kept from the
// emergency by its words.
func TestACommandIsObeyedWithoutTheSecretInIt(t *testing.T) {
	s, kept, _ := burning(t)
	said := s.hear("ada", home, "!batsignal somebody pasted "+kept)
	if len(said) != 2 || !strings.HasPrefix(said[0], "#ops That is share 2") || !strings.HasPrefix(said[1], "#ops This rings ") {
		t.Fatalf("%q", said)
	}
	if what := get[string](t, s.db, `select what from signal_request`); strings.Contains(what, kept[:12]) || !strings.Contains(what, "somebody pasted [taken out: an unseal share]") {
		t.Errorf("kept as %q", what)
	}
	if said := s.hear("bea", home, "!"+kept); len(said) != 1 {
		t.Errorf("%q", said) // no command, and no word about what it could mean
	}
}

// TestWhatIsNoSecretIsLeftAlone says what people say all day.
func TestWhatIsNoSecretIsLeftAlone(t *testing.T) {
	s, _, _ := burning(t)
	sum := make([]byte, 32)
	_, _ = rand.Read(sum)
	for _, text := range []string{
		"sha256 " + hex.EncodeToString(sum), "sha256-" + base64.StdEncoding.EncodeToString(sum), "commit 7a8e709d1f0c2b3a4958677885940312afbecddc",
		"https://git.example.org/a/b/-/blob/7a8e709d1f0c2b3a4958677885940312afbecddc/Main.java#L10", "the share of traffic is 3/5 of it",
		"password: see the wiki", "what is the token for?", "TestAShareSaidInARoomIsBurntAndOpensATaskForAll is red", "uuid 123e4567-e89b-12d3-a456-426614174000",
		"the secret is out", "export VAULT_TOKEN=$TOKEN", "use token=<yours>",
	} {
		s.silent("ada", home, text)
	}
	if n := get[int](t, s.db, `select count(*) from rotation_task`); n != 0 {
		t.Errorf("%d tasks: %s", n, get[string](t, s.db, `select string_agg(what, ', ') from rotation_task`))
	}
	// Where a command takes secrets, in private, they may be said.
	s.hear("ada", "", "contact add webhook https://ada:s3cr3t-pa55w0rd@hooks.example.org/x")
	if n := get[int](t, s.db, `select count(*) from rotation_task`); n != 0 {
		t.Error("an address that is added in private is burnt")
	}
	said := s.hear("ada", home, "!contact add webhook https://ada:s3cr3t-pa55w0rd@hooks.example.org/x")
	if n := get[int](t, s.db, `select count(*) from rotation_task`); n != 1 || !strings.Contains(fmt.Sprint(said), "a password") {
		t.Errorf("in a room it is not: %q", said)
	}
}

func TestARotationIsDone(t *testing.T) {
	s, kept, _ := burning(t)
	s.hear("bea", home, kept)
	s.answered("ada", home, "!rotation done 1", "#ops Rotation 1 is done.")
	s.answered("bea", home, "!rotation done 1", "#ops Rotation 1 is done already, by ada.")
	s.answered("bea", home, "!rotation list", "#ops No secret waits to be made anew.")
	s.answered("bea", home, "!rotation done 9", "#ops There is no rotation 9.")
}

// A private key comes line by line: its first line is called burnt, the others are taken out as
// well, and whoever pastes is told once. What is said after it is talk again.
func TestAKeyThatIsPastedLineByLine(t *testing.T) {
	d := newDesk(t, nil)
	d.dispatcher.Burnt = &bot.Burnt{DB: d.db, Now: d.Now, Log: slog.New(slog.DiscardHandler), Home: []rota.Room{{Network: network, Room: home}}}
	raw := make([]byte, 48)
	key := []string{"-----BEGIN OPENSSH PRIVATE KEY-----"}
	for range 6 {
		_, _ = rand.Read(raw)
		key = append(key, base64.StdEncoding.EncodeToString(raw))
	}
	key = append(key, "aQ7xz9==", "-----END OPENSSH PRIVATE KEY-----")
	said := d.say("ada", "#startmeeting")
	for _, line := range key {
		said = append(said, d.say("bob", line)...)
		d.wait(time.Second)
		d.say("ada", "bob, stop") // others talk meanwhile
	}
	if n := strings.Count(strings.Join(said, "\n"), "looked like a private key"); n != 1 {
		t.Errorf("told %d times: %q", n, said)
	}
	hash := strings.Repeat("q", 10) + key[2][10:] // alone it is a hash for all we know
	for _, talk := range []string{"sorry", "that was the wrong window", hash} {
		d.say("bob", talk)
	}
	kept := get[string](t, d.db, `select string_agg(text, E'\n') from meeting_event`)
	for i, line := range key {
		if strings.Contains(kept, line) {
			t.Errorf("line %d is kept", i+1)
		}
	}
	for _, talk := range []string{"sorry", "that was the wrong window", "bob, stop", hash} {
		if !strings.Contains(kept, talk) {
			t.Errorf("%q is taken out", talk)
		}
	}
	if n := get[int](t, d.db, `select count(*) from rotation_task`); n != 1 {
		t.Errorf("%d tasks", n)
	}
}

// Who pastes fifty secrets is told once, in each room; each of them opens a task.
func TestWhoPastesALotIsToldOnce(t *testing.T) {
	s, kept, _ := burning(t)
	var said []string
	for i := range 50 {
		said = append(said, s.hear("bea", home, fmt.Sprintf("ghp_%s%02d", strings.Repeat("a1B2c3", 6), i))...)
		s.wait(100 * time.Millisecond)
	}
	if len(said) != 1 {
		t.Errorf("%d answers: %q", len(said), said)
	}
	if n := get[int](t, s.db, `select count(*) from rotation_task`); n != 50 {
		t.Errorf("%d tasks", n)
	}
	s.answered("bea", home, kept, "#ops That is share 2 of Vault main") // something else is told at once
	s.answered("bea", "#dev", "ghp_"+strings.Repeat("d1B2c3", 6), "#dev That looked like a GitHub token")
	s.wait(3 * time.Minute)
	s.answered("bea", home, "ghp_"+strings.Repeat("e1B2c3", 6), "#ops That looked like a GitHub token")
}

// A line that is delivered again hushes nothing, nor does a new nick make somebody another.
func TestOnlyWhatWasToldHushes(t *testing.T) {
	s, _, _ := burning(t)
	token := func(c string) string { return "ghp_" + strings.Repeat(c+"1B2c3", 6) }
	say := func(h bot.Heard) []string {
		h.Network, h.Room, h.At = network, home, s.Now()
		s.dispatcher.Hear(ctx, s.door, h)
		return s.door.take()
	}
	old := bot.Heard{Nick: "bea", Account: "bea", MessageID: "m1", Text: token("a")}
	if said := say(old); len(said) != 1 {
		t.Errorf("%q", said)
	}
	s.wait(5 * time.Minute)
	if said := say(old); len(said) != 0 { // once more, by the network
		t.Errorf("%q", said)
	}
	if said := say(bot.Heard{Nick: "bea", Account: "bea", MessageID: "m2", Text: token("b")}); len(said) != 1 {
		t.Errorf("what nobody heard of is hushed: %q", said)
	}
	if said := say(bot.Heard{Nick: "bea_", Account: "bea", MessageID: "m3", Text: token("c")}); len(said) != 0 {
		t.Errorf("%q", said)
	}
}
