package twilio

import (
	"fmt"
	"regexp"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/paging"
)

const (
	// longestTwiml is the most that can go with the request for a call, in letters.
	longestTwiml = 4000
	// spokenWhy is how much of what is on fire is read aloud, in letters: some 15 seconds.
	spokenWhy = 200
	// spokenItems is how many folded alerts are read aloud; the rest is counted.
	spokenItems = 3
)

// speaker writes what is said on the phone.
type speaker struct {
	voice    string
	discreet bool
	links    links
}

func (s speaker) say(text string) say { return say{Voice: s.voice, Text: text} }

// callOf writes a call: what is said until somebody keys something.
func (s speaker) callOf(m paging.Message) string {
	if m.Kind == paging.KindCanary {
		return document(s.say("This is Batsignal's daily test call. Nothing is to be done. Goodbye."), hangup{})
	}
	t := turn{keys: m.Keys, n: 1}
	last := "Nothing was keyed, so this call counts as not answered. Goodbye."
	var text []any
	switch m.Kind {
	case paging.KindProof, paging.KindTest:
		// Only one number means something here.
		t.keys = paging.Keys{Ack: m.Keys.Ack}
		text = s.proof(m)
	default:
		text = s.page(m)
	}
	// Said three times within one gather, so that a key counts at any moment.
	again := append([]any{pause{Length: 3}, s.say("Once more.")}, text...)
	verbs := append([]any{pause{Length: 1}}, text...)
	doc := ""
	for range 3 {
		next := document(listening(s.links.keys(m.Key, t), verbs...), s.say(last), hangup{})
		if doc != "" && len(next) > longestTwiml {
			break
		}
		doc = next
		verbs = append(verbs, again...)
	}
	return doc
}

// page says who calls, what it is about, and which numbers to key.
func (s speaker) page(m paging.Message) []any {
	text := "This is Batsignal with a page for " + spoken(m.Person, 40) + "."
	if m.Repeat {
		text = "This is Batsignal again, with a page for " + spoken(m.Person, 40) + "."
	}
	switch ref := spokenRef(m.Ref); {
	case ref != "" && m.Severity > 0:
		text += fmt.Sprintf(" %s, severity %d.", ref, m.Severity)
	case ref != "":
		text += " " + ref + "."
	case m.Severity > 0:
		text += fmt.Sprintf(" Severity %d.", m.Severity)
	}
	if m.Role != "" {
		text += " You are needed for " + spoken(m.Role, 60) + "."
	}
	if why := spoken(m.Why, spokenWhy); why != "" && !s.discreet {
		text += " " + strings.TrimRight(why, ".") + "."
	}
	switch n := len(m.Items); {
	case n > 0 && s.discreet:
		text += " " + oncall.Plural(n, "alert", "alerts") + "."
	case n > 0:
		text += " " + spokenList(m.Items)
	}
	return []any{s.say(text), s.say(numbers(m.Keys))}
}

// spokenList names the first of the folded alerts and counts the rest.
func spokenList(items []string) string {
	var list []string
	for _, item := range items[:min(len(items), spokenItems)] {
		list = append(list, strings.TrimRight(spoken(item, 60), "."))
	}
	text := oncall.Plural(len(items), "alert", "alerts") + ": " + strings.Join(list, "; ")
	if rest := len(items) - len(list); rest > 0 {
		text += fmt.Sprintf("; and %d more", rest)
	}
	return text + "."
}

// numbers says what to key.
func numbers(k paging.Keys) string {
	if k.Decline == "" || k.Join == "" {
		return "Key " + digitByDigit(k.Ack) + "."
	}
	return fmt.Sprintf("To acknowledge, key %s. To decline, key %s. To acknowledge and be joined to the lead, key %s.",
		digitByDigit(k.Ack), digitByDigit(k.Decline), digitByDigit(k.Join))
}

// proof reads a code slowly, and asks for a number back.
func (s speaker) proof(m paging.Message) []any {
	text := "This is Batsignal. You, or somebody else, gave this number for pages, and this call shows that it works."
	if m.Kind == paging.KindTest {
		text = "This is a test call from Batsignal. Nothing is on fire."
	}
	verbs := []any{s.say(text)}
	if m.Code != "" {
		verbs = append(verbs, s.say("The code is:"))
		for _, letter := range m.Code {
			verbs = append(verbs, s.say(spelled(letter)), pause{Length: 1})
		}
	}
	return append(verbs, s.say("To show that you hear this, key "+digitByDigit(m.Keys.Ack)+"."))
}

// digitByDigit keeps a voice from making "seventeen", or "seventy", of 17.
func digitByDigit(number string) string { return strings.Join(strings.Split(number, ""), ", ") }

// letters are the names of letters on the radio (ICAO), since B and D sound alike.
var letters = strings.Fields("Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike " +
	"November Oscar Papa Quebec Romeo Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu")

func spelled(letter rune) string {
	if letter >= 'A' && letter <= 'Z' {
		return fmt.Sprintf("%c, as in %s.", letter, letters[letter-'A'])
	}
	return string(letter) + "."
}

// spokenRef says "INC-7" as people do.
func spokenRef(ref string) string {
	if n, ok := strings.CutPrefix(ref, "INC-"); ok {
		return "Incident " + spoken(n, 20)
	}
	return spoken(ref, 30)
}

var link = regexp.MustCompile(`(?i)\bhttps?://\S+`)

// spoken makes a text of people's fit to be read aloud: no addresses of pages, and no
// marks of chat.
func spoken(text string, most int) string {
	text = link.ReplaceAllString(text, "a link")
	text = strings.Map(func(r rune) rune {
		switch r {
		case '!', '*', '_', '`', '#', '<', '>', '|', '\\', '~':
			return ' '
		}
		return r
	}, text)
	return strings.TrimSuffix(cut(plain(text), most), "...")
}
