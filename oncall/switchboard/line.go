package switchboard

import (
	"fmt"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/unseal"
)

const (
	longestLine = 350 // bytes: with everything around it, one line of IRC
	longestWho  = 40
	longestPage = 90
)

// words makes the line that people confirm. What matters comes first and is ours; what
// somebody wrote stands between quotation marks, and never begins the line.
func (a *Authority) words(c challenge) string {
	head := fmt.Sprintf("%s opens sealed contacts of up to %s, for ", c.Code, oncall.Plural(c.People, "person", "people"))
	if c.Incident == 0 {
		head += "a new incident"
	} else {
		head += fmt.Sprintf("INC-%d", c.Incident)
	}
	tail := ". Asked for by " + a.who(c)
	until := oncall.Clock(c.Span.Until, "")
	code := "a code on the page of the switchboard"
	switch {
	case a.listens(c.Network) && c.Room != "":
		code = fmt.Sprintf("%s%s %s and a code", a.o.Prefix, a.o.Confirms[0], c.Code)
	case a.o.Page != "" && len(a.o.Page) <= longestPage:
		code = "a code at " + a.o.Page
	}
	if c.Heard {
		tail += fmt.Sprintf(". Somebody else: %s, until %s.", code, until)
	} else {
		tail += fmt.Sprintf(", whom I did not hear. Two people: %s, each, until %s.", code, until)
	}
	if c.What == "" {
		return head + tail
	}
	return head + ": " + quoted(cut(c.What, longestLine-len(head)-len(tail)-len(`: ""`))) + tail
}

// who names who asked, by the handle that we know.
func (a *Authority) who(c challenge) string {
	if c.Declared != "" {
		return c.Declared
	}
	name := strings.Map(func(r rune) rune {
		if r == '"' {
			return '\''
		}
		return r
	}, cut(unseal.Plain(c.Account), longestWho))
	return fmt.Sprintf(`the account "%s" on %s`, name, cut(unseal.Plain(c.Network), longestWho))
}
