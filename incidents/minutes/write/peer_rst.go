package write

import (
	"fmt"
	"io"
	"strings"
)

// writePeerRST writes minutes as reStructuredText, where each item refers to its line in
// the log.
func writePeerRST(w io.Writer, d Doc) error {
	p := newPage(d)
	names := refNames(p.items)
	shape := peerShape{
		wrap: true, title: boxed, heading: underlined, between: "\n\n", gap: "\n\n\n\n\n", endGap: "\n\n",
		text:    harmlessRST,
		topic:   boldRST,
		label:   func(kind string) string { return "*" + kind + "*: " },
		trailer: func(_ *peerPage, n int) string { return "(" + names[n] + "_)" },
		start: func(p *peerPage) string {
			head := fmt.Sprintf("Meeting started by %s at %s %s. The `full logs`_ are available.", harmlessRST(p.owner), p.started, p.zone)
			return peerWrap(head, "", "") + "\n\n.. _`full logs`: " + peerHref(p.base)
		},
		refs: func(p *peerPage) string { return refTargets(p, names) },
		sign: linkedSign,

		actions: "Action Items", owners: "Action Items, by person", present: "People Present (lines said)", allLists: true,
	}
	return shape.write(w, p)
}

// boldRST is a text in bold, which needs at least one letter.
func boldRST(text string) string {
	if text == "" {
		text = " "
	}
	return "**" + text + "**"
}

// refNames are the names by which items refer to the log: who spoke and when, with
// letters to tell apart what was said in the same second.
func refNames(items []peerItem) []string {
	names, seen := make([]string, len(items)), map[string]int{}
	for i, item := range items {
		name := strings.ReplaceAll(refNick(item.by)+"-"+item.at, "_-", "_")
		names[i] = name + refLetters(seen[name])
		seen[name]++
	}
	return names
}

// refNick is a nick without what would end the name of a reference, begin an address or
// make a reference of something else.
func refNick(nick string) string {
	last := ' '
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(": \t\\<>", r) || r == '_' && strings.ContainsRune("`|]", last) {
			r = '-'
		}
		last = r
		return r
	}, nick)
}

// refLetters counts in letters: nothing, a … z, aa, ab and so on.
func refLetters(n int) string {
	if n == 0 {
		return ""
	}
	n--
	return refLetters(n/26) + string(rune('a'+n%26))
}

// refTargets says for each of those names where it leads.
func refTargets(p *peerPage, names []string) string {
	log, lines := peerHref(p.base), make([]string, len(names))
	for i, name := range names {
		lines[i] = fmt.Sprintf(".. _%s: %s#l-%d", name, log, p.items[i].line)
	}
	return strings.Join(lines, "\n")
}
