package web

import (
	"net/http"
	"slices"
	"time"

	"batsignal/incidents"
	"batsignal/oncall/paging"
)

// pageRound is the ways by which somebody was rung in one round.
type pageRound struct {
	N    int
	Ways []pageWay
}

// pageWay is one delivery in plain words, with all that is known of it.
type pageWay struct {
	Name  string
	Word  string
	Bad   bool
	Lines []wayLine
}

// wayLine is one thing that happened on a way, or will.
type wayLine struct {
	Word   string // "handed over"
	Detail string // what the route told of it, if people may read that
	At     time.Time
	Date   string // where it was on another day than the page began
	Ahead  bool   // it is still to come
}

// roundsOf tells the ways of a page by rounds, the first round first.
func (s *site) roundsOf(r *http.Request, d incidents.PageDetail) ([]pageRound, error) {
	routes, err := s.Incidents.RoutesNow(r.Context())
	if err != nil {
		return nil, err
	}
	rests := map[string]time.Time{}
	now := s.Now()
	for _, route := range routes {
		if route.Resting(now) {
			rests[route.Name] = *route.Health.DownUntil
		}
	}
	v := s.visitor(r)
	var rounds []pageRound
	at := map[int]int{}
	for i, w := range d.Ways {
		n, known := at[w.Ring]
		if !known {
			n = len(rounds)
			at[w.Ring] = n
			rounds = append(rounds, pageRound{N: w.Ring})
		}
		told := storyOfWay(w, d.Facts[i], d.Events[i], now, v.SignedIn())
		if until, resting := rests[w.Route]; resting && w.State == "queued" {
			told.Lines = append(told.Lines, wayLine{Word: "its provider fails and is left alone; it is asked again", At: until, Ahead: until.After(now)})
		}
		day := d.OpenedAt.UTC().Format(time.DateOnly)
		for j, line := range told.Lines {
			if line.At.UTC().Format(time.DateOnly) != day {
				told.Lines[j].Date = line.At.UTC().Format("2 Jan")
			}
		}
		rounds[n].Ways = append(rounds[n].Ways, told)
	}
	return rounds, nil
}

// storyOfWay tells every try of a delivery, everything that came back, and what is still
// to come. Details are for those who are signed in.
func storyOfWay(w incidents.WayStory, f incidents.WayFacts, events []incidents.EventNote, now time.Time, details bool) pageWay {
	out := pageWay{Name: wayName(w.Route, w.Chat)}
	out.Word, out.Bad = wayWord(w.State, w.Tries, w.DueAt, now)
	add := func(word string, at time.Time) {
		out.Lines = append(out.Lines, wayLine{Word: word, At: at, Ahead: at.After(now)})
	}
	for _, a := range w.Attempts {
		when := a.StartedAt
		if a.FinishedAt != nil {
			when = *a.FinishedAt
		}
		line := wayLine{Word: attemptWord(a.Outcome), At: when}
		if len(w.Attempts) > 1 {
			line.Word = ordinal(a.N) + " try: " + line.Word
		}
		if details {
			line.Detail = harmless(a.Detail)
		}
		out.Lines = append(out.Lines, line)
	}
	for _, e := range events {
		out.Lines = append(out.Lines, wayLine{Word: eventWord(e.What), Detail: e.Effect, At: e.At})
	}
	// What came back may have come before we had noted that it was sent.
	slices.SortStableFunc(out.Lines, func(a, b wayLine) int { return a.At.Compare(b.At) })
	switch w.State {
	case "queued":
		switch {
		case w.DueAt.After(now) && w.Tries > 0:
			add("to be tried again", w.DueAt)
		case w.DueAt.After(now):
			add("to be used", w.DueAt)
		}
		if f.Asks {
			add("before it is sent again, its provider is asked whether it has it; due", w.DueAt)
		}
	case "cancelled", "failed", "expired":
		if w.FinishedAt != nil && len(w.Attempts) == 0 {
			add(map[string]string{"cancelled": "called off", "failed": "not used"}[w.State], *w.FinishedAt)
		}
	case "delivered", "acked":
		if len(events) == 0 && f.NewsAt != nil {
			add(map[string]string{"delivered": "delivered", "acked": "answered on this way"}[w.State], *f.NewsAt)
		}
	}
	if f.Ended {
		out.Lines = append(out.Lines, wayLine{Word: "its provider was told that it is over"})
	}
	return out
}

// ordinal writes the number of a try.
func ordinal(n int) string {
	words := []string{"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"}
	if n >= 1 && n <= len(words) {
		return words[n-1]
	}
	return "another"
}

// Stands tells where the hunt stands that the page belongs to, for whoever wonders whether
// somebody comes.
func (b pageBody) Stands() string {
	switch {
	case b.State == paging.PageAcked:
		return ""
	case b.Hunt.State == "filled":
		return "Somebody came."
	case b.Hunt.State == "stopped":
		return "It was called off: nobody is needed for it any more."
	}
	return "Others are rung too, until somebody comes."
}
