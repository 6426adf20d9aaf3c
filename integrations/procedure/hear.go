package procedure

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"batsignal/integrations/job"
)

// How much of what a program prints is kept in the log of a run, in lines: its beginning and
// its end.
const (
	mostFirst = 500
	mostLast  = 100
)

// hearing tells what a program prints: at once, and when that has become too much, the end
// of it.
type hearing struct {
	tell   func(line string)
	report bool // the last line of its output is no line for people

	mu     sync.Mutex
	told   int
	ending []string // that were not told
	missed int
	last   string // of its output, if it may be a report
	held   bool
}

// out hears a line of its output.
func (h *hearing) out(line string) {
	if !h.report || strings.TrimSpace(line) == "" {
		h.line(line)
		return
	}
	h.mu.Lock()
	before, held := h.last, h.held
	h.last, h.held = line, true
	h.mu.Unlock()
	if held {
		h.line(before)
	}
}

// line hears a line.
func (h *hearing) line(line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if strings.TrimSpace(line) == "" {
		return
	}
	if h.told < mostFirst {
		h.told++
		h.tell(line)
		return
	}
	if len(h.ending) == mostLast {
		h.ending = append(h.ending[:0], h.ending[1:]...)
		h.missed++
	}
	h.ending = append(h.ending, line)
}

// end tells what is left, and gives the last line of its output.
func (h *hearing) end() string {
	h.mu.Lock()
	last, held := h.last, h.held
	h.mu.Unlock()
	if _, ok := parse(last); held && !ok {
		h.line(last)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.missed > 0 {
		h.tell(fmt.Sprintf("(%d lines are left out here)", h.missed))
	}
	for _, line := range h.ending {
		h.tell(line)
	}
	return last
}

const (
	longestSaid = 300
	longestName = 100
	mostFacts   = 30
)

// parse reads a report. It takes what is one and nothing else, and no more of it than a room
// can bear.
func parse(line string) (job.Result, bool) {
	var report struct {
		Said     string      `json:"said"`
		Evidence [][2]string `json:"evidence"`
	}
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "{") {
		return job.Result{}, false
	}
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&report); err != nil || decoder.More() {
		return job.Result{}, false
	}
	result := job.Result{Said: clip(report.Said, longestSaid)}
	for _, fact := range report.Evidence[:min(len(report.Evidence), mostFacts)] {
		result.Evidence = append(result.Evidence, [2]string{clip(fact[0], longestName), clip(fact[1], longestSaid)})
	}
	return result, true
}

// clip makes one line of a text, and not too long a one.
func clip(text string, most int) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}), " ")
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
