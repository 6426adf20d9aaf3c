package tree

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"batsignal/oncall"
)

var validRole = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

const longestTitle = 80 // letters

func (c *checker) roles(given bool) {
	if c.wanted.Roles != nil && len(c.wanted.Roles) == 0 {
		c.add(0, "There must be at least one role. Leave the section out to keep those that there are.")
	}
	leader := ""
	for _, r := range c.wanted.Roles {
		title := utf8.RuneCountInString(r.Title)
		switch {
		case !validRole.MatchString(r.Name):
			c.add(r.line, "%q cannot be a role's name: small letters, digits and hyphens, at most 32, a letter first.", oncall.Clip(r.Name, 40))
		case title < 1 || title > longestTitle:
			c.add(r.line, "The title of the role %s has 1 to %d letters.", r.Name, longestTitle)
		case r.Leads && leader != "":
			c.add(r.line, "The role %s cannot lead: %s does, and only one role may.", r.Name, leader)
		}
		for _, other := range c.wanted.Roles {
			if other.Name != r.Name && strings.EqualFold(strings.ReplaceAll(r.Title, " ", "-"), other.Name) {
				c.add(r.line, "The title of the role %s is the name of another role, and people would confuse them.", r.Name)
			}
		}
		for _, d := range []time.Duration{r.Patience, r.PatienceSev1} {
			if d < time.Second || d > 24*time.Hour {
				c.add(r.line, "The patience of the role %s is from 1s to 24h.", r.Name)
				break
			}
		}
		if r.Leads {
			leader = r.Name
		}
		for _, m := range r.Members {
			c.person(m, r.line)
		}
	}
	for _, r := range c.all.Roles {
		for _, severity := range slices.Sorted(maps.Keys(r.Policies)) {
			c.known(r.line, "The role "+r.Name, "policy", r.Policies[severity], policyNames(c.before), policyNames(c.all))
		}
		for _, together := range r.Prefers {
			for _, l := range together {
				if l != "owner" {
					c.known(r.line, "The role "+r.Name, "label", l, labelNames(c.before), labelNames(c.all))
				}
			}
		}
	}
	if given && c.wanted.Roles != nil {
		c.given()
	}
}

// given refuses what the configuration decides.
func (c *checker) given() {
	const written = "The roles are written in the configuration, which is where they are changed"
	if was, is := roleNames(c.before), roleNames(c.wanted); !slices.Equal(was, is) {
		c.add(0, "%s: they are %s, in this order.", written, strings.Join(was, ", "))
		return
	}
	for i, r := range c.wanted.Roles {
		b := c.before.Roles[i]
		if b.Title != r.Title || b.Leads != r.Leads || b.Patience != r.Patience || b.PatienceSev1 != r.PatienceSev1 {
			c.add(r.line, "%s: title, leads and patience of %s stay as they are.", written, r.Name)
		}
	}
}
