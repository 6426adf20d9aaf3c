// Package unseal owns the words in which the bot and the switchboard speak of sealed
// addresses: what is asked for, what two people allowed, what was opened.
//
// It holds no secret but the bot's half of a key on its way, and decides nothing: who may
// open what, the switchboard alone decides (oncall/switchboard); what is rung, the
// incidents do. integrations/switchboard carries these words between the two processes.
package unseal

import (
	"context"
	"time"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// Lane is on whose word a sealed address is opened.
type Lane string

// The lanes. A is everything that is not sealed; C (somebody alone) and E (everything at
// once) do not exist yet.
const (
	LaneDial   Lane = "B" // two people, to be dialled: nobody sees it
	LaneReveal Lane = "D" // custodians, to be shown to one person
	LaneOwner  Lane = "F" // its owner
)

// GrantHolds is how long what two people allowed lasts, unless the incident ends before.
const GrantHolds = time.Hour

// ChallengeHolds is how long codes are taken for a challenge.
const ChallengeHolds = 15 * time.Minute

// Ask is the bot's wish for a challenge, in lane B.
type Ask struct {
	Network  string // where it was asked for; the ear of the switchboard must be there
	Room     string
	Account  string // who asked, as the network proved it
	What     string // what is on fire, in their words
	Incident int64  // one that goes on already; 0: it begins with the confirmation
}

// Challenge is what a second person must confirm. The bot shows Line as it is, by itself,
// in Room: the switchboard takes no code for a challenge whose line it has not heard there.
type Challenge struct {
	Code    string    // four letters and digits
	Line    string    // at most 350 bytes: code, incident, effect and count
	Expires time.Time // at most 15 minutes on
	People  int       // how many people's sealed addresses may be opened for it at most
	Heard   bool      // the switchboard heard for itself who asks; else two people confirm with codes
}

// Grant is what two people allowed, or why they did not.
type Grant struct {
	Code      string // of the challenge
	Incident  int64  // as in Ask
	Declared  string // handles, as the switchboard knows them
	Confirmed string
	Since     time.Time // zero in a refusal
	Until     time.Time
	Refused   string // why a code was refused, in a sentence; "" is a grant
	Waits     bool   // a first person confirmed, and a second one must
	Void      bool   // the challenge counts no more; Refused says why
}

// Dialled tells that an address was opened and dialled, or could not be.
type Dialled struct {
	Handed paging.Handed
	// Outcome is "" when the provider took it, else one of the words below.
	Outcome string
	Detail  string // for people; no address
	Bad     string // as in [paging.BadAddress]
}

// The outcomes of what was not taken.
const (
	OutcomeRefused   = "refused"   // the switchboard does not open it: repeating it changes nothing
	OutcomeTemporary = "temporary" // later, perhaps
	OutcomePermanent = "permanent"
	OutcomeProvider  = "provider" // the provider failed, whoever was to be reached
)

// Status is how the switchboard stands, for people.
type Status struct {
	Ears       map[string]string // network: "connected", or what is wrong
	Routes     []paging.Traits
	Head       string // of the ledger: "size hash"
	Openings   int64
	Confirmers int
	Trouble    []string // sentences: a ledger that does not continue, a room that does not answer
}

// Switchboard is the switchboard as the bot sees it.
type Switchboard interface {
	Challenge(ctx context.Context, a Ask) (Challenge, error)
	// Dial opens an address and dials it, or says why not. It is asked again, with the same
	// key, as often as needed: one that was dialled is not dialled again.
	Dial(ctx context.Context, route string, m paging.Message, ask bool) (Dialled, error)
	End(ctx context.Context, route string, e paging.Ended) error
	Check(ctx context.Context, route string) error
	Status(ctx context.Context) (Status, error)
}

// Bot is the bot as the switchboard sees it. Whatever it says proves nothing.
type Bot interface {
	paging.Ear
	// Granted tells of a grant, or of a code that was refused. It is told again until there
	// is no error.
	Granted(ctx context.Context, g Grant) error
	// Say has a line said in the home rooms: the head of the ledger.
	Say(ctx context.Context, line string) error
	// Alarm tells all custodians and admins, in a sentence.
	Alarm(ctx context.Context, sentence string) error
	// Enrol takes a record that its owner sealed on the switchboard's page, as text
	// (escrow.Sealed), by the token of the link that they came by.
	Enrol(ctx context.Context, token secret.Text, sealed string) error
	// Release gives the bot's half for what is not dialled: lane D or F.
	Release(ctx context.Context, r Release) (paging.Sealed, error)
	// Lead gives the sealed address of whoever leads an incident, for a caller who keyed to
	// be joined; of a page, by its key.
	Lead(ctx context.Context, contact int64, key string) (paging.Sealed, error)
}

// Release asks for the bot's half of a record's key.
type Release struct {
	Record string
	Lane   Lane
	Key    string // of the opening, for the bot's own record
	Proof  int64  // lane F: the proof by which its owner said the code back; 0 with a link of theirs
	Text   string // lane D: what the custodians signed, word for word
	Signed string // lane D: their signatures, with spaces between
}
