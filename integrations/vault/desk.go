package vault

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/share"
)

// desk is where people hand in their shares to one run. Its key and what was handed in are
// in the memory of this process, and gone when the run ends, however it ends.
type desk struct {
	*Parts
	run    *job.Run
	what   Purpose
	vault  *Vault
	id     int64 // of the session
	key    share.Key
	held   []*held
	need   int             // how many shares the lock needs; 0 is not known
	known  []Holder        // whose shares are known again
	failed map[string]bool // sets of them that are not right together, by set.key
	deaf   string          // that the database does not answer, once said

	alarmed time.Time       // when it was last said that somebody changed the session
	greeted map[string]bool // who was told that they are not registered
}

// held is a share that was handed in.
type held struct {
	share.Share
	who    string
	person *int64
	bad    bool // found wrong
	good   bool // as it was registered, or proven
	odd    bool // not as it was registered: wrong, or of after a rekey that we did not do
	proven bool // it opened something, or agrees with those that did
	in     bool // the attempt that is under way has it
}

func (h *held) String() string { return h.who + " (" + h.Name() + ")" }

// handed is a row that waits.
type handed struct {
	ID       int64
	PersonID *int64
	Handle   string
	Sealed   []byte
	HandedAt time.Time
}

// open begins a session with a key that nobody has seen. Sessions of attempts that died are
// closed: nobody can read what was sealed to them.
func (p *Parts) open(ctx context.Context, r *job.Run, v *Vault, what Purpose) (*desk, error) {
	d := &desk{Parts: p, run: r, vault: v, what: what}
	rows, err := p.DB.Query(ctx, sqlEndOldSessions, pgx.NamedArgs{"run": r.ID, "now": p.Now()})
	if err != nil {
		return nil, err
	}
	lost, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	if d.ofToday() {
		if d.known, err = Holders(ctx, p.DB, v.Name); err != nil {
			return nil, err
		}
	}
	if d.key, err = share.NewKey(); err != nil {
		return nil, err
	}
	err = pg.InTx(ctx, p.DB, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, sqlBeginSession, d.row().args()).Scan(&d.id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlStampSession, d.row().args())
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(lost) > 0 {
		d.say(ctx, "Vault %s: the bot was restarted before it could read what %s handed in. Please hand it in again, to the new key.", v.Name, oncall.JoinNames(lost))
	}
	return d, nil
}

// row is the session as the run has it in memory.
func (d *desk) row() Session {
	s := Session{ID: d.id, Run: d.run.ID, Attempt: d.run.Attempt, Purpose: d.what, Vault: d.vault.Name, Recipient: d.key.Recipient(), BegunAt: d.Now()}
	s.Stamp = d.vault.Stamp.Of(s)
	return s
}

func (s Session) args() pgx.NamedArgs {
	return pgx.NamedArgs{"id": s.ID, "run": s.Run, "attempt": s.Attempt, "purpose": s.Purpose, "vault": s.Vault, "recipient": s.Recipient, "stamp": s.Stamp, "now": s.BegunAt}
}

// ofToday tells whether the shares that are wanted are those that open the vault today: not
// new ones that open nothing yet, nor those of the day of a backup.
func (d *desk) ofToday() bool { return d.what != ToVerify && d.what != ToDrill }

// close ends the session and wipes every share. It works when ctx is over, too.
func (d *desk) close(ctx context.Context) {
	for _, h := range d.held {
		h.Wipe()
	}
	d.held, d.key = nil, share.Key{}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if _, err := d.DB.Exec(ctx, sqlEndSession, pgx.NamedArgs{"id": d.id, "now": d.Now()}); err != nil {
		d.run.Logf(ctx, "The session of shares could not be closed; the next run does it.")
	}
}

// say says a line in the room. That people do not hear of it must not cost an unsealing.
func (d *desk) say(ctx context.Context, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	d.run.Logf(ctx, "%s", text)
	if err := d.run.Say(ctx, text); err != nil && ctx.Err() == nil {
		d.run.Logf(ctx, "That could not be said in the room.")
	}
}

// asks says where one hands in a share.
func (d *desk) asks() string {
	page := ""
	if d.Base != "" {
		page = fmt.Sprintf(" on %s/vaults/shares/%d, or", d.Base, d.id)
	}
	return fmt.Sprintf("Hand in your share%s with \"batsignal share submit %d --recipient %s\". Never say a share in a room.", page, d.id, d.key.Recipient())
}

// pick takes the shares that were handed in meanwhile, opens them and tells which are of no
// use. It returns those that are.
func (d *desk) pick(ctx context.Context, label string) (fresh []*held) {
	rows, err := d.DB.Query(ctx, sqlTakeHanded, pgx.NamedArgs{"id": d.id})
	var list []handed
	if err == nil {
		list, err = pgx.CollectRows(rows, pgx.RowToStructByName[handed])
	}
	if err != nil {
		if ctx.Err() == nil && d.deaf == "" {
			d.deaf = "The database does not answer, so no new share can be read; what was read is kept."
			d.run.Logf(ctx, "%s", d.deaf)
		}
		return nil
	}
	d.deaf = ""
	for _, one := range list {
		if h := d.read(ctx, label, one); h != nil {
			d.held = append(d.held, h)
			fresh = append(fresh, h)
		}
	}
	return fresh
}

// read opens one share; nil is one of no use, of which people were told why.
func (d *desk) read(ctx context.Context, label string, one handed) *held {
	s, err := d.key.Open(one.Sealed)
	if err != nil {
		d.say(ctx, "%s: what %s handed in cannot be used. %s", label, one.Handle, sentence(err))
		return nil
	}
	h := &held{Share: s, who: one.Handle, person: one.PersonID}
	for _, other := range d.held {
		if other.Equal(s) {
			again := "was there already, and does not count twice"
			if other.bad {
				again = "is the one that was found wrong"
			}
			d.say(ctx, "%s: %s, which %s handed in, %s.", label, s.Name(), one.Handle, again)
			s.Wipe()
			return nil
		}
	}
	switch why := d.wrong(s); {
	case why != "":
		d.say(ctx, "%s: %s, which %s handed in, is wrong: %s. It was not used.", label, s.Name(), one.Handle, why)
		s.Wipe()
		return nil
	case d.recognised(s):
		h.good = true
		for _, other := range d.held { // a slip that its holder has mended
			other.bad = other.bad || other.odd && other.who == h.who && other.Number() == s.Number()
		}
	default:
		if owner := d.oddTo(s, one.Handle); owner != "" {
			h.odd = true
			d.say(ctx, "%s: %s, which %s handed in, is not %[2]s as %[4]s registered it. Look whether it is the right one. It is used last, in case the Vault was rekeyed since: what opens it is right.",
				label, s.Name(), one.Handle, owner)
		}
	}
	d.run.Logf(ctx, "%s: %s was handed in by %s.", label, s.Name(), one.Handle)
	d.greet(ctx, label, h)
	return h
}

// greet says of somebody who is registered for no share that they are not, once: of others
// it is known who they are, so it is worth a look.
func (d *desk) greet(ctx context.Context, label string, h *held) {
	if len(d.known) == 0 || d.greeted[h.who] {
		return
	}
	for _, k := range d.known {
		if h.person != nil && k.PersonID != nil && *k.PersonID == *h.person || h.person == nil && k.PersonID == nil && k.Handle == h.who {
			return
		}
	}
	if d.greeted == nil {
		d.greeted = map[string]bool{}
	}
	d.greeted[h.who] = true
	d.say(ctx, "%s: %s, who handed in %s, is not registered for a share. It is tried all the same; what opens it is noted.", label, h.who, h.Name())
}

// recognised tells whether a share is one that was registered.
func (d *desk) recognised(s share.Share) bool {
	c := s.Commitment(d.vault.Name)
	for _, k := range d.known {
		if k.Commitment != nil && *k.Commitment == c {
			return true
		}
	}
	return false
}

// wrong says why a share cannot be right, whatever the key is; "" does not know.
func (d *desk) wrong(s share.Share) string {
	switch {
	case d.need > 1 && s.Whole():
		return "it has the length of a key that was never split, one byte less than a share"
	case d.need == 1 && !s.Whole():
		return "this Vault's key was never split, and this is a share"
	}
	return ""
}

// oddTo is who registered another share of that number; "" is nobody. It proves nothing: a
// Vault that was rekeyed by hand has other shares, of which nobody told us.
func (d *desk) oddTo(s share.Share, by string) string {
	c := s.Commitment(d.vault.Name)
	for _, k := range d.known {
		// What Vault never found right can be somebody's mistake, or mischief: it counts against
		// nobody but whoever registered it.
		if k.Number != nil && k.Commitment != nil && (k.DrilledAt != nil || k.Handle == by) && *k.Number == s.Number() && *k.Commitment != c {
			return k.Handle
		}
	}
	return ""
}

// at notes in the session how far it is, for pages.
func (d *desk) at(ctx context.Context, node string, st state) {
	_, err := d.DB.Exec(ctx, sqlSessionAt, pgx.NamedArgs{"id": d.id, "node": node, "nonce": oncall.Clip(st.Nonce, 100), "progress": st.Progress, "threshold": st.Need})
	if err != nil && ctx.Err() == nil {
		d.run.Logf(ctx, "How far it is could not be noted.")
	}
	d.run.Progress(int64(st.Progress), int64(st.Need), "shares")
}
