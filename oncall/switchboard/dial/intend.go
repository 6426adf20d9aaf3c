package dial

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

const (
	sqlHoldRecord = `select pg_advisory_xact_lock(hashtextextended('batsignal: a sealed address is opened', hashtext(@record::text)))`
	sqlOpenedFor  = `
		select intent, key, dialled is not null as dialled, result, ref from sealed_opening
		where record_id = @record and split_part(key, '/', 1) = @key and (split_part(key, '/', 2) ~ '^[0-9]+$')
		order by intent desc limit 1`
	sqlAddOpening = `
		insert into sealed_opening (intent, key, record_id, owner_id, kind, lane, incident_id, role, grant_code, opened_at)
		values (@intent, @key, @record, @owner, @kind, @lane, @incident, @role, @grant, @now)`
	sqlAddNotice = `insert into owner_notice (leaf, person_id, made_at) values (@leaf, @owner, @now)`
	sqlRefOf     = `
		select ref from sealed_opening where split_part(key, '/', 1) = @key and ref <> '' order by intent desc limit 1`
)

// opening is one time that an address is opened: what for, and where it stands.
type opening struct {
	row      row
	lane     unseal.Lane
	route    string
	message  string // its key, as the bot has it
	key      string // of this opening: message key, "/", and which try it is
	delivery int64
	incident int64
	role     string // the slot of the hunt
	grant    string
	by       []string // who allowed it
	note     string
	proof    proof // in lane F

	// still says, when a room has the intent, whether it is wanted even now; nil: it is.
	still func(ctx context.Context, tx pgx.Tx) error

	intent int64       // number of its leaf
	head   ledger.Head // that covers it
	again  bool        // written down before, by somebody who could not finish it: perhaps it was dialled
}

// intend writes down what is about to be opened, or finds what came of the same message
// before. An error is a refusal for people, or that something is not there right now.
func (b *Board) intend(ctx context.Context, route string, m paging.Message) (o opening, stored *unseal.Dialled, err error) {
	s := m.Sealed
	o = opening{route: route, message: m.Key, incident: s.Incident, role: s.Slot, grant: s.Grant, lane: unseal.LaneDial}
	hold := func(tx pgx.Tx) error { return HoldIncident(ctx, tx, o.incident) }
	judge := b.mayDial
	o.still = func(ctx context.Context, tx pgx.Tx) error {
		if err := hold(tx); err != nil {
			return err
		}
		if err := b.needed(ctx, tx, o); err != nil {
			return err
		}
		_, err := b.Grants.Live(o.grant, o.incident)
		return err
	}
	if m.Kind == paging.KindPage {
		if o.delivery, err = deliveryOf(m.Key); err != nil {
			return o, nil, err
		}
	} else {
		if o.proof.ID, err = proofOf(m.Key); err != nil {
			return o, nil, err
		}
		o.lane, o.incident, o.role, o.grant, o.proof.Purpose = unseal.LaneOwner, 0, "", "", string(m.Kind)
		judge, hold, o.still = b.mayAsk, holdRecord(ctx, s.Record), nil
	}
	return b.writeIntent(ctx, o, intent{record: s.Record, hold: hold, judge: judge})
}

// holdRecord takes the lock under which a record is opened for its owner, or shown.
func holdRecord(ctx context.Context, record string) func(pgx.Tx) error {
	return func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sqlHoldRecord, pgx.NamedArgs{"record": record})
		return err
	}
}

// intent is how an opening is written down.
type intent struct {
	record string
	hold   func(pgx.Tx) error // takes the lock under which it is judged
	judge  func(ctx context.Context, tx pgx.Tx, now time.Time, o *opening) error
	once   bool // one that was begun before is not gone on with
}

// writeIntent is the transaction of an intent: the lock, the judgement, the leaf, the
// opening and its owner's notice, all of it or nothing (invariant I8).
func (b *Board) writeIntent(ctx context.Context, asked opening, i intent) (o opening, stored *unseal.Dialled, err error) {
	repeated, now := false, b.Now()
	attempt := func() (ledger.Head, error) {
		return write(ctx, b.DB, b.Ledger, b.Log, now, func(tx pgx.Tx, p pen) (err error) {
			o, stored = asked, nil
			if err := i.hold(tx); err != nil {
				return err
			}
			if o.row, err = b.recordOf(ctx, tx, i.record); err != nil {
				return err
			}
			if stored, err = b.before(ctx, tx, &o); err != nil || stored != nil {
				return err
			}
			if o.again && i.once && !repeated {
				return errShown
			}
			if err := i.judge(ctx, tx, now, &o); err != nil {
				return err
			}
			if o.again {
				return b.asIntended(ctx, tx, o)
			}
			if o.intent, err = p(o.leaf()); err != nil {
				return err
			}
			if err := b.sealedAsProven(ctx, tx, o); err != nil {
				return err
			}
			return o.insert(ctx, tx, now)
		})
	}
	head, err := attempt()
	if errors.Is(err, pg.ErrCommitUnknown) { // it is found by its key if it was committed, and else made now
		repeated = true
		head, err = attempt()
	}
	o.head = head
	return o, stored, err
}

// before finds what came of the same message before, if that is the end of it. Else it sets
// the key of the opening: a new one, or the same one again if nobody finished it.
func (b *Board) before(ctx context.Context, tx pgx.Tx, o *opening) (*unseal.Dialled, error) {
	var intent int64
	var key, said, ref string
	var dialled bool
	err := tx.QueryRow(ctx, sqlOpenedFor, pgx.NamedArgs{"record": o.row.ID, "key": o.message}).Scan(&intent, &key, &dialled, &said, &ref)
	if errors.Is(err, pgx.ErrNoRows) {
		o.key = o.message + "/1"
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !dialled {
		o.intent, o.key, o.again = intent, key, true
		return nil, nil
	}
	out := readResult(said, ref)
	if !passing(out) {
		return &out, nil
	}
	var n int
	if _, err := fmt.Sscanf(strings.TrimPrefix(key, o.message+"/"), "%d", &n); err != nil {
		return nil, err
	}
	if n >= mostTries {
		return &unseal.Dialled{Outcome: unseal.OutcomePermanent, Detail: "it was tried often enough"}, nil
	}
	o.key = fmt.Sprintf("%s/%d", o.message, n+1)
	return nil, nil
}

// mostTries is how often one message has an address opened at most: each is a leaf, and a
// notice to its owner.
const mostTries = 20

func (o opening) leaf() ledger.Leaf {
	l := ledger.Leaf{
		Type: ledger.TypeIntent, Record: o.row.ID, Incident: inc(o.incident), Lane: o.lane, Role: o.role, By: o.by, Key: o.key,
		Epoch: o.row.Epoch, Hash: hex.EncodeToString(o.row.Commitment), Note: o.note,
	}
	if o.lane == unseal.LaneOwner {
		l.Type = ledger.TypeProof
	}
	return l
}

func (o opening) insert(ctx context.Context, tx pgx.Tx, now time.Time) error {
	if _, err := tx.Exec(ctx, sqlAddOpening, pgx.NamedArgs{
		"intent": o.intent, "key": o.key, "record": o.row.ID, "owner": o.row.Owner, "kind": o.row.Kind, "lane": string(o.lane),
		"incident": pg.NullID(o.incident), "role": o.role, "grant": o.grant, "now": now,
	}); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqlAddNotice, pgx.NamedArgs{"leaf": o.intent, "owner": o.row.Owner, "now": now})
	return err
}

// refOf finds what the provider calls a message.
func (b *Board) refOf(ctx context.Context, key string) (ref string, err error) {
	err = b.DB.QueryRow(ctx, sqlRefOf, pgx.NamedArgs{"key": key}).Scan(&ref)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return ref, err
}

// refusal is what is answered when nothing was opened.
func (b *Board) refusal(ctx context.Context, key string, err error) unseal.Dialled {
	if errors.Is(err, ledger.ErrDiscontinued) {
		b.stop(ctx, err)
		return unseal.Dialled{Outcome: unseal.OutcomeRefused, Detail: fault.Say(err)}
	}
	switch kind := fault.KindOf(err); kind {
	case fault.Internal, fault.Unready:
		b.Log.Error("a sealed address could not be opened", "key", key, "error", err)
		detail := "the switchboard could not write down what it opens"
		if kind == fault.Unready {
			detail = fault.Say(err)
		}
		return unseal.Dialled{Outcome: unseal.OutcomeTemporary, Detail: detail}
	default:
		b.Log.Warn("a sealed address is not opened", "key", key, "why", fault.Say(err))
		return unseal.Dialled{Outcome: unseal.OutcomeRefused, Detail: fault.Say(err)}
	}
}

// goesOn has people told again, should the ledger not continue once more.
func (b *Board) goesOn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = false
}

// stop tells people, once, that the ledger does not continue.
func (b *Board) stop(ctx context.Context, err error) {
	b.mu.Lock()
	told := b.stopped
	b.stopped = true
	b.mu.Unlock()
	b.Log.Error("the ledger does not continue: nothing is opened", "error", err)
	if told || b.Alarm == nil {
		return
	}
	if err := b.Alarm(ctx, fault.Say(err)); err != nil {
		b.Log.Error("nobody could be told that the ledger does not continue", "error", err)
		b.mu.Lock()
		b.stopped = false
		b.mu.Unlock()
	}
}
