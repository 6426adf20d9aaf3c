package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
)

// A chore that fails in whatever way is heard of, and is no end of the others.
func TestAChoreThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		log := slog.New(slog.NewTextHandler(&said, nil))
		chore{"panics", choreTick, func(context.Context) error { panic("a map of nothing") }}.run(t.Context(), log)
		chore{"hangs", choreTick, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}.run(t.Context(), log)
		over, cancel := context.WithCancel(t.Context())
		cancel()
		chore{"ends", choreTick, func(ctx context.Context) error { return ctx.Err() }}.run(over, log)
		for words, want := range map[string]bool{"chore=panics": true, "a map of nothing": true, "chore=hangs": true, "chore=ends": false} {
			if strings.Contains(said.String(), words) != want {
				t.Errorf("%q: want %v in %s", words, want, said.String())
			}
		}
	})
}
