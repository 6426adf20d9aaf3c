package component

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/spelling"
)

const (
	sqlComponentColumns = `
		select c.id, c.name, coalesce(c.source, '') as source,
			array(select a.name from component_alias a where a.component_id = c.id order by a.name) as aliases
		from component c`
	sqlFind = sqlComponentColumns + `
		where c.id = coalesce(
			(select id from component where name = @name),
			(select component_id from component_alias where name = @name))`
	sqlNames     = `select name from component union all select name from component_alias`
	sqlNamedLike = sqlComponentColumns + `
		where c.name = any (@words)
			or c.id in (select component_id from component_alias where name = any (@words))
		order by c.name`
)

// Lookup finds a component by its name, or else by an alias. If there is none, near are
// names that may have been meant, the likeliest first, at most five.
func Lookup(ctx context.Context, db pg.DB, typed string) (c Component, found bool, near []string, err error) {
	name, err := NameOf(typed)
	if err != nil {
		return c, false, nil, err
	}
	rows, err := db.Query(ctx, sqlFind, pgx.NamedArgs{"name": name})
	if err != nil {
		return c, false, nil, err
	}
	c, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Component])
	if !errors.Is(err, pgx.ErrNoRows) {
		return c, err == nil, nil, err
	}
	if rows, err = db.Query(ctx, sqlNames); err != nil {
		return c, false, nil, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return c, false, Near(all, name, mostNear), err
}

// Find is [Lookup] for whoever needs the component: that there is none is NotFound, with
// the names that may have been meant and the way to ask.
func Find(ctx context.Context, db pg.DB, typed string) (Component, error) {
	c, found, near, err := Lookup(ctx, db, typed)
	if err == nil && !found {
		err = unknown(fold(strings.TrimSpace(typed)), near)
	}
	return c, err
}

func unknown(name string, near []string) error {
	if len(near) == 0 {
		return fault.New(fault.NotFound, "I know no component called %s. To ask everybody: !owner ask %s", clip(name), clip(name))
	}
	return fault.New(fault.NotFound, "I know no component called %s. Did you mean %s? To ask everybody: !owner ask %s", clip(name), oncall.JoinOr(near), clip(name))
}

// mostNear is how many guesses are offered.
const mostNear = 5

// Near picks the names that somebody may have meant: those that begin with the word, then
// those that hold it, then those that are one or two slips from it.
func Near(names []string, word string, most int) []string {
	type guess struct {
		name  string
		score int
	}
	slips := 2
	if len(word) < 5 {
		slips = 1
	}
	var guesses []guess
	for _, name := range names {
		switch far := len(name) - len(word); {
		case len(word) >= 3 && strings.HasPrefix(name, word):
			guesses = append(guesses, guess{name, 1 + min(far, 90)})
		case len(word) >= 3 && strings.Contains(name, word):
			guesses = append(guesses, guess{name, 100 + min(far, 90)})
		case -slips <= far && far <= slips:
			if d := spelling.Distance(word, name); d <= slips {
				guesses = append(guesses, guess{name, d * 2}) // one slip is likelier than a long rest
			}
		}
	}
	slices.SortFunc(guesses, func(a, b guess) int {
		return cmp.Or(cmp.Compare(a.score, b.score), strings.Compare(a.name, b.name))
	})
	var near []string
	for _, g := range guesses {
		if len(near) == most {
			break
		}
		if !slices.Contains(near, g.name) {
			near = append(near, g.name)
		}
	}
	return near
}

// Named finds the components that a text names, such as the title of an incident: every
// word of it that is the name of one, or an alias. Words of fewer than three letters and
// the commonest words of English are names only at the start, before a colon. A version
// behind a name is forgiven: openssl-3.0.7.
func Named(ctx context.Context, db pg.DB, text string) ([]Component, error) {
	words := candidates(text)
	if len(words) == 0 {
		return nil, nil
	}
	rows, err := db.Query(ctx, sqlNamedLike, pgx.NamedArgs{"words": words})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Component])
}

// mostWords is how many words of a text are looked at.
const mostWords = 400

// candidates are the words of a text that may be names.
func candidates(text string) []string {
	text = fold(text)
	var words []string
	add := func(word string, plainly bool) {
		if validName.MatchString(word) && (plainly || len(word) >= 3 && !isStopWord(word)) && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	first := true
	for text != "" && len(words) < mostWords {
		text = strings.TrimLeftFunc(text, func(r rune) bool { return !nameLetter(r) })
		end := strings.IndexFunc(text, func(r rune) bool { return !nameLetter(r) })
		if end < 0 {
			end = len(text)
		}
		word, rest := text[:end], text[end:]
		plainly := first && strings.HasPrefix(rest, ":")
		bare := strings.Trim(word, ".-_")
		for _, form := range []string{word, bare, strings.TrimRight(bare, "+"), withoutVersion(bare)} {
			add(form, plainly)
		}
		first, text = false, rest
	}
	return words
}

// withoutVersion takes off what follows a hyphen and begins with a digit.
func withoutVersion(word string) string {
	for i := 1; i+1 < len(word); i++ {
		if word[i] == '-' && '0' <= word[i+1] && word[i+1] <= '9' {
			return word[:i]
		}
	}
	return word
}

// nameLetter tells whether a name may hold it, or a word that is none: half a word is no
// name.
func nameLetter(r rune) bool { return isWord(r) || strings.ContainsRune(".+_-", r) }

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// isStopWord tells whether a word is far oftener plain English in the title of an
// incident than the name of a package, though there may be one.
func isStopWord(word string) bool {
	switch word {
	case "the", "and", "for", "with", "from", "into", "that", "this", "are", "was", "has", "have", "can", "cannot", "not", "all",
		"any", "but", "out", "off", "its", "our", "you", "who", "how", "why", "what", "when", "where", "which", "while", "after",
		"before", "over", "under", "via", "per", "one", "two", "more", "most", "less", "some", "every", "new", "old", "now", "see",
		"use", "set", "get", "let", "may", "must", "time", "file", "files", "make", "patch", "code", "remote", "execution", "update",
		"security", "service", "services", "server", "system", "local", "access", "host", "hosts", "info", "test", "tests", "tree",
		"root", "user", "users", "package", "packages", "release", "build", "down", "fire", "broken", "words", "word", "help",
		"issue", "bug", "critical", "urgent", "attack", "leak", "data", "disk", "mail", "core", "base", "main", "control", "buffer":
		return true
	}
	return false
}
