package contact_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/audit"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

func added(t testing.TB, tx pgx.Tx, who int64, kind, address string, options ...contact.Option) contact.Contact {
	t.Helper()
	c, err := contact.Add(ctx, tx, noon, who, kind, secret.New(address), options...)
	must(t, err)
	return c
}

func begun(t testing.TB, tx pgx.Tx, now time.Time, c contact.Contact, purpose contact.Purpose) contact.Proof {
	t.Helper()
	p, err := contact.Begin(ctx, tx, now, c.ID, purpose, c.PersonID)
	must(t, err)
	return p
}

func read(t testing.TB, tx pgx.Tx, c contact.Contact) contact.Contact {
	t.Helper()
	c, err := contact.Get(ctx, tx, c.ID)
	must(t, err)
	return c
}

// An address is used only after its code came back, and no longer once it is given again.
func TestAnAddressIsProvenByItsCode(t *testing.T) {
	tx := pgtest.Tx(t)
	maria := person(t, tx, "maria")
	c := added(t, tx, maria, "sms", "+44 20 7183 8750")
	if c.Usable() || c.Standing() != "not proven" {
		t.Error("an address is used that nobody proved")
	}
	p := begun(t, tx, noon, c, contact.PurposeProof)
	if len(p.Code) != 5 || p.PersonID != maria || p.Kind != "sms" || !p.ExpiresAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v", p)
	}
	if found, ok, err := contact.FindProof(ctx, tx, " "+strings.ToLower(p.Code)+" "); err != nil || !ok || found.ID != p.ID {
		t.Errorf("%v %v %v", found, ok, err)
	}
	got, purpose, changed, err := contact.Redeem(ctx, tx, noon.Add(59*time.Minute), p.ID)
	must(t, err)
	if !changed || purpose != contact.PurposeProof || !got.Usable() || got.TestedAt == nil {
		t.Errorf("%+v %v", got, changed)
	}
	if _, _, changed, err = contact.Redeem(ctx, tx, noon.Add(59*time.Minute), p.ID); err != nil || changed {
		t.Errorf("a code did something twice: %v", err)
	}
	if _, found, _ := contact.FindProof(ctx, tx, p.Code); found {
		t.Error("a used code is found")
	}
	if again := added(t, tx, maria, "sms", "+442071838750"); again.ID != c.ID || again.Usable() {
		t.Errorf("%+v", again)
	}

	late := begun(t, tx, noon, c, contact.PurposeProof)
	if got, _, changed, err := contact.Redeem(ctx, tx, noon.Add(time.Hour), late.ID); err != nil || changed || got.Usable() {
		t.Errorf("an hour is over, and the code works: %v", err)
	}
}

func TestFaultsAndPauses(t *testing.T) {
	tx := pgtest.Tx(t)
	maria, jan := person(t, tx, "maria"), person(t, tx, "jan")
	const number = "+442071838750"
	sms := added(t, tx, maria, "sms", number, contact.Vouched())
	voice := added(t, tx, maria, "voice", number, contact.Vouched())
	other := added(t, tx, jan, "sms", "+442071838751", contact.Vouched())
	if !sms.Usable() {
		t.Fatal("nobody believes who vouches")
	}
	for range 2 { // said twice
		n, err := contact.SuspendByAddress(ctx, tx, noon, "sms", secret.New("+44 2071838750"))
		must(t, err)
		if n > 1 {
			t.Errorf("%d", n)
		}
	}
	if read(t, tx, sms).Usable() || !read(t, tx, voice).Usable() || !read(t, tx, other).Usable() {
		t.Error("STOP stops what it should not, or does not stop")
	}
	if _, err := contact.Begin(ctx, tx, noon, sms.ID, contact.PurposeTest, maria); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a code would go to who said STOP: %v", err)
	}
	n, err := contact.ResumeByAddress(ctx, tx, noon, "sms", secret.New(number))
	must(t, err)
	if n != 1 || !read(t, tx, sms).Usable() {
		t.Error("START does not start")
	}
	if n, err := contact.SuspendByAddress(ctx, tx, noon, "sms", secret.New("no number")); n != 0 || err != nil {
		t.Errorf("%d %v", n, err)
	}

	marked, err := contact.MarkFaulty(ctx, tx, noon, sms.ID, "the number does not exist")
	must(t, err)
	if again, err := contact.MarkFaulty(ctx, tx, noon, sms.ID, "the number does not exist"); err != nil || again || !marked {
		t.Errorf("%v %v", marked, err)
	}
	if c := read(t, tx, sms); c.Usable() || c.Standing() != "does not work: the number does not exist" {
		t.Errorf("%+v", c)
	}
	p := begun(t, tx, noon, sms, contact.PurposeTest)
	if c, _, changed, err := contact.Redeem(ctx, tx, noon, p.ID); err != nil || !changed || !c.Usable() {
		t.Errorf("an answer does not show that it works: %+v %v", c, err)
	}

	two := 2 * time.Minute
	must(t, contact.SetDelay(ctx, tx, noon, voice.ID, &two))
	if c := read(t, tx, voice); c.Delay == nil || *c.Delay != two {
		t.Errorf("%+v", c)
	}
	long := 2 * time.Hour
	if err := contact.SetDelay(ctx, tx, noon, voice.ID, &long); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
	must(t, contact.SetDelay(ctx, tx, noon, voice.ID, nil))
	must(t, contact.Suspend(ctx, tx, noon, voice.ID))
	if read(t, tx, voice).Usable() {
		t.Error("a pause is none")
	}
	must(t, contact.Resume(ctx, tx, noon, voice.ID))
	must(t, contact.Answered(ctx, tx, noon.Add(time.Hour), voice.ID))
	must(t, contact.Answered(ctx, tx, noon, voice.ID))
	if c := read(t, tx, voice); !c.Usable() || !c.TestedAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v", c)
	}
}

// Codes cost money and may go to strangers: there is an end to them, however one asks.
func TestCodesAreLimited(t *testing.T) {
	tx := pgtest.Tx(t)
	maria := person(t, tx, "maria")
	c := added(t, tx, maria, "sms", "+442071838750")
	now, sent := noon, 0
	for range 200 {
		if _, err := contact.Begin(ctx, tx, now, c.ID, contact.PurposeProof, maria); err == nil {
			sent++
		} else if fault.KindOf(err) != fault.Limited {
			t.Fatal(err)
		}
		switch now = now.Add(5 * time.Minute); {
		case now.Equal(noon.Add(time.Hour)) && sent != 3:
			t.Errorf("%d codes in an hour", sent)
		case now.Equal(noon.Add(16*time.Hour)) && sent != 8:
			t.Errorf("%d codes in a day", sent)
		}
	}
	n := 0
	for i := range 30 {
		_, err := contact.Add(ctx, tx, noon, maria, "voice", secret.New("+4420718387"+string(rune('0'+i/10))+string(rune('0'+i%10))))
		if err == nil {
			n++
		} else if fault.KindOf(err) != fault.Limited {
			t.Fatal(err)
		}
		_, err = contact.Remove(ctx, tx, noon, maria, "voice")
		must(t, err)
	}
	if n != 9 {
		t.Errorf("%d numbers were given within a day, beside one", n)
	}
}

func TestWhoTypesACode(t *testing.T) {
	tx := pgtest.Tx(t)
	maria, jan := person(t, tx, "maria"), person(t, tx, "jan")
	p := begun(t, tx, noon, added(t, tx, maria, "mail", "maria@example.org"), contact.PurposeProof)
	for range 10 {
		if _, _, err := contact.Claim(ctx, tx, noon, jan, p.Code); fault.KindOf(err) != fault.NotFound {
			t.Fatal(err)
		}
	}
	if _, _, err := contact.Claim(ctx, tx, noon, jan, p.Code); fault.KindOf(err) != fault.Limited {
		t.Errorf("guessing is not limited: %v", err)
	}
	c, purpose, err := contact.Claim(ctx, tx, noon, maria, strings.ToLower(p.Code), contact.By(audit.By{PersonID: maria, Handle: "maria", Network: "libera"}))
	must(t, err)
	if !c.Usable() || purpose != contact.PurposeProof {
		t.Errorf("%+v", c)
	}
	own := begun(t, tx, noon.Add(2*time.Hour), added(t, tx, jan, "mail", "jan@example.org"), contact.PurposeProof)
	if _, _, err := contact.Claim(ctx, tx, noon.Add(2*time.Hour), jan, own.Code); err != nil {
		t.Errorf("an hour is over: %v", err)
	}
	list, err := audit.List(ctx, tx, audit.Query{Reader: maria})
	must(t, err)
	var says []string
	for _, e := range list {
		says = append(says, e.Handle+" on "+e.Network+" "+e.Says)
		if strings.Contains(e.Says+e.Subject+string(e.Before)+string(e.After), "example.org") {
			t.Errorf("the record holds an address: %s", e.Says)
		}
	}
	if got := strings.Join(says, "; "); got != "maria on libera proved a contact: mail; maria on mail added a contact: mail" {
		t.Error(got)
	}
}

// The daily synthetic page is nobody's and has no limit.
func TestCanariesHaveNoOwner(t *testing.T) {
	tx := pgtest.Tx(t)
	must(t, contact.SyncCanaries(ctx, tx, noon, map[string]secret.Text{"mail": secret.New("canary@example.org")}))
	list, err := contact.Canaries(ctx, tx)
	must(t, err)
	for range 5 {
		p, err := contact.Begin(ctx, tx, noon, list[0].ID, contact.PurposeCanary, 0)
		must(t, err)
		must(t, contact.SetProofState(ctx, tx, p.ID, contact.ProofDelivered, "ref-1", "there"))
		must(t, contact.SetProofState(ctx, tx, p.ID, contact.ProofSent, "", "late news"))
		if p, _, err = contact.GetProof(ctx, tx, p.ID); err != nil || p.State != contact.ProofDelivered || p.Ref != "ref-1" || p.PersonID != 0 {
			t.Errorf("%+v %v", p, err)
		}
		if c, _, changed, err := contact.Redeem(ctx, tx, noon, p.ID); err != nil || !changed || c.PersonID != 0 {
			t.Errorf("%+v %v", c, err)
		}
	}
}
