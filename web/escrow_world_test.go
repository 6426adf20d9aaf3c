package web_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/oncall/contact"
	"batsignal/oncall/custody"
	"batsignal/oncall/custody/quorum"
	"batsignal/oncall/escrow"
	"batsignal/oncall/ledger"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
	"batsignal/web"
)

// escrowWorld is a world with a switchboard's ledger, and the keyring of five custodians.
type escrowWorld struct {
	*world
	board   *pgxpool.Pool // with the switchboard's login
	log     *ledger.Log
	vkey    string
	keyring custody.Keyring
	shares  []custody.Share
}

// joined has a world that believes the keyring in its database, and a switchboard.
func joined(o *web.Options) {
	o.Switchboard = func(_ context.Context, person int64, purpose contact.LinkPurpose) (secret.Text, error) {
		return secret.New(fmt.Sprintf("https://switchboard.example/%s/TOKEN-%d", purpose, person)), nil
	}
	o.Keyring = func(ctx context.Context) (custody.Keyring, error) { return custody.Current(ctx, o.DB) }
}

// newEscrowWorld sets it up, with or without sign-in; the keyring is not stored yet.
func newEscrowWorld(t testing.TB, make func(testing.TB, ...func(*web.Options)) *world, change ...func(*web.Options)) *escrowWorld {
	t.Helper()
	w := &escrowWorld{world: make(t, append([]func(*web.Options){joined}, change...)...)}
	w.board = w.base.Switchboard(t)
	private, vkey, err := ledger.NewKey("ledger.example.org")
	w.must(err)
	signer, err := ledger.SignerOf(private)
	w.must(err)
	w.vkey = vkey
	w.log = &ledger.Log{Signer: signer, Guard: ledger.FileGuard{Path: filepath.Join(t.TempDir(), "head")}}
	o, err := custody.Init(w.ceremony("Ada", "Bert", "Carla", "Dana", "Eve"))
	w.must(err)
	w.keyring, w.shares = o.Keyring, w.sharesOf(o)
	return w
}

// ceremony is what one begins with, with new keys of the two hosts.
func (w *escrowWorld) ceremony(names ...string) custody.Params {
	w.t.Helper()
	p := custody.Params{K: 3, Now: w.Now()}
	for side, host := range map[custody.Side]*custody.Host{custody.SideBot: &p.Bot, custody.SideSwitchboard: &p.Switchboard} {
		key, err := escrow.GenerateKey()
		w.must(err)
		*host = custody.Host{Side: side, Key: key.Public()}
	}
	p.Switchboard.Ledger = w.vkey
	for _, name := range names {
		p.Custodians = append(p.Custodians, custody.Invited{Name: name, Place: "safe of " + name, Recipient: "sheet"})
	}
	return p
}

func (w *escrowWorld) sharesOf(o custody.Outcome) (shares []custody.Share) {
	w.t.Helper()
	for _, h := range o.Handouts {
		s, err := custody.ParseSheet(h.Text)
		w.must(err)
		shares = append(shares, s)
	}
	return shares
}

// next makes the next keyring, signed by three, and stores it: it waits.
func (w *escrowWorld) next(names ...string) (custody.Keyring, []custody.Share) {
	w.t.Helper()
	o, err := custody.Next(w.keyring, w.ceremony(names...))
	w.must(err)
	k := o.Keyring
	for _, s := range w.shares[:3] {
		sig, err := s.SignKeyring(k)
		w.must(err)
		k, err = k.SignedBy(sig, w.keyring)
		w.must(err)
	}
	_, err = custody.Store(ctx, w.DB, w.Now(), k)
	w.must(err)
	return k, w.sharesOf(o)
}

func (w *escrowWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// inForce stores the keyring.
func (w *escrowWorld) inForce() *escrowWorld {
	w.t.Helper()
	_, err := custody.Store(ctx, w.DB, w.Now(), w.keyring)
	w.must(err)
	return w
}

// writes adds a leaf, and returns its number.
func (w *escrowWorld) writes(l ledger.Leaf) int64 {
	w.t.Helper()
	head, err := w.log.Write(ctx, w.board, w.Now(), l)
	w.must(err)
	return head.Size - 1
}

// seals gives somebody a sealed number, and returns its record.
func (w *escrowWorld) seals(handle string) string {
	w.t.Helper()
	id := w.person(handle).ID
	sealed, err := escrow.Seal(w.keyring.Keys(), id, "voice", escrow.DefaultPolicy(), secret.New("+2348055501234"))
	w.must(err)
	_, err = contact.AddSealed(ctx, w.DB, w.Now(), id, sealed)
	w.must(err)
	w.writes(ledger.Leaf{Type: ledger.TypeRevealAsked, Record: sealed.Record.ID, Epoch: 1})
	return sealed.Record.ID
}

// opens writes down that a record was opened for an incident, and dialled.
func (w *escrowWorld) opens(record string, lane unseal.Lane, by ...string) (intent int64) {
	w.t.Helper()
	leaf := ledger.Leaf{Type: ledger.TypeIntent, Record: record, Lane: lane, Incident: "INC-1", Role: "package-fixing", By: by, Key: "page-1/1", Epoch: 1}
	intent = w.writes(leaf)
	leaf.Type, leaf.Of, leaf.Result = ledger.TypeDialed, &intent, "taken: it rings"
	w.writes(leaf)
	return intent
}

// head is the latest one.
func (w *escrowWorld) head() ledger.Head {
	w.t.Helper()
	h, err := ledger.Latest(ctx, w.DB)
	w.must(err)
	return h
}

// seen stores that the latest head was seen in a room.
func (w *escrowWorld) seen(room string) {
	w.t.Helper()
	w.must(ledger.AnchorHead(ctx, w.board, ledger.Anchor{Size: w.head().Size, Network: "console", Room: room, At: w.Now()}))
}

// drills has a custodian sign a day, by number from 1.
func (w *escrowWorld) drills(custodian int, day time.Time) string {
	w.t.Helper()
	sig, err := w.shares[custodian-1].Drill(day)
	w.must(err)
	return sig.String()
}

// written is a plan as an operator writes it.
func written(t testing.TB, text string) *quorum.Plan {
	t.Helper()
	p, err := quorum.ParsePart(text)
	if err != nil {
		t.Fatal(err)
	}
	return &p
}
