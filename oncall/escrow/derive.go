package escrow

import (
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"strconv"
)

// domain begins everything that is derived or bound here, so that nothing made for another
// purpose, or by a later version, is taken for it.
const domain = "batsignal/sealed-contact/v1"

// labelContent stands in the place of a slot for the content itself.
const labelContent Slot = "content"

// What is derived of a record's key, or of one half.
const (
	labelEncrypt           = "enc"
	labelCommit            = "commit"
	labelCommitBot         = "commit-bot"
	labelCommitSwitchboard = "commit-switchboard"
)

// derive makes 32 bytes of a key, others for each label.
func derive(key []byte, label string) []byte {
	out, err := hkdf.Key(sha256.New, key, nil, domain+" "+label, 32)
	if err != nil {
		panic(err) // only for lengths that are not asked for here
	}
	return out
}

// keeps tells whether a key, or half of one, is what a commitment was made of.
func keeps(commitment, key []byte, label string) bool {
	return subtle.ConstantTimeCompare(commitment, derive(key, label)) == 1
}

// commitmentOf is the commitment to the half in a slot.
func (r Record) commitmentOf(slot Slot) (commitment []byte, label string) {
	if slot.OfBot() {
		return r.CommitBot, labelCommitBot
	}
	return r.CommitSwitchboard, labelCommitSwitchboard
}

// bound is what a ciphertext is bound to: changed in anything, it does not open.
func (r Record) bound(epoch int, slot Slot) []byte {
	policy := sha256.Sum256([]byte(r.Policy))
	return Join([]byte(domain), []byte(r.ID), strconv.AppendInt(nil, r.Owner, 10), []byte(r.Kind),
		strconv.AppendInt(nil, int64(epoch), 10), policy[:], []byte(slot))
}

// Join writes fields one after the other, each behind its length, so that no two lists of
// fields are written the same.
func Join(fields ...[]byte) []byte {
	var out []byte
	for _, f := range fields {
		out = binary.BigEndian.AppendUint64(out, uint64(len(f)))
		out = append(out, f...)
	}
	return out
}

// split reads what Join wrote; not ok is anything else.
func split(text []byte) (fields [][]byte, ok bool) {
	for len(text) > 0 {
		if len(text) < 8 {
			return nil, false
		}
		size := binary.BigEndian.Uint64(text)
		if text = text[8:]; size > uint64(len(text)) {
			return nil, false
		}
		fields = append(fields, text[:size:size])
		text = text[size:]
	}
	return fields, true
}
