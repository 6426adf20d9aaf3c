package dial

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// Reveals shows a sealed address to one person, once, when enough custodians signed that
// they may see it (lane D). It has no page: whoever has one calls it.
type Reveals struct {
	Board *Board
	Path  string // the file "reveals.json" of the state directory
	// Second takes a code of somebody's authenticator and burns it, as Prove of the authority
	// does. The error is a refusal.
	Second func(ctx context.Context, handle, digits, purpose string) error
	// Needed is how many custodians must sign now.
	Needed func(ctx context.Context) (int, error)
	// Verify says which custodian signed a text, by the current keyring. The error is a refusal.
	Verify func(ctx context.Context, text, signature string) (custodian int, name string, err error)
	// Release asks the bot for its half, as [unseal.Bot] has it. The bot believes the
	// switchboard nothing: it gets the request with what the custodians signed, to verify
	// that for itself.
	Release func(ctx context.Context, q RevealRequest) (paging.Sealed, error)
	Now     func() time.Time
	Log     *slog.Logger

	mu       sync.Mutex
	requests []RevealRequest
	told     map[string]bool // of a second try, by request: it takes no code to make one
}

// RevealRequest is somebody's wish to see an address.
type RevealRequest struct {
	Code     string           `json:"code"`
	Asker    string           `json:"asker"` // handles
	Owner    string           `json:"owner"`
	Kind     string           `json:"kind"`
	Record   string           `json:"record"`
	Incident int64            `json:"incident"`
	Why      string           `json:"why"`
	Text     string           `json:"text"` // what custodians sign, word for word
	Needed   int              `json:"needed"`
	Leaf     int64            `json:"leaf"`
	AskedAt  time.Time        `json:"asked_at"`
	Approved []RevealApproval `json:"approved,omitempty"`
	// EnoughAt is when enough of them had signed; zero is not yet.
	EnoughAt time.Time `json:"enough_at,omitzero"`
	ShownAt  time.Time `json:"shown_at,omitzero"`
}

// RevealApproval is one custodian's yes.
type RevealApproval struct {
	Custodian int       `json:"custodian"`
	Name      string    `json:"name"`
	Signature string    `json:"signature"` // of the request's text; no secret
	At        time.Time `json:"at"`
}

const (
	revealAsks  = 24 * time.Hour  // how long custodians may sign
	revealHolds = 5 * time.Minute // how long it can be seen, once enough did
	mostReveals = 50              // under way at once
	mostWhy     = 200             // letters
)

const sqlRecordsOf = `
	select s.record_id::text from sealed_contact s join person h on h.id = s.owner_id join contact c on c.id = s.contact_id
	where h.handle = @handle and s.kind = @kind and c.proven_at is not null order by c.place, c.id limit 1`

// Ask takes a wish down, in the ledger too, and returns what custodians are to sign. The
// caller knows who asks.
func (r *Reveals) Ask(ctx context.Context, asker, owner, kind string, incident int64, why string) (RevealRequest, error) {
	if why = strings.Join(strings.Fields(why), " "); why == "" || len([]rune(why)) > mostWhy || strings.ContainsFunc(why, notPlain) {
		return RevealRequest{}, fault.New(fault.Invalid, "Say in plain words why the address must be seen, in at most %d letters.", mostWhy)
	}
	b, now := r.Board, r.Now().UTC().Truncate(time.Second)
	var record string
	err := b.DB.QueryRow(ctx, sqlRecordsOf, pgx.NamedArgs{"handle": owner, "kind": kind}).Scan(&record)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && b.Journal.Has(record) {
		return RevealRequest{}, fault.New(fault.NotFound, "%s has no sealed contact of the kind %s that is proven.", owner, kind)
	}
	if err != nil {
		return RevealRequest{}, err
	}
	needed, err := r.Needed(ctx)
	if err != nil {
		return RevealRequest{}, err
	}
	q := RevealRequest{
		Code: oncall.Code(8), Asker: asker, Owner: owner, Kind: kind, Record: record, Incident: incident, Why: why, Needed: needed, AskedAt: now,
	}
	q.Text = q.text()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prune(now)
	if len(r.requests) >= mostReveals {
		return RevealRequest{}, fault.New(fault.Limited, "%d requests are under way, as many as there can be. Try again tomorrow.", mostReveals)
	}
	head, err := write(ctx, b.DB, b.Ledger, r.Log, now, func(tx pgx.Tx, p pen) error {
		row, err := b.recordOf(ctx, tx, record)
		if err != nil {
			return err
		}
		if err := b.agreed(ctx, tx, now, opening{row: row, lane: unseal.LaneReveal, message: q.Key()}); err != nil {
			return err
		}
		_, err = p(ledger.Leaf{
			Type: ledger.TypeRevealAsked, Record: record, Incident: inc(incident), Lane: unseal.LaneReveal, By: []string{asker}, Key: q.Key(),
		})
		return err
	})
	if err != nil {
		return RevealRequest{}, err
	}
	q.Leaf = head.Size - 1
	return q, r.save(append(slices.Clone(r.requests), q))
}

// Requests lists what is under way, for a page.
func (r *Reveals) Requests() []RevealRequest {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prune(r.Now())
	return slices.Clone(r.requests)
}

// Approve takes one custodian's signature of a request's text.
func (r *Reveals) Approve(ctx context.Context, code, signature string) (RevealRequest, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Now().UTC()
	at := r.find(code)
	if at < 0 || !r.requests[at].ShownAt.IsZero() || now.Sub(r.requests[at].AskedAt) >= revealAsks {
		return RevealRequest{}, errNoReveal(code)
	}
	q := r.requests[at]
	if !q.EnoughAt.IsZero() {
		return q, fault.New(fault.Conflict, "Enough custodians have signed this.")
	}
	custodian, name, err := r.Verify(ctx, q.Text, signature)
	if err != nil {
		return q, err
	}
	if slices.ContainsFunc(q.Approved, func(a RevealApproval) bool { return a.Custodian == custodian }) {
		return q, nil // it is one yes, however often it is said
	}
	b := r.Board
	if _, err := write(ctx, b.DB, b.Ledger, r.Log, now, func(_ pgx.Tx, p pen) error {
		_, err := p(ledger.Leaf{
			Type: ledger.TypeRevealApproved, Record: q.Record, Incident: inc(q.Incident), Lane: unseal.LaneReveal, By: []string{name}, Of: &q.Leaf, Key: q.Key(),
		})
		return err
	}); err != nil {
		return q, err
	}
	q.Approved = append(slices.Clone(q.Approved), RevealApproval{custodian, name, signature, now})
	if len(q.Approved) >= q.Needed {
		q.EnoughAt = now
	}
	next := slices.Clone(r.requests)
	next[at] = q
	return q, r.save(next)
}

// Show shows the address to whoever asked, once, with a fresh code of their authenticator.
// A second time is refused, and everybody is told: whoever has the link may not be the one.
func (r *Reveals) Show(ctx context.Context, code, asker, totp string) (secret.Text, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Now().UTC()
	at := r.find(code)
	if at < 0 {
		return secret.Text{}, errNoReveal(code)
	}
	q := r.requests[at]
	switch {
	case q.Asker != asker: // whoever has the code reads on the page who asked
		return secret.Text{}, fault.New(fault.Forbidden, "This was asked for by %s, and is shown to nobody else.", q.Asker)
	case !q.ShownAt.IsZero():
		r.alarm(ctx, q.Code, fmt.Sprintf("Somebody tried to see the sealed %s of %s a second time (request %s of %s). It was not shown. Please ask %s.", q.Kind, q.Owner, q.Code, q.Asker, q.Asker))
		return secret.Text{}, errShown
	case q.EnoughAt.IsZero():
		return secret.Text{}, fault.New(fault.Conflict, "%d of %d custodians have signed so far.", len(q.Approved), q.Needed)
	case now.Before(q.EnoughAt) || now.Sub(q.EnoughAt) >= revealHolds:
		return secret.Text{}, fault.New(fault.Conflict, "It could be seen for 5 minutes, which are over. Ask again.")
	}
	if err := r.Second(ctx, asker, totp, q.Key()); err != nil {
		return secret.Text{}, err
	}
	// On the disk before anything is opened: a crash uses it up, and never shows it twice.
	used := q
	used.ShownAt = now
	if err := r.replace(at, used); err != nil {
		return secret.Text{}, err
	}
	by := []string{q.Asker}
	for _, a := range q.Approved {
		by = append(by, a.Name)
	}
	address, begun, err := r.Board.Show(ctx, ToShow{
		Record: q.Record, Lane: unseal.LaneReveal, Key: q.Key(), Incident: q.Incident, By: by,
		Release: func(ctx context.Context) (paging.Sealed, error) { return r.Release(ctx, q) },
	})
	if err != nil && !begun {
		return secret.Text{}, errors.Join(err, r.replace(at, q)) // nothing was opened, so it was not used
	}
	return address, err
}

// alarm tells of a second try, once for each request. Locked.
func (r *Reveals) alarm(ctx context.Context, code, sentence string) {
	r.Log.Warn("a sealed address was asked for a second time")
	if r.Board.Alarm == nil || r.told[code] {
		return
	}
	if err := r.Board.Alarm(ctx, sentence); err != nil {
		r.Log.Error("nobody could be told that an address was asked for a second time", "error", err)
		return
	}
	if r.told == nil {
		r.told = map[string]bool{}
	}
	r.told[code] = true
}

// Key is of the opening, and of the bot's own record of its half.
func (q RevealRequest) Key() string { return "reveal-" + q.Code }

// Until is when it is over; once enough of them signed, until when it can be seen.
func (q RevealRequest) Until() time.Time {
	if !q.EnoughAt.IsZero() {
		return q.EnoughAt.Add(revealHolds)
	}
	return q.AskedAt.Add(revealAsks)
}

// text is what custodians sign. Each line is a field, and no field has two lines.
func (q RevealRequest) text() string {
	incident := inc(q.Incident)
	if incident == "" {
		incident = "none"
	}
	return fmt.Sprintf("batsignal: may this be shown?\nrequest: %s\nshow: %s of %s\nto: %s\nincident: %s\nwhy: %s\nrecord: %s\nasked: %s\n",
		q.Code, q.Kind, q.Owner, q.Asker, incident, q.Why, q.Record, q.AskedAt.UTC().Format(time.RFC3339))
}

func errNoReveal(code string) error {
	if len(code) > 16 || strings.ContainsFunc(code, notPlain) {
		code = "of that code"
	}
	return fault.New(fault.NotFound, "There is no request %s under way. Ask again.", code)
}
