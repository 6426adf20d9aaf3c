package escrow_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/mlkem"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"

	"batsignal/oncall/escrow"
	"batsignal/oncall/escrow/shamir"
	"batsignal/oncall/secret"
)

// Row 1: whoever has the database has every field of every record, and no key. They find no
// number in it in whatever spelling, not how long it is, not whether two are the same, and
// cannot try numbers out.
func TestAttack01ADumpTellsNothing(t *testing.T) {
	w := newWorld(t)
	numbers := []string{canary, canary, "+1", "https://example.org/" + string(bytes.Repeat([]byte("a"), 200))}
	var dump []escrow.Sealed
	for _, n := range numbers {
		dump = append(dump, w.seal(t, n))
	}
	text, err := json.Marshal(struct {
		Keys escrow.Keys
		Rows []escrow.Sealed
	}{w.keys, dump})
	if err != nil {
		t.Fatal(err)
	}
	raw := []byte{}
	for _, s := range dump {
		raw = slices.Concat(raw, s.Record.Content, s.Record.Nonce, s.Record.Commitment, s.Record.CommitBot, s.Record.CommitSwitchboard)
		for _, wrap := range s.Wraps {
			raw = append(raw, wrap.Wrapped...)
		}
	}
	reversed := []byte(canary)
	slices.Reverse(reversed)
	digits := []byte(canary[1:])
	for _, form := range [][]byte{[]byte(canary), digits, reversed, []byte(hex.EncodeToString(digits)), []byte(base64.StdEncoding.EncodeToString(digits)),
		[]byte(base64.StdEncoding.EncodeToString([]byte(canary)))} {
		if bytes.Contains(text, form) || bytes.Contains(raw, form) || bytes.Contains([]byte(dump[0].Text()), form) {
			t.Errorf("%q is in the dump", form)
		}
	}
	for _, s := range dump {
		if len(s.Record.Content) != escrow.ContentSize || len(s.Text()) != len(dump[0].Text()) {
			t.Error("how long a record is depends on what is in it")
		}
		// No hash of the number is stored that a list of all numbers could be tried on.
		for _, n := range numbers {
			sum := sha256.Sum256([]byte(n))
			if bytes.Contains(raw, sum[:8]) {
				t.Error("there is an unkeyed hash of a number in the dump")
			}
		}
		// Keys that are at hand: those of nobody, those made of what is public.
		guesses := []escrow.PrivateKey{keyOf(t, ""), keyOf(t, s.Record.ID)}
		for _, public := range [][]byte{make([]byte, 32), s.Record.Commitment, s.Record.CommitBot, s.Record.CommitSwitchboard} {
			k, err := escrow.KeyFromSeed(secret.NewBytes(slices.Clone(public)))
			if err != nil {
				t.Fatal(err)
			}
			guesses = append(guesses, k)
		}
		if found := opens(s, guesses...); len(found) != 0 {
			t.Errorf("%q came out without a key", found)
		}
	}
	if a, b := dump[0].Record, dump[1].Record; bytes.Equal(a.Content, b.Content) || bytes.Equal(a.Commitment, b.Commitment) {
		t.Error("two records of the same number are alike")
	}
}

// Row 8: one custodian or two, with a dump. Each pair of shares, each share alone, and all
// that can be made of them, open nothing; with a third one everything opens.
func TestAttack08TwoCustodiansAndADumpOpenNothing(t *testing.T) {
	w := newWorld(t)
	s := w.seal(t, canary)
	shares := w.shares(t)
	for i := range shares {
		for j := range i {
			pair := []secret.Bytes{shares[i], shares[j]}
			if found := opens(s, keysOf(t, pair)...); len(found) != 0 {
				t.Errorf("shares %d and %d open it", i+1, j+1)
			}
			// A third one made up: with each number that is free the pair is joined with zeroes.
			for number := range shares {
				if number == i || number == j {
					continue
				}
				made := make([]byte, 33)
				made[32] = byte(number + 1)
				seed, err := shamir.Combine(append(pair[:2:2], secret.NewBytes(made)))
				if err != nil {
					t.Fatal(err)
				}
				k, err := escrow.KeyFromSeed(seed)
				if err != nil {
					t.Fatal(err)
				}
				if found := opens(s, k); len(found) != 0 {
					t.Errorf("shares %d and %d with one made up open it", i+1, j+1)
				}
			}
		}
	}
	if found := opens(s, keysOf(t, shares[1:4])...); len(found) == 0 {
		t.Error("three shares open nothing either: this test proves nothing")
	}
}

// Row 24: what was copied today is read by a quantum computer later. It breaks X25519, so
// the attacker has that half of every private key; ML-KEM-768 still keeps them out. The
// other way round it is the same, should ML-KEM fall.
func TestAttack24BreakingOneOfTheTwoKeyAgreementsIsNotEnough(t *testing.T) {
	if id := escrow.KEM(); id != 0x647a {
		t.Fatalf("halves are sealed with the key agreement %#04x, not with ML-KEM-768 and X25519 (0x647a)", id)
	}
	w := newWorld(t)
	s := w.seal(t, canary)
	lattice, curve := partsOf(t, "bot")
	otherLattice, otherCurve := partsOf(t, "anybody")
	for name, c := range map[string]struct {
		lattice *mlkem.DecapsulationKey768
		curve   *ecdh.PrivateKey
		opens   bool
	}{
		"X25519 is broken": {otherLattice, curve, false},
		"ML-KEM is broken": {lattice, otherCurve, false},
		"both are broken":  {lattice, curve, true}, // else this test proves nothing
	} {
		key, err := hpke.NewHybridPrivateKey(c.lattice, c.curve)
		if err != nil {
			t.Fatal(err)
		}
		wrap, _ := s.Wrap(escrow.SlotBot)
		to, err := hpke.NewRecipient(wrap.Wrapped[:1120], key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte("batsignal/sealed-contact/v1 wrap"))
		if err != nil {
			t.Fatal(err)
		}
		half, err := to.Open(boundTo(s.Record, 1, "bot"), wrap.Wrapped[1120:])
		if (err == nil) != c.opens {
			t.Errorf("%s: %d bytes, %v", name, len(half), err)
		}
	}
}

// partsOf are the two private keys that a seed is made into
// (draft-connolly-cfrg-xwing-kem, expandDecapsulationKey).
func partsOf(t *testing.T, name string) (*mlkem.DecapsulationKey768, *ecdh.PrivateKey) {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	long := sha3.SumSHAKE256(seed[:], 96)
	lattice, err := mlkem.NewDecapsulationKey768(long[:64])
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdh.X25519().NewPrivateKey(long[64:])
	if err != nil {
		t.Fatal(err)
	}
	return lattice, curve
}

// boundTo is written here a second time, after docs and design, not after the code.
func boundTo(r escrow.Record, epoch byte, slot string) []byte {
	policy := sha256.Sum256([]byte(r.Policy))
	var out []byte
	for _, field := range []string{"batsignal/sealed-contact/v1", r.ID, "42", r.Kind, string('0' + rune(epoch)), string(policy[:]), slot} {
		out = binary.BigEndian.AppendUint64(out, uint64(len(field)))
		out = append(out, field...)
	}
	return out
}
