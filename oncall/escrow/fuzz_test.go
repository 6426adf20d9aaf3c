package escrow_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Whatever is pasted: nothing breaks, and what is read is written as it was.
func FuzzParseSealed(f *testing.F) {
	text, err := os.ReadFile("testdata/sealed-v1.txt")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text), "")
	f.Add("", string(text))
	f.Add(armourRaw("\x00\x00\x00\x00\x00\x00\x00\x01x"), "")
	f.Fuzz(func(t *testing.T, text, payload string) {
		for _, pasted := range []string{text, armourRaw(payload)} { // with a checksum that fits, one comes further
			s, err := escrow.ParseSealed(pasted)
			if err != nil {
				if fault.KindOf(err) != fault.Invalid || fault.Say(err) == "" {
					t.Fatal(err)
				}
				continue
			}
			again, err := escrow.ParseSealed(s.Text())
			if err != nil || again.Text() != s.Text() || len(s.Wraps) != 4 {
				t.Fatalf("%v: %+v", err, s)
			}
		}
	})
}

// Whatever is read as a policy is written as it was, and answers.
func FuzzParsePolicy(f *testing.F) {
	f.Add(policy().Text())
	f.Add(escrow.DefaultPolicy().Text())
	f.Add(`{"v":1,"lanes":["D"],"per_quarter":100,"quiet":"00:00-23:59 UTC"}`)
	f.Add(`{"v":1}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := escrow.ParsePolicy(text)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid || strings.Contains(fault.Say(err), "\n") {
				t.Fatal(err)
			}
			return
		}
		if p.Text() != text || p.Check() != nil || !p.Allows("F") || p.Allows("C") || len(text) > 500 {
			t.Fatalf("%q was read as %+v", text, p)
		}
		p.QuietAt(time.Date(2026, 10, 25, 1, 15, 0, 0, time.UTC))
	})
}

// Whatever is in the fields of a record: it opens only if it is what was sealed.
func FuzzOpen(f *testing.F) {
	w := newWorld(f)
	text, err := os.ReadFile("testdata/sealed-v1.txt")
	if err != nil {
		f.Fatal(err)
	}
	s, err := escrow.ParseSealed(string(text))
	if err != nil {
		f.Fatal(err)
	}
	r := s.Record
	halves := map[escrow.Slot]secret.Bytes{}
	for slot, key := range map[escrow.Slot]escrow.PrivateKey{escrow.SlotBot: w.bot, escrow.SlotSwitchboard: w.switchboard} {
		wrap, _ := s.Wrap(slot)
		if halves[slot], err = escrow.Unwrap(key, r, wrap); err != nil {
			f.Fatal(err)
		}
	}
	add := func(r escrow.Record, wrap escrow.Wrap) {
		f.Add(r.ID, r.Owner, r.Kind, r.Policy, r.ContentEpoch, r.Nonce, r.Content, r.Commitment, r.CommitBot, r.CommitSwitchboard, wrap.Epoch, string(wrap.Slot), wrap.Wrapped)
	}
	for _, wrap := range s.Wraps {
		add(r, wrap)
	}
	add(escrow.Record{}, escrow.Wrap{})
	original := w.seal(f, canary) // another record, whose fields are genuine
	add(original.Record, original.Wraps[0])

	f.Fuzz(func(t *testing.T, id string, owner int64, kind, policy string, contentEpoch int, nonce, content, commitment, commitBot, commitSwitchboard []byte, epoch int, slot string, wrapped []byte) {
		changed := escrow.Record{ID: id, Owner: owner, Kind: kind, Policy: policy, ContentEpoch: contentEpoch, Nonce: nonce, Content: content,
			Commitment: commitment, CommitBot: commitBot, CommitSwitchboard: commitSwitchboard}
		value, err := escrow.Open(changed, halves[escrow.SlotBot], halves[escrow.SlotSwitchboard])
		if err == nil && (value.Reveal() != canary || id != r.ID || owner != r.Owner || kind != r.Kind || policy != r.Policy || contentEpoch != r.ContentEpoch) {
			t.Fatalf("%+v opened", changed)
		}
		if err != nil && (!errors.Is(err, escrow.ErrRefused) || !value.Empty()) {
			t.Fatal(err)
		}
		for _, key := range []escrow.PrivateKey{w.bot, w.switchboard, w.custody} {
			half, err := escrow.Unwrap(key, changed, escrow.Wrap{Record: id, Epoch: epoch, Slot: escrow.Slot(slot), Wrapped: wrapped})
			if err != nil {
				if !errors.Is(err, escrow.ErrRefused) || half.Len() != 0 {
					t.Fatal(err)
				}
				continue
			}
			if half.Len() != escrow.HalfSize {
				t.Fatalf("half of %d bytes", half.Len())
			}
		}
	})
}
