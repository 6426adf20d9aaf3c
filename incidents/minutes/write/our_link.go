package write

import (
	"net/url"
	"strings"
)

// ourSchemes are those that an address may have to be followed from minutes.
var ourSchemes = []string{"http:", "https:", "irc:", "ftp:", "mailto:", "ssh:"}

// piece is a part of a text: an address, or what stands between addresses.
type piece struct {
	text    string
	address bool
}

// pieces takes the addresses out of a text. An address has one of our schemes and two
// slashes, and ends where a sentence around it would go on.
func pieces(text string) (list []piece) {
	rest, from := text, 0
	for {
		i := strings.Index(rest[from:], "//")
		if i < 0 {
			break
		}
		i += from
		start, end := schemeStart(rest, i), i+2+addressLength(rest[i+2:])
		if start < 0 || end == i+2 {
			from = i + 2
			continue
		}
		if start > 0 {
			list = append(list, piece{text: rest[:start]})
		}
		list = append(list, piece{text: rest[start:end], address: true})
		rest, from = rest[end:], 0
	}
	if rest != "" {
		list = append(list, piece{text: rest})
	}
	return list
}

// schemeStart is where the scheme before the two slashes at i begins, -1 if there is
// none of ours.
func schemeStart(text string, i int) int {
	for _, scheme := range ourSchemes {
		if !strings.HasSuffix(text[:i], scheme) {
			continue
		}
		start := i - len(scheme)
		if start == 0 || !isSchemeByte(text[start-1]) {
			return start
		}
	}
	return -1
}

func isSchemeByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'
}

// addressLength is how long the address is that goes on with rest. A closing bracket
// belongs to it if the bracket was opened in it.
func addressLength(rest string) int {
	end := strings.IndexAny(rest, " \t\n\u00a0<>\"`")
	if end < 0 {
		end = len(rest)
	}
	for end > 0 {
		switch c := rest[end-1]; {
		case strings.IndexByte(".,;:!?'*_", c) >= 0:
		case c == ')' && strings.Count(rest[:end], "(") < strings.Count(rest[:end], ")"):
		case c == ']' && strings.Count(rest[:end], "[") < strings.Count(rest[:end], "]"):
		default:
			return end
		}
		end--
	}
	return 0
}

// followed is an address that minutes may link to, "" if it is none: what a network
// gives as the address of a line, say.
func followed(address string) string {
	address = oneLine(address)
	if list := pieces(address); len(list) == 1 && list[0].address {
		return address
	}
	return ""
}

// nearBase is the address of the meeting's files from beside them, without an
// extension. It can be nothing but a file's name: a colon in it would be a scheme's, an
// "@" that of a mail address.
func (d Doc) nearBase() string {
	return strings.NewReplacer(":", "%3A", "@", "%40").Replace(escapedPath(clean(d.BaseName())))
}

// farBase is their whole address where that is known: for what is copied elsewhere.
func (d Doc) farBase() string {
	scheme, rest, ok := strings.Cut(clean(d.BaseURL()), "://")
	if !ok || scheme != "http" && scheme != "https" {
		return d.nearBase()
	}
	parts := strings.Split(rest, "/")
	if strings.ContainsFunc(parts[0], func(r rune) bool { return r != ':' && (r > 'z' || !isSchemeByte(byte(r))) }) {
		return d.nearBase()
	}
	for i, part := range parts[1:] {
		parts[i+1] = escapedPath(part)
	}
	return scheme + "://" + strings.Join(parts, "/")
}

// escapedPath is a part of a path as an address has it, whether it was that before
// or not.
func escapedPath(name string) string {
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	return url.PathEscape(name)
}

// linkTarget is an address where a language of marks has it: without what would end it
// or mean something there.
func linkTarget(address string) string { return targetEscapes.Replace(address) }

var targetEscapes = strings.NewReplacer(
	" ", "%20", "(", "%28", ")", "%29", "<", "%3C", ">", "%3E", `\`, "%5C", "`", "%60", `"`, "%22", "*", "%2A", "_", "%5F",
	"[", "%5B", "]", "%5D", "{", "%7B", "}", "%7D", "|", "%7C", "~", "%7E", "'", "%27",
)
