package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"batsignal/oncall/paging"
)

// PageType is the "type" of the body described by [Page]. A change that could
// break a receiver gets a new one; new fields may appear under this one.
const PageType = "batsignal.page.v1"

// Page is the body of a request. Every field is always there. Text comes from
// people as they typed it: escape it for wherever it is shown.
type Page struct {
	Type     string   `json:"type"`            // "batsignal.page.v1"
	Key      string   `json:"key"`             // the same for every try of one delivery
	Kind     string   `json:"kind"`            // "page"; "proof", "test" and "canary" ask nobody to come
	Page     string   `json:"page"`            // "P12"; "" if it is no page
	Person   string   `json:"person"`          // handle of who is rung
	Ref      string   `json:"ref"`             // what it belongs to: "INC-7"; "" for nothing
	Severity int      `json:"severity"`        // 1 is worst; 0 is unknown
	Role     string   `json:"role"`            // "release engineering"; "" for a page by name
	Why      string   `json:"why"`             // what is on fire
	Alerts   []string `json:"alerts"`          // what is folded into this page, each by its words
	Code     string   `json:"code"`            // to write back where that can be done; of a proof, to show that it arrived
	Rooms    []string `json:"rooms"`           // where to come to
	AckLink  string   `json:"ack_link"`        // single use, opens a page with one button; "" if there is none
	Repeat   bool     `json:"possible_repeat"` // the person was rung before, or perhaps
}

// pageOf holds neither the attempt nor a time, so that the tries of one delivery
// have equal bodies.
func pageOf(m paging.Message) Page {
	kind, page := string(m.Kind), ""
	if m.Kind == paging.KindPage {
		kind, page = "page", fmt.Sprintf("P%d", m.Page)
	}
	return Page{
		Type: PageType, Key: m.Key, Kind: kind, Page: page, Person: m.Person,
		Ref: m.Ref, Severity: m.Severity, Role: m.Role, Why: m.Why,
		Alerts: append([]string{}, m.Items...), Code: m.Code,
		Rooms: append([]string{}, m.Rooms...), AckLink: m.AckLink.Reveal(), Repeat: m.Repeat,
	}
}

func (p Page) encode() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // it is not HTML, and people read these in logs
	err := enc.Encode(p)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// headerSafe keeps what may stand in a header; keys are made of such characters
// anyway, and the body has the exact one.
func headerSafe(key string) string {
	return strings.Map(func(c rune) rune {
		if c <= ' ' || c > '~' {
			return -1
		}
		return c
	}, key)
}
