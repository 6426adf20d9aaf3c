package custody

import (
	"strings"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

// revealedWithin is how old a request may be: a day to sign it, five minutes to look, and
// clocks of two hosts that are not the same.
const revealedWithin = 24*time.Hour + 15*time.Minute

// Revealed tells whether custodians allowed that an address is shown (lane D): enough of
// them signed a text that names this record and this request, not long ago. What they
// signed once is in somebody's files for ever. The error is a refusal.
func (k Keyring) Revealed(r unseal.Release, now time.Time) error {
	code, ok := strings.CutPrefix(r.Key, "reveal-")
	named := map[string]string{}
	for line := range strings.Lines(r.Text) {
		if field, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); found && named[field] == "" {
			named[field] = value
		}
	}
	if !ok || code == "" || named["request"] != code || named["record"] != r.Record {
		return fault.New(fault.Forbidden, "What the custodians signed is about something else.")
	}
	asked, err := time.Parse(time.RFC3339, named["asked"])
	if age := now.Sub(asked); err != nil || age > revealedWithin || age < -revealedWithin {
		return fault.New(fault.Forbidden, "What the custodians signed was asked for on another day.")
	}
	_, enough, err := k.Approved(r.Text, r.Signed)
	if err == nil && !enough {
		err = fault.New(fault.Forbidden, "Fewer custodians signed this than it takes.")
	}
	return err
}
