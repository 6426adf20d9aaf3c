package slack

import (
	"fmt"
	"unicode/utf8"

	"batsignal/bot/command"
)

// mostMessage is how many letters of one message Slack shows in blocks, less a margin:
// it refuses longer ones, and does not document where that begins.
const mostMessage = 11_000

// fit shortens an answer to what one message can hold, and says that it did.
func fit(r command.Reply) command.Reply {
	left := mostMessage
	for i, b := range r.Blocks {
		size := letters(b)
		if size <= left {
			left -= size
			continue
		}
		kept, dropped := r.Blocks[:i:i], len(r.Blocks)-i
		if list, ok := b.(command.List); ok {
			list.Items, dropped = firstItems(list, left)
			kept = append(kept, list)
		}
		r.Blocks = append(kept, command.Line(fmt.Sprintf("… and %d more, which do not fit here.", dropped)))
		return r
	}
	return r
}

// firstItems are the items of a list that fit, and how many do not.
func firstItems(l command.List, left int) (fits []string, dropped int) {
	for i, item := range l.Items {
		if left -= min(utf8.RuneCountInString(item), mostText) + 2; left < 0 {
			return l.Items[:i], len(l.Items) - i
		}
	}
	return l.Items, 0
}

// letters is about how many letters a block shows.
func letters(b command.Block) (n int) {
	if _, ok := b.(command.Actions); ok {
		return 0
	}
	for _, line := range command.PlainText(command.Reply{Blocks: []command.Block{b}}) {
		n += min(utf8.RuneCountInString(line), mostText) + 2
	}
	return n
}
