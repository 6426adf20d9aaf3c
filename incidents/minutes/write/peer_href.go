package write

import (
	"net/url"
	"strings"
	"unicode"
)

// peerSchemes are the schemes of the addresses that are made links. All but git are those
// that the peers take for links; git stands in the peers' archives.
var peerSchemes = map[string]bool{"http": true, "https": true, "irc": true, "ftp": true, "mailto": true, "ssh": true, "git": true}

// mayLink tells whether an address may be made a link: it has one of those schemes, or
// none, for then it leads nowhere but to the page's own neighbours. A scheme with nothing
// after it ("Board:") says nothing to anybody, unless it runs scripts. Blanks are refused
// because browsers drop some of them before they read the scheme.
func mayLink(address string) bool {
	if strings.ContainsFunc(address, unicode.IsSpace) {
		return false
	}
	name, rest, ok := cutScheme(address)
	return !ok || peerSchemes[strings.ToLower(name)] || rest == "" && !runsScript(name)
}

// cutScheme takes the scheme off an address as a browser does. ok is false where there
// is none.
func cutScheme(address string) (name, rest string, ok bool) {
	name, rest, ok = strings.Cut(address, ":")
	if !ok || name == "" || !isSchemeLetter(name[0]) {
		return "", address, false
	}
	for _, c := range []byte(name) {
		if !isSchemeLetter(c) && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' {
			return "", address, false
		}
	}
	return name, rest, true
}

func isSchemeLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// peerHref is the name of a file beside the page as an address, whatever letters it has.
// No letter of it ends an attribute or makes it an address of another kind.
func peerHref(name string) string {
	return strings.NewReplacer(":", "%3A", "'", "%27", "&", "%26").Replace(url.PathEscape(name))
}

// peerAttribute is an address as the value of an attribute in quotes of either kind.
func peerAttribute(address string) string { return peerAttributeEscaper.Replace(address) }

// peerBody is a text between tags.
func peerBody(text string) string {
	if !strings.ContainsAny(text, "&<>") {
		return text
	}
	return peerBodyEscaper.Replace(text)
}

// peerTitle is the headline between tags. The peers escape nothing in it; a lone ">" is as
// harmless escaped as not, and stays as they write it.
func peerTitle(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "&", "&amp;"), "<", "&lt;")
}

var (
	peerBodyEscaper      = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	peerAttributeEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "%22", "'", "%27")
)
