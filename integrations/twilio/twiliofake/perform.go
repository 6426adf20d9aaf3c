package twiliofake

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// mostDocuments is how many documents of TwiML one call goes through: whoever sends it in
// circles is told.
const mostDocuments = 60

// next is what follows a verb.
type next struct {
	doc  string // another document
	then bool   // there is one
	stop bool   // the call is over
}

// perform carries out TwiML on a call that was picked up.
func (f *Fake) perform(c *call, how Pickup, doc string) {
	for n := 0; ; n++ {
		if n == mostDocuments {
			f.fails(c, errors.New("it goes in circles"))
			return
		}
		root, err := parseTwiml(doc)
		if err != nil {
			f.fails(c, err)
			return
		}
		after := f.performAll(c, how, root)
		if led, yes := f.led(c); yes {
			doc = led
			continue
		}
		if after.stop || !after.then {
			return
		}
		doc = after.doc
	}
}

// led tells whether a request led the call elsewhere meanwhile.
func (f *Fake) led(c *call) (doc string, yes bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.ended || c.lead == nil {
		return "", false
	}
	doc, c.lead = *c.lead, nil
	c.over = make(chan struct{})
	return doc, true
}

func (f *Fake) performAll(c *call, how Pickup, root *node) (after next) {
	for _, verb := range root.Children {
		f.mu.Lock()
		gone := c.ended || c.lead != nil
		f.mu.Unlock()
		if gone {
			return next{stop: true}
		}
		switch verb.Name {
		case "Say":
			f.hear(c, verb.text())
		case "Pause":
			f.rest(c, verb)
		case "Gather":
			after = f.gather(c, how, verb)
		case "Redirect":
			after = f.fetch(c, verb.text(), f.callForm(c, "in-progress"))
		case "Dial":
			after = f.dial(c, verb)
		case "Hangup":
			after = next{stop: true}
		default:
			f.fails(c, errors.New("there is no verb "+verb.Name))
			after = next{stop: true}
		}
		if after.stop || after.then {
			return after
		}
	}
	return next{}
}

func (f *Fake) rest(c *call, verb *node) {
	seconds := 1
	if n, err := strconv.Atoi(verb.Attr["length"]); err == nil {
		seconds = n
	}
	f.change(func() { c.Seconds += seconds })
}

// gather says what is in it and asks for keys. Silence goes on with the next verb.
func (f *Fake) gather(c *call, how Pickup, verb *node) next {
	for _, inner := range verb.Children {
		switch inner.Name {
		case "Say":
			f.hear(c, inner.text())
		case "Pause":
			f.rest(c, inner)
		default:
			f.fails(c, errors.New("a Gather holds no "+inner.Name))
			return next{stop: true}
		}
	}
	f.mu.Lock()
	c.turn++
	line := Line{Heard: strings.Join(c.Heard[c.told:], " "), Turn: c.turn, Over: c.over}
	c.told = len(c.Heard)
	f.mu.Unlock()
	keyed := ""
	if how.keys != nil {
		keyed = how.keys(line)
	}
	f.mu.Lock()
	gone := c.ended || c.lead != nil
	f.mu.Unlock()
	if gone || keyed == HangUp {
		return next{stop: true}
	}
	if keyed = cutKeys(keyed, verb); keyed == "" {
		return next{}
	}
	f.change(func() { c.Keyed = append(c.Keyed, keyed) })
	form := f.callForm(c, "in-progress")
	form.Set("Digits", keyed)
	form.Set("msg", "Gather End")
	return f.fetch(c, verb.Attr["action"], form)
}

// cutKeys are the keys that a gather takes: up to the one that ends it, and no more than
// it counts.
func cutKeys(keyed string, verb *node) string {
	finish, given := verb.Attr["finishOnKey"]
	if !given {
		finish = "#"
	}
	if finish != "" {
		keyed, _, _ = strings.Cut(keyed, finish)
	}
	if most, err := strconv.Atoi(verb.Attr["numDigits"]); err == nil && len(keyed) > most {
		keyed = keyed[:most]
	}
	return keyed
}

// fetch asks the account for the next document.
func (f *Fake) fetch(c *call, to string, form url.Values) next {
	if !isCallback(to) {
		f.fails(c, errors.New("an address is missing, or none"))
		return next{stop: true}
	}
	sent := f.post(to, form)
	if sent.Status/100 != 2 {
		f.fails(c, errors.New("an answer of "+strconv.Itoa(sent.Status)))
		return next{stop: true}
	}
	return next{doc: sent.Body, then: true}
}

// fails says what Twilio says when it cannot go on.
func (f *Fake) fails(c *call, err error) {
	f.hear(c, "We are sorry, an application error has occurred. Goodbye.")
	f.change(func() { c.Trouble = err.Error() })
}

// dial calls somebody else and joins the two.
func (f *Fake) dial(c *call, verb *node) next {
	number := verb.text()
	for _, inner := range verb.Children {
		if inner.Name == "Number" {
			number = inner.text()
		}
	}
	f.mu.Lock()
	other := &call{
		Call:      Call{SID: f.name("CA"), From: verb.Attr["callerId"], To: number, Status: "completed", At: f.options.Now()},
		direction: "outbound-dial", parent: c.SID, over: make(chan struct{}),
	}
	switch how := f.phone(number).nextPickup(); {
	case !isNumber(number) || f.phone(number).invalid || other.From != f.options.From:
		other.Status = "failed"
	case how.ends != "":
		other.Status = how.ends
	default:
		c.Joined = number
	}
	other.ended = true
	f.calls = append(f.calls, other)
	f.happened()
	f.mu.Unlock()
	if verb.Attr["action"] == "" {
		return next{}
	}
	form := f.callForm(c, "in-progress")
	form.Set("DialCallSid", other.SID)
	form.Set("DialCallStatus", other.Status)
	return f.fetch(c, verb.Attr["action"], form)
}
