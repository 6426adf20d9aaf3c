package web

import (
	"net/http"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
)

// apiContact is one way to reach somebody besides chat. Where it leads nobody is told.
type apiContact struct {
	ID       int64          `json:"id"`
	Kind     string         `json:"kind" doc:"mail, webhook, sms, voice, ntfy or pagerduty."`
	Standing string         `json:"standing" doc:"In words: proven, not proven, paused, or what is wrong."`
	Usable   bool           `json:"usable" doc:"Whether pages may go there."`
	Sealed   *apiSealedWith `json:"sealed,omitempty" doc:"What its owner agreed to; missing for an address that the bot can read."`
}

// apiSealedWith is what the owner of a sealed address agreed to, and what became of it.
type apiSealedWith struct {
	Record   string     `json:"record" doc:"The id of the record, as the ledger names it."`
	SealedAt time.Time  `json:"sealed_at"`
	Agreed   string     `json:"agreed" doc:"In words."`
	Openings int        `json:"openings" doc:"How often it was opened, by anybody but its owner."`
	OpenedAt *time.Time `json:"opened_at,omitempty" doc:"When it was opened last; missing is never."`
}

// apiSealed is a sealed address, as batsignal contact seal prints it.
type apiSealed struct {
	Sealed string `json:"sealed" doc:"What batsignal contact seal printed, from the first line to the last."`
}

// apiSealedStored is one that was stored just now.
type apiSealedStored struct {
	Contact apiContact `json:"contact"`
	Sent    bool       `json:"sent" doc:"Whether a code is on its way there. No page goes there before it was said back."`
	Say     string     `json:"say" doc:"What to do next, in words."`
}

// sealedBody is how many bytes of JSON a sealed address may take.
const sealedBody = 2 * escrow.MostText

func (p *api) contactOperations() []operation {
	const group = "Contacts"
	list := []operation{define(operation{
		Name: "listContacts", Method: http.MethodGet, Path: "/people/{handle}/contacts", Group: group, Scope: access.Read,
		Summary: "Lists the ways to reach somebody besides chat, for their own program: how each stands, and how often a sealed one was opened.",
	}, p.listContacts)}
	if p.Switchboard != nil {
		list = append(list, define(operation{
			Name: "addSealedContact", Method: http.MethodPost, Path: "/people/{handle}/contacts/sealed", Group: group, Scope: access.RosterWrite,
			Status: http.StatusCreated, Most: sealedBody,
			Summary: "Stores an address that its owner sealed on their own machine, and sends a code there.",
		}, p.addSealed))
	}
	return list
}

// self is the person that the address names, whose own program it must be: what is sealed
// is nobody else's matter, an administrator's neither.
func (p *api) self(a *asked) (oncall.Person, error) {
	person, err := p.person(a)
	if err == nil && person.ID != a.PersonID {
		err = fault.New(fault.Forbidden, "Only %s can do that.", person.Handle)
	}
	return person, err
}

func (p *api) listContacts(a *asked, _ nothing) (apiList[apiContact], error) {
	out := listOf[apiContact](nil)
	person, err := p.self(a)
	if err != nil {
		return out, err
	}
	list, err := contact.Of(a.ctx(), p.DB, person.ID)
	if err != nil {
		return out, err
	}
	agreed, err := contact.AgreedOf(a.ctx(), p.DB, person.ID)
	for _, c := range list {
		out.Items = append(out.Items, apiContactOf(c, agreed[c.ID]))
	}
	return out, err
}

func apiContactOf(c contact.Contact, agreed contact.Agreed) apiContact {
	out := apiContact{ID: c.ID, Kind: c.Kind, Standing: c.Standing(), Usable: c.Usable()}
	if c.Sealed {
		out.Sealed = &apiSealedWith{
			Record: agreed.Record, SealedAt: agreed.SealedAt.UTC(), Agreed: agreed.Says(), Openings: agreed.Openings, OpenedAt: inUTC(agreed.OpenedAt),
		}
	}
	return out
}

func (p *api) addSealed(a *asked, in apiSealed) (out apiSealedStored, err error) {
	person, err := p.self(a)
	if err != nil {
		return out, err
	}
	sealed, err := escrow.ParseSealed(in.Sealed)
	if err != nil {
		return out, wrong("sealed", "%s", fault.Say(err))
	}
	var one contact.Contact
	if one, out.Say, out.Sent, err = p.Incidents.AddSealed(a.ctx(), a.Actor(), sealed); err != nil {
		return out, err
	}
	out.Say = p.Commands.Localize(out.Say)
	agreed, err := contact.AgreedOf(a.ctx(), p.DB, person.ID)
	out.Contact = apiContactOf(one, agreed[one.ID])
	return out, err
}
