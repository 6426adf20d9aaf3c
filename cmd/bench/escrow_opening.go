package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/ledger"
	"batsignal/oncall/paging"
	"batsignal/oncall/switchboard/dial"
	"batsignal/oncall/unseal"
)

// escrowOpening is what one opening costs, and what one record takes.
func escrowOpening(ctx context.Context, b *bench) ([]figure, error) {
	n := b.runs(500, 10)
	t, err := b.newVault(ctx, "escrow_opening", volunteers{people: 2 * n, ways: []string{"voice"}})
	if err != nil {
		return nil, err
	}
	envelope, err := t.envelope(ctx, b.runs(2000, 20))
	if err != nil {
		return nil, err
	}
	stored, err := t.size(ctx)
	if err != nil {
		return nil, err
	}
	opened, err := t.openings(ctx, filepath.Join(b.dir, "escrow-opening"), n)
	return append(opened, envelope, stored), err
}

// envelope opens records that are in memory.
func (t *vault) envelope(ctx context.Context, n int) (f figure, err error) {
	list, err := t.some(ctx, min(n, t.v.records()))
	if err != nil {
		return f, err
	}
	before := ownCPU()
	for i := range n {
		if _, err := list[i%len(list)].open(t.ring); err != nil {
			return f, err
		}
	}
	return figure{
		what: "opening an envelope", got: fmt.Sprintf("%s of CPU", short((ownCPU()-before)/time.Duration(n))),
		how: fmt.Sprintf("%d times in memory: the bot's half is unwrapped and the switchboard's (hybrid HPKE each), both are checked, joined, and the content is opened", n),
	}, nil
}

const sqlSize = `
	select count(*), sum(pg_column_size(s.*)), (select sum(pg_column_size(w.*)) from sealed_wrap w),
		pg_total_relation_size('sealed_contact') + pg_total_relation_size('sealed_wrap')
	from sealed_contact s`

// size is how much of the database a record takes.
func (t *vault) size(ctx context.Context) (f figure, err error) {
	var records, rows, wraps, disk int64
	if err := t.owner.QueryRow(ctx, sqlSize).Scan(&records, &rows, &wraps, &disk); err != nil {
		return f, err
	}
	return figure{
		what: "a sealed address in the database", got: fmt.Sprintf("%.1f kB on disk", float64(disk)/float64(records)/1e3),
		how: fmt.Sprintf("tables and indexes of %d records, each with its four wraps; the row of the record has %d bytes and those of its wraps %d, whatever the address",
			records, rows/records, wraps/records),
	}, nil
}

// Each opening is in an incident of its own, since only a few are opened for one at once.
const (
	sqlEmergencies = `
		with people as (
			select c.id as contact, c.person_id, row_number() over (order by c.id) as n from contact c where c.sealed order by c.id limit @most
		), fires as (
			insert into incident (title, slug, severity, opened_at) select 'bench ' || n, 'bench-' || n, 1, @now from people returning id, slug
		), hunts as (
			insert into escalation (cause, slot, why, severity, patience, started_at, due_at)
			select 'incident:' || id, 'role:coordination', slug, 1, '90 seconds', @now, @now from fires returning id, cause, why
		), pages as (
			insert into page (escalation_id, person_id, round, opened_at, rung_at)
			select h.id, p.person_id, 1, @now, @now from hunts h join people p on h.why = 'bench-' || p.n returning id, escalation_id, person_id
		), rung as (
			insert into delivery (page_id, ring, route, contact_id, due_at, created_at)
			select g.id, 1, 'voice', p.contact, @now, @now from pages g join people p using (person_id) returning id, page_id, contact_id
		)
		select r.id as delivery, r.page_id as page, r.contact_id as contact, split_part(h.cause, ':', 2)::bigint as incident
		from rung r join pages g on g.id = r.page_id join hunts h on h.id = g.escalation_id order by r.id`
	sqlWritten = `select pg_current_wal_lsn() - '0/0'::pg_lsn`
)

// emergency is one page that is to be sent to a sealed address.
type emergency struct {
	Delivery, Page, Contact, Incident int64
}

// openings opens addresses as the switchboard does, with a room that shows the ledger's head
// at once and a provider that takes everything at once.
func (t *vault) openings(ctx context.Context, dir string, n int) ([]figure, error) {
	now := time.Now()
	rows, err := t.owner.Query(ctx, sqlEmergencies, pgx.NamedArgs{"now": now, "most": n})
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[emergency])
	if err != nil {
		return nil, err
	}
	if len(list) != n {
		return nil, fmt.Errorf("%d emergencies of %d", len(list), n)
	}
	taker := &taker{}
	board, stop, err := t.newBoard(ctx, dir, taker)
	if err != nil {
		return nil, err
	}
	defer stop()
	halves := &contact.Halves{Keys: []escrow.PrivateKey{t.ring.bot}}
	var released, intended, recorded, whole durations
	wal, err := t.written(ctx)
	if err != nil {
		return nil, err
	}
	before := ownCPU()
	for _, e := range list {
		key := paging.PageKey(e.Delivery)
		began := time.Now()
		sealed, err := contact.Release(ctx, t.bot, began, halves, e.Contact, key, unseal.LaneDial)
		if err != nil {
			return nil, err
		}
		sealed.Incident, sealed.Grant, sealed.Slot = e.Incident, "K7QX", "role:coordination"
		asked := time.Now()
		out, err := board.Dial(ctx, "voice", paging.Message{Key: key, Attempt: 1, Page: e.Page, Severity: 1, Sealed: &sealed}, false)
		if err != nil || out.Outcome != "" {
			return nil, fmt.Errorf("an address was not opened: %s %s %w", out.Outcome, out.Detail, err)
		}
		ended := time.Now()
		released, whole = append(released, asked.Sub(began)), append(whole, ended.Sub(began))
		intended, recorded = append(intended, taker.at.Sub(asked)), append(recorded, ended.Sub(taker.at))
	}
	used := (ownCPU() - before) / time.Duration(n)
	after, err := t.written(ctx)
	if err != nil {
		return nil, err
	}
	report, err := ledger.Verify(ctx, t.owner, nil, t.ring.ledger)
	if err != nil {
		return nil, err
	}
	if err := report.Err(); err != nil || report.Leaves != int64(t.v.records()+2*n) {
		return nil, fmt.Errorf("a ledger of %d openings has %d entries: %w", n, report.Leaves, err)
	}
	return []figure{{
		what: "one opening, with its database", got: fmt.Sprintf("%s; %s of CPU here, %.1f kB of WAL", whole.list(0.5, 0.99, 1), short(used), float64(after-wal)/float64(n)/1e3),
		how: fmt.Sprintf("%d addresses in %[1]d incidents, one after the other, bot's half and switchboard in this process, the room and the provider answer at once: "+
			"the half is released and that is committed (%s), the intent, its owner's notice and the signed head are committed, the room has the head, the address is opened (%s), "+
			"and what came of it is committed (%s). The ledger is sound in the end, with two more entries for each", n, released.list(0.5), intended.list(0.5), recorded.list(0.5)),
	}}, nil
}

func (t *vault) written(ctx context.Context) (bytes int64, err error) {
	err = t.owner.QueryRow(ctx, sqlWritten).Scan(&bytes)
	return bytes, err
}

// taker is a provider that takes every message at once, and knows when the last one came.
type taker struct{ at time.Time }

func (*taker) Name() string { return "voice" }

func (*taker) Traits() paging.Traits { return paging.Traits{Name: "voice", Loud: true} }

func (t *taker) Send(context.Context, paging.Message) (paging.Handed, error) {
	t.at = time.Now()
	return paging.Handed{Note: "taken", Ref: "CA0"}, nil
}

// allowed is a grant for whatever is asked.
type allowed struct{}

func (allowed) Live(code string, incident int64) (unseal.Grant, error) {
	return unseal.Grant{Code: code, Incident: incident, Declared: asker, Confirmed: confirmer}, nil
}

func (allowed) People(string) int { return 1000 }

// newBoard is what opens addresses in the switchboard, with a room and a provider of the
// bench's.
func (t *vault) newBoard(ctx context.Context, dir string, r paging.Route) (_ *dial.Board, stop func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	index, err := dial.OpenIndex(filepath.Join(dir, "index.key"))
	if err != nil {
		return nil, nil, err
	}
	log := slog.New(slog.DiscardHandler)
	w, err := newWriter(t.board, t.ring.signs, filepath.Join(dir, "head"))
	if err != nil {
		return nil, nil, err
	}
	if err := w.prove(ctx); err != nil {
		return nil, nil, err
	}
	book := w.log
	anchor := &dial.Anchor{
		Home: func(string, string) bool { return true }, Now: time.Now, Log: log,
		Alarm: func(context.Context, string) error { return nil },
		Hear: func(ctx context.Context, prefix string, a ledger.Anchor) error {
			return ledger.Hear(ctx, t.board, prefix, a)
		},
	}
	anchor.Say = func(_ context.Context, line string) error {
		anchor.HeardLine(networkName, homeRoom, line)
		return nil
	}
	board := &dial.Board{
		DB: t.board, Routes: map[string]paging.Route{r.Name(): r}, Grants: allowed{}, Ledger: book, Anchor: anchor, Index: index,
		Keys:    func(context.Context, pg.DB, int) (escrow.PrivateKey, bool) { return t.ring.switchboard, true },
		Journal: &dial.Journal{DB: t.board, Ledger: book, Path: filepath.Join(dir, "deleted"), Now: time.Now, Log: log},
		Sent:    &dial.Sent{Path: filepath.Join(dir, "sent.json")}, Address: contact.Clean, Now: time.Now, Log: log,
	}
	if err := board.Journal.Load(); err != nil {
		return nil, nil, err
	}
	running, end := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = anchor.Run(running) // it only ever ends with its context
	}()
	return board, func() { end(); <-done }, nil
}
