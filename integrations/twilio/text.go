package twilio

import (
	"fmt"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// textOf writes a text message. It fits into [mostParts] parts whatever people wrote: what
// is on fire is shortened, and what there is to send back never is.
func textOf(m paging.Message, discreet bool) string {
	switch m.Kind {
	case paging.KindProof:
		return fmt.Sprintf("Batsignal: send back %s, and pages can reach you here. You did not ask for this? Then do nothing, or send STOP.", m.Code)
	case paging.KindTest:
		return fmt.Sprintf("Batsignal: this is a test, nothing is on fire. Send back %s to show that it reached you.", m.Code)
	case paging.KindCanary:
		return fmt.Sprintf("Batsignal: the daily test of this route, %s. Nothing is to be done.", m.Code)
	}
	return pageText(m, discreet)
}

func pageText(m paging.Message, discreet bool) string {
	why, count := plain(m.Why), ""
	if n := len(m.Items); n > 0 {
		count = oncall.Plural(n, "alert", "alerts")
	}
	switch {
	case discreet:
		why = count
	case count != "":
		if text, fits := withItems(m, why); fits {
			return text
		}
		why = count + ": " + why
	}
	// What is on fire is worth more than what it is called, and than whole sentences.
	enough := min(len([]rune(why)), enoughWhy)
	text := ""
	for _, v := range [...]struct{ head, tail string }{
		{textHead(m, mostRole), textTail(m, false)},
		{textHead(m, mostRole), textTail(m, true)},
		{textHead(m, 0), textTail(m, true)},
		{textHead(paging.Message{}, 0), textTail(m, true)},
	} {
		var kept int
		if text, kept = fitting(v.head, why, v.tail); kept >= enough && parts(text) <= mostParts {
			break
		}
	}
	return text
}

const (
	enoughWhy = 50 // so much of what is on fire is said before the rest gets whole sentences
	mostRole  = 40 // letters of a role's name
	mostItem  = 50 // letters of one folded alert
)

// withItems names as many of the folded alerts as there is room for after some of the
// why, and counts the rest. fits is false if there is room for none.
func withItems(m paging.Message, why string) (text string, fits bool) {
	head, tail := textHead(m, mostRole), textTail(m, false)
	why = sentence(cut(why, enoughWhy))
	for named := len(m.Items); named > 0; named-- {
		if text := joinText(head, strings.TrimSpace(why+" "+itemsText(m.Items, named)), tail); parts(text) <= mostParts {
			return text, true
		}
	}
	return "", false
}

// itemsText names the first of the alerts and counts the rest.
func itemsText(items []string, named int) string {
	var list []string
	for _, item := range items[:named] {
		list = append(list, cut(plain(item), mostItem))
	}
	text := oncall.Plural(len(items), "alert", "alerts") + ": " + strings.Join(list, "; ")
	if rest := len(items) - named; rest > 0 {
		text += fmt.Sprintf("; %d more", rest)
	}
	return text
}

// textHead says what it is about.
func textHead(m paging.Message, mostRole int) string {
	var words []string
	if ref := cut(plain(m.Ref), 30); ref != "" {
		words = append(words, ref)
	}
	if m.Severity > 0 {
		words = append(words, fmt.Sprintf("severity %d", m.Severity))
	}
	if role := cut(plain(m.Role), mostRole); role != "" {
		words = append(words, "for "+role)
	}
	head := "Batsignal"
	if m.Repeat {
		head += " again"
	}
	if len(words) == 0 {
		return head + ": "
	}
	return head + " " + strings.Join(words, ", ") + ": "
}

// textTail says what to send back, and marks the delivery.
func textTail(m paging.Message, short bool) string {
	switch {
	case m.Code == "":
		return mark(m)
	case short:
		return fmt.Sprintf("Answer %s, or NO %s. %s", m.Code, m.Code, mark(m))
	}
	return fmt.Sprintf("Send back %s to acknowledge, NO %s to decline. %s", m.Code, m.Code, mark(m))
}

// mark tells the text of one delivery from all others to the same number: the page, and
// the delivery of it. A page that rings twice has one code and two marks.
func mark(m paging.Message) string {
	delivery, _, _ := paging.ParseKey(m.Key)
	return fmt.Sprintf("(P%d-%d)", m.Page, delivery)
}

// joinText puts a text together.
func joinText(head, why, tail string) string {
	return strings.TrimSpace(strings.TrimSpace(head+sentence(why)) + " " + tail)
}

// sentence ends a text as a sentence does.
func sentence(text string) string {
	if text == "" || strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") || strings.HasSuffix(text, "!") {
		return text
	}
	return text + "."
}

// fitting shortens the middle of a text until the whole fits, if it can, and tells how
// many letters of it are left.
func fitting(head, why, tail string) (text string, kept int) {
	kept = len([]rune(why))
	text = joinText(head, why, tail)
	for parts(text) > mostParts && kept > 0 {
		kept--
		text = joinText(head, cut(why, kept), tail)
	}
	return text, kept
}

// isTextOf tells whether a text that Twilio has is the one of a message. Twilio may write
// something in front of it, as it does for accounts on trial.
func isTextOf(m paging.Message, body string) bool {
	if m.Code == "" || !strings.Contains(body, m.Code) {
		return false
	}
	return m.Kind != paging.KindPage || strings.Contains(body, mark(m))
}
