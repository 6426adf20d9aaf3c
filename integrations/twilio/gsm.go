package twilio

import (
	"strings"
	"unicode"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"
)

// A text is billed and carried in parts. In the alphabet of GSM 03.38 a part holds 160
// letters, or 153 if there are several; with a single other letter in it the whole text is
// in UCS-2, and a part holds 70, or 67. So a pretty dash would more than halve what there
// is room for.
const (
	gsmOne, gsmEach = 160, 153
	ucsOne, ucsEach = 70, 67
	// mostParts is how many parts we send: more arrive late, or out of order.
	mostParts = 2
)

// gsmLetters are those that count once, gsmTwice those that count twice.
const (
	gsmLetters = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmTwice = "^{}\\[~]|€"
)

// parts is how many parts a text takes.
func parts(text string) int {
	septets := 0
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmLetters, r):
			septets++
		case strings.ContainsRune(gsmTwice, r):
			septets += 2
		default:
			return partsOf(len(utf16.Encode([]rune(text))), ucsOne, ucsEach)
		}
	}
	return partsOf(septets, gsmOne, gsmEach)
}

func partsOf(n, one, each int) int {
	if n <= one {
		return 1
	}
	return (n + each - 1) / each
}

// plainer are letters of print that have a plain one of the same meaning.
var plainer = strings.NewReplacer(
	"‘", "'", "’", "'", "‚", "'", "‛", "'", "´", "'", "`", "'", "“", "\"", "”", "\"", "„", "\"", "«", "\"", "»", "\"",
	"–", "-", "—", "-", "‐", "-", "‑", "-", "−", "-", "…", "...", "•", "*", "→", "->", "←", "<-", "×", "x",
	"\u00a0", " ", "\u202f", " ", "\u2009", " ", "\t", " ",
)

// plain writes a text of people's for a phone: one line, nothing that cannot be seen, and
// letters of the small alphabet where they mean the same.
func plain(text string) string {
	text = strings.Join(strings.Fields(plainer.Replace(strings.ToValidUTF8(text, "?"))), " ")
	var out strings.Builder
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmLetters, r), strings.ContainsRune(gsmTwice, r):
			out.WriteRune(r)
		case !unicode.IsGraphic(r):
			// Among these are the marks that turn the direction of writing around.
		default:
			out.WriteString(withoutAccents(r))
		}
	}
	return out.String()
}

// withoutAccents is a letter of the Latin alphabet without what stands above or below it;
// others stay as they are.
func withoutAccents(r rune) string {
	base := norm.NFD.String(string(r))
	if first := []rune(base)[0]; first < utf8Self && len(base) > 1 {
		return string(first)
	}
	return string(r)
}

// utf8Self is the first letter that is not ASCII.
const utf8Self = 0x80

// cut shortens a text to so many letters, and says so.
func cut(text string, most int) string {
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	if most <= 3 {
		return ""
	}
	return strings.TrimRight(string(r[:most-3]), " ") + "..."
}
