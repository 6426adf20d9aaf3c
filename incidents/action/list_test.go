package action_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/action"
	"batsignal/migrations/pg"
)

func TestListsByWhatMatters(t *testing.T) {
	s := newScene(t)
	secret := s.meeting("board", true)
	s.must(pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		_, err := action.Put(ctx, tx, start, action.Item{
			Text: "hush", CreatedBy: "maria", Meeting: secret, Number: 1, Network: "libera", Room: "#board", Series: "board",
			Owners: []action.Owner{{Name: "bert", Handle: "bert"}},
		})
		return err
	}))
	s.add("maria", "aiko, last of all")                         // A2
	s.add("maria", "bert and aiko write it down by 2026-12-24") // A3
	s.add("maria", "bert signs by 2026-12-01")                  // A4
	s.add("maria", "somebody pays by 2026-12-24")               // A5
	elsewhere := s.as("maria")
	elsewhere.Room = "#Ops2"
	_, err := s.Add(ctx, elsewhere, "maria knocks") // A6
	s.must(err)
	for n, id := range []int64{5, 2} {
		s.at(start.AddDate(0, 0, n))
		_, err := s.Done(ctx, s.as("maria"), id)
		s.must(err)
	}
	const (
		a1, a2, a3, a4 = "A1, bert", "A2, done 2026-12-01, aiko", "A3, due 2026-12-24, bert and aiko", "A4, due today (2026-12-01), bert"
		a5, a6         = "A5, done 2026-11-30", "A6, maria"
	)
	for name, c := range map[string]struct {
		f    action.Filter
		want []string
	}{
		"all":           {action.Filter{}, []string{a4, a3, a6, a2, a5}},
		"restricted":    {action.Filter{Restricted: true}, []string{a4, a3, a1, a6, a2, a5}},
		"open":          {action.Filter{State: action.Open}, []string{a4, a3, a6}},
		"the first":     {action.Filter{State: action.Open, Limit: 1}, []string{a4}},
		"done":          {action.Filter{State: action.Done}, []string{a2, a5}},
		"bert's":        {action.Filter{Person: s.ids["bert"]}, []string{a4, a3}},
		"bert's own":    {action.Filter{Person: s.ids["bert"], Restricted: true}, []string{a4, a3, a1}},
		"in a room":     {action.Filter{Network: "libera", Room: "#OPS2"}, []string{a6}},
		"elsewhere":     {action.Filter{Network: "acme", Room: "#ops"}, nil},
		"of a series":   {action.Filter{Series: "board", Restricted: true}, []string{a1}},
		"of a meeting":  {action.Filter{Meeting: secret}, nil},
		"until a day":   {action.Filter{DueBefore: day("2026-12-02")}, []string{a4}},
		"nobody's":      {action.Filter{Person: 999}, nil},
		"of no trouble": {action.Filter{Incident: 7}, nil},
	} {
		if got := s.heads(c.f); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
