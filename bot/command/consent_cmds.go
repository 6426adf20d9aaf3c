package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// consentCommands are the subs of roster that are about one's own yes.
func (s Services) consentCommands() []*Command {
	return []*Command{{
		Name: "agree", Needs: Known, Summary: "Sets when and how you may be rung, and keeps your yes in your own words.",
		Example: "roster agree --quiet 23:00-07:00 --calls 6 --routes chat,mail yes, ring me for openssl fires",
		Params: []Param{
			{Name: "quiet", Kind: Option, Help: "hours in which you are not rung, as in 23:00-07:00, or none"},
			{Name: "sev1", Kind: Option, Choices: []string{"yes", "no"}, Help: "whether severity 1 rings you in quiet hours too"},
			{Name: "calls", Kind: Option, Help: "how many calls a quarter at most, or none for no limit"},
			{Name: "routes", Kind: Option, Help: "by which ways, as in chat,mail, or any"},
			{Name: "words", Kind: Rest, Optional: true, Help: "your yes in your own words"},
		}, Run: s.rosterAgree,
	}, {
		Name: "renew", Needs: Known, Summary: "Says yes for another year.", Example: "roster renew", Run: s.rosterRenew,
	}}
}

func (s Services) rosterAgree(ctx context.Context, c *Call) (Reply, error) {
	of, err := oncall.ConsentsOf(ctx, s.DB, c.PersonID)
	if err != nil {
		return Reply{}, err
	}
	old := of[c.PersonID]
	terms, err := termsOf(c, old.Terms)
	if err != nil {
		return Reply{}, err
	}
	next, err := s.People.Agree(ctx, c.Actor(), old.Version, terms)
	if err != nil {
		return Reply{}, err
	}
	// Nobody else reads their terms and words, which may have been said long ago elsewhere.
	return Reply{Private: true, Blocks: []Block{Line("You may be rung " + next.Says(zoneOf(c)) + "."), Line("That is " + agreedWords(next))}}, nil
}

// termsOf changes terms as far as a call says.
func termsOf(c *Call, t oncall.Terms) (oncall.Terms, error) {
	var err error
	if c.Given("quiet") {
		if t.QuietFrom, t.QuietUntil, err = oncall.ParseQuiet(c.Text("quiet")); err != nil {
			return t, err
		}
	}
	if c.Given("sev1") {
		t.QuietSev1 = c.Text("sev1") == "yes"
	}
	if c.Given("routes") {
		t.Routes = oncall.ParseRoutes(c.Text("routes"))
	}
	if c.Given("calls") {
		if t.Calls, err = callsOf(c.Text("calls")); err != nil {
			return t, err
		}
	}
	if c.Given("words") {
		t.Words = unquoted(c.Text("words"))
	}
	return t, nil
}

func callsOf(text string) (*int, error) {
	if strings.EqualFold(text, "none") {
		return nil, nil //nolint:nilnil // none is no limit
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil, fault.New(fault.Invalid, "Write calls a quarter as a number like 6, or none for no limit.")
	}
	return &n, nil
}

// unquoted takes the quotes off words that were put into them as a whole.
func unquoted(text string) string {
	for _, pair := range []string{`""`, "“”", "''"} {
		runes := []rune(pair)
		inner, opened := strings.CutPrefix(text, string(runes[0]))
		inner, closed := strings.CutSuffix(inner, string(runes[1]))
		if opened && closed {
			return strings.TrimSpace(inner)
		}
	}
	return text
}

// agreedWords says which version is in force, with the words of whoever agreed.
func agreedWords(consent oncall.Consent) string {
	text := fmt.Sprintf("version %d, of %s", consent.Version, consent.At.UTC().Format("2006-01-02"))
	if consent.Words != "" {
		text += ", in your words: " + consent.Words
	}
	return text
}

func (s Services) rosterRenew(ctx context.Context, c *Call) (Reply, error) {
	roles, err := s.People.Renew(ctx, c.Actor())
	return sentence(fmt.Sprintf("Thank you. Your yes to %s stands for another year. To end it: %s", oncall.JoinNames(roles), c.Typed("leave"))), err
}

// zoneOf is the caller's zone; of nobody's it is UTC.
func zoneOf(c *Call) string {
	if c.Zone == "" {
		return "UTC"
	}
	return c.Zone
}
