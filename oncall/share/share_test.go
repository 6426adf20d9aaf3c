package share_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"batsignal/migrations/childtest"
	"batsignal/oncall/escrow/shamir"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/share"
)

// split makes shares of a key, as Vault does.
func split(t *testing.T, k, n int) (list []share.Share) {
	t.Helper()
	parts, err := shamir.Split(secret.NewBytes([]byte("a key of exactly 32 bytes: canary")[:32]), k, n)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		s, err := share.FromBytes(slices.Clone(p.RevealBytes()))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

func text(s share.Share) string { return base64.StdEncoding.EncodeToString(s.Value.RevealBytes()) }

func TestAShareIsReadAsVaultPrintsIt(t *testing.T) {
	for _, s := range split(t, 3, 5) {
		raw := s.Value.RevealBytes()
		for _, word := range []string{text(s), hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)), " \t" + text(s) + "\r\n"} {
			read, err := share.Parse(secret.New(word))
			if err != nil || !read.Equal(s) || read.Number() != s.Number() || read.Whole() {
				t.Errorf("%v", err)
			}
		}
		if s.Name() != fmt.Sprintf("share %d", s.Number()) || string(s.Hex()) != hex.EncodeToString(raw) {
			t.Error(s.Name())
		}
	}
	whole, err := share.Parse(secret.New(strings.Repeat("ab", 32)))
	if err != nil || !whole.Whole() || whole.Number() != 0 || whole.Name() != "the only share" {
		t.Errorf("%v %v", whole, err)
	}
}

func TestWhatIsNoShareIsToldFromOne(t *testing.T) {
	for word, why := range map[string]string{
		"":                               "nothing",
		"canary":                         "6 characters",
		strings.Repeat("ab", 31):         "62 characters",
		strings.Repeat("ab", 34):         "68 characters",
		strings.Repeat("ab", 32) + "00":  "number 0",
		"hvs.CAESIcanary":                "token",
		"AGE-SECRET-KEY-1CANARY":         "secret key of age",
		"-----BEGIN PGP MESSAGE---":      "Decrypt it",
		"wcBMA37rwGt6FS1VAQgAk1q8XQh6yc": "gpg -d",
	} {
		_, err := share.Parse(secret.New(word))
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), why) || word != "" && strings.Contains(err.Error(), word) {
			t.Errorf("%q: %v", word, err)
		}
	}
}

func TestOnlyTheRunReadsAShare(t *testing.T) {
	key, err := share.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	other, err := share.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	s := split(t, 2, 3)[1]
	sealed, number, err := share.Submit(key.Recipient(), secret.New(text(s)))
	if err != nil || number != s.Number() || strings.Contains(sealed, text(s)[:12]) {
		t.Fatalf("%d %v", number, err)
	}
	for _, spelling := range []string{sealed, "\n  " + sealed + "\n\n", strings.ReplaceAll(sealed, "\n", "\r\n")} {
		opened, err := key.Open([]byte(spelling))
		if err != nil || !opened.Equal(s) {
			t.Errorf("%v", err)
		}
	}
	if _, err := other.Open([]byte(sealed)); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "another key") {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"", text(s), sealed[:len(sealed)-60], strings.Repeat("x", share.MostSealed+1)} {
		if _, err := key.Open([]byte(bad)); fault.KindOf(err) != fault.Invalid || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, _, err := share.Submit("age1canary", secret.New(text(s))); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
	if _, _, err := share.Submit(key.Recipient(), secret.New("nonsense")); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if shown := fmt.Sprintf(verb, key); strings.Contains(strings.ToUpper(shown), "AGE-SECRET") {
			t.Errorf("%s shows %s", verb, shown)
		}
	}
}

// Whoever has no batsignal types the share into age.
func TestStockAgeSealsAShare(t *testing.T) {
	program, err := exec.LookPath("age")
	if err != nil {
		childtest.Lacks(t, errors.New("age is not installed"))
	}
	key, err := share.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	s := split(t, 2, 2)[0]
	for _, args := range [][]string{{"-a", "-r", key.Recipient()}, {"-r", key.Recipient()}} {
		cmd := exec.Command(program, args...)
		cmd.Stdin = strings.NewReader(text(s) + "\n")
		sealed, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if opened, err := key.Open(sealed); err != nil || !opened.Equal(s) {
			t.Errorf("%v", err)
		}
	}
}

func TestAShareIsKnownByItsCommitment(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range split(t, 3, 5) {
		for _, vault := range []string{"main", "other"} {
			number, c, err := share.Register(vault, secret.New(text(s)))
			if err != nil || number != s.Number() || c != s.Commitment(vault) || len(c) != 64 || seen[c] {
				t.Errorf("%d %s %v", number, c, err)
			}
			seen[c] = true
		}
	}
	if _, _, err := share.Register("main", secret.New("x")); err == nil {
		t.Error("x was registered")
	}
}

// Of right shares every other right one is told from every wrong one.
func TestRightSharesKnowEachOther(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		k := rapid.IntRange(2, 4).Draw(rt, "k")
		list := split(t, k, k+2)
		at := rapid.IntRange(0, 31).Draw(rt, "byte")
		order := rapid.Permutation(list).Draw(rt, "order")
		right, other := order[:k], order[k]
		if !share.Agrees(right, other) {
			rt.Fatal("a right share is taken for a wrong one")
		}
		raw := slices.Clone(other.Value.RevealBytes())
		raw[at] ^= byte(rapid.IntRange(1, 255).Draw(rt, "flip"))
		wrong, err := share.FromBytes(raw)
		if err != nil {
			rt.Fatal(err)
		}
		if share.Agrees(right, wrong) {
			rt.Fatal("a wrong share is taken for a right one")
		}
		if !share.Agrees(right, right[0]) || share.Agrees(right[:1], other) {
			rt.Fatal("one of them, or too few")
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(strings.Repeat("ab", 33))
	f.Add("hvs.x")
	f.Add(base64.StdEncoding.EncodeToString(make([]byte, 33)))
	f.Fuzz(func(t *testing.T, word string) {
		s, err := share.Parse(secret.New(word))
		if err != nil {
			if len(word) > 8 && strings.Contains(err.Error(), word) {
				t.Errorf("the error repeats it: %v", err)
			}
			return
		}
		again, err := share.Parse(secret.New(string(s.Hex())))
		if err != nil || !again.Equal(s) {
			t.Errorf("%q is not read again: %v", word, err)
		}
	})
}
