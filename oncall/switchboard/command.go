package switchboard

import (
	"slices"
	"strconv"
	"strings"

	"batsignal/oncall/switchboard/totp"
)

// command reads a line as the bot does: the prefix, perhaps a blank, a name; or the bot's
// name before it, and then the prefix may be missing.
func (a *Authority) command(line string) (name, args string, ok bool) {
	line = strings.TrimLeft(line, " ")
	bare := false
	for _, bot := range a.o.Names {
		rest, found := cutName(line, bot)
		if found {
			line, bare = strings.TrimLeft(rest, " "), true
			break
		}
	}
	rest, prefixed := strings.CutPrefix(line, a.o.Prefix)
	switch {
	case prefixed:
		rest = strings.TrimPrefix(rest, " ")
	case !bare:
		return "", "", false
	}
	name, args, _ = strings.Cut(rest, " ")
	return strings.ToLower(name), strings.TrimSpace(args), name != ""
}

// cutName cuts the name of whom a line is for: "batsignal: ", "@batsignal, ".
func cutName(line, name string) (string, bool) {
	line = strings.TrimPrefix(line, "@")
	if name == "" || len(line) <= len(name) || !strings.EqualFold(line[:len(name)], name) {
		return "", false
	}
	if rest := line[len(name):]; rest[0] == ':' || rest[0] == ',' {
		return rest[1:], true
	}
	return "", false
}

func isNamed(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// confirmation is what stands after "!confirm", where it concerns us: with digits.
type confirmation struct {
	code   string // of the challenge, in capitals; "" was not said
	digits string // all that were given, without the space between them
}

// parseConfirmation reads it. What has no digits opens nothing sealed, and is the bot's.
func parseConfirmation(args string) (confirmation, bool) {
	words := strings.Fields(args)
	if len(words) == 0 || len(args) > 100 {
		return confirmation{}, false
	}
	var c confirmation
	if word := strings.ToUpper(words[0]); validCode.MatchString(word) && !onlyDigits(word) {
		c.code, words = word, words[1:]
	}
	c.digits = joined(strings.Join(words, " "))
	if !onlyDigits(c.digits) {
		return confirmation{}, false
	}
	return c, true
}

// joined takes out what people write between the digits.
func joined(digits string) string {
	return strings.NewReplacer(" ", "", "-", "", ".", "").Replace(digits)
}

// typed tells whether they are as many as an authenticator shows.
func (c confirmation) typed() bool { return len(c.digits) == totp.Digits && onlyDigits(c.digits) }

// incidentNumber reads "7" or "INC-7".
func incidentNumber(word string) (int64, bool) {
	word = strings.TrimPrefix(strings.TrimPrefix(strings.ToUpper(word), "INC"), "-")
	n, err := strconv.ParseInt(word, 10, 64)
	return n, err == nil && onlyDigits(word)
}

func onlyDigits(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}
