package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/migrations/pg"
	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
	"batsignal/oncall/secret"
)

const (
	manySealed = 10_000
	aimRewrap  = time.Minute

	sqlWrapsAt = `select count(*) from sealed_wrap where epoch = @epoch`
)

// errCut is why the first try ended.
var errCut = errors.New("interrupted by the bench")

// escrowRewrap is how long it takes to exchange the keys of many sealed addresses, with an
// interruption on the way.
func escrowRewrap(ctx context.Context, b *bench) ([]figure, error) {
	n := b.runs(manySealed, 100)
	t, err := b.newVault(ctx, "escrow_rewrap", volunteers{people: n / 2, ways: []string{"voice", "sms"}})
	if err != nil {
		return nil, err
	}
	next, err := newRing(time.Now(), &t.ring)
	if err != nil {
		return nil, err
	}
	if _, err := custody.Store(ctx, t.bot, time.Now(), next.keyring); err != nil {
		return nil, err
	}
	batch := min(custody.Batch, n/10)
	r := rotation{vault: t, next: next, batch: batch}
	used := ownCPU()
	began := time.Now()
	cut, err := r.until(ctx, 2*n*4/10) // of the 2·n wraps of the first half and the second, 4 of 10
	if err != nil {
		return nil, err
	}
	cutAt := time.Since(began)
	again := time.Now()
	if err := r.halves(ctx); err != nil {
		return nil, err
	}
	resumed, flipping := time.Since(again), time.Now()
	moved, err := custody.Flip(ctx, t.bot, time.Now())
	if err != nil {
		return nil, err
	}
	flip, total := time.Since(flipping), cutAt+time.Since(again)
	used = ownCPU() - used
	if moved != int64(n) {
		return nil, fmt.Errorf("%d records of %d have the new keyring", moved, n)
	}
	if err := r.opens(ctx); err != nil {
		return nil, err
	}
	return []figure{{
		what: fmt.Sprintf("%d sealed addresses for new keys", n), got: fmt.Sprintf("%s, %.1f s of CPU here", short(total), used.Seconds()),
		aim: "≤ 60 s", met: total <= aimRewrap,
		how: fmt.Sprintf("both halves of each, one after the other, for the process that has it and for the custodians (%d wraps), in transactions of %d records on a Postgres that "+
			"flushes each commit; interrupted after %s, with %d of the wraps written, and begun again (%s); then all of them have the new keyring in one transaction (%s). "+
			"Each half is checked by its commitment, and what a process made for itself is opened again before it is stored; one address of each hundred was opened with the new keys afterwards",
			4*n, batch, short(cutAt), cut, short(resumed), short(flip)),
	}}, nil
}

// rotation is the way to another keyring.
type rotation struct {
	*vault
	next  ring
	batch int
}

// half is one of the two, with whoever has its keys.
type half struct {
	side custody.Side
	db   *pgxpool.Pool
	keys []escrow.PrivateKey
}

func (r rotation) halves(ctx context.Context) error {
	for _, h := range []half{
		{custody.SideBot, r.bot, []escrow.PrivateKey{r.next.bot, r.ring.bot}},
		{custody.SideSwitchboard, r.board, []escrow.PrivateKey{r.next.switchboard, r.ring.switchboard}},
	} {
		done, err := custody.RewrapHalf(ctx, h.db, h.side, h.keys, r.next.keyring, r.batch)
		if err != nil {
			return err
		}
		if len(done.Stuck) > 0 {
			return fmt.Errorf("%d records do not open", len(done.Stuck))
		}
	}
	return nil
}

// until wraps until so many wraps are there, and is interrupted then.
func (r rotation) until(ctx context.Context, wraps int) (there int, err error) {
	working, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ended := make(chan error, 1)
	go func() { ended <- r.halves(working) }()
	count := func() (n int, err error) {
		err = r.owner.QueryRow(ctx, sqlWrapsAt, r.epoch()).Scan(&n)
		return n, err
	}
	for there < wraps {
		select {
		case err := <-ended:
			return there, errors.Join(err, errors.New("it ended before it was interrupted"))
		case <-time.After(10 * time.Millisecond):
		}
		if there, err = count(); err != nil {
			return there, err
		}
	}
	stop(errCut)
	if err := <-ended; err != nil && ctx.Err() == nil && working.Err() != nil {
		return count()
	}
	return there, errors.New("it was not interrupted")
}

// epoch is the new keyring.
func (r rotation) epoch() pgx.NamedArgs { return pgx.NamedArgs{"epoch": r.next.keyring.Epoch} }

const sqlSomeHalves = `
	select s.record_id::text as id, s.owner_id as owner, s.kind, s.policy, s.content_epoch, s.nonce, s.content, s.commitment, s.commit_bot,
		s.commit_switchboard, s.epoch, b.wrapped as bot, w.wrapped as board
	from sealed_contact s join sealed_wrap b on b.record_id = s.record_id and b.epoch = s.epoch and b.slot = 'bot'
		join sealed_wrap w on w.record_id = s.record_id and w.epoch = s.epoch and w.slot = 'switchboard'
	order by s.record_id limit @most`

// sealedRow is a record with both halves of its key, each still sealed.
type sealedRow struct {
	escrow.Record
	Epoch      int
	Bot, Board []byte
}

// some reads a few records with the wraps that open them now.
func (t *vault) some(ctx context.Context, most int) (list []sealedRow, err error) {
	rows, err := t.owner.Query(ctx, sqlSomeHalves, pgx.NamedArgs{"most": most})
	if err != nil {
		return nil, err
	}
	return pg.Collect(rows, func(r *sealedRow) []any {
		return []any{&r.ID, &r.Owner, &r.Kind, &r.Policy, &r.ContentEpoch, &r.Nonce, &r.Content, &r.Commitment, &r.CommitBot,
			&r.CommitSwitchboard, &r.Epoch, &r.Bot, &r.Board}
	})
}

// open opens a record, as both processes do together.
func (r sealedRow) open(k ring) (secret.Text, error) {
	bot, err := escrow.Unwrap(k.bot, r.Record, escrow.Wrap{Record: r.ID, Epoch: r.Epoch, Slot: escrow.SlotBot, Wrapped: r.Bot})
	if err != nil {
		return secret.Text{}, err
	}
	defer bot.Wipe()
	board, err := escrow.Unwrap(k.switchboard, r.Record, escrow.Wrap{Record: r.ID, Epoch: r.Epoch, Slot: escrow.SlotSwitchboard, Wrapped: r.Board})
	if err != nil {
		return secret.Text{}, err
	}
	defer board.Wipe()
	return escrow.Open(r.Record, bot, board)
}

// opens opens one of each hundred with the new keys.
func (r rotation) opens(ctx context.Context) error {
	list, err := r.some(ctx, r.v.records())
	if err != nil {
		return err
	}
	for i := 0; i < len(list); i += 100 {
		if list[i].Epoch != r.next.keyring.Epoch {
			return fmt.Errorf("a record is opened with keyring %d", list[i].Epoch)
		}
		if value, err := list[i].open(r.next); err != nil || value.Empty() {
			return errors.Join(err, errors.New("a record does not open with the new keys"))
		}
	}
	return nil
}
