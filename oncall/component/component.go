// Package component owns what is looked after (packages, services: anything with a
// name), who owns or knows it, and how one finds somebody when nobody is known.
//
// Owners come by hand and from lists that are imported. A list may name people whom we
// do not know: they are kept and shown, but nobody can ring them. That somebody owns a
// component says nothing about whether they may be rung; consent does (package oncall).
// It reads no network: what fetches a list is given to it.
package component

import (
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
)

// Component is something that is looked after.
type Component struct {
	ID      int64
	Name    string // in small letters
	Aliases []string
	Source  string // the list that brought it; "" is by hand
}

// Rank is what somebody is to a component.
type Rank string

// The ranks, the nearest first.
const (
	Own   Rank = "owner"
	CoOwn Rank = "co-owner"
	Knows Rank = "knows" // can help, and decides nothing
)

// Owns tells whether a rank is that of an owner: one who is preferred as such, and who
// may say who else is one.
func (r Rank) Owns() bool { return r == Own || r == CoOwn }

// Verb is what somebody of that rank does with a component, in a sentence.
func (r Rank) Verb() string {
	switch r {
	case CoOwn:
		return "co-owns"
	case Knows:
		return "knows"
	}
	return "owns"
}

var ranks = []Rank{Own, CoOwn, Knows}

// better is the nearer one of two ranks.
func better(a, b Rank) Rank {
	if slices.Index(ranks, a) <= slices.Index(ranks, b) {
		return a
	}
	return b
}

// ParseRank reads a rank as people type it; "" is an owner.
func ParseRank(text string) (Rank, error) {
	switch strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(text)) {
	case "", "owner", "owns", "maintainer", "maintains", "main", "admin":
		return Own, nil
	case "coowner", "comaintainer", "commit", "second":
		return CoOwn, nil
	case "knows", "know", "helps":
		return Knows, nil
	}
	return "", fault.New(fault.Invalid, "%q says nothing I know about somebody and a component: owner, co-owner or knows.", oncall.Clip(text, 32))
}

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9.+_-]{0,127}$`)

// NameOf is the name that somebody means: in small letters.
func NameOf(typed string) (string, error) {
	name := fold(strings.TrimSpace(typed))
	if !validName.MatchString(name) {
		return "", fault.New(fault.Invalid, "%q cannot be the name of a component: letters, digits and . + - _, such as openssl.", oncall.Clip(typed, 40))
	}
	return name, nil
}

// fold lowers the letters A to Z and no other, as accounts are folded.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

// longestLogin is in bytes.
const longestLogin = 128

// loginOf reads what a list, or somebody, calls a person. The problem is half a
// sentence, "" if there is none.
func loginOf(text string) (login, problem string) {
	login = fold(strings.TrimSpace(text))
	switch {
	case login == "":
		return "", "a name is empty"
	case len(login) > longestLogin:
		return "", "a name is longer than 128 bytes"
	case strings.ContainsFunc(login, unfit) || login != strings.ToLower(login):
		return "", "a name of an account has no spaces, commas or capital letters of other scripts"
	case strings.Contains(login[1:], "@"):
		return "", "that is a mail address, and what is written here is shown to everybody; write the name of an account"
	}
	return login, ""
}

// unfit are letters that no account has: what cannot be seen, or separates.
func unfit(r rune) bool {
	return r <= ' ' || r == 0x7f || r == ',' || r == '"' || r == '\ufffd' || r > 0x7f && !isWord(r)
}

// Service changes who owns what, and asks. Each method is one transaction and leaves an
// entry of the audit trail.
type Service struct {
	DB      pg.DB
	Now     func() time.Time
	Queue   notice.Queue // carries questions and answers
	Log     *slog.Logger
	Rooms   []oncall.Room // where Ask asks
	Fetcher Fetcher       // reads lists for RefreshDue; nil reads none
}
