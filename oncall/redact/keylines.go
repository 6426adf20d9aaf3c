package redact

import (
	"strings"
	"time"
)

const (
	keyPause = 2 * time.Minute // after it nobody still pastes the same key
	keyLines = 200             // of a key; the longest RSA keys have some hundred
	bodyLine = 40              // letters of a whole line of a key: programs break them at 64 or later
)

// KeyLines follows a private key that somebody says line by line, as chat carries a paste. Of
// a key that nobody began to say it sees nothing: base64 alone is everyday talk. The zero
// KeyLines is of somebody who said nothing yet.
type KeyLines struct {
	open  int // lines so far; 0 is no key
	after time.Time
}

// Hear takes the next line of the same person, at an instant, and tells whether it belongs to
// a key that was begun in an earlier one, and is nothing that the line alone would show.
func (k *KeyLines) Hear(line string, at time.Time) (body bool) {
	if k.open > 0 && (at.Sub(k.after) > keyPause || k.open >= keyLines) {
		k.open = 0
	}
	k.after = at
	from := strings.LastIndex(line, "-----BEGIN ")
	switch is, last := keyBody(line); {
	case from >= 0 && begins.MatchString(line[from:]) && !endsKey.MatchString(line[from:]):
		k.open = 1
	case k.open > 0 && is:
		k.open++
		if last {
			k.open = 0
		}
		return true
	case firstOfKey.MatchString(line):
		k.open = 1
	default:
		k.open = 0 // whoever talks again has said all of it
	}
	return false
}

// Going tells whether a key was begun, and not ended.
func (k *KeyLines) Going(at time.Time) bool { return k.open > 0 && at.Sub(k.after) <= keyPause }

// keyBody judges a line behind the beginning of a key; last is that it ends it.
func keyBody(line string) (is, last bool) {
	if endsKey.MatchString(line) {
		return true, true
	}
	line = strings.TrimSpace(strings.TrimLeft(line, ">| \t`"))
	for _, header := range []string{"Proc-Type:", "DEK-Info:", "Version:", "Comment:"} {
		if strings.HasPrefix(line, header) {
			return true, false
		}
	}
	bare := strings.Trim(line, "=\\")
	for i := range len(bare) {
		if !isBase64(bare[i]) {
			return false, false
		}
	}
	k := kindsOf(bare)
	switch {
	case bare == "":
		return false, false
	case len(bare) >= bodyLine:
		return k.turns >= len(bare)/8 || k.hex == len(bare), false
	case bare != line: // the last of it, filled up with "="
		return true, false
	}
	// The last one may be short and have no "=": "sorry" is a word, x7Qb9 is none.
	return k.turns >= 3 && k.digits > 0 || k.turns >= 5 && k.upper > 1, false
}
