package vault

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
)

// Seal is a time for which a node was sealed.
type Seal struct {
	ID         int64
	Vault      string
	Node       string // "": no node of the vault served
	SealedAt   time.Time
	NoticedAt  time.Time
	UnsealedAt *time.Time // nil: it still is
	CalledAt   *time.Time
}

const (
	sqlSealColumns = `select id, vault, node, sealed_at, noticed_at, unsealed_at, called_at from vault_seal `
	sqlOpenSeal    = sqlSealColumns + `where vault = @vault and node = @node and unsealed_at is null`
	sqlSeals       = sqlSealColumns + `where vault = @vault and coalesce(unsealed_at, @now) >= @from order by sealed_at, id`
	sqlBeginSeal   = `
		insert into vault_seal (vault, node, sealed_at, noticed_at) values (@vault, @node, @at, @now)
		on conflict (vault, node) where unsealed_at is null do nothing`
	sqlEndSeal = `
		update vault_seal set unsealed_at = greatest(@now, sealed_at) where vault = @vault and node = @node and unsealed_at is null
		returning unsealed_at - sealed_at`
	sqlCalledAt   = `update vault_seal set called_at = @now where id = @id`
	sqlNodeIsOpen = `
		update vault_node set state = 'open', since = @now, open_at = @now, failed = 0, detail = ''
		where vault = @vault and node = @node and state <> 'open'`
	sqlNodes = `
		select vault, node, state, since, asked_at, open_at, failed, told, version, shares, threshold, progress, detail
		from vault_node where vault = @vault order by node`
)

// beginSeal notes that a node is sealed; fresh is that it was not noted before.
func beginSeal(ctx context.Context, tx pgx.Tx, vault, node string, at, now time.Time) (s Seal, fresh bool, err error) {
	args := pgx.NamedArgs{"vault": vault, "node": node, "at": at, "now": now}
	tag, err := tx.Exec(ctx, sqlBeginSeal, args)
	if err != nil {
		return s, false, err
	}
	rows, err := tx.Query(ctx, sqlOpenSeal, args)
	if err != nil {
		return s, false, err
	}
	s, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Seal])
	return s, tag.RowsAffected() > 0, err
}

// endSeal notes that a node is sealed no more, and for how long it was.
func endSeal(ctx context.Context, db pg.DB, vault, node string, now time.Time) (lasted time.Duration, ended bool, err error) {
	rows, err := db.Query(ctx, sqlEndSeal, pgx.NamedArgs{"vault": vault, "node": node, "now": now})
	if err != nil {
		return 0, false, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[time.Duration])
	if err != nil || len(list) == 0 {
		return 0, false, err
	}
	return list[0], true, nil
}

func calledAt(ctx context.Context, db pg.DB, id int64, now time.Time) error {
	_, err := db.Exec(ctx, sqlCalledAt, pgx.NamedArgs{"id": id, "now": now})
	return err
}

// unsealed notes what a run just saw, which is sooner than the next look.
func unsealed(ctx context.Context, db pg.DB, vault, node string, now time.Time) error {
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		for _, name := range []string{node, ""} {
			if _, _, err := endSeal(ctx, tx, vault, name, now); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, sqlNodeIsOpen, pgx.NamedArgs{"vault": vault, "node": node, "now": now})
		return err
	})
}

// Nodes are how the nodes of a vault were when they were last asked.
func Nodes(ctx context.Context, db pg.DB, vault string) ([]NodeState, error) {
	rows, err := db.Query(ctx, sqlNodes, pgx.NamedArgs{"vault": vault})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[NodeState])
}

// Downtime is for how long a vault, or a node of it, was sealed within a span.
type Downtime struct {
	Vault     string
	Node      string // "": no node served
	Times     int
	Total     time.Duration
	Longest   time.Duration
	LongestAt time.Time
	Since     *time.Time // it is sealed now, since then
}

// Measured is the downtime of a vault between an instant and now: of the whole first, then of
// each node that was sealed.
func Measured(ctx context.Context, db pg.DB, vault string, from, now time.Time) ([]Downtime, error) {
	rows, err := db.Query(ctx, sqlSeals, pgx.NamedArgs{"vault": vault, "from": from, "now": now})
	if err != nil {
		return nil, err
	}
	seals, err := pgx.CollectRows(rows, pgx.RowToStructByName[Seal])
	if err != nil {
		return nil, err
	}
	list := []Downtime{{Vault: vault}}
	at := map[string]int{"": 0}
	for _, s := range seals {
		i, there := at[s.Node]
		if !there {
			i = len(list)
			at[s.Node] = i
			list = append(list, Downtime{Vault: vault, Node: s.Node})
		}
		list[i].add(s, from, now)
	}
	return list, nil
}

// add adds what of a time lies within a span.
func (d *Downtime) add(s Seal, from, now time.Time) {
	begin, end := s.SealedAt, now
	if s.UnsealedAt != nil {
		end = *s.UnsealedAt
	} else {
		d.Since = &s.SealedAt
	}
	if begin.Before(from) {
		begin = from
	}
	lasted := max(end.Sub(begin), 0)
	d.Times++
	d.Total += lasted
	if lasted > d.Longest {
		d.Longest, d.LongestAt = lasted, begin
	}
}

// String says it in a sentence, without the dates, which depend on who reads.
func (d Downtime) String() string {
	who := "Vault " + d.Vault
	if d.Node != "" {
		who += ", node " + d.Node
	}
	if d.Times == 0 {
		return who + " was never sealed."
	}
	return fmt.Sprintf("%s was sealed %s, for %s in all; the longest was %s.", who, oncall.Times(d.Times), took(d.Total), took(d.Longest))
}

// Serves answers for how long everything else can still do without a vault, of which no
// node serves since an instant; nil is one that serves.
func (v *Vault) Serves(since *time.Time, now time.Time) string {
	switch {
	case since == nil && v.Tolerates == 0:
		return fmt.Sprintf("Vault %s serves. For how long the rest could do without it is not configured.", v.Name)
	case since == nil:
		return fmt.Sprintf("Vault %s serves. Without it the rest can go on for %s.", v.Name, took(v.Tolerates))
	case v.Tolerates == 0:
		return fmt.Sprintf("Vault %s does not serve for %s now. For how long the rest can do without it is not configured.", v.Name, took(now.Sub(*since)))
	}
	left := v.Tolerates - now.Sub(*since)
	if left <= 0 {
		return fmt.Sprintf("Vault %s does not serve for %s now: %s longer than the rest can do without it.", v.Name, took(now.Sub(*since)), took(-left))
	}
	return fmt.Sprintf("Vault %s does not serve for %s now. The rest can go on for %s more.", v.Name, took(now.Sub(*since)), took(left))
}
