package slackfake

import (
	"regexp"
	"strings"
	"unicode"
)

// wire is what Slack makes of what somebody types: &, < and > are escaped, unless
// they belong to Slack's own forms; names that are known become mentions; addresses
// become links, also those that nobody meant ("see batsignal.dev").
func (s *Server) wire(text string) string { return s.render(text, false) }

// render is wire; slash commands write the name into a mention of a person.
func (s *Server) render(text string, slash bool) string {
	var out strings.Builder
	for text != "" {
		if form := slackForm(text); form != "" {
			out.WriteString(form)
			text = text[len(form):]
			continue
		}
		word, known := "", ""
		if startsWord(out.String()) {
			word, known = s.known(text, slash)
		}
		if word == "" {
			word = text[:1]
			known = escape(word)
		}
		out.WriteString(known)
		text = text[len(word):]
	}
	return out.String()
}

// slackForm is the <@U…>, <#C…>, <!…>, <http…> or <mailto…> that a text begins with.
func slackForm(text string) string {
	if !strings.HasPrefix(text, "<") {
		return ""
	}
	end := strings.IndexAny(text, ">\n")
	if end < 0 || text[end] != '>' {
		return ""
	}
	for _, begin := range []string{"<@U", "<@W", "<#C", "<#D", "<#G", "<!", "<http://", "<https://", "<mailto:"} {
		if strings.HasPrefix(text, begin) {
			return text[:end+1]
		}
	}
	return ""
}

// startsWord tells whether a word may begin after what was written.
func startsWord(before string) bool {
	if before == "" {
		return true
	}
	last := rune(before[len(before)-1])
	return last < 0x80 && !unicode.IsLetter(last) && !unicode.IsDigit(last) && !strings.ContainsRune("_-/@.", last)
}

var (
	webLink  = regexp.MustCompile(`^https?://[^\s<>|]+`)
	mailLink = regexp.MustCompile(`^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}`)
	bareLink = regexp.MustCompile(`^([A-Za-z0-9-]+\.)+(com|org|net|io|dev|edu|gov|co|de|uk|eu|app)\b(/[^\s<>|]*)?`)
	nameLink = regexp.MustCompile(`^[@#][\p{L}\p{N}._-]+`)
)

// known reads a name or an address at the beginning of a text: what was typed, and
// what it becomes.
func (s *Server) known(text string, slash bool) (typed, becomes string) {
	if word := nameLink.FindString(text); word != "" {
		for ; len(word) > 1; word = word[:len(word)-1] { // "@maria." is maria and a full stop
			if becomes = s.mention(word, slash); becomes != "" {
				return word, becomes
			}
			if last := word[len(word)-1]; last != '.' && last != '-' && last != '_' {
				return "", ""
			}
		}
		return "", ""
	}
	if link := strings.TrimRight(webLink.FindString(text), ".,;:!?)'\""); len(link) > len("https://") {
		return link, "<" + escape(link) + ">"
	}
	if address := mailLink.FindString(text); address != "" {
		return address, "<mailto:" + address + "|" + address + ">"
	}
	if link := strings.TrimRight(bareLink.FindString(text), ".,;:!?)'\""); link != "" {
		return link, "<http://" + escape(link) + "|" + escape(link) + ">"
	}
	return "", ""
}

func (s *Server) mention(word string, slash bool) string {
	name := word[1:]
	if word[0] == '#' {
		if c := s.findChannel(name); c != nil && c.Name == name {
			return "<#" + c.ID + "|" + c.Name + ">"
		}
		return ""
	}
	if name == "here" || name == "channel" || name == "everyone" {
		return "<!" + name + ">"
	}
	for _, u := range s.people {
		if name != "bot" && name == u.Name || name == "bot" && u.ID == s.botUser {
			if slash {
				return "<@" + u.ID + "|" + u.Name + ">"
			}
			return "<@" + u.ID + ">"
		}
	}
	return ""
}

// escape replaces the three signs that Slack's markup is made of.
func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

func unescape(text string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text)
}
