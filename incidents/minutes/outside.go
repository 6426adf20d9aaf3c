package minutes

import "time"

// OwnersIn is whose action a text says it is, said outside of any meeting: by whoever
// says it, for "I" and "me", and those on the roster whom it names.
func OwnersIn(text string, by Who, roster []Owner) []Owner {
	m := &Meeting{Setting: Setting{Dialect: Batsignal()}, people: people{merge: true}, roster: make(map[string]Owner, len(roster))}
	for _, owner := range roster {
		m.roster[Fold(owner.Name)] = owner
	}
	if by.Nick != "" {
		m.people.see(by)
	}
	owners, _ := m.ownersIn(text, by)
	return owners
}

// DueIn is the day that a text names by "by DATE" or "due DATE", zero if it names none.
func DueIn(text string, said time.Time) time.Time { return dueIn(text, said) }
