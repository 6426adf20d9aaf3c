package incidents_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// hangUp is a provider of calls that can be told to hang up.
type hangUp struct {
	*operator
	ended []paging.Ended
}

func (h *hangUp) End(_ context.Context, e paging.Ended) error {
	h.ended = append(h.ended, e)
	return h.fail
}

// errands does what waits, once, and forgets it, as River would. It returns the errors.
func (s *scene) errands(routes ...paging.Route) (errs []error) {
	s.Helper()
	e := &incidents.Errands{Service: s.svc, Routes: map[string]paging.Route{}, Log: s.svc.Log}
	for _, r := range routes {
		e.Routes[r.Name()] = r
	}
	for _, errand := range s.jobs() {
		if err := e.Do(ctx, errand, 1, false); err != nil {
			errs = append(errs, err)
			s.must(errors.Join(retry(e, errand)...))
		}
	}
	return errs
}

// jobs takes what errands there are.
func (s *scene) jobs() (list []incidents.Errand) {
	s.Helper()
	rows, err := s.db.Query(ctx, `delete from river_job where kind = 'route_errand' returning args`)
	s.must(err)
	jobs, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	s.must(err)
	for _, args := range jobs {
		var e incidents.Errand
		s.must(json.Unmarshal(args, &e))
		list = append(list, e)
	}
	return list
}

// retry does an errand for the last time.
func retry(e *incidents.Errands, errand incidents.Errand) (errs []error) {
	if err := e.Do(ctx, errand, 6, true); err != nil && !errors.Is(err, paging.ErrProvider) && !errors.Is(err, paging.ErrPermanent) {
		errs = append(errs, err)
	}
	return errs
}

func (s *scene) contact(handle, kind string) contact.Contact {
	s.Helper()
	list, err := contact.Of(ctx, s.db, s.ids[handle])
	s.must(err)
	for _, c := range list {
		if c.Kind == kind {
			return c
		}
	}
	s.Fatalf("%s has no %s", handle, kind)
	return contact.Contact{}
}

// From an address that was typed to a page that goes there.
func TestAnAddressIsProvenBeforeItIsPaged(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	sms, voice := s.phones()
	for kind, want := range map[string]string{"sms": "A code is on its way to your SMS number", "voice": "Your phone rings in a moment"} {
		say, _, err := s.svc.AddContact(ctx, s.as("bea"), kind, secret.New("+44 20 7183 8750"))
		s.must(err)
		if !strings.Contains(say, want) || strings.Contains(say, "7183") {
			t.Error(say)
		}
	}
	s.lit()
	s.advance(3 * time.Minute)
	if n := len(sms.take()) + len(voice.take()); n != 0 {
		t.Fatalf("%d pages to what nobody proved", n)
	}

	if errs := s.errands(sms, voice); len(errs) != 0 {
		t.Fatal(errs)
	}
	text, call := sms.take()[0], voice.take()[0]
	if text.Kind != paging.KindProof || text.Person != "bea" || text.Page != 0 || text.Address.Reveal() != "+442071838750" || call.Keys.Empty() {
		t.Errorf("%+v", text)
	}
	if p, _, err := contact.FindProof(ctx, s.db, text.Code); err != nil || p.State != contact.ProofSent || p.Ref != "ref-"+text.Key {
		t.Errorf("%+v %v", p, err)
	}
	_, err := s.svc.ProveByCode(ctx, s.as("ada"), text.Code)
	s.refused(err, fault.NotFound)
	say, err := s.svc.ProveByCode(ctx, s.as("bea"), strings.ToLower(text.Code))
	s.must(err)
	if say != "Your SMS number is proven. Pages go there from now on." {
		t.Error(say)
	}
	if say := s.says(paging.Reply{Route: "voice", Key: call.Key, Text: call.Keys.Ack}); !strings.HasPrefix(say, "Thank you") {
		t.Error(say)
	}
	s.advance(20 * time.Minute)
	if len(sms.take()) == 0 || len(voice.take()) == 0 {
		t.Error("proven, and no page goes there")
	}
}

func TestACodeThatCannotBeSent(t *testing.T) {
	t.Parallel()
	s := newScene(t, "bea:fix cem:fix dan:fix")
	sms, voice := s.phones()
	for who, fails := range map[string]error{
		"bea": fmt.Errorf("%w: it answered 503", paging.ErrProvider), "cem": paging.BadAddress{Say: "the number does not exist"},
	} {
		_, _, err := s.svc.AddContact(ctx, s.as(who), "sms", secret.New("+442071838750"))
		s.must(err)
		sms.fails(fails)
		if errs := s.errands(sms); len(errs) != 1 {
			t.Fatal(errs)
		}
	}
	said := strings.Join(s.said(), "\n")
	for _, want := range []string{
		"@bea The code for your SMS number could not be sent: the provider failed: it answered 503. !contact code sms sends another one.",
		"@cem Pages do not reach you by sms: the number does not exist.",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in:\n%s", want, said)
		}
	}
	if s.contact("cem", "sms").Fault == "" || s.contact("bea", "sms").Fault != "" {
		t.Error("the wrong address is marked, or none")
	}
	// What is too old when its turn comes is not sent: the code would be refused.
	sms.fails(nil)
	_, _, err := s.svc.AddContact(ctx, s.as("dan"), "voice", secret.New("+442071838750"))
	s.must(err)
	s.advance(time.Hour)
	if errs := s.errands(sms, voice); len(errs) != 0 || len(voice.take()) != 0 {
		t.Error("an old code was sent", errs)
	}
}

// A process that died after it sent a code does not send it again, where the provider
// can be asked.
func TestACodeIsSentOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, "bea:fix")
	sms, _ := s.phones()
	_, _, err := s.svc.AddContact(ctx, s.as("bea"), "sms", secret.New("+442071838750"))
	s.must(err)
	proof := get[int64](t, s.db, `select id from contact_proof`)
	e := &incidents.Errands{Service: s.svc, Routes: map[string]paging.Route{"sms": sms}, Log: s.svc.Log}
	errand := incidents.Errand{What: incidents.ErrandProof, Route: "sms", Proof: proof}
	s.must(e.Do(ctx, errand, 1, false))
	s.must(e.Do(ctx, errand, 2, false))
	s.exec(`update contact_proof set state = 'waiting', ref = ''`) // it died before it wrote that down
	s.must(e.Do(ctx, errand, 2, false))
	if n := len(sms.take()); n != 1 {
		t.Errorf("sent %d times", n)
	}
	if p, _, err := contact.GetProof(ctx, s.db, proof); err != nil || p.State != contact.ProofSent || p.Ref == "" {
		t.Errorf("%+v %v", p, err)
	}
}

func TestWhoTestsWhom(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix dan:fix")
	sms, voice := s.phones()
	s.phone("bea", "sms", "voice")
	s.phone("cem", "sms")
	s.must(contact.Suspend(ctx, s.db, s.Now(), s.contact("bea", "voice").ID))
	person := func(handle string) oncall.Person {
		p, err := oncall.PersonByHandle(ctx, s.db, handle)
		s.must(err)
		return p
	}
	quiet, until := 11*60, 13*60
	_, err := s.desk.Agree(ctx, s.as("cem"), 1, oncall.Terms{QuietFrom: &quiet, QuietUntil: &until})
	s.must(err)
	_, err = s.desk.Agree(ctx, s.as("dan"), 1, oncall.Terms{Routes: []string{"voice"}})
	s.must(err)

	say, err := s.svc.TestRoutes(ctx, s.as("ada"), person("bea"))
	s.must(err)
	if !strings.HasPrefix(say, "A code is on its way to bea by sms.") || !strings.Contains(say, "A private message goes to bea on net.") || !strings.HasSuffix(say, "Not tested: voice: paused.") {
		t.Error(say)
	}
	_, err = s.svc.TestRoutes(ctx, s.as("ada"), person("cem"))
	s.refused(err, fault.Conflict)
	if say, err = s.svc.TestRoutes(ctx, s.as("ada"), person("dan")); err != nil || !strings.HasPrefix(say, "Nothing was sent") {
		t.Error(say, err)
	}
	_, err = s.svc.Prove(ctx, s.as("ada"), s.contact("bea", "sms").ID, contact.PurposeProof)
	s.refused(err, fault.Forbidden)
	if _, err = s.svc.TestRoutes(ctx, s.as("cem"), person("cem")); err != nil {
		t.Error(err) // their own quiet hours are theirs
	}
	if errs := s.errands(sms, voice); len(errs) != 0 {
		t.Fatal(errs)
	}
	texts := sms.take()
	if len(texts) != 2 || texts[0].Kind != paging.KindTest || len(voice.take()) != 0 {
		t.Errorf("%+v", texts)
	}
	said := strings.Join(s.said(), "\n")
	if !strings.Contains(said, "@bea This is a test and no page.") || strings.Contains(said, "@cem") || strings.Contains(said, "@dan") {
		t.Error(said)
	}
	for _, m := range texts {
		s.says(paging.Reply{Route: "sms", Text: m.Code})
	}
	if c := s.contact("bea", "sms"); c.TestedAt == nil || !c.TestedAt.Equal(s.Now()) {
		t.Errorf("%+v", c)
	}
}

// A phone stops ringing when somebody else answered, and its provider hears who did.
func TestCallsInFlightAreEnded(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	_, calls := s.phones()
	voice := &hangUp{operator: calls}
	s.phone("bea", "voice")
	s.lit()
	s.advance(2 * time.Minute)
	call := calls.take()[0]
	s.exec(`update delivery set ref = '' where route = 'voice'`)
	s.acks("cem")
	if errs := s.errands(voice); len(errs) != 0 {
		t.Fatal(errs)
	}
	if len(voice.ended) != 1 {
		t.Fatalf("%+v", voice.ended)
	}
	got := voice.ended[0]
	if got.Key != call.Key || got.Ref != "ref-"+call.Key || got.How != paging.PageClosed || got.By != "cem" || got.Address.Empty() {
		t.Errorf("%+v", got)
	}
	if calls.asks != 1 {
		t.Errorf("asked %d times", calls.asks)
	}
}
