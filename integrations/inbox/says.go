package inbox

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"batsignal/integrations/mail"
	"batsignal/oncall"
)

// mostLines is how many lines of somebody's own are read: who answers does so at once.
const mostLines = 20

// mostCodes is how many words are passed on that may be the code: some words of five
// letters look like one.
const mostCodes = 4

// ownLines are the lines that somebody wrote themselves, up to their signature. What they
// quote is our letter, which names the code: nothing of it may count. So it stops at the
// line of ours that begins every letter, whatever a mail program puts before it, and at
// all that mail programs are known to begin a quotation with.
func ownLines(text string) (own []string) {
	above := strings.ToLower(mail.AboveLine)
	for line := range strings.Lines(text) {
		line = strings.Join(strings.Fields(line), " ")
		switch {
		case line == "":
			continue
		case line[0] == '>' || line[0] == '|':
			continue // their own words may stand below
		case strings.Contains(strings.ToLower(line), above), line == "--", ends.MatchString(line):
			return own
		}
		if own = append(own, line); len(own) == mostLines {
			return own
		}
	}
	return own
}

// ends are lines that begin a quotation without marks at its lines: rules, and the
// headers of what is answered, in some languages. One that ends too early costs an
// answer, which its writer is told; one that ends too late would acknowledge by itself.
var ends = regexp.MustCompile(`(?i)^(-{3,}|_{6,}|={6,}|\*{0,2}(from|sent|von|gesendet|de|envoyé|enviado|da|inviato|van|verzonden|från|skickat|fra|sendt|od|odesláno|wysłano|от|отправлено)\*{0,2} ?:)`)

// word is a word that may be a code.
type word struct {
	code string
	line int // in which line it stands
	rank int // the lower the likelier
}

// says reads an answer out of somebody's own lines: "ack K7QXM", "no K7QXM", or with up
// to four words that may be the code. "" names none.
func says(lines []string) string {
	var found []word
	for i, line := range lines {
		found = append(found, wordsOf(line, i)...)
	}
	if len(found) == 0 {
		return ""
	}
	slices.SortStableFunc(found, func(a, b word) int { return cmp.Compare(a.rank, b.rank) })
	verb := "ack"
	// Whoever says no in any way has not said yes. What stands below the code may be a
	// disclaimer.
	for _, line := range lines[:found[0].line+1] {
		if slices.ContainsFunc(split(line), refuses) {
			verb = "no"
		}
	}
	for _, w := range found[:min(len(found), mostCodes)] {
		verb += " " + w.code
	}
	return verb
}

// saysSubject reads an answer out of a subject, which is ours but for what was written
// before or behind it.
func saysSubject(subject string) string {
	all := split(subject)
	switch n := len(all); {
	case n >= 1 && likely(all[n-1]):
		if n >= 2 && refuses(all[n-2]) {
			return "no " + strings.ToUpper(all[n-1])
		}
		return "ack " + strings.ToUpper(all[n-1])
	case n >= 2 && refuses(all[0]) && likely(all[1]):
		return "no " + strings.ToUpper(all[1])
	}
	return ""
}

// wordsOf finds words that may be a code in one line. Alone or behind a yes or no it is
// almost certainly one; at the beginning or the end of a line it may be; in the middle it
// may be in a short line, but not in one that is out of our letters.
func wordsOf(line string, at int) (found []word) {
	all := split(line)
	short := len(all) <= 8 && !strings.Contains(strings.ToLower(line), "answer")
	for i, w := range all {
		if !isCode(w) {
			continue
		}
		rank, before := 2, all[max(i-1, 0)]
		alone := len(all) == 1 || len(all) == 2 && i == 1 && (refuses(before) || agrees(before))
		if alone {
			rank--
		}
		if likely(w) {
			rank--
		}
		if alone || short || i == 0 || i == len(all)-1 {
			found = append(found, word{code: strings.ToUpper(w), line: at, rank: rank})
		}
	}
	return found
}

// split cuts a line into words without the marks around them.
func split(line string) []string {
	var all []string
	for _, f := range strings.Fields(strings.ReplaceAll(line, "’", "'")) {
		if f = strings.Trim(f, `.,:;!?"'()[]<>*_-`); f != "" {
			all = append(all, f)
		}
	}
	return all
}

// likely tells whether a word that may be a code was typed like one: in capitals, or with
// a digit.
func likely(w string) bool {
	return isCode(w) && (w == strings.ToUpper(w) || strings.ContainsAny(w, "23456789"))
}

// isCode tells whether a word is made as codes are: five letters and digits, none of
// which is read as another.
func isCode(w string) bool {
	return len(w) == 5 && strings.Trim(strings.ToUpper(w), oncall.CodeLetters) == ""
}

func agrees(w string) bool {
	switch strings.ToLower(w) {
	case "ack", "acknowledge", "acknowledged", "ok", "okay", "yes", "code":
		return true
	}
	return false
}

func refuses(w string) bool {
	switch strings.ToLower(w) {
	case "no", "nope", "not", "nack", "nein", "decline", "declined", "declining", "cannot", "can't", "cant", "unable", "won't", "wont", "don't", "unavailable":
		return true
	}
	return false
}
