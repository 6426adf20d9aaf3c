package twiliofake

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ring is the life of a call.
func (f *Fake) ring(c *call) {
	f.called(c, "initiated", "initiated")
	if !f.state(c, "ringing") {
		f.finish(c, "")
		return
	}
	f.called(c, "ringing", "ringing")
	f.mu.Lock()
	how := f.phone(c.To).nextPickup()
	f.mu.Unlock()
	if how.rings != nil {
		f.change(func() { f.waiting++ })
		select {
		case <-how.rings:
		case <-c.over:
		}
		f.change(func() { f.waiting-- })
	}
	if how.ends != "" {
		f.finish(c, how.ends, "SipResponseCode", how.sip)
		return
	}
	if !f.state(c, "in-progress") {
		f.finish(c, "")
		return
	}
	f.called(c, "answered", "in-progress")
	f.perform(c, how, c.twiml)
	f.finish(c, "completed")
}

// state moves a call on; false if it was ended meanwhile.
func (f *Fake) state(c *call, status string) (moved bool) {
	f.change(func() {
		if moved = !c.ended; moved {
			c.Status = status
		}
	})
	return moved
}

// finish ends a call that was not ended yet, and tells of it.
func (f *Fake) finish(c *call, status string, more ...string) {
	f.change(func() {
		if !c.ended && status != "" {
			c.Status = status
		}
		c.ended = true
		c.interrupt()
	})
	f.called(c, "completed", c.Status, more...)
}

// called calls back about a state, if the call wants it.
func (f *Fake) called(c *call, event, status string, more ...string) {
	if c.callback == "" || !slices.Contains(c.events, event) {
		return
	}
	form := f.callForm(c, status)
	form.Set("CallbackSource", "call-progress-events")
	form.Set("Timestamp", f.options.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	form.Set("SequenceNumber", strconv.Itoa(slices.Index([]string{"initiated", "ringing", "answered", "completed"}, event)))
	if status == "completed" {
		form.Set("CallDuration", strconv.Itoa(c.Seconds))
	}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			form.Set(more[i], more[i+1])
		}
	}
	f.status(c.callback, form)
}

func (f *Fake) callForm(c *call, status string) url.Values {
	return f.common(map[string]string{
		"CallSid": c.SID, "CallStatus": status, "Direction": c.direction, "From": c.From, "To": c.To, "Caller": c.From, "Called": c.To,
	})
}

// Phones calls our number, as somebody does who missed a call, and tells what they heard.
func (p *Phone) Phones() Call {
	f := p.f
	f.mu.Lock()
	c := &call{
		Call:      Call{SID: f.name("CA"), From: p.Number, To: f.options.From, Status: "in-progress", At: f.options.Now()},
		direction: "inbound", over: make(chan struct{}),
	}
	f.calls = append(f.calls, c)
	to := f.options.callsTo
	f.mu.Unlock()
	if sent := f.post(to, f.callForm(c, "ringing")); sent.Status/100 == 2 {
		f.perform(c, Voicemail(), sent.Body)
	}
	f.finish(c, "completed")
	f.mu.Lock()
	defer f.mu.Unlock()
	return c.copy()
}

// hear adds to what was said on a call, which takes its time: some fifteen letters a second.
func (f *Fake) hear(c *call, text string) {
	if text = strings.TrimSpace(text); text == "" {
		return
	}
	f.change(func() {
		c.Heard = append(c.Heard, text)
		c.Seconds += 1 + len(text)/15
	})
}
