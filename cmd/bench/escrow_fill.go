package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/migrations/pg"
	"batsignal/oncall/escrow"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

const (
	sqlAddVolunteers = `
		insert into person (handle, zone, created_at)
		select 'v' || lpad(n::text, 5, '0'), (array['Europe/Madrid', 'America/Denver', 'Asia/Shanghai', 'Africa/Lagos', 'Asia/Kolkata'])[1 + n % 5], @now
		from generate_series(0, @people - 1) n`
	sqlAddMemberships = `
		insert into membership (role, person_id, place, asked_at, agreed_at, approved_at)
		select (@roles::text[])[1 + substr(handle, 2)::int % cardinality(@roles)], id, substr(handle, 2)::int, @now, @now, @now
		from person where handle ~ '^v[0-9]{5}$'`
	sqlAddSealedWays = `
		insert into contact (person_id, kind, sealed, place, created_at, proven_at)
		select p.id, k.kind, true, k.place, @now, @now from person p cross join unnest(@kinds::text[]) with ordinality k (kind, place)
		where p.handle ~ '^v[0-9]{5}$' order by p.handle, k.place`
	// Every second of each role has another way beside them, which any page rings.
	sqlAddOpenWays = `
		with ways as (
			insert into contact (person_id, kind, place, created_at, proven_at)
			select id, 'webhook', 0, @now, @now from person where handle ~ '^v[0-9]{5}$' and substr(handle, 2)::int / cardinality(@roles::text[]) % 2 = 0
			returning id
		)
		insert into contact_address (contact_id, address) select id, @webhook from ways`
	sqlSealedWays = `
		select c.id, c.person_id, substr(p.handle, 2)::int as nth, c.kind from contact c join person p on p.id = c.person_id
		where c.sealed order by c.id`
	sqlAddRecords = `
		insert into sealed_contact (record_id, contact_id, owner_id, kind, policy, content_epoch, epoch, nonce, content,
			commitment, commit_bot, commit_switchboard, sealed_at)
		select record, contact, owner, kind, policy, @epoch, @epoch, nonce, content, commitment, commit_bot, commit_switchboard, @now
		from unnest(@records::uuid[], @contacts::bigint[], @owners::bigint[], @kinds::text[], @policies::text[], @nonces::bytea[], @contents::bytea[],
			@commitments::bytea[], @commits_bot::bytea[], @commits_switchboard::bytea[])
			as r (record, contact, owner, kind, policy, nonce, content, commitment, commit_bot, commit_switchboard)`
	sqlAddWrapsOf = `
		insert into sealed_wrap (record_id, epoch, slot, wrapped)
		select record, @epoch, slot, wrapped from unnest(@records::uuid[], @slots::text[], @wraps::bytea[]) as w (record, slot, wrapped)`
)

// volunteers are people whose addresses are sealed: one for each way of each of them.
type volunteers struct {
	people  int
	ways    []string // kinds of contacts
	roles   []string // one for each of them, in turn; nil: none
	webhook string   // an open address that every second of each role has too; "": nobody
}

// records is how many sealed addresses there are.
func (v volunteers) records() int { return v.people * len(v.ways) }

// numberOf is the telephone of the nth of them.
func numberOf(nth int) string { return fmt.Sprintf("+1212555%04d", nth) }

// sealedWay is a contact whose address is to be sealed.
type sealedWay struct {
	ID       int64
	PersonID int64
	Nth      int
	Kind     string
}

// fill stores them as if each had sealed and proven their addresses: by the envelope that
// owners use, on all cores, and in large statements.
func (v volunteers) fill(ctx context.Context, db *pgxpool.Pool, keys escrow.Keys, now time.Time) error {
	args := pgx.NamedArgs{"now": now, "people": v.people, "roles": v.roles, "kinds": v.ways, "webhook": v.webhook}
	statements := []string{sqlAddVolunteers, sqlAddSealedWays}
	if v.roles != nil {
		statements = append(statements, sqlAddMemberships)
	}
	if v.webhook != "" {
		statements = append(statements, sqlAddOpenWays)
	}
	for _, sql := range statements {
		if _, err := db.Exec(ctx, sql, args); err != nil {
			return err
		}
	}
	rows, err := db.Query(ctx, sqlSealedWays)
	if err != nil {
		return err
	}
	ways, err := pgx.CollectRows(rows, pgx.RowToStructByName[sealedWay])
	if err != nil {
		return err
	}
	for len(ways) > 0 {
		some := ways[:min(len(ways), 500)]
		ways = ways[len(some):]
		sealed, err := sealAll(keys, some)
		if err != nil {
			return err
		}
		if err := storeSealed(ctx, db, now, keys.Epoch, some, sealed); err != nil {
			return err
		}
	}
	return nil
}

// sealAll seals the numbers of ways, on all cores.
func sealAll(keys escrow.Keys, ways []sealedWay) ([]escrow.Sealed, error) {
	// As often as can be agreed to, for the same people are dialled again and again.
	policy := escrow.Policy{Lanes: []unseal.Lane{unseal.LaneDial}, PerQuarter: escrow.MostPerQuarter}
	sealed, errs := make([]escrow.Sealed, len(ways)), make([]error, len(ways))
	cores := runtime.GOMAXPROCS(0)
	var all sync.WaitGroup
	for core := range cores {
		all.Go(func() {
			for i := core; i < len(ways); i += cores {
				sealed[i], errs[i] = escrow.Seal(keys, ways[i].PersonID, ways[i].Kind, policy, secret.New(numberOf(ways[i].Nth)))
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return sealed, nil
}

// storeSealed stores what was sealed for ways.
func storeSealed(ctx context.Context, db *pgxpool.Pool, now time.Time, epoch int, ways []sealedWay, sealed []escrow.Sealed) error {
	var records, kinds, policies, of, slots []string
	var contacts, owners []int64
	var nonces, contents, commitments, commitsBot, commitsSwitchboard, wraps [][]byte
	for i, s := range sealed {
		r := s.Record
		records, contacts, owners = append(records, r.ID), append(contacts, ways[i].ID), append(owners, r.Owner)
		kinds, policies = append(kinds, r.Kind), append(policies, r.Policy)
		nonces, contents, commitments = append(nonces, r.Nonce), append(contents, r.Content), append(commitments, r.Commitment)
		commitsBot, commitsSwitchboard = append(commitsBot, r.CommitBot), append(commitsSwitchboard, r.CommitSwitchboard)
		for _, w := range s.Wraps {
			of, slots, wraps = append(of, w.Record), append(slots, string(w.Slot)), append(wraps, w.Wrapped)
		}
	}
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlAddRecords, pgx.NamedArgs{
			"now": now, "epoch": epoch, "records": records, "contacts": contacts, "owners": owners, "kinds": kinds, "policies": policies,
			"nonces": nonces, "contents": contents, "commitments": commitments, "commits_bot": commitsBot, "commits_switchboard": commitsSwitchboard,
		}); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlAddWrapsOf, pgx.NamedArgs{"epoch": epoch, "records": of, "slots": slots, "wraps": wraps})
		return err
	})
}
