package twiliofake

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// message is a text, of either direction.
type message struct {
	Text
	callback string
	service  string
}

// Text is a text as the account has it.
type Text struct {
	SID       string
	From, To  string
	Body      string
	Status    string
	Code      int    // Twilio's number of the error; 0 is none
	Direction string // "outbound-api", "outbound-reply" or "inbound"
	At        time.Time
}

func (f *Fake) createMessage(r *http.Request) answer {
	q := r.PostForm
	from, service := q.Get("From"), q.Get("MessagingServiceSid")
	switch to, body := q.Get("To"), q.Get("Body"); {
	case to == "":
		return refuse(http.StatusBadRequest, 21604, to)
	case from == "" && service == "":
		return refuse(http.StatusBadRequest, 21603, from)
	case service != "" && (service != f.options.Service || f.options.Service == ""):
		return refuse(http.StatusBadRequest, 21701, service)
	case from != "" && from != f.options.From:
		return refuse(http.StatusBadRequest, 21606, from)
	case !isNumber(to) || f.phone(to).invalid:
		return refuse(http.StatusBadRequest, 21211, to)
	case f.phone(to).landline:
		return refuse(http.StatusBadRequest, 21614, to)
	case f.phone(to).stopped:
		return refuse(http.StatusBadRequest, 21610, to)
	case body == "":
		return refuse(http.StatusBadRequest, 21602, body)
	case utf8.RuneCountInString(body) > 1600:
		return refuse(http.StatusBadRequest, 21617, "Body")
	case q.Has("StatusCallback") && !isCallback(q.Get("StatusCallback")):
		return refuse(http.StatusBadRequest, 21609, q.Get("StatusCallback"))
	}
	m := &message{callback: q.Get("StatusCallback"), service: service, Text: Text{
		SID: f.name("SM"), From: f.options.From, To: q.Get("To"), Body: q.Get("Body"), Status: "queued",
		Direction: "outbound-api", At: f.options.Now(),
	}}
	f.messages = append(f.messages, m)
	answer := created(f.showMessage(m)) // as it is now: queued
	if !f.silent {
		f.begin(func() { f.carry(m) })
	}
	return answer
}

// carry brings a text to its phone.
func (f *Fake) carry(m *message) {
	f.moved(m, "sent", 0)
	p := f.Phone(m.To)
	f.mu.Lock()
	code, answers := p.carrier, p.answers
	f.mu.Unlock()
	if code != 0 {
		f.moved(m, "undelivered", code)
		return
	}
	f.change(func() { p.inbox = append(p.inbox, m.Text) })
	f.moved(m, "delivered", 0)
	if answers == nil {
		return
	}
	if text := answers(m.Body); text != "" {
		p.Write(text)
	}
}

func (f *Fake) moved(m *message, status string, code int) {
	form := f.common(map[string]string{
		"MessageSid": m.SID, "SmsSid": m.SID, "MessageStatus": status, "SmsStatus": status, "From": m.From, "To": m.To,
	})
	if code != 0 {
		form.Set("ErrorCode", strconv.Itoa(code))
	}
	f.change(func() { m.Status, m.Code = status, code })
	f.status(m.callback, form)
}

// came is a text that somebody sends to our number: STOP, START and HELP are answered here
// (https://help.twilio.com/articles/223134027), and all of them go to the address of the
// number. It returns once that has answered.
func (f *Fake) came(p *Phone, body string) *Sent {
	f.mu.Lock()
	m := &message{Text: Text{
		SID: f.name("SM"), From: p.Number, To: f.options.From, Body: body, Status: "received", Direction: "inbound", At: f.options.Now(),
	}}
	f.messages = append(f.messages, m)
	own := ""
	switch strings.ToUpper(strings.TrimSpace(body)) {
	case "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT":
		p.stopped, own = true, "You have successfully been unsubscribed. Reply START to resubscribe."
	case "START", "UNSTOP", "YES":
		if p.stopped {
			p.stopped, own = false, "You have successfully been re-subscribed."
		}
	case "HELP", "INFO":
		own = "Reply STOP to unsubscribe."
	}
	if own != "" {
		p.inbox = append(p.inbox, Text{From: f.options.From, To: p.Number, Body: own, Status: "delivered", Direction: "outbound-reply"})
	}
	to := f.options.textsTo
	f.happened()
	f.mu.Unlock()
	if to == "" {
		return nil
	}
	sent := f.post(to, f.common(map[string]string{
		"MessageSid": m.SID, "SmsSid": m.SID, "SmsMessageSid": m.SID, "From": m.From, "To": m.To, "Body": body,
		"NumMedia": "0", "NumSegments": "1", "SmsStatus": "received", "FromCountry": "US", "FromCity": "",
	}))
	f.answerText(p, sent)
	return sent
}

// answerText does what the answer to an incoming text asks for.
func (f *Fake) answerText(p *Phone, sent *Sent) {
	if sent.Status/100 != 2 {
		return
	}
	doc, err := parseTwiml(sent.Body)
	if err != nil {
		return
	}
	f.change(func() {
		for _, verb := range doc.Children {
			if verb.Name != "Message" || p.stopped {
				continue // nothing goes to a number that said STOP
			}
			reply := Text{
				SID: f.name("SM"), From: f.options.From, To: p.Number, Body: verb.text(), Status: "delivered", Direction: "outbound-reply",
				At: f.options.Now(),
			}
			f.messages = append(f.messages, &message{Text: reply})
			p.inbox = append(p.inbox, reply)
		}
	})
}

func (f *Fake) listMessages(r *http.Request) answer {
	q := r.URL.Query()
	return page(r, "messages", f.messages, func(m *message) bool {
		return matches(q, m.To, m.From)
	}, f.showMessage)
}

func matches(q url.Values, to, from string) bool {
	return (q.Get("To") == "" || q.Get("To") == to) && (q.Get("From") == "" || q.Get("From") == from)
}

func (f *Fake) fetchMessage(r *http.Request) answer {
	for _, m := range f.messages {
		if m.SID+".json" == r.PathValue("sid") {
			return ok(f.showMessage(m))
		}
	}
	return refuse(http.StatusNotFound, 20404, r.URL.Path)
}

func (f *Fake) showMessage(m *message) object {
	code := any(nil)
	if m.Code != 0 {
		code = m.Code
	}
	return object{
		"sid": m.SID, "account_sid": f.options.AccountSID, "to": m.To, "from": m.From, "body": m.Body, "status": m.Status,
		"direction": m.Direction, "error_code": code, "num_segments": "1", "date_created": when(m.At),
		"uri": "/2010-04-01/Accounts/" + f.options.AccountSID + "/Messages/" + m.SID + ".json",
	}
}

// Texts are all texts of the account, of both directions, the oldest first.
func (f *Fake) Texts() []Text {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []Text
	for _, m := range f.messages {
		list = append(list, m.Text)
	}
	return list
}
