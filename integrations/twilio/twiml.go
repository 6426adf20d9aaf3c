package twilio

import (
	"encoding/xml"
	"strings"
)

// response is a document of TwiML: what Twilio is to do, in its order.
type response struct {
	XMLName xml.Name `xml:"Response"`
	Verbs   []any
}

type (
	say struct {
		XMLName xml.Name `xml:"Say"`
		Voice   string   `xml:"voice,attr,omitempty"`
		Text    string   `xml:",chardata"`
	}
	pause struct {
		XMLName xml.Name `xml:"Pause"`
		Length  int      `xml:"length,attr"` // seconds
	}
	// gather listens for keys while its verbs are done, and for a while after.
	gather struct {
		XMLName     xml.Name `xml:"Gather"`
		Input       string   `xml:"input,attr"`
		NumDigits   int      `xml:"numDigits,attr"`
		FinishOnKey string   `xml:"finishOnKey,attr"` // "" is none: # is a wrong key like any other
		Timeout     int      `xml:"timeout,attr"`     // seconds
		Action      string   `xml:"action,attr"`
		Method      string   `xml:"method,attr"`
		Verbs       []any
	}
	redirect struct {
		XMLName xml.Name `xml:"Redirect"`
		Method  string   `xml:"method,attr"`
		To      string   `xml:",chardata"`
	}
	dial struct {
		XMLName  xml.Name `xml:"Dial"`
		CallerID string   `xml:"callerId,attr"`
		Timeout  int      `xml:"timeout,attr"` // seconds
		Action   string   `xml:"action,attr"`
		Method   string   `xml:"method,attr"`
		Number   string   `xml:"Number"`
	}
	hangup struct {
		XMLName xml.Name `xml:"Hangup"`
	}
	message struct {
		XMLName xml.Name `xml:"Message"`
		Text    string   `xml:",chardata"`
	}
)

// listening is a gather that waits for one of the two-digit numbers.
func listening(action string, verbs ...any) gather {
	return gather{Input: "dtmf", NumDigits: 2, Timeout: 6, Action: action, Method: "POST", Verbs: verbs}
}

// document writes verbs as TwiML. It cannot fail: there is nothing in the types above that
// XML could not hold, and what text holds is escaped.
func document(verbs ...any) string {
	var out strings.Builder
	out.WriteString(xml.Header)
	enc := xml.NewEncoder(&out)
	if err := enc.Encode(response{Verbs: verbs}); err != nil {
		return xml.Header + "<Response><Hangup></Hangup></Response>"
	}
	return out.String()
}
