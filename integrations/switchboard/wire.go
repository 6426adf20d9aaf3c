package switchboard

import (
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// What has secrets in it has its form on the wire here, and nowhere else is one taken out
// of its wrapping or put back: an address is a string, a half is base64.

// halfLength is how long half of a record's key is, in bytes.
const halfLength = 32

type message struct {
	Kind     paging.Kind `json:"kind,omitempty"`
	Key      string      `json:"key"`
	Attempt  int         `json:"attempt"`
	Page     int64       `json:"page,omitempty"`
	Person   string      `json:"person,omitempty"`
	Account  string      `json:"account,omitempty"`
	Address  string      `json:"address,omitempty"`
	Ref      string      `json:"ref,omitempty"`
	Severity int         `json:"severity,omitempty"`
	Role     string      `json:"role,omitempty"`
	Why      string      `json:"why,omitempty"`
	Items    []string    `json:"items,omitempty"`
	Rooms    []string    `json:"rooms,omitempty"`
	AckLink  string      `json:"ack_link,omitempty"`
	Code     string      `json:"code,omitempty"`
	Keys     keys        `json:"keys"`
	Repeat   bool        `json:"repeat,omitempty"`
	Sealed   *sealed     `json:"sealed,omitempty"`
}

type keys struct {
	Ack     string `json:"ack,omitempty"`
	Decline string `json:"decline,omitempty"`
	Join    string `json:"join,omitempty"`
}

type sealed struct {
	Record   string `json:"record"`
	Epoch    int    `json:"epoch"`
	Half     []byte `json:"half"`
	Incident int64  `json:"incident,omitempty"`
	Grant    string `json:"grant,omitempty"`
	Slot     string `json:"slot,omitempty"`
}

func messageOf(m paging.Message) message {
	out := message{
		Kind: m.Kind, Key: m.Key, Attempt: m.Attempt, Page: m.Page, Person: m.Person, Account: m.Account,
		Address: m.Address.Reveal(), Ref: m.Ref, Severity: m.Severity, Role: m.Role, Why: m.Why,
		Items: m.Items, Rooms: m.Rooms, AckLink: m.AckLink.Reveal(), Code: m.Code, Keys: keys(m.Keys), Repeat: m.Repeat,
	}
	if m.Sealed != nil {
		one := sealedOf(*m.Sealed)
		out.Sealed = &one
	}
	return out
}

func (m message) paging() (paging.Message, error) {
	out := paging.Message{
		Kind: m.Kind, Key: m.Key, Attempt: m.Attempt, Page: m.Page, Person: m.Person, Account: m.Account,
		Address: wrapped(m.Address), Ref: m.Ref, Severity: m.Severity, Role: m.Role, Why: m.Why,
		Items: m.Items, Rooms: m.Rooms, AckLink: wrapped(m.AckLink), Code: m.Code, Keys: paging.Keys(m.Keys), Repeat: m.Repeat,
	}
	if m.Sealed != nil {
		one, err := m.Sealed.paging()
		if err != nil {
			return paging.Message{}, err
		}
		out.Sealed = &one
	}
	return out, nil
}

// sealedOf shares the half with s, which [sealed.wipe] makes zeroes in both.
func sealedOf(s paging.Sealed) sealed {
	return sealed{Record: s.Record, Epoch: s.Epoch, Half: s.Half.RevealBytes(), Incident: s.Incident, Grant: s.Grant, Slot: s.Slot}
}

func (s sealed) wipe() { clear(s.Half) }

// paging takes the half over.
func (s sealed) paging() (paging.Sealed, error) {
	if len(s.Half) != halfLength {
		clear(s.Half)
		return paging.Sealed{}, fault.New(fault.Invalid, "The half of a sealed record's key has %d bytes, and not 32.", len(s.Half))
	}
	return paging.Sealed{Record: s.Record, Epoch: s.Epoch, Half: secret.NewBytes(s.Half), Incident: s.Incident, Grant: s.Grant, Slot: s.Slot}, nil
}

type ended struct {
	Key     string           `json:"key"`
	Ref     string           `json:"ref,omitempty"`
	How     paging.PageState `json:"how"`
	By      string           `json:"by,omitempty"`
	Address string           `json:"address,omitempty"`
}

func endedOf(e paging.Ended) ended {
	return ended{Key: e.Key, Ref: e.Ref, How: e.How, By: e.By, Address: e.Address.Reveal()}
}

func (e ended) paging() paging.Ended {
	return paging.Ended{Key: e.Key, Ref: e.Ref, How: e.How, By: e.By, Address: wrapped(e.Address)}
}

// reply has no From: where an answer came from stays with the switchboard, which puts the
// contact in its place. So no number reaches the bot by it, whatever a caller forgot.
type reply struct {
	Route   string           `json:"route"`
	Event   string           `json:"event"`
	Key     string           `json:"key,omitempty"`
	Contact int64            `json:"contact,omitempty"`
	Account string           `json:"account,omitempty"`
	Text    string           `json:"text,omitempty"`
	Means   paging.PageState `json:"means,omitempty"`
}

func replyOf(r paging.Reply) reply {
	return reply{Route: r.Route, Event: r.Event, Key: r.Key, Contact: r.Contact, Account: r.Account, Text: r.Text, Means: r.Means}
}

func (r reply) paging() paging.Reply {
	return paging.Reply{Route: r.Route, Event: r.Event, Key: r.Key, Contact: r.Contact, Account: r.Account, Text: r.Text, Means: r.Means}
}

type enrolment struct {
	Token  string `json:"token"`
	Sealed string `json:"sealed"`
}

func enrolmentOf(token secret.Text, sealed string) enrolment {
	return enrolment{Token: token.Reveal(), Sealed: sealed}
}

func (e enrolment) token() secret.Text { return wrapped(e.Token) }

// wrapped keeps nothing nothing: an empty text is the zero one.
func wrapped(text string) secret.Text {
	if text == "" {
		return secret.Text{}
	}
	return secret.New(text)
}
