package action_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"batsignal/incidents/action"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

// Whatever happens to actions, none vanishes: those that are open, done and dropped are
// all that were ever noted, each with its words, and with a history that tells how it
// came to be so.
func TestNoActionVanishes(t *testing.T) {
	s := newScene(t)
	rounds := 0
	rapid.Check(t, func(t *rapid.T) {
		rounds++
		meeting := s.meeting(fmt.Sprint("round ", rounds), false)
		texts, states, withdrawn := map[int64]string{}, map[int64]action.State{}, map[int64]bool{}
		some := func() int64 {
			if len(texts) == 0 {
				return 1 << 40
			}
			return rapid.SampledFrom(slices.Sorted(maps.Keys(texts))).Draw(t, "which")
		}
		numbers := map[int]int64{}
		text := rapid.StringMatching(`[a-z ;,@#é日]{1,20}`)
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			who := s.as(rapid.SampledFrom([]string{"maria", "bert", "aiko"}).Draw(t, "who"))
			var err error
			var it action.Item
			id := some()
			switch rapid.IntRange(0, 8).Draw(t, "what") {
			case 0:
				words := text.Draw(t, "text")
				if it, err = s.Add(ctx, who, words); err == nil {
					texts[it.ID], states[it.ID] = words, action.Open
				}
			case 1, 2: // noted in the minutes, or changed there
				n, words := rapid.IntRange(1, 4).Draw(t, "item"), text.Draw(t, "text")
				err = pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
					id, err := action.Put(ctx, tx, s.Clock(), action.Item{Text: words, Meeting: meeting, Number: n, CreatedBy: who.Handle})
					if texts[id] = words; states[id] == "" || withdrawn[id] {
						states[id] = action.Open
						delete(withdrawn, id)
					}
					numbers[n] = id
					return err
				})
			case 3:
				n := rapid.IntRange(1, 4).Draw(t, "item")
				err = pg.InTx(ctx, s.db, func(tx pgx.Tx) error { return action.Withdraw(ctx, tx, s.Clock(), meeting, n, who.Handle, false) })
				if id := numbers[n]; states[id] == action.Open {
					states[id], withdrawn[id] = action.Dropped, true
				}
			case 4:
				if _, err = s.Done(ctx, who, id); err == nil {
					states[id] = action.Done
				}
			case 5:
				if _, err = s.Drop(ctx, who, id, "why"); err == nil {
					states[id] = action.Dropped
				}
			case 6:
				if _, err = s.Reopen(ctx, who, id); err == nil {
					states[id] = action.Open
					delete(withdrawn, id)
				}
			case 7:
				_, err = s.SetOwner(ctx, who, id, text.Draw(t, "owner"))
			case 8:
				_, err = s.SetDue(ctx, who, id, day("2026-12-24"))
			}
			if kind := fault.KindOf(err); err != nil && kind != fault.Conflict && kind != fault.NotFound && kind != fault.Invalid {
				t.Fatal(err)
			}
		}
		// Only this round's: numbers grow.
		first := int64(1 << 62)
		for id := range texts {
			first = min(first, id)
		}
		found := map[int64]action.State{}
		for _, state := range []action.State{action.Open, action.Done, action.Dropped} {
			list, err := s.List(ctx, action.Filter{State: state})
			if err != nil {
				t.Fatal(err)
			}
			for _, it := range list {
				if it.ID < first {
					continue
				}
				found[it.ID] = state
				if it.Text != texts[it.ID] || it.State != state || it.ClosedAt.IsZero() != (state == action.Open) {
					t.Fatalf("%+v, which says %q", it, texts[it.ID])
				}
				if h := s.history(it.ID); len(h) == 0 || !strings.Contains(h[0], ": noted") {
					t.Fatalf("%q", h)
				}
			}
		}
		if !maps.Equal(found, states) {
			t.Fatalf("there are %v, and were noted %v", found, states)
		}
	})
}
