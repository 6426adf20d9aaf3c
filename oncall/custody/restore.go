package custody

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"batsignal/migrations/pg"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
)

// restoredTitle is the first line of a restored half.
const restoredTitle = "batsignal restored half v1"

// restoredHead says what the wraps below it are.
type restoredHead struct {
	Side    Side   `json:"side"`
	Epoch   int    `json:"epoch"`
	Keyring string `json:"keyring"` // fingerprint
	Wraps   int    `json:"wraps"`
}

// Restored is one half of every record, wrapped for a new host.
type Restored struct {
	Side  Side
	Epoch int
	Notes []string // sentences: wrong shares, records that were left out
	wraps []escrow.Wrap
	of    string
}

// Wraps is how many records it brings back.
func (r Restored) Wraps() int { return len(r.wraps) }

// RestoreHalf replaces a lost host: with shares of the keyring before, each record's half of
// that side is wrapped for the key that the next keyring names. No address is opened, and
// the other half is not touched. What it returns is loaded by the new host ([LoadRestored]),
// which then makes the custodians' wraps as in every rotation ([RewrapHalf]).
func RestoreHalf(b Backup, shares []Share, side Side, to Keyring) (Restored, error) {
	own, custody, err := side.slots()
	if err != nil {
		return Restored{}, err
	}
	if err := b.signedByThem(shares, to); err != nil {
		return Restored{}, err
	}
	keys, notes, err := b.combine(shares)
	if err != nil {
		return Restored{}, err
	}
	out := Restored{Side: side, Epoch: to.Epoch, Notes: notes, of: to.Fingerprint()}
	for _, r := range b.Records {
		half, err := r.half(keys, custody)
		if err != nil {
			out.Notes = append(out.Notes, fmt.Sprintf("A sealed address (%s) is left out: %s", r.ID, fault.Say(err)))
			continue
		}
		w, err := escrow.Rewrap(half, r.Record, to.Epoch, own, side.key(to))
		half.Wipe()
		if err != nil {
			return Restored{}, err
		}
		out.wraps = append(out.wraps, w)
	}
	return out, nil
}

// signedByThem makes sure that those whose shares are here signed the keyring that is
// wrapped for. The keyring before is out of a backup that anybody may have written; their
// shares are not.
func (b Backup) signedByThem(shares []Share, to Keyring) error {
	previous, err := b.Keyring(to.Epoch - 1)
	if err != nil {
		return err
	}
	if err := to.Verify(previous); err != nil {
		return err
	}
	signed := map[int]bool{}
	for _, s := range shares {
		if s.Epoch != previous.Epoch {
			continue
		}
		if c, err := previous.Check(s); err == nil && slices.ContainsFunc(to.Signatures, func(sig Signature) bool { return sig.Custodian == c.N }) {
			signed[c.N] = true
		}
	}
	if len(signed) < previous.K {
		return fault.New(fault.Forbidden, "Of those whose shares are here, %d signed keyring %d, and %d must: sign it with the shares first (batsignal custody sign-keyring).", len(signed), to.Epoch, previous.K)
	}
	return nil
}

// Write writes it as a file: two lines, and one for each wrap.
func (r Restored) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	if _, err := out.WriteString(restoredTitle + "\n"); err != nil {
		return err
	}
	enc := json.NewEncoder(out)
	if err := enc.Encode(restoredHead{r.Side, r.Epoch, r.of, len(r.wraps)}); err != nil {
		return err
	}
	for _, wrap := range r.wraps {
		if err := enc.Encode(wrap); err != nil {
			return err
		}
	}
	return out.Flush()
}

// ReadRestored reads the file.
func ReadRestored(in io.Reader) (Restored, error) {
	no := fault.New(fault.Invalid, "That is no restored half, or a part of one. Take the file that \"batsignal custody restore-half\" wrote.")
	r := bufio.NewReaderSize(in, 1<<16)
	title, err := nextLine(r)
	if err != nil || string(title) != restoredTitle {
		return Restored{}, no
	}
	line, err := nextLine(r)
	var head restoredHead
	if err != nil || strict(line, &head) != nil || head.Wraps < 0 || head.Wraps > mostRecords {
		return Restored{}, no
	}
	own, _, err := head.Side.slots()
	if err != nil {
		return Restored{}, no
	}
	out := Restored{Side: head.Side, Epoch: head.Epoch, of: head.Keyring}
	for {
		line, err := nextLine(r)
		if errors.Is(err, io.EOF) {
			break
		}
		var w escrow.Wrap
		if err != nil || strict(line, &w) != nil || w.Slot != own || w.Epoch != head.Epoch || len(out.wraps) == head.Wraps {
			return Restored{}, no
		}
		out.wraps = append(out.wraps, w)
	}
	if len(out.wraps) != head.Wraps {
		return Restored{}, no
	}
	return out, nil
}

// LoadRestored writes a restored half into the database, on the new host: each wrap must open
// with the host's key, so a damaged or foreign file does no harm. Records that are gone are
// skipped; what is there already stays.
func LoadRestored(ctx context.Context, db pg.DB, key escrow.PrivateKey, r Restored) (loaded int, stuck []string, err error) {
	to, err := At(ctx, db, r.Epoch)
	if err != nil {
		return 0, nil, err
	}
	if to.Fingerprint() != r.of {
		return 0, nil, fault.New(fault.Conflict, "This half was restored for another keyring %d than the one that is stored. Store that one first, or restore for this one.", r.Epoch)
	}
	if _, err := KeyOf(r.Side, []escrow.PrivateKey{key}, to); err != nil {
		return 0, nil, err
	}
	own, custody, err := r.Side.slots()
	if err != nil {
		return 0, nil, err
	}
	wraps := make(map[string]escrow.Wrap, len(r.wraps))
	for _, w := range r.wraps {
		wraps[w.Record] = w
	}
	for after := firstRecord; ; {
		records, err := recordsToWrap(ctx, db, own, custody, to.Epoch, after, Batch, false)
		if err != nil || len(records) == 0 {
			return loaded, stuck, err
		}
		var good []escrow.Wrap
		for _, rec := range records {
			w, ok := wraps[rec.ID]
			if !ok || rec.has(own) {
				continue
			}
			half, err := escrow.Unwrap(key, rec.Record, w)
			if err != nil {
				stuck = append(stuck, rec.ID)
				continue
			}
			half.Wipe()
			good = append(good, w)
		}
		n, err := addWraps(ctx, db, to, good)
		if err != nil {
			return loaded, stuck, err
		}
		loaded += n
		after = records[len(records)-1].ID
	}
}
