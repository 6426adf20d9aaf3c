// Package paging owns who is rung, when, and by which way, until a slot is filled.
//
// It decides (pure functions of rows and time) and stores (in the caller's
// transaction). A slot belongs to an opaque cause: paging does not know
// incidents, does not send, and starts no goroutine. The workers that send, and
// the one entry point for an acknowledgement, are in incidents.
//
// The contract: a page is delivered at least once; an acknowledgement counts
// exactly once.
package paging

import (
	"strings"
	"time"
)

// PageState is where one person's page stands.
type PageState string

// The states of a page. Only an open page can be answered.
const (
	PageOpen     PageState = "open"
	PageAcked    PageState = "acked"
	PageDeclined PageState = "declined"
	PageClosed   PageState = "closed" // somebody else was first, or the cause ended
)

// Escalation is the hunt for somebody to fill one slot of one cause.
type Escalation struct {
	ID       int64
	Cause    string // opaque here: "incident:7"
	Slot     Slot
	Why      string
	Severity int
	Everyone bool // ring all at once and want every answer
	Needs    int  // how many must answer before the slot is filled; 0 is one
	Patience time.Duration
	Round    int // 1 on the first way through the list
	Tier     int // the last step of the policy that was begun in this round; 0 is none
	Repeats  int `db:"-"` // how many rounds the policy wants; 0 is for ever. Who decides must say it
}

// Page is one person's call to one slot.
type Page struct {
	ID           int64
	EscalationID int64
	PersonID     int64
	Handle       string
	Cause        string
	Slot         Slot
	Why          string
	Severity     int
	Code         string // to answer by in writing
	Digits       int    // to key on a phone: see [KeysOf]
	Helper       bool   // rung as an admin: the slot stays open when they answer
	State        PageState
	OpenedAt     time.Time
	RungAt       time.Time
	AnsweredAt   *time.Time
}

// Slot is what must be filled: a role, or one person asked for by name.
type Slot string

// RoleSlot is the slot of a role.
func RoleSlot(role string) Slot { return Slot("role:" + role) }

// PersonSlot is the slot of one person.
func PersonSlot(handle string) Slot { return Slot("person:" + handle) }

// Role returns the role's name, or "" and false for another kind of slot.
func (s Slot) Role() (string, bool) { return s.named("role:") }

// Person returns the person's handle, or "" and false for another kind of slot.
func (s Slot) Person() (string, bool) { return s.named("person:") }

func (s Slot) named(kind string) (string, bool) {
	name, ok := strings.CutPrefix(string(s), kind)
	if !ok {
		return "", false
	}
	return name, true
}
