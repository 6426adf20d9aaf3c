package twilio

import (
	"net/url"
	"strconv"

	"batsignal/oncall/paging"
)

// Where Twilio reaches us, below the address of the installation. The first two are
// written into Twilio's console by the operator; the others go with each message.
const (
	PathSMS       = "/twilio/sms"  // "A message comes in"
	PathCall      = "/twilio/call" // "A call comes in"
	pathTexted    = "/twilio/texted/"
	pathCalled    = "/twilio/called/"
	pathKeys      = "/twilio/keys/"
	pathJoined    = "/twilio/joined/"
	retryCallback = "#rc=3&rp=5xx,ct,rt"
)

// links makes the addresses that go with a message. They carry its key, so that whatever
// comes back names what it belongs to. Twilio signs them, so nobody else can make one.
type links struct{ base string }

// texted is told of the states of a text. A fragment asks Twilio to repeat what we could
// not hear (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides): by
// itself it says everything once.
func (l links) texted(key string) string {
	return l.base + pathTexted + url.PathEscape(key) + retryCallback
}

// called is told of the states of a call.
func (l links) called(key string) string {
	return l.base + pathCalled + url.PathEscape(key) + retryCallback
}

// joined is asked what to say after the lead's phone was tried.
func (l links) joined(key string) string { return l.base + pathJoined + url.PathEscape(key) }

// turn is where a call stands when keys are waited for.
type turn struct {
	keys   paging.Keys // to say them again; they decide nothing
	n      int         // how often keys were asked for, from 1
	digits string      // keyed before, and not heard by us yet; else ""
	again  int         // how often we tried to hear those
}

const (
	mostTurns = 5 // after so many wrong numbers a call ends
	mostAgain = 6 // so often is tried to hear what was keyed, see hearAgain
)

// keys is told what was keyed.
func (l links) keys(key string, t turn) string {
	q := url.Values{"k": {t.keys.Ack + t.keys.Decline + t.keys.Join}, "n": {strconv.Itoa(t.n)}}
	if t.digits != "" {
		q.Set("d", t.digits)
		q.Set("a", strconv.Itoa(t.again))
	}
	return l.base + pathKeys + url.PathEscape(key) + "?" + q.Encode()
}

// readTurn reads it back. What does not look like ours is a first turn without keys.
func readTurn(q url.Values) turn {
	t := turn{n: 1}
	if k := q.Get("k"); isDigits(k) && (len(k) == 6 || len(k) == 2) {
		t.keys.Ack = k[:2]
		if len(k) == 6 {
			t.keys.Decline, t.keys.Join = k[2:4], k[4:]
		}
	}
	if n, err := strconv.Atoi(q.Get("n")); err == nil && n >= 1 && n <= mostTurns {
		t.n = n
	}
	if d := q.Get("d"); isKeyed(d) {
		t.digits = d
		if n, err := strconv.Atoi(q.Get("a")); err == nil && n >= 0 && n <= mostAgain {
			t.again = n
		}
	}
	return t
}

func isDigits(s string) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// isKeyed tells whether something can be what was keyed: two keys of a phone.
func isKeyed(s string) bool {
	for _, c := range s {
		if (c < '0' || c > '9') && c != '*' && c != '#' {
			return false
		}
	}
	return len(s) == 2
}
