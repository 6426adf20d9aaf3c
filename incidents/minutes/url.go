package minutes

import "strings"

// linkSchemes are the addresses that count as links, as peers have them.
var linkSchemes = []string{"http:", "https:", "irc:", "ftp:", "mailto:", "ssh:"}

// startsWithURL tells whether a line is a link by itself: what stands before its first
// two slashes is exactly a scheme.
func startsWithURL(line string) bool {
	before, _, _ := strings.Cut(line, "//")
	for _, scheme := range linkSchemes {
		if before == scheme {
			return true
		}
	}
	return false
}

// splitURL finds the first address in a text. A dot or a closing bracket at its end
// belongs to the sentence.
func splitURL(text string) (before, url, after string, found bool) {
	start := -1
	for _, scheme := range linkSchemes {
		from := 0
		for {
			i := strings.Index(text[from:], scheme+"//")
			if i < 0 {
				break
			}
			i += from
			if end := urlEnd(text, i, len(scheme)+2); end > 0 && (start < 0 || i < start) {
				start, url, after = i, text[i:end], text[end:]
				break
			}
			from = i + 1
		}
	}
	if start >= 0 {
		return text[:start], url, after, true
	}
	url, after, _ = strings.Cut(text, " ")
	return "", url, after, false
}

// urlEnd is where the address that starts at i ends, 0 if nothing follows its slashes.
func urlEnd(text string, i, prefix int) int {
	end := len(text)
	if blank := strings.IndexAny(text[i:], " \t\r\n\v\f"); blank >= 0 {
		end = i + blank
	}
	for end > i+prefix && (text[end-1] == '.' || text[end-1] == ')') {
		end--
	}
	if end <= i+prefix {
		return 0
	}
	return end
}
