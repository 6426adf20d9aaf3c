package command_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"batsignal/bot/command"
	"batsignal/bot/play"
	"batsignal/incidents"
	"batsignal/integrations/switchboard/switchboardfake"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

const recordOfStory = "0f3c1a52-6f3e-4f6a-8a57-8f7d2f0b1c01"

// keepBook has a switchboard that opened a sealed address of somebody twice, once for them.
func keepBook(ctx context.Context, t *testing.T, db *pgtest.DB, stage *play.Stage, whose string) {
	t.Helper()
	if whose == "" {
		return
	}
	stage.Incidents.Switchboard = &switchboardfake.Board{Is: unseal.Status{
		Ears: map[string]string{"libera": "connected", "acme": "no line was heard since 03:00 UTC"}, Routes: []paging.Traits{{Name: "sms"}, {Name: "voice"}},
		Head: "5 0011223344556677", Openings: 1, Confirmers: 4, Trouble: []string{"No home room shows the ledger's head."},
	}}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	private, _, err := ledger.NewKey("ledger.example.org")
	must(err)
	signer, err := ledger.SignerOf(private)
	must(err)
	log := &ledger.Log{Signer: signer, Guard: ledger.FileGuard{Path: filepath.Join(t.TempDir(), "head")}}
	board := db.Switchboard(t)
	p, err := oncall.PersonByHandle(ctx, db.Pool, whose)
	must(err)
	at := stage.Now().Add(-48 * time.Hour)
	write := func(leaf ledger.Leaf) int64 {
		t.Helper()
		at = at.Add(time.Minute)
		head, err := log.Write(ctx, board, at, leaf)
		must(err)
		return head.Size - 1
	}
	const sqlOpening = `insert into sealed_opening (intent, key, record_id, owner_id, kind, lane, opened_at) values ($1, $2, $3, $4, 'voice', $5, $6)`
	const sqlDone = `update sealed_opening set dialled = $2, dialled_at = $3, result = $4 where intent = $1`
	write(ledger.Leaf{Type: ledger.TypeKeyring, Epoch: 1})
	proof := write(ledger.Leaf{Type: ledger.TypeProof, Record: recordOfStory, Lane: unseal.LaneOwner, Key: "proof-1"})
	_, err = board.Exec(ctx, sqlOpening, proof, "proof-1", recordOfStory, p.ID, "F", at)
	must(err)
	write(ledger.Leaf{Type: ledger.TypeRevealAsked, Incident: "INC-7", Lane: unseal.LaneReveal, By: []string{"maria"}})
	intent := write(ledger.Leaf{
		Type: ledger.TypeIntent, Record: recordOfStory, Lane: unseal.LaneDial, Incident: "INC-7", Role: "package-fixing", By: []string{"maria", "kevin"}, Key: "page-1/1",
	})
	_, err = board.Exec(ctx, sqlOpening, intent, "page-1/1", recordOfStory, p.ID, "B", at)
	must(err)
	done := write(ledger.Leaf{Type: ledger.TypeDialed, Record: recordOfStory, Lane: unseal.LaneDial, Incident: "INC-7", Of: &intent, Result: "taken: it rings"})
	_, err = board.Exec(ctx, sqlDone, intent, done, at, "taken: it rings")
	must(err)
	must(ledger.AnchorHead(ctx, board, ledger.Anchor{Size: 4, Network: "libera", Room: "#ops", At: at}))
}

// kept is a fresh database with a keyring of five custodians, and the chat commands at an
// instant.
type kept struct {
	*pgtest.DB
	keyring custody.Keyring
	shares  []custody.Share
	now     time.Time
	set     *command.Set
}

func newKept(t *testing.T, board unseal.Switchboard) *kept {
	t.Helper()
	k := &kept{DB: pgtest.Fresh(t), now: time.Date(2026, 3, 1, 3, 14, 0, 0, time.UTC)}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p := custody.Params{K: 3, Now: k.now}
	for side, host := range map[custody.Side]*custody.Host{custody.SideBot: &p.Bot, custody.SideSwitchboard: &p.Switchboard} {
		key, err := escrow.GenerateKey()
		must(err)
		*host = custody.Host{Side: side, Key: key.Public()}
	}
	for _, name := range []string{"Ada", "Bert", "Carla", "Dana", "Eve"} {
		p.Custodians = append(p.Custodians, custody.Invited{Name: name, Place: "safe of " + name, Recipient: "sheet"})
	}
	o, err := custody.Init(p)
	must(err)
	for _, h := range o.Handouts {
		s, err := custody.ParseSheet(h.Text)
		must(err)
		k.shares = append(k.shares, s)
	}
	k.keyring = o.Keyring
	k.set, err = command.NewSet(command.Options{Now: func() time.Time { return k.now }}, command.Vocabulary(command.Services{
		DB: k.Pool, Incidents: &incidents.Service{DB: k.Pool, Switchboard: board}, Switchboard: atSwitchboard(map[string]string{"switchboard": "yes"}), PublicURL: "https://bat.example",
	}))
	must(err)
	return k
}

func (k *kept) says(t *testing.T, line string) string {
	t.Helper()
	r, err := k.set.Run(t.Context(), command.Caller{Network: "libera", Account: "maria", Handle: "maria"}, line)
	if err != nil {
		return fault.Say(err)
	}
	return strings.Join(command.PlainText(r), "\n")
}

func (k *kept) wants(t *testing.T, line string, texts ...string) {
	t.Helper()
	said := k.says(t, line)
	for _, text := range texts {
		if !strings.Contains(said, text) {
			t.Errorf("%s does not say %q:\n%s", line, text, said)
		}
	}
}

// Everybody can ask who keeps what: whose drill is overdue stands at the top.
func TestCustodyInChat(t *testing.T) {
	k := newKept(t, nil)
	k.wants(t, "!custody", "There is no keyring yet, so nothing can be sealed. A ceremony makes one")
	if _, err := custody.Store(t.Context(), k.Pool, k.now, k.keyring); err != nil {
		t.Fatal(err)
	}
	k.wants(t, "!custody", "5 of 5 shares of keyring 1 are there, and 3 open.", k.keyring.Short(),
		"1 Ada: safe of Ada; not drilled since the ceremony, next due on 2026-04-01", "ledger-key, at host of the switchboard, signs the heads of the ledger. Nothing can be written",
		"bot-key, at host of the bot, opens the bot's half of each sealed address; to be made anew by 2026-06-01.", "https://bat.example/custody")
	if said := k.says(t, "!custody"); strings.Contains(said, "overdue") {
		t.Errorf("somebody is overdue:\n%s", said)
	}

	k.now = k.now.AddDate(0, 1, 3)
	for _, s := range k.shares[:3] {
		sig, err := s.Drill(k.now)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := custody.RecordDrill(t.Context(), k.Pool, k.now, sig.String()); err != nil {
			t.Fatal(err)
		}
	}
	k.wants(t, "!custody", "5 of 5 shares", "A drill is overdue: Dana and Eve. On the machine with the share: batsignal custody drill.",
		"1 Ada: safe of Ada; last drilled on 2026-04-04, next due on 2026-05-04", "4 Dana: safe of Dana; not drilled since the ceremony, overdue since 2026-04-01")
	k.now = k.now.AddDate(0, 0, 7)
	k.wants(t, "!custody", "3 of 5 shares of keyring 1 are there", "one more lost, and the custodians can open nothing", "5 Eve: safe of Eve; not drilled since the ceremony, counts as lost since it was due on 2026-04-01")
	k.now = k.now.AddDate(0, 3, 0)
	k.wants(t, "!custody", "to be made anew by 2026-06-01, which is over")
}

// A switchboard that does not answer is said so, with what still works.
func TestASwitchboardThatDoesNotAnswer(t *testing.T) {
	newKept(t, nil).wants(t, "!switchboard", "I have no line to a switchboard")
	k := newKept(t, deaf{})
	k.wants(t, "!switchboard", "The switchboard does not answer, so nothing sealed rings now; open addresses do.")
	k = newKept(t, &switchboardfake.Board{Is: unseal.Status{Head: "0 e3b0c44298fc1c14"}})
	k.wants(t, "!switchboard", "It answers, and finds no trouble.", "listens: nowhere, so two people must confirm with codes", "dials by: nothing", "can confirm: 0 people")
	k.wants(t, "!ledger", "The ledger is empty: nothing was ever sealed or opened.", "https://bat.example/ledger")
	k.wants(t, "!ledger last", "The ledger is empty")
}

// deaf is a switchboard that is not there.
type deaf struct{ unseal.Switchboard }

func (deaf) Status(context.Context) (unseal.Status, error) {
	return unseal.Status{}, context.DeadlineExceeded
}

// Where nothing can be sealed, nobody is told of verbs for it.
func TestNoVerbsWithoutASwitchboard(t *testing.T) {
	for _, c := range command.Vocabulary(command.Services{}) {
		switch c.Name {
		case "unseal", "ledger", "custody", "switchboard":
			t.Errorf("!%s is there", c.Name)
		}
	}
}

// TestAttack25 has the worst texts that a ledger can hold said in chat: each entry stays on
// its line, and no letter of it does anything.
func TestAttack25HostileLeavesInChat(t *testing.T) {
	k := newKept(t, nil)
	private, _, err := ledger.NewKey("ledger.example.org")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ledger.SignerOf(private)
	if err != nil {
		t.Fatal(err)
	}
	log := &ledger.Log{Signer: signer, Guard: ledger.FileGuard{Path: filepath.Join(t.TempDir(), "head")}}
	texts := []string{"!unseal 7", "x\n!unseal 7", "\x0304red\x03 \x1b[31mred", "moc.live\u202e//:sptth", "<script>alert(1)</script>", `","type":"intent","lane":"B`, strings.Repeat("Z͑ͫ̓ͪ̂ͫ", 20)}
	for _, text := range texts {
		if _, err := log.Write(t.Context(), k.Switchboard(t), k.now, ledger.Leaf{Type: "later", Role: text, By: []string{text}, Result: text, Note: text}); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(k.says(t, "!ledger last 20"), "\n")
	if len(lines) != len(texts)+2 {
		t.Errorf("%d lines for %d entries: %q", len(lines), len(texts), lines)
	}
	for _, line := range lines {
		if strings.HasPrefix(line, "!") || line != command.Clean(line) {
			t.Errorf("%q", line)
		}
	}
	k.wants(t, "!ledger", "Others had sealed addresses opened not once since")
}
