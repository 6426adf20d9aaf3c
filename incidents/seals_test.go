package incidents_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/escrow/escrowtest"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// sealing gives a scene a keyring, and the bot's key of it.
func (s *scene) sealing() escrowtest.Ring {
	s.Helper()
	r := escrowtest.New(s, 1).InForce(s, s.db, s.Now())
	s.svc.Seals = &contact.Halves{Keys: []escrow.PrivateKey{r.Bot}}
	return r
}

// sealed gives somebody a sealed number, which a code is sent to.
func (s *scene) sealed(r escrowtest.Ring, handle, kind string) contact.Contact {
	s.Helper()
	one, say, _, err := s.svc.AddSealed(ctx, s.as(handle), r.Seal(s, s.ids[handle], kind, "+442071838750"))
	s.must(err)
	if strings.Contains(say, "7183") || !strings.HasPrefix(say, "Your sealed ") {
		s.Error(say)
	}
	return one
}

// dialler is a route of the switchboard's: it looks at the half that it is given, while it
// is given it.
type dialler struct {
	*hangUp
	halves   []int
	released []int
	count    func() int
}

func (d *dialler) Send(ctx context.Context, m paging.Message) (paging.Handed, error) {
	if m.Sealed != nil {
		d.halves, d.released = append(d.halves, m.Sealed.Half.Len()), append(d.released, d.count())
	}
	return d.hangUp.Send(ctx, m)
}

func (s *scene) dialler(p *operator) *dialler {
	return &dialler{hangUp: &hangUp{operator: p}, count: func() int { return get[int](s, s.db, `select count(*) from sealed_release`) }}
}

// From a sealed number to one that is proven: the bot never has it, gives out its half for
// the code alone, writes that down first, and wipes it.
func TestACodeGoesToASealedNumber(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	sms, _ := s.phones()
	r := s.sealing()
	if _, _, err := s.svc.AddContact(ctx, s.as("bea"), "sms", secret.New("+442071838750")); fault.KindOf(err) != fault.Forbidden || !strings.Contains(err.Error(), "!contact seal") {
		t.Errorf("an open number: %v", err)
	}
	one := s.sealed(r, "bea", "sms")
	route := s.dialler(sms)
	if errs := s.errands(route); len(errs) != 0 {
		t.Fatal(errs)
	}
	m := sms.take()[0]
	if m.Kind != paging.KindProof || !m.Address.Empty() || m.Sealed == nil || m.Sealed.Record == "" || m.Sealed.Epoch != 1 || m.Sealed.Incident != 0 {
		t.Fatalf("%+v", m)
	}
	if len(route.halves) != 1 || route.halves[0] != escrow.HalfSize || route.released[0] != 1 || m.Sealed.Half.Len() != 0 {
		t.Errorf("halves of %v bytes, %v written down before; %d bytes are left of it", route.halves, route.released, m.Sealed.Half.Len())
	}
	if got := get[string](s, s.db, `select lane || ' ' || key from sealed_release`); got != "F "+m.Key {
		t.Error(got)
	}
	if say := s.says(paging.Reply{Route: "sms", Text: m.Code, Contact: one.ID}); !strings.HasPrefix(say, "Thank you") {
		t.Error(say)
	}
	if !s.contact("bea", "sms").Usable() {
		t.Error("it is not proven")
	}
	s.says(paging.Reply{Route: "sms", Text: "STOP", Contact: one.ID})
	if s.contact("bea", "sms").Usable() {
		t.Error("STOP changed nothing")
	}
	s.says(paging.Reply{Route: "sms", Text: "START", Contact: one.ID})
	if !s.contact("bea", "sms").Usable() {
		t.Error("START changed nothing")
	}
}

// What our key does not open fails with a sentence for its owner, and is not tried for ever.
func TestACodeThatCannotGoToASealedNumber(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	sms, _ := s.phones()
	s.sealed(s.sealing(), "bea", "sms")
	other, err := escrow.GenerateKey()
	s.must(err)
	s.svc.Seals = &contact.Halves{Keys: []escrow.PrivateKey{other}}
	if errs := s.errands(s.dialler(sms)); len(errs) != 0 {
		t.Fatal(errs)
	}
	if got := get[string](s, s.db, `select state || ': ' || detail from contact_proof`); !strings.HasPrefix(got, "failed: This sealed address does not open") {
		t.Error(got)
	}
	if n := get[int](s, s.db, `select count(*) from sealed_release`); n != 0 || len(sms.take()) != 0 {
		t.Errorf("%d releases", n)
	}
}

// The end of a page needs no address: the switchboard knows by our key what it dialled.
func TestAPageAtASealedNumberIsEnded(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	_, voice := s.phones()
	one := s.sealed(s.sealing(), "cem", "voice")
	s.jobs()
	s.exec(`update contact set proven_at = $1 where id = $2`, s.Now(), one.ID)
	s.lit()
	s.exec(`insert into delivery (page_id, ring, route, network, account, contact_id, state, waits, due_at, created_at)
		select p.id, p.round, 'voice', '', '', $1, 'accepted', '0', $2, $2 from page p join person h on h.id = p.person_id where h.handle = 'bea'`, one.ID, s.Now())
	s.exec(`insert into attempt (delivery_id, n, key, started_at, outcome) select id, 1, 'page-' || id, $1, 'accepted' from delivery where route = 'voice'`, s.Now())
	s.acks("bea")
	route := s.dialler(voice)
	if errs := s.errands(route); len(errs) != 0 {
		t.Fatal(errs)
	}
	if len(route.ended) != 1 || !route.ended[0].Address.Empty() || route.ended[0].Key == "" || voice.asks != 0 {
		t.Errorf("%+v, asked %d times", route.ended, voice.asks)
	}
}

// What the switchboard says proves nothing: our half for showing an address is given for a
// code that came back, and for what the custodians allowed.
func TestOurHalfIsGivenForWhatIsShown(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	sms, _ := s.phones()
	s.sealed(s.sealing(), "bea", "sms")
	s.errands(s.dialler(sms))
	m := sms.take()[0]
	_, proof, _ := paging.ParseKey(m.Key)
	board := incidents.ForSwitchboard{Service: s.svc}
	var _ unseal.Bot = board
	ask := unseal.Release{Record: m.Sealed.Record, Lane: unseal.LaneOwner, Key: "show-1", Proof: proof}
	refuses := func(what string, r unseal.Release) {
		t.Helper()
		if got, err := board.Release(ctx, r); fault.KindOf(err) != fault.Forbidden || got.Half.Len() != 0 {
			t.Errorf("%s: %v", what, err)
		}
	}
	refuses("a code that did not come back", ask)
	_, err := s.svc.ProveByCode(ctx, s.as("bea"), m.Code)
	s.must(err)
	got, err := board.Release(ctx, ask)
	s.must(err)
	if got.Half.Len() != escrow.HalfSize || got.Record != ask.Record {
		t.Errorf("%+v", got)
	}
	other := ask
	other.Record = "00000000-0000-4000-8000-000000000000"
	refuses("another record", other)
	dial, reveal := ask, ask
	dial.Lane, reveal.Lane = unseal.LaneDial, unseal.LaneReveal
	refuses("to be dialled", dial)
	refuses("to somebody", reveal)
	board.Revealed = func(context.Context, unseal.Release) error { return nil }
	if _, err := board.Release(ctx, reveal); err != nil {
		t.Errorf("what the custodians allowed: %v", err)
	}
	s.advance(16 * time.Minute)
	refuses("a code that came back long ago", ask)

	// For the page of one's own the bot itself makes the link: whoever has none is not there.
	own := unseal.Release{Record: ask.Record, Lane: unseal.LaneOwner, Key: "code-1"}
	for _, person := range []string{"ada", "bea"} {
		refuses("a page that they did not ask for", own)
		_, _, err := contact.NewLink(ctx, s.db, s.Now(), s.ids[person], contact.LinkMine)
		s.must(err)
	}
	if _, err := board.Release(ctx, own); err != nil {
		t.Errorf("of somebody who is at their own page: %v", err)
	}
	s.advance(45 * time.Minute)
	refuses("a page that they asked for long ago", own)
}

func TestTheSwitchboardEnrols(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	s.phones()
	sealed := s.sealing().Seal(s, s.ids["bea"], "voice", "+442071838750")
	token, _, err := contact.NewLink(ctx, s.db, s.Now(), s.ids["bea"], contact.LinkEnrol)
	s.must(err)
	board := incidents.ForSwitchboard{Service: s.svc}
	s.refused(board.Enrol(ctx, token, "nothing"), fault.Invalid)
	s.must(board.Enrol(ctx, token, sealed.Text()))
	s.refused(board.Enrol(ctx, token, sealed.Text()), fault.Forbidden)
	if c := s.contact("bea", "voice"); !c.Sealed || c.ProvenAt != nil {
		t.Errorf("%+v", c)
	}
	if said := strings.Join(s.said(), "\n"); !strings.Contains(said, "Your sealed phone number is stored.") || !strings.Contains(said, "Your phone rings in a moment") {
		t.Error(said)
	}
	if jobs := s.jobs(); len(jobs) != 1 || jobs[0].What != incidents.ErrandProof {
		t.Errorf("%+v", jobs)
	}
}

// Whoever keys to be joined to the lead is, by the lead's sealed number, while sealed
// addresses are open for the incident; the switchboard gets our half for that page only.
func TestACallerIsJoinedToASealedLead(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	inc, call := s.called()
	one := s.sealed(s.sealing(), "ada", "voice")
	s.exec(`update contact set proven_at = $1 where id = $2`, s.Now(), one.ID)
	s.hears("ada")
	_, err := s.svc.Take(ctx, s.as("ada"), inc)
	s.must(err)
	board := incidents.ForSwitchboard{Service: s.svc}
	if _, err := board.Lead(ctx, one.ID, call.Key); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("without a grant: %v", err)
	}
	s.exec(`update incident set unseal_code = 'K7QX', unsealed_at = $1::timestamptz, unsealed_until = $1::timestamptz + interval '1 hour' where id = $2`, s.Now(), inc)
	out, err := s.svc.Reply(ctx, paging.Reply{Route: "voice", Event: "E1", Key: call.Key, Text: call.Keys.Join})
	s.must(err)
	if out.Contact != one.ID {
		t.Fatalf("%+v", out)
	}
	got, err := board.Lead(ctx, one.ID, call.Key)
	s.must(err)
	if got.Half.Len() != escrow.HalfSize || got.Incident != inc || got.Grant != "K7QX" || got.Slot == "" {
		t.Errorf("%+v", got)
	}
	for what, ask := range map[string]struct {
		id  int64
		key string
	}{"another page": {one.ID, "page-9999"}, "no page": {one.ID, ""}, "another contact": {s.contact("bea", "voice").ID, call.Key}} {
		if _, err := board.Lead(ctx, ask.id, ask.key); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%s: %v", what, err)
		}
	}
	// At another severity the switchboard joins nobody, so nobody is sent to it.
	s.must(s.svc.SetSeverity(ctx, s.as("ada"), inc, 2))
	out, err = s.svc.Reply(ctx, paging.Reply{Route: "voice", Event: "E2", Key: call.Key, Text: call.Keys.Join})
	s.must(err)
	if out.Contact != 0 || !strings.Contains(out.Say, "cannot be joined by phone") {
		t.Errorf("at severity 2: %+v", out)
	}
	if _, err := board.Lead(ctx, one.ID, call.Key); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("at severity 2: %v", err)
	}
	s.must(s.svc.SetSeverity(ctx, s.as("ada"), inc, 1))
	s.advance(time.Hour)
	if _, err := board.Lead(ctx, one.ID, call.Key); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("a grant that is over: %v", err)
	}
}
