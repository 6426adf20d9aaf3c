package redact

import "strings"

const (
	shareBase64 = 44 // 33 bytes: 32 of a key and one more, so that there is no "=" at the end
	shareHex    = 66
)

// shares finds unseal shares. A hash of SHA-256 is one byte shorter, in either writing, and
// that is the whole difference; so what is longer or shorter is none, nor is a part of an
// address or of the name of a file.
func shares(text string, talk bool) (all []span) {
	byTheWay := talk && !isOfShares(text)
	for at := 0; at < len(text); {
		if !isBase64(text[at]) {
			at++
			continue
		}
		from := at
		for at < len(text) && isBase64(text[at]) {
			at++
		}
		if n := at - from; (n == shareBase64 || n == shareHex) && isShare(text[from:at], byTheWay) && standsAlone(text, from, at) {
			all = append(all, span{from, at, Share})
		}
	}
	return all
}

// isShare judges a word of the right length. Random letters turn from one kind to another
// some 25 times, and less than 9 times in not one word of 100,000; in paths, and in words that
// are written together, only where a word begins. What is said by the way has to turn more
// often, so that nobody is warned of the name of a test: one share of 2,000 is overlooked
// then, since those without digits look like words.
func isShare(word string, byTheWay bool) bool {
	k := kindsOf(word)
	if len(word) == shareHex {
		return k.hex == shareHex && k.digits > 0 && k.digits < shareHex && (k.upper == 0 || k.lower == 0)
	}
	least := 9
	switch {
	case byTheWay && k.digits == 0:
		least = 22
	case byTheWay:
		least = 12
	}
	return k.upper > 0 && k.lower > 0 && k.turns >= least
}

// isOfShares tells whether a line is about shares, or is a word alone: as somebody says one.
func isOfShares(line string) bool {
	lower := strings.ToLower(line)
	return !strings.Contains(strings.TrimSpace(line), " ") || strings.Contains(lower, "share") || strings.Contains(lower, "seal") || strings.Contains(lower, "key")
}

// standsAlone tells whether what is around a word leaves it one.
func standsAlone(text string, from, until int) bool {
	before, after := text[:from], text[until:]
	word := before[strings.LastIndexAny(before, " \t\r\n")+1:]
	if strings.Contains(word, "://") || strings.HasSuffix(before, "_") || strings.HasSuffix(before, "-") || strings.HasSuffix(before, ".") || strings.HasSuffix(before, "%") {
		return false
	}
	if after == "" {
		return true
	}
	switch after[0] {
	case '=', '_', '-', '%', '@':
		return false
	case '.':
		return len(after) == 1 || !isBase64(after[1])
	}
	return true
}

func isBase64(b byte) bool { return isLetterOrDigit(b) || b == '+' || b == '/' }

func isLetterOrDigit(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

// kinds counts what a word is made of.
type kinds struct {
	upper, lower, digits, hex int
	turns                     int // how often one kind of letter or digit follows upon another
}

func kindsOf(word string) (k kinds) {
	last := byte(0)
	for i := range len(word) {
		b := word[i]
		kind := byte('+')
		switch {
		case 'A' <= b && b <= 'Z':
			kind = 'A'
			k.upper++
		case 'a' <= b && b <= 'z':
			kind = 'a'
			k.lower++
		case '0' <= b && b <= '9':
			kind = '0'
			k.digits++
		}
		if kind == '0' || 'a' <= b|0x20 && b|0x20 <= 'f' {
			k.hex++
		}
		if i > 0 && kind != last && kind != '+' && last != '+' {
			k.turns++
		}
		last = kind
	}
	return k
}
