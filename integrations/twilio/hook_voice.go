package twilio

import (
	"fmt"
	"net/http"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

const (
	// againPause is how long a caller waits before what they keyed is tried again, in
	// seconds.
	againPause = 5
	// joinRing is how long the lead's phone rings, in seconds: shorter than most voicemails
	// wait.
	joinRing = 20
)

// keyed hears the numbers that somebody keyed.
func (h *Hook) keyed(w http.ResponseWriter, r *http.Request) {
	key, ok := h.key(w, r)
	if !ok {
		return
	}
	form, t := r.PostForm, readTurn(r.URL.Query())
	call := form.Get("CallSid")
	if !isSID(call, "CA") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	digits := form.Get("Digits")
	if digits == "" {
		digits = t.digits // keyed before, and could not be written down then
	}
	if !isKeyed(digits) {
		h.askAgain(w, key, t, "That was not a number of two digits.")
		return
	}
	said, err := h.reply(r.Context(), paging.Reply{
		Route: NameVoice, Key: key, From: secret.New(form.Get("To")), Text: digits,
		// Whatever is repeated, by Twilio or by us, is the same turn of the same call.
		Event: fmt.Sprintf("%s/%d/%s", call, t.n, digits),
	})
	switch {
	case err != nil:
		h.hearAgain(w, key, t, digits)
	case !said.Done:
		h.askAgain(w, key, t, said.Say)
	case said.Contact != 0:
		h.join(w, r, key, said)
	default:
		h.answer(w, h.say(said.Say), h.say("Goodbye."), hangup{})
	}
}

func (h *Hook) say(text string) say { return h.speaker.say(spoken(text, 500)) }

// askAgain asks for a number once more, or gives up: noise on a line keys as well.
func (h *Hook) askAgain(w http.ResponseWriter, key string, t turn, why string) {
	t.n, t.digits, t.again = t.n+1, "", 0
	if t.n > mostTurns {
		h.answer(w, h.say(why), h.say("That was too often. Nothing was acknowledged. Please answer in chat. Goodbye."), hangup{})
		return
	}
	verbs := []any{h.say(why)}
	if t.keys.Empty() {
		verbs = append(verbs, h.say("Key the number again."))
	} else {
		verbs = append(verbs, h.say(numbers(t.keys)))
	}
	h.answer(w, listening(h.speaker.links.keys(key, t), verbs...),
		h.say("Nothing was keyed, so this call counts as not answered. Goodbye."), hangup{})
}

// hearAgain is for when the ear could not hear: the database is away. The caller is told,
// what they keyed stays in the call and is tried again, and if it is of no use they know
// that they did not acknowledge.
func (h *Hook) hearAgain(w http.ResponseWriter, key string, t turn, digits string) {
	t.digits = digits
	if t.again++; t.again <= mostAgain {
		text := "One moment. I am writing that down."
		if t.again > 1 {
			text = "I cannot write that down yet. Please hold the line. I try again."
		}
		h.answer(w, h.say(text), pause{Length: againPause}, redirect{Method: http.MethodPost, To: h.speaker.links.keys(key, t)})
		return
	}
	h.askAgain(w, key, t, "Your answer could not be written down, and does not count. You may key the number again, or answer in chat or by text.")
}

// join connects the caller with the lead's phone.
func (h *Hook) join(w http.ResponseWriter, r *http.Request, key string, said paging.Response) {
	number, err := h.Open(r.Context(), said.Contact, key)
	if err != nil || !isNumber(number.Reveal()) {
		h.Log.Warn("a caller could not be joined to the lead", "key", key, "error", err)
		h.answer(w, h.say(said.Say), h.say("The lead cannot be reached by phone now. Please come to the chat. Goodbye."), hangup{})
		return
	}
	h.answer(w, h.say(said.Say), h.say("I join you to the lead now."), dial{
		CallerID: h.From, Timeout: joinRing, Action: h.speaker.links.joined(key), Method: http.MethodPost, Number: number.Reveal(),
	})
}

// joined says how it went with the lead's phone.
func (h *Hook) joined(w http.ResponseWriter, r *http.Request) {
	if _, ok := h.key(w, r); !ok {
		return
	}
	if status := r.PostForm.Get("DialCallStatus"); status == "completed" || status == "answered" {
		h.answer(w, hangup{})
		return
	}
	h.answer(w, h.say("The lead does not answer the phone. Your acknowledgement counts. Please come to the chat. Goodbye."), hangup{})
}

// rang answers somebody who calls our number, perhaps since they missed a call from it.
func (h *Hook) rang(w http.ResponseWriter, _ *http.Request) {
	h.answer(w, pause{Length: 1},
		h.say("This is Batsignal. If it called you, it will call again, or somebody else. To answer a page now, write in chat, or send back the code of the text message. Goodbye."),
		hangup{})
}
