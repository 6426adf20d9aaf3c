package twilio

import (
	"fmt"
	"strings"

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
	head, tail := textHead(m), textTail(m)
	if discreet {
		return fitting(head, "", tail)
	}
	why := plain(m.Why)
	if len(m.Items) == 0 {
		return fitting(head, why, tail)
	}
	// As many of the folded alerts are named as there is room for, after some of the why;
	// those that are not are counted.
	short := cut(why, 60)
	for named := len(m.Items); named > 0; named-- {
		if text := joinText(head, short+" "+itemsText(m.Items, named, mostItem), tail); parts(text) <= mostParts {
			return text
		}
	}
	count := fmt.Sprintf("%d alerts: ", len(m.Items))
	if len(m.Items) == 1 {
		count = "1 alert: "
	}
	return fitting(head+count, why, tail)
}

// mostItem is how much of one folded alert is written, in letters.
const mostItem = 50

// itemsText names the first of the alerts and counts the rest.
func itemsText(items []string, named, each int) string {
	var list []string
	for _, item := range items[:named] {
		list = append(list, cut(plain(item), each))
	}
	text := "(" + fmt.Sprint(len(items)) + ": " + strings.Join(list, "; ")
	if rest := len(items) - named; rest > 0 {
		text += fmt.Sprintf("; %d more", rest)
	}
	return text + ")"
}

// textHead says what it is about.
func textHead(m paging.Message) string {
	var words []string
	if ref := cut(plain(m.Ref), 30); ref != "" {
		words = append(words, ref)
	}
	if m.Severity > 0 {
		words = append(words, fmt.Sprintf("severity %d", m.Severity))
	}
	if role := cut(plain(m.Role), 40); role != "" {
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
func textTail(m paging.Message) string {
	tail := ""
	if m.Code != "" {
		tail = fmt.Sprintf("Send back %s to acknowledge, NO %s to decline. ", m.Code, m.Code)
	}
	return tail + mark(m)
}

// mark tells the text of one delivery from all others to the same number: the page, and
// the delivery of it. A page that rings twice has one code and two marks.
func mark(m paging.Message) string {
	delivery, _, _ := paging.ParseKey(m.Key)
	return fmt.Sprintf("(P%d-%d)", m.Page, delivery)
}

// joinText puts a text together.
func joinText(head, why, tail string) string {
	if why != "" && !strings.HasSuffix(why, ".") && !strings.HasSuffix(why, "?") && !strings.HasSuffix(why, ")") {
		why += "."
	}
	return strings.TrimSpace(strings.TrimSpace(head+why) + " " + tail)
}

// fitting shortens the middle of a text until the whole fits.
func fitting(head, why, tail string) string {
	text := joinText(head, why, tail)
	for most := len([]rune(why)); parts(text) > mostParts && most > 0; {
		most--
		text = joinText(head, cut(why, most), tail)
	}
	return text
}

// isTextOf tells whether a text that Twilio has is the one of a message. Twilio may write
// something in front of it, as it does for accounts on trial.
func isTextOf(m paging.Message, body string) bool {
	if m.Code == "" || !strings.Contains(body, m.Code) {
		return false
	}
	return m.Kind != paging.KindPage || strings.Contains(body, mark(m))
}
