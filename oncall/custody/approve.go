package custody

import "strings"

// Approve is a custodian's word that what the text says may be done, such as that an address
// is shown to somebody.
func (s Share) Approve(text string) (Signature, error) { return s.Sign(PurposeApprove, text) }

// Approved reads signatures that were pasted, with spaces or new lines between, and returns
// the custodians who approved of a text, each once. enough tells whether they are as many as
// it takes. One that does not fit is an error that names it, and none counts.
func (k Keyring) Approved(text, pasted string) (by []Custodian, enough bool, err error) {
	seen := map[int]bool{}
	for _, word := range strings.Fields(pasted) {
		sig, err := ParseSignature(word)
		if err != nil {
			return nil, false, err
		}
		c, err := k.VerifySignature(sig, PurposeApprove, text)
		if err != nil {
			return nil, false, err
		}
		if !seen[c.N] {
			seen[c.N] = true
			by = append(by, c)
		}
	}
	return by, len(by) >= k.K, nil
}
