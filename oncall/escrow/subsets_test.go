package escrow_test

import (
	"math/bits"
	"testing"

	"batsignal/oncall/escrow"
	"batsignal/oncall/escrow/shamir"
	"batsignal/oncall/secret"
)

// shares are the five of the custody key, of which three are needed.
func (w world) shares(t testing.TB) []secret.Bytes {
	t.Helper()
	seed := w.custody.Seed()
	defer seed.Wipe()
	all, err := shamir.Split(seed, 3, 5)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// keysOf is every key that holders of these shares can make: of all together, of every
// subset, and of each alone as if it were the key.
func keysOf(t testing.TB, shares []secret.Bytes) []escrow.PrivateKey {
	t.Helper()
	var keys []escrow.PrivateKey
	add := func(seed secret.Bytes) {
		if key, err := escrow.KeyFromSeed(seed); err == nil {
			keys = append(keys, key)
		}
	}
	for set := range 1 << len(shares) {
		var some []secret.Bytes
		for i, s := range shares {
			if set>>i&1 == 1 {
				some = append(some, s)
			}
		}
		switch len(some) {
		case 0:
		case 1:
			add(secret.NewBytes(some[0].RevealBytes()[:32]))
		default:
			seed, err := shamir.Combine(some)
			if err != nil {
				t.Fatal(err)
			}
			add(seed)
		}
	}
	return keys
}

// Of the database, the bot's key and the switchboard's, two open nothing, whichever they
// are, with up to two custodians' shares besides; all three do. So do the database and
// three custodians. All 256 sets of what can be stolen are tried.
func TestI02EverySmallerSetOfKeysOpensNothing(t *testing.T) {
	w := newWorld(t)
	s := w.seal(t, canary)
	shares := w.shares(t)
	for set := range 1 << 8 {
		database, bot, switchboard := set&1 != 0, set&2 != 0, set&4 != 0
		custodians := bits.OnesCount(uint(set >> 3))
		var keys []escrow.PrivateKey
		if bot {
			keys = append(keys, w.bot)
		}
		if switchboard {
			keys = append(keys, w.switchboard)
		}
		var theirs []secret.Bytes
		for i, share := range shares {
			if set>>(3+i)&1 == 1 {
				theirs = append(theirs, share)
			}
		}
		keys = append(keys, keysOf(t, theirs)...)
		stolen := s
		if !database { // what they can get without it: a record of their own, and its form
			stolen = newWorldOf(t, "thief").seal(t, "+10000000000")
		}
		found := opens(stolen, keys...)
		want := database && (bot && switchboard || custodians >= 3)
		if got := len(found) > 0; got != want {
			t.Fatalf("database %v, bot %v, switchboard %v, %d shares: opens is %v, and must be %v", database, bot, switchboard, custodians, got, want)
		}
		for _, value := range found {
			if value != canary {
				t.Fatalf("another value came out: %q", value)
			}
		}
	}
}

// newWorldOf is a keyring of somebody else.
func newWorldOf(t testing.TB, whose string) world {
	t.Helper()
	w := world{bot: keyOf(t, whose+" bot"), switchboard: keyOf(t, whose+" switchboard"), custody: keyOf(t, whose+" custody")}
	w.keys = escrow.Keys{Epoch: 1, Bot: w.bot.Public(), Switchboard: w.switchboard.Public(), Custody: w.custody.Public()}
	return w
}

// Every three shares of five give the custody key, and no two do, whatever is added to them
// that is not a share of it.
func TestI02EveryThreeSharesAndNoTwoGiveTheCustodyKey(t *testing.T) {
	w := newWorld(t)
	shares, others := w.shares(t), newWorldOf(t, "another").shares(t)
	threes, twos := 0, 0
	for set := range 1 << 5 {
		var some []secret.Bytes
		for i, s := range shares {
			if set>>i&1 == 1 {
				some = append(some, s)
			}
		}
		if len(some) < 2 {
			continue
		}
		seed, err := shamir.Combine(some)
		if err != nil {
			t.Fatal(err)
		}
		key, err := escrow.KeyFromSeed(seed)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := key.Public() == w.keys.Custody, len(some) >= 3; got != want {
			t.Errorf("%d shares (%05b): gives the key is %v", len(some), set, got)
		}
		switch len(some) {
		case 3:
			threes++
		case 2:
			twos++
			for i, foreign := range others {
				if set>>i&1 == 1 {
					continue // its number is taken
				}
				seed, err := shamir.Combine(append(some[:2:2], foreign))
				if err != nil {
					t.Fatal(err)
				}
				if key, err := escrow.KeyFromSeed(seed); err != nil || key.Public() == w.keys.Custody {
					t.Errorf("two shares and one of another key: %v", err)
				}
			}
		}
	}
	if threes != 10 || twos != 10 {
		t.Errorf("%d threes and %d twos were tried; there are ten of each", threes, twos)
	}
}
