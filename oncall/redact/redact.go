// Package redact owns what looks like a secret in a text: it is found where somebody says
// one in a room, and taken out of what programs print.
//
// It knows shapes and no secrets, so it is the second net, never the first: what is one is
// best not printed at all (oncall/secret). A false alarm in a room costs trust, a secret in a
// log costs more; so what is found in talk ([Find]) is less than what is taken out ([Text]).
package redact

import (
	"slices"
	"strings"
)

// What is found, as a sentence names it.
const (
	Share      = "an unseal share" // what 33 bytes look like: an unseal or recovery key of Vault
	VaultToken = "a Vault token"
	AgeKey     = "an age key"
	PrivateKey = "a private key"
	AWSKey     = "an AWS key"
	Header     = "an authorization header"
	Password   = "a password" // #nosec G101 -- a word
	Token      = "a token"
	Secret     = "a secret"
	GitHub     = "a GitHub token"
	GitLab     = "a GitLab token"
	Slack      = "a Slack token"
	PagerDuty  = "a PagerDuty key"
	Signed     = "a signed token"          // a JSON web token
	TooLong    = "a line that is too long" // of [Writer] only: nobody can judge what was cut
)

// span is a part of a text that is to be taken out.
type span struct {
	from, until int
	what        string
}

// Text is a text without what looks like a secret: in its place stands what it was, as in
// "[taken out: a Vault token]". Done again, it changes nothing more.
func Text(text string) string {
	// What stands around what was taken out may now look like something: it is looked at
	// again, and each time there is less.
	for range 8 {
		found := look(text, false)
		if len(found) == 0 {
			return text
		}
		text = cut(text, found)
	}
	return text
}

// Find tells what secret a line that somebody says seems to hold, if any: the first.
func Find(line string) (what string, found bool) {
	all := look(line, true)
	if len(all) == 0 {
		return "", false
	}
	return all[0].what, true
}

// cut replaces parts of a text, which are in order and do not touch.
func cut(text string, parts []span) string {
	var b strings.Builder
	at := 0
	for _, s := range parts {
		b.WriteString(text[at:s.from])
		b.WriteString(takenOut(s.what))
		at = s.until
	}
	b.WriteString(text[at:])
	return b.String()
}

func takenOut(what string) string { return opening + what + "]" }

const opening = "[taken out: "

// ranked is a span with how certain its rule is; 0 is most.
type ranked struct {
	span
	rank int
}

// look finds what is to be taken out, in order. Parts that overlap are one, named by the rule
// that comes first: they go from what is certain to what is likely.
func look(text string, talk bool) []span {
	var all []ranked
	for _, m := range privateKey.FindAllStringIndex(text, -1) {
		all = append(all, ranked{span{m[0], m[1], PrivateKey}, 0})
	}
	at := 0
	for line := range strings.SplitAfterSeq(strings.ReplaceAll(text, "\r", "\n"), "\n") {
		for _, s := range lookAtLine(strings.TrimSuffix(line, "\n"), talk) {
			s.from, s.until = s.from+at, s.until+at
			all = append(all, s)
		}
		at += len(line)
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return a.from - b.from })
	var merged []span
	var rank int
	for _, s := range all {
		if last := len(merged) - 1; last >= 0 && s.from < merged[last].until {
			merged[last].until = max(merged[last].until, s.until)
			if s.rank < rank {
				merged[last].what, rank = s.what, s.rank
			}
			continue
		}
		merged, rank = append(merged, s.span), s.rank
	}
	return merged
}

func lookAtLine(line string, talk bool) (all []ranked) {
	lower := strings.ToLower(line)
	hinted := func(hint string) bool { return strings.Contains(lower, hint) }
	run := longestRun(line)
	for i, r := range rules {
		if talk && !r.talk || run < r.least || !slices.ContainsFunc(r.hints, hinted) || r.likely != nil && !r.likely(lower) {
			continue
		}
		for _, m := range r.pattern.FindAllStringSubmatchIndex(line, -1) {
			group := 2
			for group < len(m)-2 && m[group] < 0 {
				group += 2
			}
			from, until := m[group], m[group+1]
			quoted := group < len(m)-2
			if from >= until || r.is != nil && !r.is(line[from:until], talk, quoted) {
				continue
			}
			what := r.what
			if what == Secret {
				what = named(strings.ToLower(line[m[0]:from]))
			}
			all = append(all, ranked{span{from, until, what}, i + 1})
		}
	}
	for _, s := range shares(line, talk) {
		all = append(all, ranked{s, len(rules) + 1})
	}
	return all
}

// longestRun is how many letters, digits, "_" and "-" stand in a row at most.
func longestRun(line string) (longest int) {
	run := 0
	for i := range len(line) {
		if b := line[i]; isLetterOrDigit(b) || b == '_' || b == '-' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return longest
}
