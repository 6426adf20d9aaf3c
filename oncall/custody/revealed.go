package custody

import (
	"strings"

	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

// Revealed tells whether custodians allowed that an address is shown (lane D): enough of
// them signed a text that names this record and this request. The error is a refusal.
func (k Keyring) Revealed(r unseal.Release) error {
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
	_, enough, err := k.Approved(r.Text, r.Signed)
	if err == nil && !enough {
		err = fault.New(fault.Forbidden, "Fewer custodians signed this than it takes.")
	}
	return err
}
