package irctest

import "strings"

// Line is one line that a person was shown.
type Line struct {
	Tags    map[string]string
	Nick    string // who; a server's name for a server
	Prefix  string // nick!user@host
	Command string
	Params  []string
	Raw     string
}

// Text is the last parameter.
func (l Line) Text() string {
	if len(l.Params) == 0 {
		return ""
	}
	return l.Params[len(l.Params)-1]
}

// message tells whether the line is something said, and where: "" is private.
func (l Line) message() (room string, ok bool) {
	if l.Command != "PRIVMSG" && l.Command != "NOTICE" || len(l.Params) < 2 {
		return "", false
	}
	if strings.HasPrefix(l.Params[0], "#") {
		return strings.ToLower(l.Params[0]), true
	}
	return "", true
}

var unescape = strings.NewReplacer(`\:`, ";", `\s`, " ", `\\`, `\`, `\r`, "\r", `\n`, "\n")

func parse(raw string) Line {
	l := Line{Raw: raw}
	rest := raw
	if strings.HasPrefix(rest, "@") {
		var tags string
		tags, rest, _ = strings.Cut(rest[1:], " ")
		l.Tags = map[string]string{}
		for tag := range strings.SplitSeq(tags, ";") {
			key, value, _ := strings.Cut(tag, "=")
			l.Tags[key] = unescape.Replace(value)
		}
	}
	if strings.HasPrefix(rest, ":") {
		l.Prefix, rest, _ = strings.Cut(rest[1:], " ")
		l.Nick, _, _ = strings.Cut(l.Prefix, "!")
	}
	head, trailing, hasTrailing := strings.Cut(rest, " :")
	fields := strings.Fields(head)
	if len(fields) > 0 {
		l.Command = strings.ToUpper(fields[0])
		l.Params = fields[1:]
	}
	if hasTrailing {
		l.Params = append(l.Params, trailing)
	}
	return l
}
