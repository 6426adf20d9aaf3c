package switchboard

import (
	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

// Live returns the grant of a challenge if it allows anything for this incident now, and
// binds it to the first incident that is named: for another one it never counts.
func (a *Authority) Live(code string, incident int64) (unseal.Grant, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.state.find(code)
	switch {
	case incident <= 0:
		return unseal.Grant{}, fault.New(fault.Invalid, "Sealed contacts are opened for an incident only.")
	case c == nil || !c.granted():
		return unseal.Grant{}, fault.New(fault.Forbidden, "No two people confirmed that sealed contacts are opened. Ask for it: !unseal.")
	case c.Grant.Ended:
		return unseal.Grant{}, fault.New(fault.Forbidden, "The incident for which sealed contacts could be opened is over.")
	case c.Grant.Span.over(a.reading()):
		return unseal.Grant{}, fault.New(fault.Forbidden, "What two people confirmed is over, which it is after an hour. Ask anew: !unseal.")
	case c.Grant.Incident != 0 && c.Grant.Incident != incident:
		return unseal.Grant{}, fault.New(fault.Forbidden, "Two people confirmed it for INC-%d, not for INC-%d. Ask for that: !unseal.", c.Grant.Incident, incident)
	}
	if c.Grant.Incident == 0 {
		if err := a.change(func(s *state) { s.find(code).Grant.Incident = incident }); err != nil {
			return unseal.Grant{}, err
		}
		c = a.state.find(code)
	}
	return c.grant(), nil
}

// People is how many people's sealed contacts a grant opens at most; 0 for none that we know.
func (a *Authority) People(code string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.state.find(code); c != nil {
		return c.People
	}
	return 0
}

// End takes back whatever was allowed for an incident, and what still waits for it: it is
// over.
func (a *Authority) End(incident int64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if incident <= 0 {
		return nil
	}
	concerns := func(c *challenge) bool {
		if c.granted() {
			return c.Grant.Incident == incident && !c.Grant.Ended
		}
		return c.Incident == incident && c.Void == ""
	}
	found := false
	for i := range a.state.Challenges {
		found = found || concerns(&a.state.Challenges[i])
	}
	if !found {
		return nil
	}
	return a.change(func(s *state) {
		for i := range s.Challenges {
			c := &s.Challenges[i]
			switch {
			case !concerns(c):
			case c.granted():
				c.Grant.Ended = true
			default:
				c.Void = "the incident is over"
			}
		}
	})
}
