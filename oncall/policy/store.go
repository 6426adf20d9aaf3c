package policy

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

const (
	sqlInsertPolicy = `
		insert into escalation_policy (name, title, repeats, needs, steps, changed_at)
		values (@name, @title, @repeats, @needs, @steps, @now)
		on conflict (name) do nothing returning version`
	sqlUpdatePolicy = `
		update escalation_policy
		set title = @title, repeats = @repeats, needs = @needs, steps = @steps, changed_at = @now, version = version + 1
		where name = @name and version = @version returning version`
	sqlLockPolicy   = sqlPolicyByName + ` for update`
	sqlDeletePolicy = `delete from escalation_policy where name = @name and version = @version`
	sqlMissing      = `
		select t.kind, t.name
		from unnest(@kinds::text[], @names::text[]) with ordinality as t (kind, name, place)
		where not case t.kind
			when 'role' then exists (select from role r where r.name = t.name and r.retired_at is null)
			when 'schedule' then exists (select from schedule s where s.name = t.name and s.retired_at is null)
			else exists (select from person p where p.handle = t.name)
		end
		order by t.place limit 1`
	sqlNamed = `select id from person where handle = any (@handles) order by id`
)

// Get finds a policy by its name.
func Get(ctx context.Context, db pg.DB, name string) (Policy, error) {
	return one(ctx, db, sqlPolicyByName, name)
}

func one(ctx context.Context, db pg.DB, sql, name string) (Policy, error) {
	rows, err := db.Query(ctx, sql, pgx.NamedArgs{"name": strings.ToLower(strings.TrimSpace(name))})
	if err != nil {
		return Policy{}, err
	}
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Policy])
	if errors.Is(err, pgx.ErrNoRows) {
		return p, fault.New(fault.NotFound, "There is no policy called %q. !policy lists them.", name)
	}
	return p, err
}

// Save stores a policy in the caller's transaction: a new one if its version is 0, else
// over the one that has this version. Somebody who was quicker is a Conflict, and
// targets that do not exist are Invalid. The result has its new version.
func Save(ctx context.Context, tx pgx.Tx, now time.Time, a oncall.Actor, p Policy) (Policy, error) {
	p.Title = strings.TrimSpace(p.Title)
	if err := p.Check(); err != nil {
		return p, err
	}
	if err := mustExist(ctx, tx, p); err != nil {
		return p, err
	}
	p.Needs = max(p.Needs, 1)
	steps, err := json.Marshal(p.Steps)
	if err != nil {
		return p, err
	}
	args := pgx.NamedArgs{
		"name": p.Name, "title": p.Title, "repeats": p.Repeats, "needs": p.Needs, "steps": steps, "version": p.Version, "now": now,
	}
	change := audit.Change{Kind: "policy", Subject: p.Name, Says: "made the policy " + p.Name, After: p}
	handles := p.people()
	if p.Version == 0 {
		err = tx.QueryRow(ctx, sqlInsertPolicy, args).Scan(&p.Version)
		if errors.Is(err, pgx.ErrNoRows) {
			return p, fault.New(fault.Conflict, "There is a policy called %s already. Change that one, or give yours another name.", p.Name)
		}
	} else {
		before, lockErr := one(ctx, tx, sqlLockPolicy, p.Name)
		if lockErr != nil {
			return p, lockErr
		}
		change.Says, change.Before = "changed the policy "+p.Name, before
		handles = append(handles, before.people()...)
		err = tx.QueryRow(ctx, sqlUpdatePolicy, args).Scan(&p.Version)
		if errors.Is(err, pgx.ErrNoRows) {
			return p, quicker(ctx, tx, p.Name)
		}
	}
	if err != nil {
		return p, err
	}
	change.After = p
	if change.Concerns, err = concerned(ctx, tx, handles); err != nil {
		return p, err
	}
	return p, audit.Record(ctx, tx, now, a.By(), change)
}

// Remove deletes a policy that nobody follows, of the version that was seen.
func Remove(ctx context.Context, tx pgx.Tx, now time.Time, a oncall.Actor, name string, version int) error {
	p, err := one(ctx, tx, sqlLockPolicy, name)
	if err != nil {
		return err
	}
	if p.Version != version {
		return quicker(ctx, tx, p.Name)
	}
	rows, err := tx.Query(ctx, sqlUsesOf, pgx.NamedArgs{"name": p.Name})
	if err != nil {
		return err
	}
	uses, err := pgx.CollectRows(rows, pgx.RowToStructByName[Use])
	if err != nil {
		return err
	}
	if len(uses) > 0 {
		return fault.New(fault.Conflict, "The policy %s is followed for %s. Give that role another one first.", p.Name, uses[0].Words())
	}
	if _, err := tx.Exec(ctx, sqlDeletePolicy, pgx.NamedArgs{"name": p.Name, "version": version}); pg.IsCheck(err, "alert_key_policy_check") {
		return fault.New(fault.Conflict, "The policy %s rings for alerts. Revoke the keys that follow it first: !alert key list.", p.Name)
	} else if err != nil {
		return err
	}
	concerns, err := concerned(ctx, tx, p.people())
	if err != nil {
		return err
	}
	return audit.Record(ctx, tx, now, a.By(), audit.Change{
		Kind: "policy", Subject: p.Name, Says: "removed the policy " + p.Name, Before: p, Concerns: concerns,
	})
}

// mustExist refuses targets that are not there.
func mustExist(ctx context.Context, tx pgx.Tx, p Policy) error {
	var kinds, names []string
	for _, s := range p.Steps {
		for _, t := range s.Targets {
			if t.Kind != Room {
				kinds, names = append(kinds, string(t.Kind)), append(names, t.Name)
			}
		}
	}
	var kind, name string
	err := tx.QueryRow(ctx, sqlMissing, pgx.NamedArgs{"kinds": kinds, "names": names}).Scan(&kind, &name)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	for i, s := range p.Steps {
		for _, t := range s.Targets {
			if t == (Target{Kind(kind), name}) {
				return &FieldError{i, "targets", fault.New(fault.Invalid, "Step %d of the policy %s rings the %s %s, and there is none of that name.", i+1, p.Name, kind, name)}
			}
		}
	}
	return fault.New(fault.Invalid, "There is no %s %s.", kind, name)
}

// quicker says who changed a policy meanwhile.
func quicker(ctx context.Context, tx pgx.Tx, name string) error {
	last, err := audit.List(ctx, tx, audit.Query{Kind: "policy", Subject: name, Most: 1})
	if err != nil {
		return err
	}
	who := "Somebody"
	if len(last) > 0 && last[0].Handle != "" {
		who = last[0].Handle
	}
	return fault.New(fault.Conflict, "%s changed the policy %s while you did. Look at it again, then change it.", who, name)
}

// people lists the handles that a policy names.
func (p Policy) people() []string {
	handles := []string{}
	for _, s := range p.Steps {
		for _, t := range s.Targets {
			if t.Kind == Person {
				handles = append(handles, t.Name)
			}
		}
	}
	return handles
}

func concerned(ctx context.Context, tx pgx.Tx, handles []string) ([]int64, error) {
	rows, err := tx.Query(ctx, sqlNamed, pgx.NamedArgs{"handles": handles})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}
