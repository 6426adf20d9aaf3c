package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

// LongestPasted is a statement of some dozens of addresses, or some thousand lines of a
// room, in bytes.
const LongestPasted = 1 << 20

var errNothingToCheck = errors.New("neither a statement nor a head")

// Judge says what a text that somebody has proves, against the whole ledger as the database
// has it: a statement, a signed head, or lines of a chat log in which heads are said. In
// sentences, good is what is proven, and bad what does not fit.
func Judge(ctx context.Context, db pg.DB, pasted string, keys []string) (good, bad []string, err error) {
	switch {
	case strings.TrimSpace(pasted) == "":
		return nil, nil, fault.New(fault.Invalid, "Paste a statement, or lines of a room in which the bot said a head: Ledger 812 1a2b3c4d5e6f7081.")
	case len(pasted) > LongestPasted:
		return nil, nil, fault.New(fault.Invalid, "That is more than can be checked here at once. Check it on your own machine: batsignal ledger verify.")
	case len(keys) == 0:
		return nil, nil, fault.New(fault.Unready, "There is no keyring yet that names the key of the ledger, so nothing can be checked by it.")
	}
	c, err := claimIn(pasted, keys)
	if err != nil {
		return nil, nil, err
	}
	b, err := Read(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	report, err := c.check(b)
	if err != nil {
		return nil, nil, err
	}
	if len(report.Findings) > 0 {
		return c.itself, report.Findings, nil
	}
	return append(append(c.itself, c.counted...), report.Says()), nil, nil
}

// claim is what a text says of the ledger.
type claim struct {
	itself  []string // what it proves by itself
	counted []string // what it proves if the whole ledger agrees
	check   func(Book) (Report, error)
}

func claimIn(pasted string, keys []string) (c claim, err error) {
	if strings.Contains(pasted, "batsignal statement of openings") {
		s, err := VerifyStatement(pasted, keys...)
		return claim{
			itself:  []string{"The statement is signed by the key of the ledger, and proves what it says.", s.Says()},
			counted: []string{"No entry about these addresses was left out: the whole ledger was counted."},
			check:   func(b Book) (Report, error) { return s.Check(b, keys...) },
		}, err
	}
	var seen []Seen
	c.check = func(b Book) (Report, error) { return b.Verify(seen, keys...) }
	note := strings.TrimSpace(pasted) + "\n"
	if _, _, err := readHead(note); err == nil {
		h, err := ParseHead(note, keys...)
		if err != nil {
			return c, fault.Wrap(fault.Invalid, err, "That head is not signed by the key of this ledger, or was changed since. Paste all of it, as it was signed.")
		}
		c.itself = []string{fmt.Sprintf("The head is signed by the key of the ledger: %s.", h.Line())}
		seen = []Seen{{Size: h.Size, Prefix: h.Prefix()}}
		return c, nil
	}
	if seen, err = SeenIn(strings.NewReader(pasted), "what you pasted"); err == nil && len(seen) == 0 {
		err = fault.Wrap(fault.Invalid, errNothingToCheck, "That is neither a statement nor does it have a head in it. A head reads like: Ledger 812 1a2b3c4d5e6f7081.")
	}
	return c, err
}
