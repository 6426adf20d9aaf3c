package dial

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"batsignal/oncall/fault"
	"batsignal/oncall/wholefile"
)

func parseReveals(content []byte) ([]RevealRequest, error) {
	if len(content) == 0 {
		return nil, nil
	}
	var list []RevealRequest
	d := json.NewDecoder(strings.NewReader(string(content)))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the requests")
	}
	for _, q := range list {
		if q.Text != q.text() || !isRecord.MatchString(q.Record) || q.Needed < 1 || len(q.Approved) > 255 {
			return nil, errors.New("a request is not one of ours")
		}
	}
	return list, nil
}

// Load reads what is under way.
func (r *Reveals) Load() error {
	content, err := os.ReadFile(r.Path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	list, err := parseReveals(content)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = list
	return nil
}

// save writes what is under way, and then only it is so. Locked.
func (r *Reveals) save(next []RevealRequest) error {
	content, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if err := wholefile.Replace(r.Path, content, 0o600); err != nil {
		return fault.Wrap(fault.Unready, err, "The switchboard cannot write down what is to be shown, so nothing is. Is its disk full?")
	}
	r.requests = next
	return nil
}

func (r *Reveals) replace(at int, q RevealRequest) error {
	next := slices.Clone(r.requests)
	next[at] = q
	return r.save(next)
}

// find is the place of a request, -1 if there is none. Locked.
func (r *Reveals) find(code string) int {
	return slices.IndexFunc(r.requests, func(q RevealRequest) bool { return q.Code == code })
}

// prune forgets what has been over for long. What was shown is remembered as long as it
// could be asked for, so that a second time is known to be one. Locked.
func (r *Reveals) prune(now time.Time) {
	r.requests = slices.DeleteFunc(slices.Clone(r.requests), func(q RevealRequest) bool { return now.Sub(q.AskedAt) >= 7*revealAsks })
}

// notPlain are letters that cannot be seen, or turn the direction of writing.
func notPlain(r rune) bool {
	return r != ' ' && !unicode.IsGraphic(r) || unicode.Is(unicode.Bidi_Control, r)
}
