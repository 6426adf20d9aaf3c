package totp

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/oncall/secret"
)

// rfcSeed is the key of the vectors in RFC 6238, appendix B.
func rfcSeed() secret.Bytes { return secret.NewBytes([]byte("12345678901234567890")) }

// The vectors of the RFC have eight digits; ours are the last six of them.
func TestTheVectorsOfTheRFC(t *testing.T) {
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := Code(rfcSeed(), time.Unix(at, 0)).Reveal(); got != want[2:] {
			t.Errorf("at %d: %s, want %s", at, got, want[2:])
		}
	}
}

func TestACodeIsGoodForAWhileAndOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := NewSeed()
		now := time.Unix(rapid.Int64Range(100, 4e9).Draw(t, "now"), 0)
		late := time.Duration(rapid.Int64Range(-100, 100).Draw(t, "late")) * time.Second
		last := Step(now) + rapid.Int64Range(-4, 2).Draw(t, "last")
		code := Code(seed, now.Add(-late)).Reveal()
		step, err := Verify(seed, code, now, last)
		off := Step(now) - Step(now.Add(-late))
		switch {
		case off < -1 || off > 1:
			if !errors.Is(err, ErrWrong) {
				// One in a million codes is another step's too.
				t.Skip("the same digits twice")
			}
		case step < Step(now.Add(-late)):
			t.Fatalf("step %d of a code of step %d", step, Step(now.Add(-late)))
		case step <= last && !errors.Is(err, ErrUsed), step > last && err != nil:
			t.Fatalf("step %d, last used %d: %v", step, last, err)
		}
	})
}

func TestWhatIsNoCodeIsWrong(t *testing.T) {
	now := time.Unix(59, 0)
	for _, code := range []string{"", "287082 ", "28708", "2870820", "000000", "２８７０８２"} {
		if _, err := Verify(rfcSeed(), code, now, 0); !errors.Is(err, ErrWrong) {
			t.Errorf("%q: %v", code, err)
		}
	}
	if _, err := Verify(rfcSeed(), "287082", now, 0); err != nil {
		t.Error("the right one:", err)
	}
	// Without a seed nobody has a code, not even the one of an empty key.
	if _, err := Verify(secret.Bytes{}, digits(secret.Bytes{}, Step(now)), now, 0); !errors.Is(err, ErrWrong) {
		t.Error("an empty seed:", err)
	}
}

func TestSeedsAreWrittenAndRead(t *testing.T) {
	seed := NewSeed()
	for _, text := range []secret.Text{Text(seed), Typed(seed), secret.New(strings.ToLower(Typed(seed).Reveal()))} {
		back, err := Parse(text)
		if err != nil || !back.Equal(seed) {
			t.Errorf("read back: %v", err)
		}
	}
	if got := Typed(rfcSeed()).Reveal(); got != "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ" {
		t.Error(got)
	}
	if got := URI(rfcSeed(), "Bat Signal", "ada").Reveal(); got !=
		"otpauth://totp/Bat%20Signal:ada?algorithm=SHA1&digits=6&issuer=Bat%20Signal&period=30&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" {
		t.Error(got)
	}
	for _, bad := range []string{"", "GEZD", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1"} {
		if _, err := Parse(secret.New(bad)); err == nil || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if NewSeed().Equal(seed) {
		t.Error("two seeds are the same")
	}
}
