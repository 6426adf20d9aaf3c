package switchboard

import (
	"time"

	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// What has no secret in it crosses as it is. These have the fields of what they stand for,
// letter by letter: one that is added there and not here does not compile.

type ask struct {
	Network  string `json:"network"`
	Room     string `json:"room"`
	Account  string `json:"account"`
	What     string `json:"what"`
	Incident int64  `json:"incident,omitempty"`
}

type challenge struct {
	Code    string    `json:"code"`
	Line    string    `json:"line"`
	Expires time.Time `json:"expires"`
	People  int       `json:"people"`
	Heard   bool      `json:"heard"`
}

func (c challenge) words() unseal.Challenge {
	c.Expires = c.Expires.UTC()
	return unseal.Challenge(c)
}

type grant struct {
	Code      string    `json:"code"`
	Incident  int64     `json:"incident,omitempty"`
	Declared  string    `json:"declared,omitempty"`
	Confirmed string    `json:"confirmed,omitempty"`
	Since     time.Time `json:"since"`
	Until     time.Time `json:"until"`
	Refused   string    `json:"refused,omitempty"`
	Waits     bool      `json:"waits,omitempty"`
	Void      bool      `json:"void,omitempty"`
}

func (g grant) words() unseal.Grant {
	g.Since, g.Until = g.Since.UTC(), g.Until.UTC()
	return unseal.Grant(g)
}

type handed struct {
	Note string `json:"note,omitempty"`
	Ref  string `json:"ref,omitempty"`
}

type dialled struct {
	Handed  handed `json:"handed"`
	Outcome string `json:"outcome,omitempty"`
	Detail  string `json:"detail,omitempty"`
	Bad     string `json:"bad,omitempty"`
}

func dialledOf(d unseal.Dialled) dialled {
	return dialled{Handed: handed(d.Handed), Outcome: d.Outcome, Detail: d.Detail, Bad: d.Bad}
}

func (d dialled) words() unseal.Dialled {
	return unseal.Dialled{Handed: paging.Handed(d.Handed), Outcome: d.Outcome, Detail: d.Detail, Bad: d.Bad}
}

type status struct {
	Ears       map[string]string `json:"ears"`
	Routes     []traits          `json:"routes"`
	Head       string            `json:"head"`
	Openings   int64             `json:"openings"`
	Confirmers int               `json:"confirmers"`
	Trouble    []string          `json:"trouble"`
}

func statusOf(s unseal.Status) status {
	out := status{Ears: s.Ears, Head: s.Head, Openings: s.Openings, Confirmers: s.Confirmers, Trouble: s.Trouble}
	for _, t := range s.Routes {
		out.Routes = append(out.Routes, traits(t))
	}
	return out
}

func (s status) words() unseal.Status {
	out := unseal.Status{Ears: s.Ears, Head: s.Head, Openings: s.Openings, Confirmers: s.Confirmers, Trouble: s.Trouble}
	for _, t := range s.Routes {
		out.Routes = append(out.Routes, paging.Traits(t))
	}
	return out
}

// traits have their lengths of time in nanoseconds.
type traits struct {
	Name           string        `json:"name"`
	Chat           bool          `json:"chat,omitempty"`
	Loud           bool          `json:"loud,omitempty"`
	Delay          time.Duration `json:"delay,omitempty"`
	Timeout        time.Duration `json:"timeout,omitempty"`
	Parallel       int           `json:"parallel,omitempty"`
	Asks           bool          `json:"asks,omitempty"`
	Ends           bool          `json:"ends,omitempty"`
	Stays          bool          `json:"stays,omitempty"`
	Receipts       bool          `json:"receipts,omitempty"`
	PerQuarterHour int           `json:"per_quarter_hour,omitempty"`
	PerHour        int           `json:"per_hour,omitempty"`
	Cost           int           `json:"cost,omitempty"`
}

type receipt struct {
	Route  string      `json:"route"`
	Event  string      `json:"event"`
	Key    string      `json:"key,omitempty"`
	Ref    string      `json:"ref,omitempty"`
	Seq    int         `json:"seq,omitempty"`
	News   paging.News `json:"news"`
	Detail string      `json:"detail,omitempty"`
	Bad    string      `json:"bad,omitempty"`
	At     time.Time   `json:"at"`
}

func (r receipt) paging() paging.Receipt {
	r.At = r.At.UTC()
	return paging.Receipt(r)
}

type response struct {
	Say     string `json:"say,omitempty"`
	Done    bool   `json:"done,omitempty"`
	Before  bool   `json:"before,omitempty"`
	Contact int64  `json:"contact,omitempty"`
}

type release struct {
	Record string      `json:"record"`
	Lane   unseal.Lane `json:"lane"`
	Key    string      `json:"key"`
	Proof  int64       `json:"proof,omitempty"`
	Text   string      `json:"text,omitempty"`
	Signed string      `json:"signed,omitempty"`
}

// What the methods take beside.
type (
	dialling struct {
		Route   string  `json:"route"`
		Message message `json:"message"`
		Ask     bool    `json:"ask,omitempty"`
	}
	ending struct {
		Route string `json:"route"`
		Ended ended  `json:"ended"`
	}
	checking struct {
		Route string `json:"route"`
	}
	saying struct {
		Line string `json:"line"`
	}
	alarm struct {
		Sentence string `json:"sentence"`
	}
	leading struct {
		Contact int64  `json:"contact"`
		Key     string `json:"key"`
	}
	nothing struct{}
)
