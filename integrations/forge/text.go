package forge

import (
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"batsignal/incidents/action"
)

// GitLab reads what stands in a title or a description: @maria calls maria, #12 and
// addresses leave notes at other issues, and a line that begins with a slash is a
// command ("/close"). None of that may come from what somebody said in a room.
//
// In a description, people's words stand in code, where nothing of it is read, and
// never at the beginning of a line. Titles know no code; there, and at every @, a
// joiner that nobody sees parts the sign from what follows.

// joiner is the word joiner: no letter, no space, and not to be seen.
const joiner = "\u2060"

// longestTitle is in letters; GitLab takes 255, and joiners count.
const longestTitle = 250

// titleOf is the title of an issue.
func titleOf(i action.Issue) string {
	title := []rune(i.Ref + ": " + defused(oneLine(i.Text)))
	if len(title) > longestTitle {
		return strings.TrimRight(string(title[:longestTitle-1]), " ") + "…"
	}
	return string(title)
}

// descriptionOf is the text of an issue. The mark is in plain sight: what is hidden is
// not searched.
func descriptionOf(i action.Issue, mark string) string {
	var b strings.Builder
	b.WriteString("> " + code(i.Text) + "\n\n")
	fact := func(name, value string) {
		if value != "" {
			b.WriteString("- " + name + ": " + value + "\n")
		}
	}
	owners := make([]string, len(i.Owners))
	for n, owner := range i.Owners {
		owners[n] = code(owner)
	}
	fact("Owner", strings.Join(owners, ", "))
	if !i.Due.IsZero() {
		fact("Due", i.Due.Format(time.DateOnly))
	}
	fact("Noted", code(i.Where))
	fact("Said here", link(i.Source))
	fact("Kept at", link(i.Page))
	b.WriteString("\nOpened by Batsignal for the action " + i.Ref + ". Neither follows the other: who closes one closes the other by hand.\n\nMark: " + mark + "\n")
	return b.String()
}

// code is somebody's words as code in one line; "" stays "".
func code(text string) string {
	text = strings.ReplaceAll(oneLine(text), "@", "@"+joiner)
	if text == "" {
		return ""
	}
	longest, run := 0, 0
	for _, r := range text {
		run++
		if r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if longest > 0 {
		text = " " + text + " " // one that ends in a backtick would swallow the fence
	}
	return fence + text + fence
}

// link is an address to click; what is none is not written.
func link(address string) string {
	address = strings.ReplaceAll(address, "@", "%40")
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.ContainsAny(address, " <>`\\") || oneLine(address) != address {
		return ""
	}
	return "<" + address + ">"
}

var (
	// signs begin a reference in GitLab when something follows: people, issues, requests,
	// epics, milestones, labels, snippets, alerts, iterations, and [kind:7].
	signs = regexp.MustCompile(`[@#!&%~$^*\[]`)
	// numbered is the other spelling of an issue: GL-12.
	numbered = regexp.MustCompile(`(?i)\b(GL-)(\d)`)
	// commit is what may be one.
	commit = regexp.MustCompile(`(?i)\b[0-9a-f]{7,}\b`)
	piece  = regexp.MustCompile(`.{1,4}`)
)

// defused are words that nothing is read in.
func defused(text string) string {
	text = commit.ReplaceAllStringFunc(text, func(hex string) string { return piece.ReplaceAllString(hex, "${0}"+joiner) })
	text = numbered.ReplaceAllString(text, "${1}"+joiner+"${2}")
	text = signs.ReplaceAllString(text, "${0}"+joiner)
	text = strings.ReplaceAll(text, "://", ":"+joiner+"//")
	if strings.HasPrefix(text, "/") {
		text = joiner + text
	}
	return text
}

// oneLine is a text in one line without control characters.
func oneLine(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
