package web

import (
	"sync"
	"time"
)

// perMinute is how often a token may be used, as a rule; as many may come at once.
const perMinute = 600

// meter keeps one program that runs wild from taking the place of all others. It is kept
// in memory: a limit for each process is as good.
type meter struct {
	mu     sync.Mutex
	tokens map[int64]allowance
}

// allowance is what a token may do before it must wait.
type allowance struct {
	left float64
	at   time.Time
}

// take counts one request. If there have been too many, it returns after how many seconds
// there may be another.
func (m *meter) take(token int64, now time.Time) (wait int, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	const each = float64(perMinute) / 60
	if m.tokens == nil {
		m.tokens = map[int64]allowance{}
	}
	have, known := m.tokens[token]
	if !known {
		have = allowance{perMinute, now}
	}
	have.left = min(perMinute, have.left+max(0, now.Sub(have.at).Seconds())*each)
	have.at = now
	if ok = have.left >= 1; ok {
		have.left--
	}
	m.tokens[token] = have
	if len(m.tokens) > 10000 {
		for id, a := range m.tokens {
			if now.Sub(a.at) > time.Minute { // is full again
				delete(m.tokens, id)
			}
		}
	}
	return 1, ok
}
