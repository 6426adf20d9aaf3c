package web

import (
	"net/http"
	"time"

	"batsignal/incidents"
	"batsignal/oncall"
)

// boardMost is how many of those who are rung for a role are named on the board: when all
// are rung at once, it is the role that counts.
const boardMost = 6

// boardRow is how one role stands while people are rung for it.
type boardRow struct {
	incidents.BoardRow
	Stands string // in a word or two
	Empty  bool
	Rings  []boardRing
	More   int // who are rung beside them
}

// boardRing is somebody who is rung.
type boardRing struct {
	incidents.Ringing
	Path string // of their page
	Ways string // how: "mail handed over, sms in 40 seconds"
}

// board reads how every role of an incident stands.
func (s *site) board(r *http.Request, incident int64) ([]boardRow, error) {
	rows, err := s.Incidents.Board(r.Context(), incident)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	out := make([]boardRow, len(rows))
	for i, row := range rows {
		one := boardRow{BoardRow: row, Empty: len(row.Filled) == 0}
		one.Stands = boardWord(row)
		for n, ring := range row.Ringing {
			if n >= boardMost {
				one.More = len(row.Ringing) - n
				break
			}
			one.Rings = append(one.Rings, boardRing{ring, pagePath(ring.PageID), boardWays(ring.Ways, now)})
		}
		out[i] = one
	}
	return out, nil
}

// boardWord says how a role stands.
func boardWord(row incidents.BoardRow) string {
	switch {
	case len(row.Filled) > 0 && row.Hunting:
		return "filled, more are wanted"
	case len(row.Filled) > 0:
		return "filled"
	case row.Exhausted():
		return "exhausted"
	case len(row.Ringing) > 0 && row.Hunting:
		return "ringing"
	}
	return "empty"
}

// boardWays says by which ways somebody is rung, and by which they will be. What is still
// to come is said in seconds, since that is how far ahead it is.
func boardWays(ways []incidents.RingingWay, now time.Time) string {
	words := make([]string, 0, len(ways))
	for _, w := range ways {
		word, _ := wayWord(w.State, 1, w.DueAt, now)
		if w.State == "queued" {
			word = "about to be used"
			if w.DueAt.After(now) {
				word = ago(w.DueAt, now)
			}
		}
		words = append(words, w.Route+" "+word)
	}
	if len(words) == 0 {
		return "no way leads there"
	}
	return oncall.JoinNames(words)
}
