package custody

import (
	"context"
	"fmt"
	"time"

	"batsignal/migrations/pg"
	"batsignal/oncall"
)

// Standing is how one custodian stands.
type Standing struct {
	Custodian Custodian
	Drilled   *time.Time // the day of the last drill; nil: none with this keyring yet
	Due       time.Time  // when the next one is due
	Overdue   bool
	Live      bool // the share counts as being there
}

// Level is how bad it is.
type Level string

// The levels.
const (
	LevelOK    Level = "ok"
	LevelWarn  Level = "warn"  // said in the rooms
	LevelPage  Level = "page"  // custodians are paged: a new keyring within 7 days
	LevelAlarm Level = "alarm" // fewer than can open
)

// Health is how the custody of a keyring stands.
type Health struct {
	Keyring   Keyring
	Standings []Standing
	Live      int
	Level     Level
	Sentence  string
}

// Stand tells how the custody of the current keyring stands.
func Stand(ctx context.Context, db pg.DB, now time.Time) (Health, error) {
	k, err := Current(ctx, db)
	if err != nil {
		return Health{}, err
	}
	last, err := lastDrills(ctx, db, k)
	if err != nil {
		return Health{}, err
	}
	return k.Health(last, now), nil
}

// Overdue names those whose drill is.
func (h Health) Overdue() (names []string) {
	for _, s := range h.Standings {
		if s.Overdue {
			names = append(names, s.Custodian.Name)
		}
	}
	return names
}

// Health judges drills. Whoever has not drilled a keyring yet counts from the day on which it
// was made, when the shares were seen to work.
func (k Keyring) Health(last map[int]time.Time, now time.Time) Health {
	h := Health{Keyring: k}
	made, _ := time.Parse(time.DateOnly, k.Made) // checked when it was parsed
	for _, c := range k.Custodians {
		s := Standing{Custodian: c}
		from := made
		if day, ok := last[c.N]; ok {
			s.Drilled, from = &day, day
		}
		s.Due = from.AddDate(0, 1, 0)
		s.Overdue = now.After(s.Due)
		s.Live = !now.After(s.Due.Add(DrillGrace))
		if s.Live {
			h.Live++
		}
		h.Standings = append(h.Standings, s)
	}
	h.Level = LevelOf(k.K, k.N, h.Live)
	h.Sentence = sentenceOf(h)
	return h
}

// LevelOf judges how many of n shares are there, if k open.
func LevelOf(k, n, live int) Level {
	switch {
	case live < k:
		return LevelAlarm
	case live == n && n > k:
		return LevelOK
	case live == k && n > k:
		return LevelPage
	}
	return LevelWarn // some are missing, or there is none to spare from the beginning
}

func sentenceOf(h Health) string {
	k := h.Keyring
	count := fmt.Sprintf("%d of %d shares of keyring %d are there, and %d open", h.Live, k.N, k.Epoch, k.K)
	var late []string
	for _, s := range h.Standings {
		if !s.Live {
			late = append(late, s.Custodian.Name)
		}
	}
	switch {
	case h.Level == LevelOK:
		return count + "."
	case len(late) == 0:
		return count + ": there is none to spare. The next keyring should have more custodians."
	case h.Level == LevelWarn:
		return fmt.Sprintf("%s. No drill by %s: ask them.", count, oncall.JoinOr(late))
	case h.Level == LevelPage:
		return fmt.Sprintf("%s: one more lost, and the custodians can open nothing. No drill by %s. Make a new keyring within 7 days (batsignal custody next).", count, oncall.JoinOr(late))
	}
	return fmt.Sprintf("%s, so the custodians can open nothing. No drill by %s. The hosts still ring everybody, and nothing brings them back if they are lost: "+
		"find the shares, or start custody anew and have everybody seal again.", count, oncall.JoinOr(late))
}
