package dial

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/ledger"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

const (
	sqlDialled = `
		update sealed_opening set dialled = @leaf, dialled_at = @now, result = @result, ref = @ref
		where intent = @intent and dialled is null`
	sqlIsDialled = `select dialled is not null from sealed_opening where intent = @intent`
)

// hand gives a message to its route. handed is false if nothing was sent, since the
// provider could not be asked whether it has the message: then that is to be asked again.
func (b *Board) hand(ctx context.Context, r paging.Route, m paging.Message, ask bool) (out unseal.Dialled, handed bool) {
	if asker, ok := r.(paging.Asker); ok && ask {
		h, found, err := asker.Ask(ctx, m)
		if err != nil {
			return outcome(m.Address, h, err), false
		}
		if found {
			h.Note = "the provider had it from the try before"
			return outcome(m.Address, h, nil), true
		}
	}
	h, err := r.Send(ctx, m)
	return outcome(m.Address, h, err), true
}

// outcome is what a route said, in words that never hold the address.
func outcome(address secret.Text, h paging.Handed, err error) unseal.Dialled {
	out := unseal.Dialled{Handed: paging.Handed{Note: without(address, h.Note, longestWords), Ref: without(address, h.Ref, longestRef)}}
	if err == nil {
		return out
	}
	out.Outcome, out.Detail = unseal.OutcomeTemporary, without(address, err.Error(), longestWords)
	switch {
	case errors.Is(err, paging.ErrPermanent):
		out.Outcome = unseal.OutcomePermanent
	case errors.Is(err, paging.ErrProvider):
		out.Outcome = unseal.OutcomeProvider
	}
	if bad := (paging.BadAddress{}); errors.As(err, &bad) {
		out.Bad = without(address, bad.Say, longestWords)
	}
	return out
}

// In letters, as in the columns, with room for a word before.
const (
	longestWords = 300
	longestRef   = 200
)

const heldAddress = "what the provider said held the address, and was dropped"

// without drops words that hold the address: routes promise that theirs do not, and a
// provider that breaks the promise for them must not get it into the ledger.
func without(address secret.Text, words string, most int) string {
	if holds(words, address.Reveal()) {
		return heldAddress
	}
	words = strings.Map(func(r rune) rune { // the database takes no NUL, and people no bells
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(words, "…"))
	if letters := []rune(words); len(letters) > most {
		words = string(letters[:most])
	}
	return words
}

// holds tells whether words hold an address, or its digits with anything but digits
// between them.
func holds(words, address string) bool {
	if address == "" || words == "" {
		return false
	}
	if strings.Contains(strings.ToLower(words), strings.ToLower(address)) {
		return true
	}
	digits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, s)
	}
	number := digits(address)
	return len(number) >= 7 && strings.Trim(address, "+0123456789") == "" && strings.Contains(digits(words), number)
}

// The words before what came of an opening, as it is stored and shown. What is read back
// is what was written.
const (
	saidTaken = "taken"
	saidBad   = "bad address"
)

// sayResult writes what came of an opening.
func sayResult(out unseal.Dialled) (said, ref string) {
	switch {
	case out.Bad != "":
		return saidBad + ": " + out.Bad, out.Handed.Ref
	case out.Outcome == "":
		return saidTaken + ": " + out.Handed.Note, out.Handed.Ref
	}
	return out.Outcome + ": " + out.Detail, out.Handed.Ref
}

// readResult reads it back.
func readResult(said, ref string) unseal.Dialled {
	word, words, _ := strings.Cut(said, ": ")
	out := unseal.Dialled{Handed: paging.Handed{Ref: ref}}
	switch word {
	case saidTaken:
		out.Handed.Note = words
	case saidBad:
		out.Outcome, out.Detail, out.Bad = unseal.OutcomePermanent, words, words
	case unseal.OutcomeRefused, unseal.OutcomePermanent, unseal.OutcomeTemporary, unseal.OutcomeProvider:
		out.Outcome, out.Detail = word, words
	default:
		out.Outcome, out.Detail = unseal.OutcomeTemporary, said
	}
	return out
}

// passing tells whether the same message may go well later.
func passing(out unseal.Dialled) bool {
	return out.Outcome == unseal.OutcomeTemporary || out.Outcome == unseal.OutcomeProvider
}

// recordBudget is how long writing down may take what came of it, apart from the time that
// the provider took.
const recordBudget = 15 * time.Second

// finish writes down what came of an opening. If that cannot be written now it is
// remembered, and written when the message comes again, or by [Board.Settle].
func (b *Board) finish(ctx context.Context, o opening, out unseal.Dialled) unseal.Dialled {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordBudget)
	defer cancel()
	if err := b.writeDialled(ctx, o, out); err != nil {
		b.remember(o, out)
		b.Log.Error("what came of an opening could not be written down", "key", o.key, "error", err)
		return out
	}
	b.forget(o.intent) // as it may have been remembered the last time
	return out
}

func (b *Board) writeDialled(ctx context.Context, o opening, out unseal.Dialled) error {
	said, ref := sayResult(out)
	now := b.Now()
	_, err := write(ctx, b.DB, b.Ledger, b.Log, now, func(tx pgx.Tx, p pen) error {
		var done bool
		if err := tx.QueryRow(ctx, sqlIsDialled, pgx.NamedArgs{"intent": o.intent}).Scan(&done); err != nil || done {
			return err // a commit of unknown outcome was one
		}
		leaf, err := p(ledger.Leaf{
			Type: ledger.TypeDialed, Record: o.row.ID, Incident: inc(o.incident), Lane: o.lane, Role: o.role, Of: &o.intent, Key: o.key, Result: said,
		})
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlDialled, pgx.NamedArgs{"intent": o.intent, "leaf": leaf, "now": now, "result": said, "ref": ref})
		return err
	})
	return err
}

// owed is an opening that was dialled and not written down.
type owed struct {
	o   opening
	out unseal.Dialled
}

func (b *Board) remember(o opening, out unseal.Dialled) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.unrecorded == nil {
		b.unrecorded = map[int64]owed{}
	}
	b.unrecorded[o.intent] = owed{o, out}
}

func (b *Board) forget(intent int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.unrecorded, intent)
}

func (b *Board) toRecord(intent int64) (unseal.Dialled, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	one, ok := b.unrecorded[intent]
	return one.out, ok
}
