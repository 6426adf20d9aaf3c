package oncall_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

func TestAnInvitationLetsAStrangerIn(t *testing.T) {
	tx := pgtest.Tx(t)
	d, admin := desk(t, tx), known(t, tx, "maria")
	d.Queue, d.Networks = &asked{}, []string{"libera"}
	i, code, err := d.Invite(ctx, admin, []string{"package fixing", "qa", "pf"}, " met at the conference ")
	must(t, err)
	if len(code) != 8 || strings.Join(i.Roles, " ") != "package-fixing quality-assurance" || i.Note != "met at the conference" || !i.ExpiresAt.Equal(noon.Add(14*24*time.Hour)) {
		t.Errorf("%q, %+v", code, i)
	}
	if n := get[int](t, tx, `select count(*) from invitation where encode(hash, 'escape') like '%' || $1 || '%'`, code); n != 0 {
		t.Error("the code itself is stored")
	}
	_, err = d.Accept(ctx, stranger(""), code, "yes")
	refused(t, err, fault.Forbidden)
	members, err := d.Accept(ctx, stranger("Noor"), strings.ToLower(" "+code), "yes, ring me")
	must(t, err)
	if len(members) != 2 || !members[0].Active() || members[0].Person.Handle != "noor" || activeIn(t, tx, "quality-assurance") != "noor" {
		t.Errorf("%+v", members)
	}
	noor := members[0].Person.ID
	if of, err := oncall.ConsentsOf(ctx, tx, noor); err != nil || of[noor].Words != "yes, ring me" || of[noor].Account != "Noor" {
		t.Errorf("%+v, %v", of, err)
	}
	wantConsent(t, tx, "invited noor package-fixing by maria at /", "agreed noor package-fixing by noor at libera/Noor",
		"invited noor quality-assurance by maria at /", "agreed noor quality-assurance by noor at libera/Noor")
	if told := get[string](t, tx, `select text from notice where account = 'maria'`); !strings.Contains(told, "noor accepted your invitation") {
		t.Error(told)
	}
	// It works once.
	_, err = d.Accept(ctx, stranger("zed"), code, "")
	refused(t, err, fault.NotFound)
	_, err = d.Revoke(ctx, admin, i.ID)
	refused(t, err, fault.Conflict)
	if _, found, _ := oncall.PersonByAccount(ctx, tx, "libera", "zed"); found {
		t.Error("a refused yes made a person")
	}
	list, err := d.Invitations(ctx)
	if err != nil || len(list) != 1 || list[0].Standing(noon) != "accepted by noor" {
		t.Errorf("%+v, %v", list, err)
	}
	if entries, err := audit.List(ctx, tx, audit.Query{Kind: "invitation"}); err != nil || len(entries) != 2 || entries[0].Handle != "noor" {
		t.Errorf("%+v, %v", entries, err)
	}
}

func TestInvitationsEnd(t *testing.T) {
	tx := pgtest.Tx(t)
	d, admin := desk(t, tx), known(t, tx, "maria")
	now := noon
	d.Now = func() time.Time { return now }
	_, _, err := d.Invite(ctx, admin, nil, "")
	refused(t, err, fault.Invalid)
	_, _, err = d.Invite(ctx, admin, []string{"baking"}, "")
	refused(t, err, fault.NotFound)
	_, _, err = d.Invite(ctx, admin, []string{"qa"}, strings.Repeat("x", 301))
	refused(t, err, fault.Invalid)

	i, code, err := d.Invite(ctx, admin, []string{"qa"}, "")
	must(t, err)
	_, old, err := d.Invite(ctx, oncall.Actor{Network: "cli"}, []string{"qa"}, "")
	must(t, err)
	if back, err := d.Revoke(ctx, admin, i.ID); err != nil || back.Standing(now) != "taken back" {
		t.Errorf("%+v, %v", back, err)
	}
	_, err = d.Accept(ctx, stranger("zed"), code, "")
	refused(t, err, fault.NotFound)
	_, err = d.Revoke(ctx, admin, 999)
	refused(t, err, fault.NotFound)
	now = noon.Add(14 * 24 * time.Hour)
	_, err = d.Accept(ctx, stranger("zed"), old, "")
	refused(t, err, fault.NotFound)
	now = now.Add(-time.Microsecond)
	_, err = d.Accept(ctx, stranger("zed"), old, "")
	must(t, err)
}

// Of several who have the same code, one comes in.
func TestTwoPeopleRaceWithOneInvitation(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	d, admin := desk(t, db), known(t, db, "maria")
	_, code, err := d.Invite(ctx, admin, []string{"qa"}, "")
	must(t, err)
	errs := make([]error, 6)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = d.Accept(ctx, stranger("volunteer"+string(rune('a'+i))), code, "") })
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			refused(t, err, fault.NotFound)
		}
	}
	if n := get[int](t, db, `select count(*) from person`); won != 1 || n != 2 {
		t.Errorf("%d won, %d people", won, n)
	}
}
