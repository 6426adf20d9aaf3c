package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"batsignal/oncall/unseal"
)

// The types of leaves. What [TypeIntent] says is an opening.
const (
	TypeIntent         = "intent"          // is about to be opened, by lane B (to dial) or D (to show)
	TypeDialed         = "dialed"          // was dialled, or could not be: Of is the intent, Result says how
	TypeProof          = "proof"           // its owner was sent a code, or saw it: lane F
	TypeShown          = "shown"           // was shown to one person, or used for its owner: Of is the intent
	TypeUnanchored     = "unanchored"      // no room answered in time: Of is the intent that was dialled all the same
	TypeKeyring        = "keyring"         // other public keys: Epoch, and Hash of the manifest
	TypeDeleted        = "deleted"         // a record went
	TypeRevealAsked    = "reveal-asked"    // somebody asks the custodians to see one
	TypeRevealApproved = "reveal-approved" // a custodian agrees: Of is what was asked
)

// Leaf is one entry. Its form is JSON with the fields in this order, those that are empty
// left out; what is hashed are these very bytes.
type Leaf struct {
	Seq      int64     // from 0, without a gap; set by [Log.Append]
	At       time.Time // UTC, in whole seconds; set by [Log.Append]
	Type     string
	Record   string // of a sealed address; "" is about none
	OwnerSeq int64  // counts the leaves of this record, from 0; set by [Log.Append]
	Incident string // "INC-7"
	Lane     unseal.Lane
	Role     string
	By       []string // handles of who declared and confirmed, asked, approved
	Of       *int64   // Seq of the earlier leaf that this one is about
	Key      string   // of the message: the same never opens twice
	Epoch    int      // of the keyring
	Hash     string   // of something that is not in the ledger
	Result   string   // what came of it
	Note     string
}

// Opening tells whether a leaf is an opening that its owner did not ask for.
func (l Leaf) Opening() bool {
	return l.Type == TypeIntent && (l.Lane == unseal.LaneDial || l.Lane == unseal.LaneReveal)
}

// version of the form of leaves.
const version = 1

// longestBody is in letters, as the table has it.
const longestBody = 2000

// wire is a leaf as it is written.
type wire struct {
	V        int         `json:"v"`
	Seq      int64       `json:"seq"`
	At       string      `json:"at,omitempty"`
	Type     string      `json:"type"`
	Record   string      `json:"rec,omitempty"`
	OwnerSeq *int64      `json:"owner_seq,omitempty"`
	Incident string      `json:"incident,omitempty"`
	Lane     unseal.Lane `json:"lane,omitempty"`
	Role     string      `json:"role,omitempty"`
	By       []string    `json:"by,omitempty"`
	Of       *int64      `json:"of,omitempty"`
	Key      string      `json:"key,omitempty"`
	Epoch    int         `json:"epoch,omitempty"`
	Hash     string      `json:"hash,omitempty"`
	Result   string      `json:"result,omitempty"`
	Note     string      `json:"note,omitempty"`
}

// Body is the text that is stored and hashed.
func (l Leaf) Body() (string, error) {
	w := wire{
		V: version, Seq: l.Seq, Type: l.Type, Record: l.Record, Incident: l.Incident, Lane: l.Lane, Role: l.Role, By: l.By,
		Of: l.Of, Key: l.Key, Epoch: l.Epoch, Hash: l.Hash, Result: l.Result, Note: l.Note,
	}
	if !l.At.IsZero() {
		w.At = l.At.UTC().Format(time.RFC3339)
	}
	if l.Record != "" {
		w.OwnerSeq = &l.OwnerSeq
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(w); err != nil {
		return "", err
	}
	return string(bytes.TrimSuffix(text.Bytes(), []byte("\n"))), nil
}

var errLeaf = errors.New("this is no entry of a ledger")

// ParseLeaf reads the body of a leaf. There is one way only to write each: a body that
// says the same in another way is none.
func ParseLeaf(body string) (Leaf, error) {
	if len(body) > 4*longestBody {
		return Leaf{}, errLeaf
	}
	var w wire
	if err := json.Unmarshal([]byte(body), &w); err != nil {
		return Leaf{}, fmt.Errorf("%w: %w", errLeaf, err)
	}
	l := Leaf{
		Seq: w.Seq, Type: w.Type, Record: w.Record, Incident: w.Incident, Lane: w.Lane, Role: w.Role, By: w.By,
		Of: w.Of, Key: w.Key, Epoch: w.Epoch, Hash: w.Hash, Result: w.Result, Note: w.Note,
	}
	if w.OwnerSeq != nil {
		l.OwnerSeq = *w.OwnerSeq
	}
	if w.At != "" {
		at, err := time.Parse(time.RFC3339, w.At)
		if err != nil {
			return Leaf{}, fmt.Errorf("%w: %w", errLeaf, err)
		}
		l.At = at.UTC()
	}
	if err := l.check(); err != nil {
		return Leaf{}, err
	}
	switch again, err := l.Body(); {
	case err != nil:
		return Leaf{}, err
	case again != body:
		return Leaf{}, fmt.Errorf("%w: written in another way than entries are", errLeaf)
	}
	return l, nil
}

// What is in a leaf is shown as it is, on terminals as well, and found by patterns in SQL.
// Compiled once.
var (
	isType     = regexp.MustCompile(`^[a-z][a-z.-]{0,31}$`)
	isRecord   = regexp.MustCompile(`^[0-9A-Za-z-]{0,64}$`)
	isIncident = regexp.MustCompile(`^[0-9A-Za-z._-]{0,32}$`)
	isLane     = regexp.MustCompile(`^[A-F]?$`)
	isKey      = regexp.MustCompile(`^[0-9A-Za-z:/._+=-]{0,100}$`)
)

// The most letters of free text, and of people.
const (
	longestRole   = 64
	longestResult = 160
	longestNote   = 240
	longestBy     = 40
	mostBy        = 5
)

// check says what is wrong with a leaf.
func (l Leaf) check() error {
	plain := func(s string, most int) bool { return tidy(s, most) == s }
	switch {
	case !isType.MatchString(l.Type):
		return fmt.Errorf("%w: its type is none", errLeaf)
	case !isRecord.MatchString(l.Record):
		return fmt.Errorf("%w: its record is none", errLeaf)
	case !isIncident.MatchString(l.Incident):
		return fmt.Errorf("%w: its incident is none", errLeaf)
	case !isLane.MatchString(string(l.Lane)):
		return fmt.Errorf("%w: its lane is none", errLeaf)
	case !isKey.MatchString(l.Key), !isKey.MatchString(l.Hash):
		return fmt.Errorf("%w: its key or hash is none", errLeaf)
	case l.Seq < 0, l.OwnerSeq < 0, l.Epoch < 0, l.Of != nil && (*l.Of < 0 || *l.Of >= l.Seq):
		return fmt.Errorf("%w: its numbers are wrong", errLeaf)
	case !plain(l.Role, longestRole), !plain(l.Result, longestResult), !plain(l.Note, longestNote), len(l.By) > mostBy,
		slices.ContainsFunc(l.By, func(s string) bool { return !plain(s, longestBy) || s == "" }):
		return fmt.Errorf("%w: its text is too long, or has letters that cannot be seen", errLeaf)
	}
	return nil
}
