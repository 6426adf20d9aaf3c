package oncall_test

import (
	"sync"
	"testing"
	"time"

	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

func TestLinkCodeBindsAnotherAccountOnce(t *testing.T) {
	tx := pgtest.Tx(t)
	d, maria := desk(t, tx), known(t, tx, "maria")
	code, expires, err := d.LinkCode(ctx, maria.PersonID)
	must(t, err)
	if !expires.Equal(noon.Add(10 * time.Minute)) {
		t.Errorf("until %v", expires)
	}
	if n := get[int](t, tx, `select count(*) from link_code where encode(hash, 'escape') like '%' || $1 || '%'`, code); n != 0 {
		t.Error("the code itself is stored")
	}
	p, err := d.Link(ctx, oncall.Actor{Network: "oftc", Account: "mo"}, code)
	if err != nil || p.ID != maria.PersonID {
		t.Errorf("%+v, %v", p, err)
	}
	if p, found, err := oncall.PersonByAccount(ctx, tx, "oftc", "mo"); err != nil || !found || p.Handle != "maria" {
		t.Errorf("%+v, %v, %v", p, found, err)
	}
	_, err = d.Link(ctx, oncall.Actor{Network: "slack", Account: "mo"}, code)
	refused(t, err, fault.NotFound)
	_, err = d.Link(ctx, oncall.Actor{Network: "slack", Account: "mo"}, "")
	refused(t, err, fault.NotFound)
}

func TestLinkCodeExpires(t *testing.T) {
	tx := pgtest.Tx(t)
	d, maria := desk(t, tx), known(t, tx, "maria")
	code, expires, err := d.LinkCode(ctx, maria.PersonID)
	must(t, err)
	now := expires
	d.Now = func() time.Time { return now }
	_, err = d.Link(ctx, oncall.Actor{Network: "oftc", Account: "mo"}, code)
	refused(t, err, fault.NotFound)
	now = expires.Add(-time.Microsecond)
	_, err = d.Link(ctx, oncall.Actor{Network: "oftc", Account: "mo"}, code)
	must(t, err)
}

// An account that is somebody's already stays theirs, and the code is not spent.
func TestLinkDoesNotTakeAnAccountAway(t *testing.T) {
	tx := pgtest.Tx(t)
	d, maria, jan := desk(t, tx), known(t, tx, "maria"), known(t, tx, "jan")
	code, _, err := d.LinkCode(ctx, maria.PersonID)
	must(t, err)
	_, err = d.Link(ctx, jan, code)
	refused(t, err, fault.Conflict)
	_, err = d.Link(ctx, maria, code) // the very account that it was made with
	refused(t, err, fault.Conflict)
	if p, _, err := oncall.PersonByAccount(ctx, tx, "libera", "jan"); err != nil || p.ID != jan.PersonID {
		t.Errorf("%+v, %v", p, err)
	}
	_, err = d.Link(ctx, oncall.Actor{Network: "oftc", Account: "mo"}, code)
	must(t, err)
}

func TestTwoPeopleRaceWithOneCode(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	d, maria := desk(t, db), known(t, db, "maria")
	for round := range 10 {
		code, _, err := d.LinkCode(ctx, maria.PersonID)
		must(t, err)
		network := string(rune('a' + round))
		errs := make([]error, 4)
		var start, done sync.WaitGroup
		start.Add(1)
		for i := range errs {
			done.Go(func() {
				start.Wait()
				_, errs[i] = d.Link(ctx, oncall.Actor{Network: network, Account: string(rune('a' + i))}, code)
			})
		}
		start.Done()
		done.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				refused(t, err, fault.NotFound)
			}
		}
		if n := get[int](t, db, `select count(*) from account where network = $1`, network); won != 1 || n != 1 {
			t.Fatalf("%d won, %d accounts were bound", won, n)
		}
	}
}

func TestBindAccount(t *testing.T) {
	tx := pgtest.Tx(t)
	maria, jan := known(t, tx, "maria"), known(t, tx, "jan")
	bind := func(person int64, network, name string) error {
		return oncall.BindAccount(ctx, tx, noon, person, oncall.Account{Network: network, Name: name})
	}
	refused(t, bind(jan.PersonID, "libera", "maria"), fault.Conflict)
	refused(t, bind(jan.PersonID, "libera", "MARIA"), fault.Conflict)
	refused(t, bind(maria.PersonID, "libera", "maria"), fault.Conflict)
	must(t, bind(jan.PersonID, "oftc", "maria"))
	// The sign of a unit is not the letter k: else an account could be taken by one
	// that only looks like it.
	must(t, bind(jan.PersonID, "oftc", "\u212aevin"))
	if _, found, err := oncall.PersonByAccount(ctx, tx, "oftc", "kevin"); found || err != nil {
		t.Errorf("kevin on oftc is bound to somebody who is not kevin (%v)", err)
	}
	many, err := oncall.AccountsOfMany(ctx, tx, []int64{maria.PersonID, jan.PersonID, 999})
	must(t, err)
	if len(many) != 2 || len(many[jan.PersonID]) != 3 || many[maria.PersonID][0].Name != "maria" {
		t.Errorf("%v", many)
	}
}

func TestAddPersonRefusesWhatCannotBe(t *testing.T) {
	tx := pgtest.Tx(t)
	known(t, tx, "maria")
	for _, c := range []struct {
		p    oncall.Person
		kind fault.Kind
	}{
		{oncall.Person{Handle: "maria", Zone: "UTC"}, fault.Conflict},
		{oncall.Person{Handle: "Maria", Zone: "UTC"}, fault.Invalid},
		{oncall.Person{Handle: "", Zone: "UTC"}, fault.Invalid},
		{oncall.Person{Handle: "x y", Zone: "UTC"}, fault.Invalid},
		{oncall.Person{Handle: "x", Zone: ""}, fault.Invalid},
		{oncall.Person{Handle: "x", Zone: "Local"}, fault.Invalid},
		{oncall.Person{Handle: "x", Zone: "UTC", Name: string(make([]rune, 81))}, fault.Invalid},
	} {
		_, err := oncall.AddPerson(ctx, tx, noon, c.p)
		refused(t, err, c.kind)
	}
}

func TestMarkHeardNeverRunsBackwards(t *testing.T) {
	tx := pgtest.Tx(t)
	maria := known(t, tx, "maria")
	for _, when := range []time.Time{noon, noon.Add(time.Second), noon.Add(-time.Hour)} {
		must(t, oncall.MarkHeard(ctx, tx, when, maria.PersonID))
	}
	p, err := oncall.PersonByID(ctx, tx, maria.PersonID)
	if err != nil || !p.HeardAt.Equal(noon.Add(time.Second)) {
		t.Errorf("%v, %v", p.HeardAt, err)
	}
}

func TestSyncRolesRetiresAndBringsBack(t *testing.T) {
	tx := pgtest.Tx(t)
	d, admin := desk(t, tx), known(t, tx, "maria")
	_, err := d.Join(ctx, admin, "coordination", oncall.Hours{})
	must(t, err)
	_, err = d.Add(ctx, admin, "maria", "coordination")
	must(t, err)
	must(t, oncall.SyncRoles(ctx, tx, noon, oncall.DefaultRoles()[1:]))
	if roles, err := oncall.ActiveRoles(ctx, tx, admin.PersonID); err != nil || len(roles) != 0 {
		t.Errorf("rung for a role that is no more: %v, %v", roles, err)
	}
	_, err = oncall.FindRole(ctx, tx, "coordination")
	refused(t, err, fault.NotFound)
	must(t, oncall.SyncRoles(ctx, tx, noon, oncall.DefaultRoles()))
	if roles, err := oncall.ActiveRoles(ctx, tx, admin.PersonID); err != nil || len(roles) != 1 {
		t.Errorf("%v, %v", roles, err)
	}
}
