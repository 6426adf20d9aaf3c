package oncall_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"pgregory.net/rapid"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
)

// consent is what the record says, oldest first: "agreed maria coordination by maria".
func consent(t testing.TB, db pg.DB) string {
	t.Helper()
	rows, err := db.Query(ctx, `
		select c.act || ' ' || p.handle || ' ' || c.role || ' by ' || coalesce(b.handle, '?') || ' at ' || c.network || '/' || c.account
		from consent_entry c join person p on p.id = c.person_id left join person b on b.id = c.by_person order by c.id`)
	must(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	return strings.Join(lines, "\n")
}

func wantConsent(t testing.TB, db pg.DB, want ...string) {
	t.Helper()
	if got := consent(t, db); got != strings.Join(want, "\n") {
		t.Errorf("the record says\n%s", got)
	}
}

func activeIn(t testing.TB, db pg.DB, role string) string {
	t.Helper()
	members, err := oncall.MembersOf(ctx, db, role)
	must(t, err)
	var handles []string
	for _, m := range oncall.Order(members, noon) {
		handles = append(handles, m.Person.Handle)
	}
	return strings.Join(handles, " ")
}

func TestAYesThenALetIn(t *testing.T) {
	tx := pgtest.Tx(t)
	d, admin := desk(t, tx), known(t, tx, "maria")
	m, err := d.Join(ctx, stranger("Jan"), "coord", oncall.Hours{Zone: "Europe/Prague"})
	must(t, err)
	if m.Active() || m.Role != "coordination" || m.Person.Handle != "jan" || m.Standing() != "said yes, waits for an admin" {
		t.Errorf("%+v", m)
	}
	if got := activeIn(t, tx, "coordination"); got != "" {
		t.Errorf("%s can be rung on their own word alone", got)
	}
	m, err = d.Add(ctx, admin, "jan", "coordination")
	must(t, err)
	if !m.Active() || activeIn(t, tx, "coordination") != "jan" {
		t.Errorf("%+v", m)
	}
	// Saying yes again is harmless.
	if m, err = d.Join(ctx, oncall.Actor{PersonID: m.Person.ID, Handle: "jan", Network: "libera", Account: "Jan"}, "coordination", oncall.Hours{}); err != nil || !m.Active() {
		t.Errorf("%+v, %v", m, err)
	}
	wantConsent(t, tx, "agreed jan coordination by jan at libera/Jan", "approved jan coordination by maria at libera/maria",
		"agreed jan coordination by jan at libera/Jan")
}

func TestALetInThenAYes(t *testing.T) {
	tx := pgtest.Tx(t)
	d, admin, jan := desk(t, tx), known(t, tx, "maria"), known(t, tx, "jan")
	q := &asked{}
	d.Queue, d.Networks = q, []string{"libera"}
	m, err := d.Add(ctx, admin, "@jan", "coordination")
	must(t, err)
	if m.Active() || m.Standing() != "asked, has not answered" || activeIn(t, tx, "coordination") != "" {
		t.Errorf("%+v", m)
	}
	question := get[string](t, tx, `select text from notice where network = 'libera' and account = 'jan' and kind = 'say'`)
	if !strings.HasPrefix(question, "Roster: maria asks") || !strings.Contains(question, "!roster join coordination") || q.jobs != 1 {
		t.Errorf("%q, %d jobs", question, q.jobs)
	}
	if m, err = d.Join(ctx, jan, "coordination", oncall.Hours{}); err != nil || !m.Active() || m.Standing() != "yes" {
		t.Errorf("%+v, %v", m, err)
	}
	wantConsent(t, tx, "asked jan coordination by maria at libera/maria", "agreed jan coordination by jan at libera/jan")
}

func TestLeavingIsAtOnceAndComplete(t *testing.T) {
	tx := pgtest.Tx(t)
	d, admin, jan := desk(t, tx), known(t, tx, "maria"), known(t, tx, "jan")
	join := func(role string) {
		t.Helper()
		_, err := d.Join(ctx, jan, role, oncall.Hours{})
		must(t, err)
		_, err = d.Add(ctx, admin, "jan", role)
		must(t, err)
	}
	join("coordination")
	join("communications")
	ended, err := d.Remove(ctx, jan, "jan", "coordination")
	must(t, err)
	if len(ended) != 1 || activeIn(t, tx, "coordination") != "" || activeIn(t, tx, "communications") != "jan" {
		t.Errorf("ended %v", ended)
	}
	// Both the yes and the letting in are gone: each has to be given again.
	if m, err := d.Add(ctx, admin, "jan", "coordination"); err != nil || m.Active() {
		t.Errorf("%+v, %v", m, err)
	}
	if ended, err = d.Remove(ctx, admin, "jan", ""); err != nil || len(ended) != 2 {
		t.Errorf("%v, %v", ended, err)
	}
	roles, err := oncall.ActiveRoles(ctx, tx, jan.PersonID)
	must(t, err)
	if len(roles) != 0 {
		t.Errorf("still rung for %v", roles)
	}
	_, err = d.Remove(ctx, jan, "jan", "coordination")
	refused(t, err, fault.NotFound)
	got := consent(t, tx)
	if !strings.Contains(got, "left jan coordination by jan") || !strings.Contains(got, "removed jan communications by maria") {
		t.Error(got)
	}
}

// Who leaves while they are rung is not rung any more, and not waited for.
func TestLeavingWhileRung(t *testing.T) {
	tx := pgtest.Tx(t)
	d, admin, jan := desk(t, tx), known(t, tx, "maria"), known(t, tx, "jan")
	_, err := d.Join(ctx, jan, "coordination", oncall.Hours{})
	must(t, err)
	_, err = d.Add(ctx, admin, "jan", "coordination")
	must(t, err)
	e := paging.Escalation{Cause: "incident:1", Slot: paging.RoleSlot("coordination"), Why: "fire", Severity: 1, Patience: time.Minute}
	_, err = paging.Start(ctx, tx, noon, e)
	must(t, err)
	e, _, err = paging.HuntFor(ctx, tx, e.Cause, e.Slot)
	must(t, err)
	s := paging.Step{Ring: []paging.Candidate{{PersonID: jan.PersonID}}, Round: 1, Wait: time.Minute}
	_, err = paging.Ring(ctx, tx, noon, []paging.Traits{{Name: "libera"}}, e, s)
	must(t, err)
	must(t, paging.Advance(ctx, tx, noon, e, s))

	_, err = d.Remove(ctx, jan, "jan", "coordination")
	must(t, err)
	if state := get[string](t, tx, `select state from delivery`); state != "cancelled" {
		t.Errorf("what was on its way is %s", state)
	}
	if _, due, err := paging.PeekDue(ctx, tx, noon); err != nil || !due {
		t.Errorf("the hunt still waits for them: %v", err)
	}
	if open, err := paging.OpenFor(ctx, tx, jan.PersonID); err != nil || len(open) != 1 {
		t.Errorf("they cannot answer any more: %v, %v", open, err)
	}
}

// Who leaves their last role is not rung for anything any more: not by name, and not for
// a role whose policy named them. Who has another yes may be meant by it.
func TestLeavingTheLastRoleWhileRungForAnother(t *testing.T) {
	tx := pgtest.Tx(t)
	d, jan := desk(t, tx), known(t, tx, "jan")
	agreedAndLetIn(t, d, tx, jan, "coordination", "communications")
	for _, slot := range []paging.Slot{paging.PersonSlot("jan"), paging.RoleSlot("package-fixing")} {
		e := paging.Escalation{Cause: "incident:1", Slot: slot, Why: "fire", Severity: 1, Patience: time.Minute}
		_, err := paging.Start(ctx, tx, noon, e)
		must(t, err)
		e, _, err = paging.HuntFor(ctx, tx, e.Cause, e.Slot)
		must(t, err)
		s := paging.Step{Ring: []paging.Candidate{{PersonID: jan.PersonID}}, Round: 1, Wait: time.Minute}
		_, err = paging.Ring(ctx, tx, noon, []paging.Traits{{Name: "libera"}}, e, s)
		must(t, err)
		must(t, paging.Advance(ctx, tx, noon, e, s))
	}
	states := func() string { return get[string](t, tx, `select string_agg(distinct state, ' ') from delivery`) }
	_, err := d.Remove(ctx, jan, "jan", "communications")
	must(t, err)
	if got := states(); got != "queued" {
		t.Errorf("with another yes what is on its way is %s", got)
	}
	_, err = d.Remove(ctx, jan, "jan", "coordination")
	must(t, err)
	if got := states(); got != "cancelled" {
		t.Errorf("what was on its way is %s", got)
	}
}

// Whatever is done in whatever order, somebody is rung only while both their own
// yes and an admin's word stand.
func TestNobodyIsRungWithoutBoth(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	d, admin, jan := desk(t, db), known(t, db, "maria"), known(t, db, "jan")
	rapid.Check(t, func(rt *rapid.T) {
		_, _ = d.Remove(ctx, jan, "jan", "")
		agreed, approved := false, false
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			var err error
			switch rapid.SampledFrom([]string{"join", "add", "leave", "remove"}).Draw(rt, "act") {
			case "join":
				_, err = d.Join(ctx, jan, "package-fixing", oncall.Hours{})
				agreed = true
			case "add":
				_, err = d.Add(ctx, admin, "jan", "package-fixing")
				approved = true
			case "leave":
				_, err = d.Remove(ctx, jan, "jan", "package-fixing")
				agreed, approved = false, false
			case "remove":
				_, err = d.Remove(ctx, admin, "jan", "package-fixing")
				agreed, approved = false, false
			}
			if err != nil && fault.KindOf(err) != fault.NotFound {
				rt.Fatal(err)
			}
			if got := activeIn(t, db, "package-fixing") == "jan"; got != (agreed && approved) {
				rt.Fatalf("agreed %v, approved %v, rung %v", agreed, approved, got)
			}
		}
	})
}

func TestAnOpenDoorNeedsNoAdmin(t *testing.T) {
	tx := pgtest.Tx(t)
	d, admin := desk(t, tx), known(t, tx, "maria")
	d.OpenDoor = true
	m, err := d.Join(ctx, stranger("jan"), "coordination", oncall.Hours{})
	if err != nil || !m.Active() {
		t.Errorf("%+v, %v", m, err)
	}
	// But nobody is let in without their own yes.
	if m, err = d.Add(ctx, admin, "lena", "coordination"); err != nil || m.Active() {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestStrangersBecomePeople(t *testing.T) {
	tx := pgtest.Tx(t)
	d := desk(t, tx)
	known(t, tx, "maria")
	_, err := d.Join(ctx, stranger(""), "coordination", oncall.Hours{})
	refused(t, err, fault.Forbidden)
	// Another account of the same spelling elsewhere is another person.
	m, err := d.Join(ctx, oncall.Actor{Network: "oftc", Account: "Maria"}, "coordination", oncall.Hours{})
	if err != nil || m.Person.Handle != "maria-2" {
		t.Errorf("%+v, %v", m.Person, err)
	}
	p, found, err := oncall.PersonByAccount(ctx, tx, "oftc", "maria")
	if err != nil || !found || p.Handle != "maria-2" {
		t.Errorf("%+v, %v", p, err)
	}
	// An admin may add somebody by the account they use here.
	if m, err = d.Add(ctx, oncall.Actor{Network: "libera", Account: "root"}, "@Newcomer", "coordination"); err != nil || m.Person.Handle != "newcomer" {
		t.Errorf("%+v, %v", m, err)
	}
	if p, found, err = oncall.PersonByAccount(ctx, tx, "libera", "newcomer"); err != nil || !found || p.ID != m.Person.ID {
		t.Errorf("%+v, %v, %v", p, found, err)
	}
	_, err = d.Join(ctx, stranger("x"), "no-such-role", oncall.Hours{})
	refused(t, err, fault.NotFound)
	if _, found, _ := oncall.PersonByAccount(ctx, tx, "libera", "x"); found {
		t.Error("a refused wish made a person")
	}
}

func TestHoursAreCheckedWhenTheyAreStored(t *testing.T) {
	tx := pgtest.Tx(t)
	d, jan := desk(t, tx), known(t, tx, "jan")
	six, ten := 360, 1320
	m, err := d.Join(ctx, jan, "coordination", oncall.Hours{Zone: "Asia/Tokyo", Wakes: &six, Sleeps: &ten})
	must(t, err)
	p, err := oncall.PersonByHandle(ctx, tx, "jan")
	must(t, err)
	if p != m.Person || p.Zone != "Asia/Tokyo" || p.Wakes != 360 || p.Sleeps != 1320 {
		t.Errorf("%+v, %+v", p, m.Person)
	}
	for _, zone := range []string{"Mars/Olympus", "Local", "../etc/passwd", "/etc/localtime", strings.Repeat("x", 100), "Europe/Berlin\x00"} {
		_, err := d.Join(ctx, jan, "coordination", oncall.Hours{Zone: zone})
		refused(t, err, fault.Invalid)
	}
	if p, err = oncall.PersonByHandle(ctx, tx, "jan"); err != nil || p.Zone != "Asia/Tokyo" {
		t.Errorf("%+v, %v", p, err)
	}
}

// The record of consent cannot be edited: not by the bot, not by the owner of the
// tables, and not emptied either.
func TestConsentIsAppendOnly(t *testing.T) {
	db := pgtest.Fresh(t)
	d := desk(t, db.Pool)
	_, err := d.Join(ctx, stranger("jan"), "coordination", oncall.Hours{})
	must(t, err)
	owner, err := pgx.Connect(ctx, db.OwnerDSN)
	must(t, err)
	defer owner.Close(ctx)
	before := consent(t, db.Pool)
	for who, conn := range map[string]pg.DB{"the bot": db.Pool, "the owner": owner} {
		for _, sql := range []string{
			`update consent_entry set act = 'left'`, `update consent_entry set act = 'left' where false`,
			`delete from consent_entry`, `truncate consent_entry`, `truncate consent_entry cascade`,
		} {
			if _, err := conn.Exec(ctx, sql); err == nil {
				t.Errorf("%s may %s", who, sql)
			}
		}
	}
	if _, err := db.Pool.Exec(ctx, `alter table consent_entry disable trigger all`); err == nil {
		t.Error("the bot may switch the rule off")
	}
	if consent(t, db.Pool) != before {
		t.Error("the record has changed")
	}
}

// A question that cannot be queued is not asked, and then nobody was added.
func TestAddIsOneTransaction(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	d, admin := desk(t, db), known(t, db, "maria")
	known(t, db, "jan")
	d.Queue, d.Networks = &asked{err: errors.New("no queue")}, []string{"libera"}
	if _, err := d.Add(ctx, admin, "jan", "coordination"); err == nil {
		t.Fatal("no error")
	}
	if n := get[int](t, db, `select (select count(*) from membership) + (select count(*) from consent_entry) + (select count(*) from notice)`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

// asked is a queue that counts, or fails.
type asked struct {
	jobs int
	err  error
}

var _ notice.Queue = (*asked)(nil)

func (q *asked) InsertTx(context.Context, pgx.Tx, river.JobArgs, *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	q.jobs++
	return nil, q.err
}

func (q *asked) InsertManyTx(_ context.Context, _ pgx.Tx, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error) {
	q.jobs += len(params)
	return nil, q.err
}
