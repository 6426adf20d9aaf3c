package web

import (
	"time"

	"batsignal/oncall/custody"
)

// apiCustody is how custody stands.
type apiCustody struct {
	Level       string         `json:"level" enum:"ok,warn,page,alarm" doc:"How bad it is: alarm is fewer shares than open."`
	Say         string         `json:"say" doc:"The same in a sentence."`
	Keyring     int            `json:"keyring" doc:"The number of the keyring in force."`
	Fingerprint string         `json:"fingerprint" doc:"Of what the custodians signed, 64 hexadecimal digits."`
	Open        int            `json:"open" doc:"How many shares open."`
	Live        int            `json:"live" doc:"How many shares are there, by their drills."`
	Custodians  []apiCustodian `json:"custodians"`
	Keys        []apiKey       `json:"keys" doc:"Every other key."`
}

// apiCustodian is somebody who keeps a share.
type apiCustodian struct {
	Number  int        `json:"number"`
	Name    string     `json:"name"`
	Place   string     `json:"place"`
	Drilled *time.Time `json:"drilled,omitempty" doc:"The day of the last drill; missing is none with this keyring."`
	Due     time.Time  `json:"due" doc:"When the next drill is due."`
	Overdue bool       `json:"overdue"`
	Live    bool       `json:"live" doc:"Whether the share counts as being there."`
}

// apiKey is a key of a host.
type apiKey struct {
	Name    string     `json:"name"`
	Purpose string     `json:"purpose"`
	Places  []string   `json:"places"`
	Holders []string   `json:"holders" doc:"Who can get at it."`
	Due     *time.Time `json:"due,omitempty" doc:"When it is to be made anew; missing is never by itself."`
	Overdue bool       `json:"overdue"`
	Without string     `json:"without" doc:"What breaks without it, and what brings it back."`
}

func (p *api) getCustody(a *asked, _ nothing) (apiCustody, error) {
	out := apiCustody{Custodians: []apiCustodian{}, Keys: []apiKey{}}
	h, err := custody.Stand(a.ctx(), p.DB, a.now)
	if err != nil {
		return out, err
	}
	k := h.Keyring
	out.Level, out.Say, out.Live = string(h.Level), h.Sentence, h.Live
	out.Keyring, out.Fingerprint, out.Open = k.Epoch, k.Fingerprint(), k.K
	plan, err := p.planOf(k)
	if err != nil {
		return out, err
	}
	for _, s := range h.Standings {
		c := apiCustodian{Number: s.Custodian.N, Name: s.Custodian.Name, Place: s.Custodian.Place, Due: s.Due.UTC(), Overdue: s.Overdue, Live: s.Live}
		if s.Drilled != nil {
			day := s.Drilled.UTC()
			c.Drilled = &day
		}
		out.Custodians = append(out.Custodians, c)
	}
	for _, e := range custody.Inventory(h, plan, a.now)[len(h.Standings):] {
		out.Keys = append(out.Keys, apiKey{
			Name: e.Key, Purpose: e.Purpose, Places: listOf(e.Places).Items, Holders: listOf(e.Holders).Items, Due: e.Due, Overdue: e.Overdue, Without: e.Without,
		})
	}
	return out, nil
}
