package escrow_test

import (
	"testing"

	"batsignal/oncall/escrow"
	"batsignal/oncall/secret"
)

func BenchmarkSeal(b *testing.B) {
	w := newWorld(b)
	p, value := policy(), secret.New(canary)
	for b.Loop() {
		if _, err := escrow.Seal(w.keys, owner, "sms", p, value); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnwrap(b *testing.B) {
	w := newWorld(b)
	s := w.seal(b, canary)
	for b.Loop() {
		half, err := escrow.Unwrap(w.bot, s.Record, s.Wraps[0])
		if err != nil {
			b.Fatal(err)
		}
		half.Wipe()
	}
}

func BenchmarkOpen(b *testing.B) {
	w := newWorld(b)
	s := w.seal(b, canary)
	bot, err := escrow.Unwrap(w.bot, s.Record, s.Wraps[0])
	if err != nil {
		b.Fatal(err)
	}
	switchboard, err := escrow.Unwrap(w.switchboard, s.Record, s.Wraps[1])
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := escrow.Open(s.Record, bot, switchboard); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRewrap is what exchanging keys costs for one half: a record has four.
func BenchmarkRewrap(b *testing.B) {
	w := newWorld(b)
	s := w.seal(b, canary)
	next := keyOf(b, "bot 2").Public()
	for b.Loop() {
		half, err := escrow.Unwrap(w.bot, s.Record, s.Wraps[0])
		if err != nil {
			b.Fatal(err)
		}
		if _, err := escrow.Rewrap(half, s.Record, 2, escrow.SlotBot, next); err != nil {
			b.Fatal(err)
		}
		half.Wipe()
	}
}
