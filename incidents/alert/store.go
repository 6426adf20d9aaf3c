package alert

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// One commit is two batches of statements, however many requests it is for: all is done
// by sets.
const (
	// Each statement has one good plan, whatever it is given: to look for a better one each
	// time costs more than all the rest.
	sqlOnePlan  = `select set_config('plan_cache_mode', 'force_generic_plan', true)`
	sqlLockKeys = `
		select k.id, k.hash, k.name, k.policy, k.severities, k.default_severity, p.needs
		from alert_key k join escalation_policy p on p.name = k.policy
		where k.hash = any (@hashes) and k.revoked_at is null
		order by k.id for no key update of k`
	// A lateral look-up by index for each, whatever the planner thinks of a new table.
	sqlOpenAlerts = `
		select k.hash, a.*
		from unnest(@hashes::bytea[], @dedups::text[]) u (hash, dedup) join alert_key k on k.hash = u.hash
			cross join lateral (
				select a.id, a.dedup_key, a.state, a.severity, a.count, a.first_at, a.last_at, a.acked_at,
					g.id, g.state, g.severity, g.title, g.total, g.triggered, g.acknowledged, g.untold
				from alert a join alert_group g on g.id = a.group_id
				where a.key_id = k.id and a.dedup_key = u.dedup and a.state <> 'resolved' limit 1
			) a`
	sqlOpenGroups = `
		select k.hash, g.*
		from alert_key k cross join lateral (
			select g.id, g.state, g.severity, g.title, g.total, g.triggered, g.acknowledged, g.untold
			from alert_group g where g.key_id = k.id and g.state = 'open' limit 1
		) g
		where k.hash = any (@hashes)`
	sqlInsertGroups = `
		insert into alert_group (key_id, state, severity, title, opened_at, untold, total, triggered, acknowledged, acked_at, resolved_at)
		select key, state, severity, title, @now, true, total, triggered, acknowledged,
			case when state = 'acked' then @now::timestamptz end, case when state = 'resolved' then @now::timestamptz end
		from unnest(@keys::bigint[], @states::text[], @severities::smallint[], @titles::text[], @totals::int[], @triggered::int[], @acknowledged::int[])
			u (key, state, severity, title, total, triggered, acknowledged)
		returning id, key_id`
	sqlUpdateGroups = `
		update alert_group g set state = u.state, severity = u.severity, title = u.title, untold = g.untold or u.untold,
			total = u.total, triggered = u.triggered, acknowledged = u.acknowledged,
			acked_at = case when u.state = 'acked' and g.state = 'open' then @now else g.acked_at end,
			resolved_at = case when u.state = 'resolved' then coalesce(g.resolved_at, @now) end
		from unnest(@ids::bigint[], @states::text[], @severities::smallint[], @titles::text[], @untold::bool[], @totals::int[], @triggered::int[], @acknowledged::int[])
			u (id, state, severity, title, untold, total, triggered, acknowledged)
		where g.id = u.id`
	sqlInsertAlerts = `
		insert into alert (key_id, group_id, dedup_key, state, severity, summary, source, count, first_at, last_at, acked_at, resolved_at,
			component, class, part, details, links)
		select key, grp, dedup, state, severity, summary, source, count, first_at, last_at, acked_at, resolved_at,
			component, class, part, details, links::jsonb
		from unnest(@keys::bigint[], @groups::bigint[], @dedups::text[], @states::text[], @severities::smallint[], @summaries::text[], @sources::text[],
			@counts::bigint[], @firsts::timestamptz[], @lasts::timestamptz[], @acked::timestamptz[], @ended::timestamptz[],
			@components::text[], @classes::text[], @parts::text[], @details::text[], @links::text[]) with ordinality
			u (key, grp, dedup, state, severity, summary, source, count, first_at, last_at, acked_at, resolved_at, component, class, part, details, links, place)
		order by place
		returning id`
	sqlUpdateAlerts = `
		update alert a set group_id = u.grp, state = u.state, severity = u.severity, count = u.count, last_at = u.last_at,
			acked_at = u.acked_at, acked_by = case when u.acked_at is not null and a.acked_at is not null then a.acked_by end, resolved_at = u.resolved_at,
			told_at = case when u.untold then null else a.told_at end,
			summary = case when u.said then u.summary else a.summary end, source = case when u.said then u.source else a.source end,
			component = case when u.said then u.component else a.component end, class = case when u.said then u.class else a.class end,
			part = case when u.said then u.part else a.part end, details = case when u.said then u.details else a.details end,
			links = case when u.said then u.links::jsonb else a.links end
		from unnest(@ids::bigint[], @groups::bigint[], @states::text[], @severities::smallint[], @counts::bigint[], @lasts::timestamptz[],
			@acked::timestamptz[], @ended::timestamptz[], @untold::bool[], @said::bool[], @summaries::text[], @sources::text[],
			@components::text[], @classes::text[], @parts::text[], @details::text[], @links::text[])
			u (id, grp, state, severity, count, last_at, acked_at, resolved_at, untold, said, summary, source, component, class, part, details, links)
		where a.id = u.id`
)

// store commits a batch of requests.
func (s *Service) store(ctx context.Context, batch []*asked) error {
	var known [][32]byte
	err := pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		known = known[:0]
		b := newBook(s.Now())
		if err := b.load(ctx, tx, batch); err != nil {
			return err
		}
		for _, one := range batch {
			one.taken, one.err = make([]Taken, len(one.events)), nil
			k := b.keys[one.hash]
			if k == nil {
				one.taken, one.err = nil, errUnknownKey
				continue
			}
			known = append(known, one.hash)
			for i := range one.events {
				b.take(k, &one.events[i], &one.taken[i])
			}
		}
		b.settle()
		return s.write(ctx, tx, b)
	})
	if err == nil {
		now := s.Now()
		for _, hash := range known {
			s.seen(hash, now)
		}
	}
	return err
}

// load locks the keys of a batch and reads what of theirs is open and named.
func (b *book) load(ctx context.Context, tx pgx.Tx, batch []*asked) error {
	var hashes, at [][]byte
	var dedups []string
	wanted := map[[32]byte]map[string]bool{}
	for _, one := range batch {
		if wanted[one.hash] == nil {
			wanted[one.hash] = map[string]bool{}
			hashes = append(hashes, one.hash[:])
		}
		for i := range one.events {
			if dedup := one.events[i].DedupKey; !wanted[one.hash][dedup] {
				wanted[one.hash][dedup] = true
				at, dedups = append(at, one.hash[:]), append(dedups, dedup)
			}
		}
	}
	questions := &pgx.Batch{}
	questions.Queue(sqlOnePlan)
	questions.Queue(sqlLockKeys, pgx.NamedArgs{"hashes": hashes}).Query(b.readKeys)
	questions.Queue(sqlOpenGroups, pgx.NamedArgs{"hashes": hashes}).Query(b.readGroups)
	questions.Queue(sqlOpenAlerts, pgx.NamedArgs{"hashes": at, "dedups": dedups}).Query(b.readAlerts)
	return tx.SendBatch(ctx, questions).Close()
}

func (b *book) readKeys(rows pgx.Rows) error {
	var k keyRow
	_, err := pgx.ForEachRow(rows, []any{&k.ID, &k.Hash, &k.Name, &k.Policy, &k.Severities, &k.Default, &k.Needs}, func() error {
		one := k
		b.keys[[32]byte(k.Hash)] = &one
		k = keyRow{} // the next one has maps of its own
		return nil
	})
	return err
}

func (b *book) readGroups(rows pgx.Rows) error {
	var hash []byte
	var g group
	_, err := pgx.ForEachRow(rows, append([]any{&hash}, g.columns()...), func() error {
		if k := b.keys[[32]byte(hash)]; k != nil {
			one := g
			one.began(k)
			b.open[k.ID] = &one
		}
		return nil
	})
	return err
}

func (b *book) readAlerts(rows pgx.Rows) error {
	groups := map[int64]*group{}
	for _, g := range b.open {
		groups[g.id] = g
	}
	var hash []byte
	var g group
	var r row
	_, err := pgx.ForEachRow(rows, append([]any{&hash, &r.id, &r.dedup, &r.state, &r.severity, &r.count, &r.firstAt, &r.lastAt, &r.ackedAt}, g.columns()...), func() error {
		k := b.keys[[32]byte(hash)]
		if k == nil {
			return nil
		}
		of := groups[g.id]
		if of == nil {
			one := g
			one.began(k)
			of, groups[g.id] = &one, &one
		}
		one := r
		one.key, one.group = k.ID, of
		b.alerts[name{k.ID, r.dedup}] = &one
		r.ackedAt = nil
		return nil
	})
	return err
}

func (g *group) columns() []any {
	return []any{&g.id, &g.state, &g.severity, &g.title, &g.total, &g.triggered, &g.acknowledged, &g.wasUntold}
}

// began remembers how a group was.
func (g *group) began(k *keyRow) {
	g.key, g.was, g.wasWorst, g.wasQuiet = k, g.state, g.severity, g.severity >= Quiet
}

// write stores what became of a book, and begins and ends hunts.
func (s *Service) write(ctx context.Context, tx pgx.Tx, b *book) error {
	if err := b.insertGroups(ctx, tx); err != nil {
		return err
	}
	changes := &pgx.Batch{}
	b.updateAlerts(changes) // first: what is over gives its name free
	b.insertAlerts(changes)
	b.updateGroups(changes)
	hunted := b.askHunted(changes)
	if changes.Len() > 0 {
		if err := tx.SendBatch(ctx, changes).Close(); err != nil {
			return err
		}
	}
	wakes := false
	for _, g := range b.groups {
		began, err := s.engage(ctx, tx, b, g, hunted[Cause(g.id)])
		if err != nil {
			return err
		}
		wakes = wakes || began || g.wakes()
	}
	if wakes {
		return paging.NotifyDue(ctx, tx)
	}
	return nil
}

// engage begins the hunt for a group, makes it more urgent, or ends it. A hunt goes on, or
// it ended without an answer, and then what is new is one more reason to begin another.
func (s *Service) engage(ctx context.Context, tx pgx.Tx, b *book, g *group, hunted bool) (began bool, err error) {
	if g.over() {
		now, _, err := GetGroup(ctx, tx, g.id)
		if err != nil {
			return false, err
		}
		return false, s.over(ctx, tx, b.now, now, oncall.Actor{})
	}
	if g.rings() && !hunted {
		if began, err = paging.Start(ctx, tx, b.now, g.hunt(s.patience())); began || err != nil {
			return began, err
		}
	}
	if g.worse() {
		err = paging.Retime(ctx, tx, b.now, Cause(g.id), g.slot(), g.severity, s.patience())
	}
	return false, err
}

// askHunted asks which of the groups that ring have a hunt that goes on. A hunt steps and
// ends under the lock of the key, which we hold.
func (b *book) askHunted(changes *pgx.Batch) map[string]bool {
	hunted := map[string]bool{}
	var causes []string
	for _, g := range b.groups {
		if g.was != "" && !g.over() && g.rings() {
			causes = append(causes, Cause(g.id))
		}
	}
	if len(causes) > 0 {
		paging.AskHunted(changes, causes, func(cause string) { hunted[cause] = true })
	}
	return hunted
}

func (b *book) insertGroups(ctx context.Context, tx pgx.Tx) error {
	fresh := map[int64]*group{}
	var c groupColumns
	for _, g := range b.groups {
		if g.was == "" {
			fresh[g.key.ID] = g // a key has one open group, so at most one new one
			c.add(g)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, sqlInsertGroups, c.args(b))
	if err != nil {
		return err
	}
	var id, key int64
	_, err = pgx.ForEachRow(rows, []any{&id, &key}, func() error {
		fresh[key].id = id
		return nil
	})
	return err
}

func (b *book) updateGroups(changes *pgx.Batch) {
	var c groupColumns
	for _, g := range b.groups {
		if g.was != "" {
			c.add(g)
		}
	}
	if len(c.keys) > 0 {
		changes.Queue(sqlUpdateGroups, c.args(b))
	}
}

// insertAlerts writes new alerts, which get their numbers in the order in which they came.
func (b *book) insertAlerts(changes *pgx.Batch) {
	var fresh []*row
	var c alertColumns
	for _, r := range b.rows {
		if r.id == 0 {
			fresh = append(fresh, r)
			c.add(r)
		}
	}
	if len(fresh) == 0 {
		return
	}
	changes.Queue(sqlInsertAlerts, c.args()).Query(func(rows pgx.Rows) error {
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		slices.Sort(ids)
		for i, id := range ids {
			fresh[i].id = id
			for _, taken := range fresh[i].takens {
				taken.Alert = id
			}
		}
		return nil
	})
}

func (b *book) updateAlerts(changes *pgx.Batch) {
	var c alertColumns
	for _, r := range b.rows {
		if r.id != 0 {
			c.add(r)
		}
	}
	if len(c.ids) > 0 {
		changes.Queue(sqlUpdateAlerts, c.args())
	}
}
