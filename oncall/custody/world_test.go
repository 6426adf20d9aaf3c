package custody_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

const testPlugin = "batsignaltest"

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "age-plugin-"+testPlugin {
		os.Exit(bePlugin())
	}
	pgtest.Main(m)
}

// bePlugin is a token that holds a key of age: what a YubiKey's plugin is to us.
func bePlugin() int {
	p, err := plugin.New(testPlugin)
	if err != nil {
		return 1
	}
	p.HandleRecipient(func(data []byte) (age.Recipient, error) { return age.ParseX25519Recipient(string(data)) })
	p.HandleIdentity(func(data []byte) (age.Identity, error) { return age.ParseX25519Identity(string(data)) })
	for _, arg := range os.Args[1:] {
		switch arg {
		case "--age-plugin=recipient-v1":
			return p.RecipientV1()
		case "--age-plugin=identity-v1":
			return p.IdentityV1()
		}
	}
	return 1
}

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

var five = []string{"Ada", "Bert", "Carla", "Dana", "Eve"}

// world is two hosts and a ceremony of five custodians, with paper.
type world struct {
	bot, switchboard escrow.PrivateKey
	keyring          custody.Keyring
	shares           []custody.Share
}

func key(t testing.TB) escrow.PrivateKey {
	t.Helper()
	k, err := escrow.GenerateKey()
	must(t, err)
	return k
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func params(bot, switchboard escrow.PrivateKey, k int, names ...string) custody.Params {
	p := custody.Params{
		Bot: custody.Host{Side: custody.SideBot, Key: bot.Public()}, Switchboard: custody.Host{Side: custody.SideSwitchboard, Key: switchboard.Public()},
		K: k, Now: noon,
	}
	for _, name := range names {
		p.Custodians = append(p.Custodians, custody.Invited{Name: name, Place: "safe of " + name, Recipient: "sheet"})
	}
	return p
}

func sharesOf(t testing.TB, o custody.Outcome) []custody.Share {
	t.Helper()
	var shares []custody.Share
	for _, h := range o.Handouts {
		s, err := custody.ParseSheet(h.Text)
		must(t, err)
		shares = append(shares, s)
	}
	return shares
}

func newWorld(t testing.TB) world {
	t.Helper()
	w := world{bot: key(t), switchboard: key(t)}
	o, err := custody.Init(params(w.bot, w.switchboard, 3, five...))
	must(t, err)
	w.keyring, w.shares = o.Keyring, sharesOf(t, o)
	return w
}

// next is the ceremony after w's, with new keys of both hosts, signed by w's first three.
func (w world) next(t testing.TB, names ...string) world {
	t.Helper()
	n := world{bot: key(t), switchboard: key(t)}
	o, err := custody.Next(w.keyring, params(n.bot, n.switchboard, 3, names...))
	must(t, err)
	n.keyring, n.shares = o.Keyring, sharesOf(t, o)
	for _, s := range w.shares[:3] {
		sig, err := s.SignKeyring(n.keyring)
		must(t, err)
		n.keyring, err = n.keyring.SignedBy(sig, w.keyring)
		must(t, err)
	}
	must(t, n.keyring.Verify(w.keyring))
	return n
}

// number is the address that person n sealed.
func number(n int) string { return fmt.Sprintf("+49151000%05d", n) }

func seal(t testing.TB, k custody.Keyring, owner int64, n int) escrow.Sealed {
	t.Helper()
	s, err := escrow.Seal(k.Keys(), owner, "voice", escrow.DefaultPolicy(), secret.New(number(n)))
	must(t, err)
	return s
}

const (
	insertPerson  = `insert into person (handle, created_at) values (@handle, @now) returning id`
	insertContact = `insert into contact (person_id, kind, created_at, sealed) values (@person, @kind, @now, true) returning id`
	insertRecord  = `
		insert into sealed_contact (record_id, contact_id, owner_id, kind, policy, content_epoch, epoch, nonce, content, commitment, commit_bot, commit_switchboard, sealed_at)
		values (@id, @contact, @owner, @kind, @policy, @epoch, @epoch, @nonce, @content, @commitment, @bot, @switchboard, @now)`
	insertWrap = `insert into sealed_wrap (record_id, epoch, slot, wrapped) values (@record, @epoch, @slot, @wrapped)`
)

func person(t testing.TB, db pg.DB, n int) (id int64) {
	t.Helper()
	must(t, db.QueryRow(context.Background(), insertPerson, pgx.NamedArgs{"handle": fmt.Sprintf("p%d", n), "now": noon}).Scan(&id))
	return id
}

// enrol stores a sealed address, as the bot does.
func enrol(t testing.TB, db pg.DB, s escrow.Sealed) {
	t.Helper()
	ctx := context.Background()
	var contact int64
	must(t, db.QueryRow(ctx, insertContact, pgx.NamedArgs{"person": s.Record.Owner, "kind": s.Record.Kind, "now": noon}).Scan(&contact))
	r := s.Record
	b := &pgx.Batch{}
	b.Queue(insertRecord, pgx.NamedArgs{
		"id": r.ID, "contact": contact, "owner": r.Owner, "kind": r.Kind, "policy": r.Policy, "epoch": r.ContentEpoch, "nonce": r.Nonce, "content": r.Content,
		"commitment": r.Commitment, "bot": r.CommitBot, "switchboard": r.CommitSwitchboard, "now": noon,
	})
	for _, w := range s.Wraps {
		b.Queue(insertWrap, pgx.NamedArgs{"record": w.Record, "epoch": w.Epoch, "slot": w.Slot, "wrapped": w.Wrapped})
	}
	must(t, db.SendBatch(ctx, b).Close())
}

// enrolled is a fresh database with so many sealed addresses for w's keyring.
func (w world) enrolled(t testing.TB, n int) *pgtest.DB {
	t.Helper()
	db := pgtest.Fresh(t)
	_, err := custody.Store(context.Background(), db.Pool, noon, w.keyring)
	must(t, err)
	for i := range n {
		enrol(t, db.Pool, seal(t, w.keyring, person(t, db.Pool, i), i))
	}
	return db
}

// backup is what a backup made now would hold.
func backup(t testing.TB, db *pgxpool.Pool) custody.Backup {
	t.Helper()
	var out strings.Builder
	must(t, custody.ExportSealed(context.Background(), db, &out))
	b, err := custody.ReadSealed(strings.NewReader(out.String()))
	must(t, err)
	return b
}

// opens tells which records of a backup open with the hosts' keys at the epoch of now.
func (w world) opens(b custody.Backup) (opened int) {
	for _, r := range b.Records {
		var halves [2]secret.Bytes
		for i, slot := range []escrow.Slot{escrow.SlotBot, escrow.SlotSwitchboard} {
			for _, wrap := range r.Wraps {
				if wrap.Epoch == r.Epoch && wrap.Slot == slot {
					halves[i], _ = escrow.Unwrap([]escrow.PrivateKey{w.bot, w.switchboard}[i], r.Record, wrap)
				}
			}
		}
		if _, err := escrow.Open(r.Record, halves[0], halves[1]); err == nil {
			opened++
		}
	}
	return opened
}

// refused wants an error whose sentence says something.
func refused(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("it was not refused; it should say %q", says)
	}
	if !strings.Contains(fault.Say(err), says) {
		t.Fatalf("it says %q, not %q (%v)", fault.Say(err), says, err)
	}
}
