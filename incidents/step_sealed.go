package incidents

import (
	"slices"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/duty"
	"batsignal/oncall/paging"
)

// One statement for everybody: a role may have a thousand people who are reached by sealed
// addresses only.
const sqlSealedOnly = `
	select l.id from unnest(@people::bigint[]) as l (id)
		left join lateral (select t.routes from consent t where t.person_id = l.id order by t.version desc limit 1) agreed on true
		cross join lateral (select coalesce(agreed.routes, '{}') as kinds) k
	where exists (select from contact c where c.person_id = l.id and c.sealed and c.kind = any (@routes)
			and c.proven_at is not null and c.suspended_at is null and c.fault = '' and (k.kinds = '{}' or c.kind = any (k.kinds)))
		and not exists (select from contact c where c.person_id = l.id and not c.sealed and c.kind = any (@routes)
			and c.proven_at is not null and c.suspended_at is null and c.fault = '' and (k.kinds = '{}' or c.kind = any (k.kinds)))
		and not exists (select from account a where a.person_id = l.id and a.network = any (@routes) and (k.kinds = '{}' or 'chat' = any (k.kinds)))
		and not exists (select from incident i where i.id = @incident and i.status = 'open' and i.severity = 1 and i.unsealed_until > @now)`

// onlySealed is why somebody is not rung for now. It ends with the word of two people, upon
// which hunts look again at once.
const onlySealed duty.Reason = "reached by a sealed address only"

// withoutSealed leaves out whoever was not rung yet and is reached by sealed addresses only,
// while nobody has had them opened: a page would reach nobody, and the hunt would go through
// all of them at once and have nobody left to ring when they may be.
func (c *change) withoutSealed(e paging.Escalation, inc Incident, all []paging.Candidate) ([]paging.Candidate, []duty.LeftOut, error) {
	if _, isRole := e.Slot.Role(); !isRole || c.Switchboard == nil {
		return all, nil, nil
	}
	var people []int64
	for _, one := range all {
		if one.Round == 0 && one.State == "" {
			people = append(people, one.PersonID)
		}
	}
	if len(people) == 0 {
		return all, nil, nil
	}
	rows, err := c.tx.Query(c.ctx, sqlSealedOnly, pgx.NamedArgs{
		"people": people, "incident": inc.ID, "now": c.now, "routes": c.that(func(paging.Traits) bool { return true }),
	})
	if err != nil {
		return nil, nil, err
	}
	sealed, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(sealed) == 0 {
		return all, nil, err
	}
	slices.Sort(sealed)
	var left []duty.LeftOut
	return slices.DeleteFunc(all, func(one paging.Candidate) bool {
		_, found := slices.BinarySearch(sealed, one.PersonID)
		if found {
			left = append(left, duty.LeftOut{Person: one.PersonID, Handle: one.Handle, Reason: onlySealed})
		}
		return found
	}), left, nil
}
