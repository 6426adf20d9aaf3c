package switchboard_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
	"batsignal/web/switchboard"
)

// The fakes answer for the parts that the pages ask; all they know is in the world.

type links struct{ *world }

func (l links) Look(_ context.Context, token secret.Text, purpose contact.LinkPurpose) (switchboard.Person, error) {
	found, ok := l.links[token.Reveal()]
	if !ok || found.used || found.purpose != purpose {
		return switchboard.Person{}, fault.New(fault.Forbidden, "This link was used, or is too old. !contact seal gives another one.")
	}
	return found.Person, nil
}

func (l links) Use(ctx context.Context, token secret.Text, purpose contact.LinkPurpose) (switchboard.Person, error) {
	p, err := l.Look(ctx, token, purpose)
	if err == nil {
		l.links[token.Reveal()] = link{p, purpose, true}
	}
	return p, err
}

type bot struct{ *world }

func (b bot) Enrol(_ context.Context, token secret.Text, text string) error {
	if err := b.take(); err != nil {
		return err
	}
	sealed, err := escrow.ParseSealed(text)
	if err != nil {
		b.t.Errorf("the bot got no record: %v", err)
	}
	if _, ok := b.links[token.Reveal()]; !ok {
		return fault.New(fault.Forbidden, "This link was used.")
	}
	delete(b.links, token.Reveal())
	b.enrolled = append(b.enrolled, sealed)
	return nil
}

// take is the refusal that a test prepared.
func (w *world) take() error {
	err := w.refuse
	w.refuse = nil
	return err
}

type owners struct{ *world }

func (o owners) Contacts(_ context.Context, person int64) ([]switchboard.Contact, error) {
	return o.contacts[person], nil
}
func (o owners) Openings(context.Context, int64, int) ([]ledger.Opening, error) {
	return o.openings, nil
}
func (o owners) SendCode(_ context.Context, person, id int64) (string, error) {
	o.own(person, id)
	if err := o.take(); err != nil {
		return "", err
	}
	o.codes[id] = "H3KPW"
	return "Your phone rings in a moment: write down the letters that you hear.", nil
}
func (o owners) own(person, id int64) {
	if !slices.ContainsFunc(o.contacts[person], func(c switchboard.Contact) bool { return c.ID == id }) {
		o.t.Errorf("person %d reached contact %d", person, id)
	}
}
func (o owners) Show(_ context.Context, person, id int64, code string) (secret.Text, error) {
	o.own(person, id)
	if o.codes[id] == "" || o.codes[id] != code {
		return secret.Text{}, fault.New(fault.Invalid, "That is not the code that went there.")
	}
	delete(o.codes, id)
	return secret.New(canary), nil
}
func (o owners) Prove(_ context.Context, _ int64, code string) (string, error) {
	if code != "K7QXM" {
		return "", fault.New(fault.NotFound, "No code of yours is %q. !contact code sends another one.", code)
	}
	o.proofs = append(o.proofs, code)
	return "Your phone number is proven. Pages go there from now on.", nil
}
func (o owners) Delete(_ context.Context, person, id int64) error {
	o.own(person, id)
	o.world.deleted = append(o.world.deleted, id)
	return nil
}
func (o owners) Statement(context.Context, int64) (string, error) { return o.statement, nil }

type authority struct{ *world }

func (a authority) Shown(code string) (unseal.Challenge, error) {
	if code != a.challenge.Code {
		return unseal.Challenge{}, fault.New(fault.NotFound, "There is no request of that code. Codes are good for 15 minutes; ask anew.")
	}
	return a.challenge, nil
}
func (a authority) Confirm(_ context.Context, code, handle, digits string) (unseal.Grant, error) {
	if err := a.take(); err != nil {
		return unseal.Grant{}, err
	}
	a.world.confirmed = append(a.world.confirmed, code+" "+handle+" "+digits)
	return a.grant, nil
}

type reveals struct{ *world }

var errNoReveal = fault.New(fault.NotFound, "There is no such request.")

func (v reveals) Ask(_ context.Context, a switchboard.RevealAsk) (switchboard.Showing, error) {
	if err := v.take(); err != nil {
		return switchboard.Showing{}, err
	}
	v.asks()
	v.reveal.Asker, v.reveal.Whose, v.reveal.Kind, v.reveal.Why, v.reveal.Incident = a.Handle, a.Whose, a.Kind, a.Why, a.Incident
	return *v.reveal, nil
}
func (v reveals) Find(_ context.Context, code string) (switchboard.Showing, error) {
	if v.reveal == nil || v.reveal.Code != code {
		return switchboard.Showing{}, errNoReveal
	}
	return *v.reveal, nil
}
func (v reveals) Approve(ctx context.Context, code, signature string) (switchboard.Showing, error) {
	found, err := v.Find(ctx, code)
	if err != nil {
		return found, err
	}
	name, ok := strings.CutPrefix(signature, "bsig1.approve.1.")
	if !ok {
		return found, fault.New(fault.Invalid, "That is no signature of a custodian. Paste all of it.")
	}
	if !slices.Contains(v.reveal.Approved, name) {
		v.reveal.Approved = append(v.reveal.Approved, name)
	}
	if v.reveal.Ready() {
		v.reveal.Until = v.now.Add(5 * time.Minute)
	}
	return *v.reveal, nil
}
func (v reveals) Show(ctx context.Context, code, handle, digits string) (secret.Text, error) {
	found, err := v.Find(ctx, code)
	switch {
	case err != nil:
		return secret.Text{}, err
	case !found.Ready() || handle != found.Asker:
		return secret.Text{}, fault.New(fault.Forbidden, "Only %s can see it, once enough custodians approved.", found.Asker)
	case !found.ShownAt.IsZero() || v.now.After(found.Until):
		return secret.Text{}, fault.New(fault.Conflict, "This was shown once, and is not shown again.")
	case digits != "492817":
		return secret.Text{}, fault.New(fault.Forbidden, "That code is wrong.")
	}
	v.reveal.ShownAt = v.now
	return secret.New(canary), nil
}

type seeds struct{ *world }

func (s seeds) Look(_ context.Context, token secret.Text) (string, error) {
	seed, ok := s.seeds[token.Reveal()]
	if !ok {
		return "", fault.New(fault.Forbidden, "This link was used, or is too old. Ask an operator for another one.")
	}
	return seed.Handle, nil
}
func (s seeds) Take(ctx context.Context, token secret.Text) (switchboard.Seed, error) {
	if _, err := s.Look(ctx, token); err != nil {
		return switchboard.Seed{}, err
	}
	seed := s.seeds[token.Reveal()]
	delete(s.seeds, token.Reveal())
	return seed, nil
}

type book struct{ *world }

func (b book) Overview(context.Context, int) (ledger.View, error) {
	return ledger.View{Head: b.head, Since: b.now.Add(-2000 * time.Hour), Openings: 17, Anchors: []ledger.Anchor{
		{Size: 812, Network: "libera", Room: "#ops", At: b.now.Add(-50 * time.Hour)}, {Size: 806, Network: "acme", Room: "#incidents", At: b.now.Add(-51 * time.Hour)},
	}}, nil
}
func (b book) Judge(_ context.Context, pasted string, _ []string) (good, bad []string, err error) {
	switch {
	case strings.Contains(pasted, b.head.Line()):
		return []string{"1 head from elsewhere was found in it."}, nil, nil
	case strings.Contains(pasted, "Ledger 812 "):
		return nil, []string{"This ledger never had that head."}, nil
	}
	return nil, nil, fault.New(fault.Invalid, "That is no head.")
}
