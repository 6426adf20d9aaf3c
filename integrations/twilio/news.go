package twilio

import (
	"net/url"
	"strconv"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// state is what one of Twilio's states means.
type state struct {
	rank int // a message goes through them upwards; callbacks come in any order
	news paging.News
	say  string
}

// textNews are the states of a text.
var textNews = map[string]state{
	"accepted":    {1, paging.NewsAccepted, "Twilio has the text"},
	"scheduled":   {1, paging.NewsAccepted, "Twilio has the text"},
	"queued":      {2, paging.NewsAccepted, "the text waits at Twilio"},
	"sending":     {3, paging.NewsAccepted, "the text is on its way to the carrier"},
	"sent":        {4, paging.NewsAccepted, "the carrier has the text"},
	"delivered":   {5, paging.NewsDelivered, "the text is on the phone"},
	"undelivered": {5, paging.NewsFailed, "the carrier could not deliver the text"},
	"failed":      {5, paging.NewsFailed, "Twilio could not send the text"},
	"canceled":    {5, paging.NewsFailed, "the text was withdrawn"},
	"read":        {6, paging.NewsDelivered, "the text was read"},
}

// callNews are the states of a call. That it rings is no delivery: if nobody picks up, the
// next way is due at once, and not only when everybody's patience is over.
var callNews = map[string]state{
	"queued":      {1, paging.NewsAccepted, "the call waits at Twilio"},
	"initiated":   {1, paging.NewsAccepted, "Twilio dials"},
	"ringing":     {2, paging.NewsAccepted, "the phone rings"},
	"in-progress": {3, paging.NewsDelivered, "somebody, or something, picked up"},
	"completed":   {4, paging.NewsDelivered, "the call is over"},
	"busy":        {4, paging.NewsFailed, "the line was busy, or the call was refused"},
	"no-answer":   {4, paging.NewsFailed, "nobody picked up"},
	"canceled":    {4, paging.NewsFailed, "the call was hung up before anybody picked up"},
	"failed":      {4, paging.NewsFailed, "the call did not get through"},
}

// textReceipt reads a callback about a text. ok is false for a state that says nothing.
func (h *Hook) textReceipt(key string, form url.Values) (r paging.Receipt, ok bool) {
	sid, status := form.Get("MessageSid"), form.Get("MessageStatus")
	s, known := textNews[status]
	if !known || (!isSID(sid, "SM") && !isSID(sid, "MM")) {
		return r, false
	}
	r = paging.Receipt{
		Route: NameSMS, Event: sid + "/" + status, Key: key, Ref: sid, Seq: s.rank, News: s.news, Detail: s.say, At: h.Now(),
	}
	if code, err := strconv.Atoi(form.Get("ErrorCode")); err == nil && code != 0 && s.news == paging.NewsFailed {
		h.because(&r, code)
	}
	return r, true
}

// because adds why something failed.
func (h *Hook) because(r *paging.Receipt, code int) {
	m, known := meanings[code]
	if !known {
		r.Detail += " (error " + strconv.Itoa(code) + ")"
		return
	}
	r.Detail += ": " + m.say
	if m.blame == blameAddress {
		r.Bad = m.say
	}
}

// The answers of telephone networks that mean that there is no such number (RFC 3261).
var noSuchNumber = map[string]bool{"404": true, "604": true}

// callReceipt reads a callback about a call.
func (h *Hook) callReceipt(key string, form url.Values) (r paging.Receipt, ok bool) {
	sid, status := form.Get("CallSid"), form.Get("CallStatus")
	s, known := callNews[status]
	if !known || !isSID(sid, "CA") {
		return r, false
	}
	r = paging.Receipt{
		Route: NameVoice, Event: sid + "/" + status, Key: key, Ref: sid, Seq: s.rank, News: s.news, Detail: s.say, At: h.Now(),
	}
	if at, err := time.Parse(time.RFC1123Z, form.Get("Timestamp")); err == nil && at.Before(r.At) && r.At.Sub(at) < 24*time.Hour {
		r.At = at
	}
	if _, proof, _ := paging.ParseKey(key); proof != 0 && status == "ringing" {
		r.News = paging.NewsDelivered // of a code, and of the daily test, ringing is all that is asked
	}
	if n, err := strconv.Atoi(form.Get("CallDuration")); err == nil && n > 0 && n < 86400 && status == "completed" {
		r.Detail += " after " + oncall.Plural(n, "second", "seconds")
	}
	if status == "failed" {
		if code, err := strconv.Atoi(form.Get("ErrorCode")); err == nil && code != 0 {
			h.because(&r, code)
		} else if noSuchNumber[form.Get("SipResponseCode")] {
			r.Bad = sayNoSuchNumber
			r.Detail += ": " + sayNoSuchNumber
		}
	}
	return r, true
}
