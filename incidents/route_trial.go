package incidents

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/reach"
)

// testSeverity is that of a test: it is never urgent.
const testSeverity = 3

// mayTest refuses a test of somebody else's way that they would not want now. kind "" is
// any way.
func (c *change) mayTest(person int64, kind string) error {
	p, err := oncall.PersonByID(c.ctx, c.tx, person)
	if err != nil {
		return err
	}
	consents, err := oncall.ConsentsOf(c.ctx, c.tx, person)
	if err != nil {
		return err
	}
	if ok, why := consents[person].Allows(c.now, p.Zone, testSeverity, kind, 0); !ok {
		return fault.New(fault.Conflict, "%s %s. Ask for the test at another time, or ask them to do it: !route test.", p.Handle, why)
	}
	if !p.Awake(c.now) {
		return fault.New(fault.Conflict, "%s sleeps until %s %s. A test can wait until then, or they do it themselves: !route test.",
			p.Handle, oncall.Minutes(p.Wakes), p.Zone)
	}
	return nil
}

// TestRoutes sends a test by every way of a person that is in use: a code to addresses,
// and a private message on chat networks, where any word in return shows that it was
// read. That the actor may test somebody else is checked by the caller.
func (s *Service) TestRoutes(ctx context.Context, a oncall.Actor, person oncall.Person) (say string, err error) {
	err = s.change(ctx, func(c *change) error {
		own := person.ID == a.PersonID
		if !own {
			if err := c.mayTest(person.ID, ""); err != nil {
				return err
			}
		}
		sent, not, err := c.testContacts(a, person, own)
		if err != nil {
			return err
		}
		chats, err := c.testChats(a, person, own)
		if err != nil {
			return err
		}
		say = toldTest(person, own, sent, chats, not)
		return nil
	})
	return say, err
}

// testContacts sends a code to every address in use. not is what could not be tested, in
// sentences.
func (c *change) testContacts(a oncall.Actor, person oncall.Person, own bool) (sent, not []string, err error) {
	list, err := contact.Of(c.ctx, c.tx, person.ID)
	if err != nil {
		return nil, nil, err
	}
	for _, one := range list {
		if !one.Usable() {
			not = append(not, fmt.Sprintf("%s: %s.", one.Kind, one.Standing()))
			continue
		}
		if !own {
			err = c.mayTest(person.ID, one.Kind)
		}
		if err == nil {
			_, err = c.prove(one, contact.PurposeTest, a)
		}
		switch {
		case err == nil:
			sent = append(sent, one.Kind)
		case fault.KindOf(err) == fault.Internal:
			return nil, nil, err
		default:
			not, err = append(not, fmt.Sprintf("%s: %s", one.Kind, fault.Say(err))), nil
		}
	}
	return sent, not, nil
}

// testChats sends a private message on every network, but not where the actor, who tests
// their own ways, is heard this moment.
func (c *change) testChats(a oncall.Actor, person oncall.Person, own bool) (networks []string, err error) {
	if !own {
		if err := c.mayTest(person.ID, oncall.Chat); err != nil {
			if fault.KindOf(err) == fault.Internal {
				return nil, err
			}
			return nil, nil // they did not agree to chat
		}
	}
	accounts, err := oncall.AccountsOf(c.ctx, c.tx, person.ID)
	if err != nil {
		return nil, err
	}
	accounts = slices.DeleteFunc(accounts, func(at oncall.Account) bool {
		return !c.knows(at.Network) || own && at.Network == a.Network
	})
	for _, at := range accounts {
		networks = append(networks, at.Network)
	}
	c.tellAt(accounts, 0, "This is a test and no page. Pages reach you here. Type anything that I understand to show that you read this: !ready.")
	return networks, nil
}

// toldTest tells what was sent, and what is to be done with it.
func toldTest(person oncall.Person, own bool, sent, chats, not []string) string {
	whose := person.Handle
	if own {
		whose = "you"
	}
	var say []string
	if len(sent) > 0 {
		say = append(say, fmt.Sprintf("A code is on its way to %s by %s. Each is to be typed to me within a day: !contact prove CODE; on a phone, the number that is said.", whose, oncall.JoinNames(slices.Compact(sent))))
	}
	if len(chats) > 0 {
		say = append(say, fmt.Sprintf("A private message goes to %s on %s.", whose, oncall.JoinNames(slices.Compact(chats))))
	}
	if len(say) == 0 {
		say = append(say, "Nothing was sent: there is no other way to test. !contact add gives one.")
	}
	for _, one := range not {
		say = append(say, "Not tested: "+one)
	}
	return strings.Join(say, " ")
}

// Readiness tells who could be reached tonight by two ways that are known to work, and
// who could not.
func (s *Service) Readiness(ctx context.Context) (reach.Report, error) {
	networks := make([]string, len(s.Networks))
	for i, n := range s.Networks {
		networks[i] = n.Name
	}
	return reach.Load(ctx, s.DB, s.Now(), networks, s.routeNames())
}
