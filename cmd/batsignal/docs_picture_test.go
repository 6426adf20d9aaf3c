package main

import (
	"bytes"
	"fmt"
	"html"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"batsignal/migrations/pglocal"
)

const pictureFile = "../../docs/heartbleed.svg"

// TestDocsPicture keeps the picture of the README what the command that it shows
// really prints. The play follows from its seed, so it is the same everywhere.
func TestDocsPicture(t *testing.T) {
	alone(t)
	if _, err := pglocal.FindBinaries(os.Getenv("PG_BINDIR")); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	status, out, errs := cli(t, "try", "--script", "heartbleed")
	if status != exitOK {
		t.Fatalf("the play ended with %d: %s", status, errs)
	}
	want := draw("batsignal try --script heartbleed", excerpt(out))
	if *update {
		if err := os.WriteFile(pictureFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(pictureFile)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("docs/heartbleed.svg is stale (%v); run: make docs", err)
	}
}

// played is a line of a play: hour, > for what a person says, place, words.
var played = regexp.MustCompile(`^(\d\d:\d\d:\d\d) ([ >]) (#\S+|\(to \w+\)) (.*)$`)

// excerpt shortens a play to what a picture can hold: until every role is filled,
// and how it ended.
func excerpt(out string) []string {
	head, rest, _ := strings.Cut(out, "\n\n")
	story, end, _ := strings.Cut(rest, "\n\n")
	lines, moment := []string{head, ""}, []string{}
	all := strings.Split(story, "\n")
	for i, line := range all {
		moment = append(moment, line)
		if i+1 < len(all) {
			this, next := played.FindStringSubmatch(line), played.FindStringSubmatch(all[i+1])
			if next[1] == this[1] && next[2] != ">" {
				continue
			}
		}
		lines = append(lines, atOnce(moment)...)
		if strings.Contains(line, "Every role is filled.") {
			lines = append(lines, "…")
			break
		}
		moment = nil
	}
	lines = append(lines, "")
	return append(lines, strings.Split(strings.TrimSpace(end), "\n")...)
}

var (
	// leftOut is what a small picture can do without.
	leftOut = regexp.MustCompile(`^(invites|topic:|is made\.|Come to|Thank you\.) `)
	aPage   = regexp.MustCompile(`^\[INC-\d+\] Page `)
)

// atOnce sorts what was said at one instant by place, since between two places there
// is no order, and leaves out what says nothing new.
func atOnce(moment []string) (kept []string) {
	slices.SortStableFunc(moment, func(a, b string) int { return strings.Compare(order(a), order(b)) })
	said, pages := map[string]bool{}, 0
	for _, line := range moment {
		text := strings.TrimPrefix(played.FindStringSubmatch(line)[4], "<batsignal> ")
		if aPage.MatchString(text) {
			pages++
		}
		if !leftOut.MatchString(text) && !said[text] && (pages < 2 || !aPage.MatchString(text)) {
			said[text] = true
			kept = append(kept, line)
		}
	}
	if pages > 1 {
		kept = append(kept, fmt.Sprintf("… and %d more pages", pages-1))
	}
	return kept
}

// order puts the person who speaks first, then the home room, other rooms, and what
// is said to one person.
func order(line string) string {
	m := played.FindStringSubmatch(line)
	switch {
	case m[2] == ">":
		return ""
	case m[3] == "#ops":
		return "!"
	}
	return strings.Replace(m[3], "(to", "~", 1)
}

const (
	columns    = 77  // of text, the hour not counted
	textAt     = 90  // px from the left
	width      = 720 // px; letters of 13 px are 7.8 px wide, in some fonts 8
	lineHeight = 18
	margin     = 18
)

const pictureHead = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" role="img" xml:space="preserve">
<title>%[3]s</title>
<style>
text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre }
.hour { fill: #8b949e } .said { fill: #ffd866 } .room { fill: #c9d1d9 } .private { fill: #7ee787 } .told { fill: #79c0ff }
</style>
<rect width="100%%" height="100%%" rx="8" fill="#0d1117"/>
<text class="said" x="18" y="32">$ %[3]s</text>
`

// draw makes a terminal with a command and what it printed, each kind of line in
// its colour.
func draw(command string, lines []string) []byte {
	var body strings.Builder
	y := 32 + lineHeight
	for _, line := range lines {
		class, x := "told", margin
		if m := played.FindStringSubmatch(line); m != nil {
			fmt.Fprintf(&body, "<text class=\"hour\" x=\"%d\" y=\"%d\">%s</text>\n", margin, y, m[1])
			line = line[len("00:00:00 "):]
			class, x = "room", textAt
			switch {
			case m[2] == ">":
				class = "said"
			case m[3][0] == '(':
				class = "private"
			}
		}
		for _, part := range wrap(line, columns) {
			if part != "" {
				fmt.Fprintf(&body, "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n", class, x, y, html.EscapeString(part))
			}
			y += lineHeight
		}
	}
	return []byte(fmt.Sprintf(pictureHead, width, y, command) + body.String() + "</svg>\n")
}

// wrap breaks a line at spaces into parts of at most so many bytes, all but the
// first one indented.
func wrap(line string, most int) []string {
	const indent = "    "
	var parts []string
	for len(line) > most {
		at := strings.LastIndex(line[:most+1], " ")
		if at <= len(indent) {
			break
		}
		parts = append(parts, line[:at])
		line = indent + line[at+1:]
	}
	return append(parts, line)
}
