package chatlog

import (
	"strings"

	"batsignal/incidents/minutes"
)

// body reads what follows the time.
func body(s string) (minutes.Event, bool) {
	switch {
	case strings.HasPrefix(s, "<"):
		nick, text, ok := strings.Cut(s[1:], ">")
		if nick = strings.TrimSpace(nick); !ok || nick == "" {
			return minutes.Event{}, false
		}
		return minutes.Event{Who: minutes.Who{Nick: bareNick(nick)}, Text: broken(strings.TrimPrefix(text, " "))}, true
	case strings.HasPrefix(s, "*** "), strings.HasPrefix(s, "-!- "):
		return note(s[4:])
	case strings.HasPrefix(s, "* "):
		return did(s[2:])
	}
	return minutes.Event{}, false
}

// did reads "nick does it".
func did(s string) (minutes.Event, bool) {
	nick, text, _ := strings.Cut(strings.TrimLeft(s, " "), " ")
	if nick == "" {
		return minutes.Event{}, false
	}
	return minutes.Event{Kind: minutes.Did, Who: minutes.Who{Nick: nick}, Text: broken(text)}, true
}

// columns reads what WeeChat writes after the time: who, a tab, and what they said, or
// a sign instead of who.
func columns(s string, timed bool) (minutes.Event, bool) {
	who, text, ok := strings.Cut(s, "\t")
	who = strings.TrimSpace(who)
	if !ok || !timed || strings.Contains(who, " ") {
		return minutes.Event{}, false
	}
	switch who {
	case "*":
		return did(text)
	case "-->", "<--", "--":
		return note(text)
	}
	nick := bareNick(who)
	if nick == "" {
		return minutes.Event{}, false
	}
	return minutes.Event{Who: minutes.Who{Nick: nick}, Text: broken(text)}, true
}

// broken puts the ends of lines back into what somebody said.
func broken(text string) string {
	if strings.IndexByte(text, "\u21b5"[0]) < 0 { // looked for first because that is quick
		return text
	}
	return strings.ReplaceAll(text, Break, "\n")
}

// bareNick is a nick without the sign of a rank in the room.
func bareNick(nick string) string {
	if rest := strings.TrimLeft(nick, "@+%&~!"); rest != "" {
		return rest
	}
	return nick
}

// note reads who came, left, or is called otherwise now.
func note(s string) (minutes.Event, bool) {
	nick, what, ok := strings.Cut(s, " ")
	if !ok || nick == "" {
		return minutes.Event{}, false
	}
	if kind, is := moves[nick]; is { // "Joins: nick (user@host)"
		nick, _, _ = strings.Cut(what, " ")
		return minutes.Event{Kind: kind, Who: minutes.Who{Nick: nick}}, nick != ""
	}
	e := minutes.Event{Who: minutes.Who{Nick: nick}}
	if strings.HasPrefix(what, "[") || strings.HasPrefix(what, "(") { // user@host
		_, what, _ = strings.Cut(what, " ")
	}
	switch {
	case strings.HasPrefix(what, "is now known as "):
		e.Kind, e.Text = minutes.Renamed, strings.TrimSpace(strings.TrimPrefix(what, "is now known as "))
		return e, e.Text != ""
	case strings.HasPrefix(what, "has joined"):
		e.Kind = minutes.Joined
	case strings.HasPrefix(what, "has left"), strings.HasPrefix(what, "has quit"):
		e.Kind = minutes.Left
	default:
		return e, false
	}
	return e, true
}

// moves are the words of ZNC.
var moves = map[string]minutes.EventKind{"Joins:": minutes.Joined, "Parts:": minutes.Left, "Quits:": minutes.Left}
