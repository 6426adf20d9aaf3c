package minutes

import (
	"slices"
	"strings"
)

// Assigned is one person's actions, or with a Name of "" those of nobody.
type Assigned struct {
	Name    string
	Actions []*Item
}

// ByPerson are the actions by whom they belong to, by name; unassigned are those of
// nobody.
func (m *Meeting) ByPerson() (people []Assigned, unassigned []*Item) {
	if m.Dialect.Match == ByIdentity {
		return m.byOwner()
	}
	taken := map[*Item]bool{}
	nicks := make([]string, 0, len(m.people.list))
	for _, one := range m.people.list {
		nicks = append(nicks, one.Nick)
	}
	slices.SortStableFunc(nicks, byLower)
	actions, rule := m.Actions(), m.Dialect.Match
	texts := make([]string, len(actions)) // in the case that counts, once for all nicks
	for i, action := range actions {
		texts[i] = rule.cased(action.Text)
	}
	for _, nick := range nicks {
		var mine []*Item
		cased := rule.cased(nick)
		for i, action := range actions {
			if rule.names(texts[i], cased) {
				mine = append(mine, action)
				taken[action] = true
			}
		}
		if mine != nil {
			people = append(people, Assigned{nick, mine})
		}
	}
	for _, action := range actions {
		if !taken[action] {
			unassigned = append(unassigned, action)
		}
	}
	return people, unassigned
}

func (m *Meeting) byOwner() (people []Assigned, unassigned []*Item) {
	for _, action := range m.Actions() {
		if len(action.Owners) == 0 {
			unassigned = append(unassigned, action)
		}
		for _, owner := range action.Owners {
			i := slices.IndexFunc(people, func(a Assigned) bool { return a.Name == owner.Name })
			if i < 0 {
				i = len(people)
				people = append(people, Assigned{Name: owner.Name})
			}
			people[i].Actions = append(people[i].Actions, action)
		}
	}
	slices.SortStableFunc(people, func(a, b Assigned) int { return byLower(a.Name, b.Name) })
	return people, unassigned
}

func byLower(a, b string) int {
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}

// cased is a text as the rule compares it.
func (r MatchRule) cased(text string) string {
	if r == Substring {
		return text
	}
	return asciiLower(text)
}

// names tells whether a peer finds a nick in a text, both of them cased.
func (r MatchRule) names(text, nick string) bool {
	if nick == "" {
		return false
	}
	if r == Substring {
		return strings.Contains(text, nick)
	}
	for from := 0; ; {
		i := strings.Index(text[from:], nick)
		if i < 0 {
			return false
		}
		i += from
		if wordEdge(text, i) && wordEdge(text, i+len(nick)) {
			return true
		}
		from = i + 1
	}
}

// wordEdge is the peers' \b on bytes: exactly one side is a letter of a word.
func wordEdge(text string, i int) bool {
	is := func(i int) bool { return i >= 0 && i < len(text) && isWord(rune(text[i]), false) }
	return is(i-1) != is(i)
}

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
