package incidents_test

import (
	"fmt"
	"testing"

	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// Anybody with an account may say yes to a role. Before an admin lets them in, no phone
// rings for them: the number may be a stranger's, or one that costs.
func TestAStrangerHasNoPhoneRung(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	s.phones()
	closed := &oncall.Desk{DB: s.db, Now: s.Now}
	_, err := closed.Join(ctx, oncall.Actor{Network: network, Account: "mallory", Handle: "mallory", Room: home}, "fix", oncall.Hours{})
	s.must(err)
	p, _, err := oncall.PersonByAccount(ctx, s.db, network, "mallory")
	s.must(err)
	mallory := oncall.Actor{PersonID: p.ID, Handle: p.Handle, Network: network, Account: "mallory"}
	for _, kind := range []string{"voice", "sms"} {
		one, err := contact.Add(ctx, s.db, s.Now(), p.ID, kind, secret.New("+15550100777"))
		s.must(err)
		_, err = s.svc.Prove(ctx, mallory, one.ID, contact.PurposeProof)
		s.refused(err, fault.Forbidden)
	}
	_, err = closed.Add(ctx, s.as("ada"), "mallory", "fix")
	s.must(err)
	list, err := contact.Of(ctx, s.db, p.ID)
	s.must(err)
	_, err = s.svc.Prove(ctx, mallory, list[0].ID, contact.PurposeProof)
	s.must(err)
}

// How many codes go to a number is counted by the number: whoever removes it and adds it
// again, or has others do so, has no more of them.
func TestCodesAreCountedByAddress(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	s.phones()
	sent := 0
	for _, who := range []string{"bea", "cem"} {
		for range 4 {
			one, err := contact.Add(ctx, s.db, s.Now(), s.ids[who], "voice", secret.New("+15550100777"))
			if fault.KindOf(err) == fault.Conflict {
				one = get1(s, who)
			} else {
				s.must(err)
			}
			if _, err := s.svc.Prove(ctx, s.as(who), one.ID, contact.PurposeProof); err == nil {
				sent++
			} else {
				s.refused(err, fault.Limited)
			}
		}
	}
	if sent != 3 {
		t.Errorf("%d calls within the hour", sent)
	}
}

func get1(s *scene, who string) contact.Contact {
	list, err := contact.Of(ctx, s.db, s.ids[who])
	s.must(err)
	return list[0]
}

// While somebody tries out codes by mail, whoever answers the letter that they got is
// heard: its name is sealed, and nobody guesses it.
func TestGuessesLockNobodyOutOfMail(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	mail := &operator{name: "mail", has: map[string]bool{}}
	s.svc.Routes = append(s.svc.Routes, paging.Traits{Name: "mail"})
	s.pager.Routes["mail"] = mail
	s.pager.Worker.Routes = append(s.pager.Worker.Routes, "mail")
	_, err := contact.AddProven(ctx, s.db, s.Now(), s.ids["bea"], "mail", secret.New("bea@example.org"))
	s.must(err)
	s.light("ada", "cem", fire())
	s.settle()
	m := mail.take()[0]
	for range 80 {
		s.says(paging.Reply{Route: "mail", Text: "ack ZZZZZ"})
	}
	if say := s.says(paging.Reply{Route: "mail", Text: "ack " + m.Code}); s.pageState(m.Page) != "open" {
		t.Errorf("a code from anywhere answers: %s", say)
	}
	if say := s.says(paging.Reply{Route: "mail", Key: m.Key, Text: "ack " + m.Code}); s.pageState(m.Page) != "acked" {
		t.Errorf("bea answers her letter, and the page is %s: %s", s.pageState(m.Page), say)
	}
}

// The same of a code that proves an address: as an answer to the letter that had it, it
// counts.
func TestGuessesLockNobodyOutOfProofs(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	s.svc.Routes = append(s.svc.Routes, paging.Traits{Name: "mail"})
	one, err := contact.Add(ctx, s.db, s.Now(), s.ids["bea"], "mail", secret.New("bea@example.org"))
	s.must(err)
	_, err = s.svc.Prove(ctx, s.as("bea"), one.ID, contact.PurposeProof)
	s.must(err)
	proof, code := get[int64](t, s.db, `select max(id) from contact_proof`), get[string](t, s.db, `select code from contact_proof`)
	for range 80 {
		s.says(paging.Reply{Route: "mail", Text: "ZZZZZ"})
	}
	proven := func() bool {
		return get[bool](t, s.db, `select proven_at is not null from contact where kind = 'mail'`)
	}
	if say := s.says(paging.Reply{Route: "mail", Text: code}); proven() {
		t.Errorf("a code from anywhere proves: %s", say)
	}
	if say := s.says(paging.Reply{Route: "mail", Key: paging.ProofKey(proof), Text: "thanks, " + code}); !proven() {
		t.Errorf("bea answers her letter, and is not believed: %s", say)
	}
}

// A provider speaks of its own messages only: a click at one proves no address of another.
func TestAProviderProvesItsOwnAddressesOnly(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	s.phones()
	one, err := contact.Add(ctx, s.db, s.Now(), s.ids["bea"], "sms", secret.New("+15550100999"))
	s.must(err)
	_, err = s.svc.Prove(ctx, s.as("bea"), one.ID, contact.PurposeProof)
	s.must(err)
	proof := get[int64](t, s.db, `select max(id) from contact_proof`)
	for _, route := range []string{"pagerduty", "webhook", "voice"} {
		s.says(paging.Reply{Route: route, Key: paging.ProofKey(proof), Account: "PXYZ", Means: paging.PageAcked})
		s.must(s.svc.Receipt(ctx, paging.Receipt{Route: route, Event: "E1", Key: paging.ProofKey(proof), News: paging.NewsDelivered}))
	}
	if n := get[int](t, s.db, `select count(*) from contact_proof where state in ('done', 'delivered')`); n != 0 {
		t.Error("the number counts as proven, or the code as delivered")
	}
}

// A stranger who writes STOP again and again is not answered each time, which costs.
func TestAStrangersStopIsNotAnsweredForEver(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	s.phones()
	for i := range 3 {
		out, err := s.svc.Reply(ctx, paging.Reply{Route: "sms", Event: fmt.Sprint(i), From: secret.New("+15550100123"), Text: "stop."})
		s.must(err)
		if out.Done {
			t.Error("it counts as an answer to something")
		}
	}
}
