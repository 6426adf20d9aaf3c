package ical

import (
	"bytes"
	"strings"
	"unicode"
)

// property is one content line: NAME;PARAM=value:value.
type property struct {
	name   string            // in capitals
	params map[string]string // names in capitals; of several values the first
	value  string
	line   int // from 1
}

// lines unfolds a text into content lines, with the number of the line where each begins.
// It goes by bytes, since a fold may tear a letter. Empty lines are none.
func lines(text []byte, each func(line string, number int)) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	var line []byte
	begun := 0
	flush := func() {
		if len(bytes.TrimSpace(line)) > 0 {
			each(strings.ToValidUTF8(string(line), "\uFFFD"), begun)
		}
		line = line[:0]
	}
	for number := 1; len(text) > 0; number++ {
		var raw []byte
		raw, text, _ = bytes.Cut(text, []byte("\n"))
		raw = bytes.TrimSuffix(raw, []byte("\r"))
		if len(raw) > 0 && (raw[0] == ' ' || raw[0] == '\t') && begun > 0 {
			line = append(line, raw[1:]...)
			continue
		}
		flush()
		line, begun = append(line, raw...), number
	}
	flush()
}

// parse takes a content line apart; false when it is none.
func parse(line string, number int) (property, bool) {
	p := property{line: number}
	end := strings.IndexAny(line, ":;")
	if end <= 0 {
		return p, false
	}
	p.name = strings.ToUpper(strings.TrimSpace(line[:end]))
	if !isName(p.name) {
		return p, false
	}
	rest := line[end:]
	for rest[0] == ';' {
		name, after, ok := strings.Cut(rest[1:], "=")
		if !ok {
			return p, false
		}
		var value string
		value, rest = paramValue(after)
		if rest == "" {
			return p, false
		}
		if p.params == nil {
			p.params = map[string]string{}
		}
		if name = strings.ToUpper(name); p.params[name] == "" {
			p.params[name] = value
		}
	}
	p.value = rest[1:]
	return p, true
}

// paramValue reads the values of a parameter, gives the first, and what follows them:
// a text that begins with a semicolon or a colon, or nothing.
func paramValue(text string) (first, rest string) {
	for i := 0; ; i++ {
		var value string
		if strings.HasPrefix(text, `"`) {
			var ok bool
			if value, text, ok = strings.Cut(text[1:], `"`); !ok {
				return "", ""
			}
		} else {
			end := strings.IndexAny(text, ",;:")
			if end < 0 {
				return "", ""
			}
			value, text = text[:end], text[end:]
		}
		if i == 0 {
			first = value
		}
		if !strings.HasPrefix(text, ",") {
			break
		}
		text = text[1:]
	}
	if text == "" || text[0] != ';' && text[0] != ':' {
		return "", ""
	}
	return first, text
}

func isName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	}) < 0
}

// plain is a value that is a text, as it was before it was escaped. Control characters
// but line breaks and tabs are left out.
func plain(value string) string {
	var b strings.Builder
	escaped := false
	for _, r := range value {
		switch {
		case escaped && (r == 'n' || r == 'N'):
			b.WriteByte('\n')
		case !escaped && r == '\\':
			escaped = true
			continue
		case unicode.IsControl(r) && r != '\t':
		default:
			b.WriteRune(r)
		}
		escaped = false
	}
	return b.String()
}
