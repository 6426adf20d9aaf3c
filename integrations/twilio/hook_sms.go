package twilio

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// longestSay is how much is answered by text, in letters: two parts.
const longestSay = 300

// unheardText is what somebody is told whose answer we could not write down. It is a
// success for Twilio: a failure would be silence for whoever wrote, since Twilio neither
// repeats a text that came in nor says anything by itself.
const unheardText = "Batsignal could not write down your answer: its database is away. It does NOT count yet. Please send it again in a minute, or answer in chat."

// texted hears a text that somebody sent to our number.
func (h *Hook) texted(w http.ResponseWriter, r *http.Request) {
	form := r.PostForm
	sid, from := form.Get("MessageSid"), form.Get("From")
	if !isSID(sid, "SM") && !isSID(sid, "MM") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	text := strings.ToValidUTF8(form.Get("Body"), "")
	said, err := h.reply(r.Context(), paging.Reply{
		Route: NameSMS, Event: sid + "/in", From: secret.New(from), Text: text,
	})
	switch {
	case isKeyword(text, form.Get("OptOutType")):
		// Twilio has answered STOP, START and HELP itself, and nothing may go to a number
		// that said STOP. If it was not heard, Twilio knows nevertheless, and refuses the
		// next text (21610), by which we learn.
		h.answer(w)
	case err != nil:
		h.answer(w, message{Text: unheardText})
	case !said.Done && !h.hush.may(from, h.Now()):
		// A phone that answers by itself ("I am on holiday") would go on with us for ever.
		h.answer(w)
	case said.Say == "":
		h.answer(w)
	default:
		h.answer(w, message{Text: cut(plain(said.Say), longestSay)})
	}
}

// isKeyword tells whether Twilio answers a text by itself. It says so of keywords that
// the account chose; these are the others.
func isKeyword(text, optOut string) bool {
	switch strings.ToUpper(strings.TrimSpace(text)) {
	case "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "START", "UNSTOP", "HELP", "INFO":
		return true
	}
	return optOut != ""
}

// hush counts how often a number was told that it was not understood. Numbers are kept as
// hashes, and not for long.
type hush struct {
	mu   sync.Mutex
	told map[[sha256.Size]byte]hushed
}

type hushed struct {
	since time.Time
	n     int
}

const (
	mostTold  = 3         // in [hushSpan]
	hushSpan  = time.Hour // then it begins anew
	mostHushy = 10_000    // numbers; whoever has more at hand is not held up by memory
)

func newHush() *hush { return &hush{told: map[[sha256.Size]byte]hushed{}} }

// may tells whether a number may be told once more.
func (h *hush) may(number string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	who := sha256.Sum256([]byte(number))
	one, known := h.told[who]
	if age := now.Sub(one.since); !known || age >= hushSpan || age < 0 {
		if !known && len(h.told) >= mostHushy {
			clear(h.told)
		}
		one = hushed{since: now}
	}
	one.n++
	h.told[who] = one
	return one.n <= mostTold
}
