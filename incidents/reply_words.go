package incidents

import (
	"strings"

	"batsignal/oncall"
)

// words is what somebody wrote back, understood.
type words struct {
	codes   []string // words that can be one, in capitals and in their order
	decline bool
	stop    bool // nothing more to this address
	start   bool // again
}

// mostCodes is how many words of an answer are looked up: a code may stand behind "thank
// you".
const mostCodes = 4

// readWords understands an answer: a code alone or behind "ack", "ok" or "yes", one
// behind "no" or "decline", or one of the words that providers of SMS define. It reads the
// first line only, so that a quoted page below it answers nothing.
func readWords(text string) (w words) {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	fields := strings.FieldsFunc(strings.ToUpper(line), func(r rune) bool {
		return r == ' ' || r == '\t' || r == ',' || r == ':' || r == '.' || r == '!' || r == '\r' || r == '"' || r == '\''
	})
	if len(fields) == 1 {
		switch fields[0] {
		case "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT":
			return words{stop: true}
		case "START", "UNSTOP":
			return words{start: true}
		}
	}
	for _, f := range fields {
		switch f {
		case "NO", "DECLINE", "DECLINED", "NACK":
			w.decline = w.decline || len(w.codes) == 0 // "K7QXM, no problem" is none
		case "ACK", "OK", "YES", "ACKNOWLEDGE":
		default:
			if isCode(f) && len(w.codes) < mostCodes {
				w.codes = append(w.codes, f)
			}
		}
	}
	return w
}

func isCode(word string) bool {
	if len(word) != 5 {
		return false
	}
	for _, r := range word {
		if !strings.ContainsRune(oncall.CodeLetters, r) {
			return false
		}
	}
	return true
}

// digitsOnly tells whether keys of a phone were pressed.
func digitsOnly(text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && strings.Trim(text, "0123456789*#") == ""
}
