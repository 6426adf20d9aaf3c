package shamir

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"math/bits"
	"os"
	"testing"

	"pgregory.net/rapid"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// The shares of the vector are what OpenBao makes of the same polynomials.
func TestSharesAreOfTheVector(t *testing.T) {
	var vector struct {
		Secret, Coef1, Coef2 string
		Shares               []string
	}
	text, err := os.ReadFile("testdata/vector.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &vector); err != nil {
		t.Fatal(err)
	}
	whole := unhex(t, vector.Secret)
	got := shares(whole, append(unhex(t, vector.Coef1), unhex(t, vector.Coef2)...), len(vector.Shares))
	for i, want := range vector.Shares {
		if have := hex.EncodeToString(got[i].RevealBytes()); have != want {
			t.Errorf("share %d is %s, not %s", i+1, have, want)
		}
	}
	back, err := Combine([]secret.Bytes{secret.NewBytes(unhex(t, vector.Shares[4])), secret.NewBytes(unhex(t, vector.Shares[1])), secret.NewBytes(unhex(t, vector.Shares[2]))})
	if err != nil || !bytes.Equal(back.RevealBytes(), whole) {
		t.Errorf("%x, %v", back.RevealBytes(), err)
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Multiplication is that of polynomials, divided on paper; what is inverted gives one.
func TestTheFieldIsAField(t *testing.T) {
	for a := range 256 {
		for b := range 256 {
			product := 0
			for i := range 8 {
				if b>>i&1 == 1 {
					product ^= a << i
				}
			}
			for i := 15; i >= 8; i-- {
				if product>>i&1 == 1 {
					product ^= 0x11b << (i - 8)
				}
			}
			if got := multiply(byte(a), byte(b)); got != byte(product) {
				t.Fatalf("%#x * %#x is %#x, not %#x", a, b, got, product)
			}
		}
		want := byte(1)
		if a == 0 {
			want = 0
		}
		if multiply(byte(a), invert(byte(a))) != want {
			t.Fatalf("the inverse of %#x is wrong", a)
		}
	}
}

// What works on secrets has no branches and looks nothing up: its only loops count.
func TestTheFieldHasNoBranches(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "gf.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	loops := 0
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt, *ast.SwitchStmt, *ast.IndexExpr, *ast.ForStmt, *ast.SliceExpr:
			t.Errorf("there is a %T in gf.go", n)
		case *ast.RangeStmt:
			loops++
			if _, constant := n.X.(*ast.BasicLit); !constant {
				t.Errorf("there is a loop over %T in gf.go", n.X)
			}
		case *ast.BinaryExpr:
			if n.Op == token.LAND || n.Op == token.LOR {
				t.Errorf("there is a %s in gf.go", n.Op)
			}
		}
		return true
	})
	if loops == 0 {
		t.Error("gf.go was not read")
	}
}

// Every k shares or more, in any order, give the secret; its number is in each share.
func TestEveryKSharesGiveItBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(2, 6).Draw(t, "k")
		n := rapid.IntRange(k, 9).Draw(t, "n")
		whole := rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "whole")
		all, err := Split(secret.NewBytes(bytes.Clone(whole)), k, n)
		if err != nil || len(all) != n {
			t.Fatal(len(all), err)
		}
		for i, s := range all {
			if Number(s) != i+1 || s.Len() != len(whole)+1 {
				t.Fatalf("share %d has number %d and %d bytes", i+1, Number(s), s.Len())
			}
		}
		some := rapid.Permutation(all).Draw(t, "order")[:rapid.IntRange(k, n).Draw(t, "how many")]
		back, err := Combine(some)
		if err != nil || !bytes.Equal(back.RevealBytes(), whole) {
			t.Fatalf("%d of %d gave %x, not %x: %v", len(some), n, back.RevealBytes(), whole, err)
		}
	})
}

// For whatever secret, any two shares of three that are needed take every pair of values
// equally often: they tell nothing. That is so only because coefficients may be zero.
func TestTwoSharesOfThreeTellNothing(t *testing.T) {
	for _, whole := range []byte{0x00, 0x01, 0x53, 0xff} {
		var seen [1 << 16]uint8
		for c := range 1 << 16 {
			list := shares([]byte{whole}, []byte{byte(c), byte(c >> 8)}, 3)
			first, third := list[0].RevealBytes()[0], list[2].RevealBytes()[0]
			seen[int(first)<<8|int(third)]++
		}
		for pair, times := range seen {
			if times != 1 {
				t.Fatalf("of the secret %#x, shares 1 and 3 are %#04x in %d of 65536 ways, not in one", whole, pair, times)
			}
		}
	}
}

// Coefficients are drawn from all bytes: each bit is set about half of the time, and zero
// is among them. The limits are those of once in a million million runs.
func TestCoefficientsAreUniform(t *testing.T) {
	const size = MostBytes
	var set, zeroes int
	for range 64 {
		all, err := Split(secret.NewBytes(make([]byte, size)), 2, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range all[0].RevealBytes()[:size] { // of zero, at one: the coefficient
			set += bits.OnesCount8(b)
			if b == 0 {
				zeroes++
			}
		}
	}
	if all := 64 * size * 8; set < all/2-2600 || set > all/2+2600 {
		t.Errorf("%d of %d bits are set", set, all)
	}
	if zeroes < 64*size/256-120 || zeroes > 64*size/256+120 {
		t.Errorf("%d of %d coefficients are zero; 256 were to be expected", zeroes, 64*size)
	}
}

func TestWhatCannotBeSplit(t *testing.T) {
	for name, c := range map[string]struct{ size, k, n int }{
		"one is enough":   {32, 1, 5},
		"none is needed":  {32, 0, 5},
		"fewer than k":    {32, 3, 2},
		"too many":        {32, 3, 256},
		"nothing":         {0, 3, 5},
		"more than a key": {MostBytes + 1, 3, 5},
	} {
		if _, err := Split(secret.NewBytes(make([]byte, c.size)), c.k, c.n); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	all, err := Split(secret.NewBytes([]byte{7}), 255, 255)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := Combine(all); err != nil || back.RevealBytes()[0] != 7 {
		t.Error("255 of 255:", back.RevealBytes(), err)
	}
}

func TestWhatCannotBeCombined(t *testing.T) {
	list := func(parts ...[]byte) (all []secret.Bytes) {
		for _, p := range parts {
			all = append(all, secret.NewBytes(p))
		}
		return all
	}
	for name, parts := range map[string][]secret.Bytes{
		"none":             nil,
		"one":              list([]byte{9, 1}),
		"an empty one":     list(nil, []byte{9, 1}),
		"a number only":    list([]byte{1}, []byte{2}),
		"one twice":        list([]byte{9, 1}, []byte{9, 1}),
		"a number twice":   list([]byte{9, 1}, []byte{8, 2}, []byte{7, 1}),
		"the number zero":  list([]byte{9, 1}, []byte{9, 0}),
		"one cut off":      list([]byte{9, 9, 1}, []byte{9, 2}),
		"one with a tail":  list([]byte{9, 1}, []byte{9, 9, 2}),
		"longer than ever": list(make([]byte, MostBytes+2), make([]byte, MostBytes+2)),
	} {
		whole, err := Combine(parts)
		if fault.KindOf(err) != fault.Invalid || whole.Len() != 0 {
			t.Errorf("%s: %d bytes, %v", name, whole.Len(), err)
		}
	}
}

// Whatever is joined: nothing breaks, and what comes out is as long as it must be.
func FuzzCombine(f *testing.F) {
	f.Add([]byte("f0f1.01 060d.02 f6fd.03"), byte(4))
	f.Add([]byte{1, 2, 3, 4, 5, 6}, byte(2))
	f.Add([]byte{}, byte(0))
	f.Fuzz(func(t *testing.T, text []byte, size byte) {
		var parts []secret.Bytes
		step := int(size)%40 + 1
		for at := 0; at < len(text); at += step {
			parts = append(parts, secret.NewBytes(bytes.Clone(text[at:min(at+step, len(text))])))
		}
		whole, err := Combine(parts)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		if whole.Len() != parts[0].Len()-1 {
			t.Fatalf("%d bytes of shares of %d", whole.Len(), parts[0].Len())
		}
	})
}

func BenchmarkSplit(b *testing.B) {
	whole := make([]byte, 32)
	_, _ = rand.Read(whole)
	for b.Loop() {
		if _, err := Split(secret.NewBytes(whole), 3, 5); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCombine(b *testing.B) {
	all, err := Split(secret.NewBytes(make([]byte, 32)), 3, 5)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Combine(all[:3]); err != nil {
			b.Fatal(err)
		}
	}
}
