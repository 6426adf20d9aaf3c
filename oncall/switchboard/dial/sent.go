package dial

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/wholefile"
)

// Sent remembers for a day which codes went to which address, by its keyed hash: limits
// hold over all people, and over records that were deleted meanwhile. Its file holds no
// address.
type Sent struct {
	Path string // the file "sent.json" of the state directory

	mu sync.Mutex
	of map[string][]sentCode // by hash
}

type sentCode struct {
	Key string    `json:"key"` // of the message
	At  time.Time `json:"at"`
}

const sentHolds = 24 * time.Hour

func parseSent(content []byte) (map[string][]sentCode, error) {
	of := map[string][]sentCode{}
	if len(content) == 0 {
		return of, nil
	}
	if err := json.Unmarshal(content, &of); err != nil {
		return nil, err
	}
	return of, nil
}

// Load reads the file.
func (s *Sent) Load() error {
	content, err := os.ReadFile(s.Path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	of, err := parseSent(content)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of = of
	return nil
}

// Add takes down that a code goes to an address. It is to be sent only if there is no error:
// too many others within the hour or the day are fault.Limited, and what cannot be written
// down is fault.Unready. The same message again counts once.
func (s *Sent) Add(mac []byte, key string, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := map[string][]sentCode{}
	for hash, codes := range s.of {
		for _, c := range codes {
			// What is to come was written by a clock that was wrong. It counts, and is forgotten
			// when it is over.
			if now.Sub(c.At) < sentHolds && c.At.Sub(now) < sentHolds {
				next[hash] = append(next[hash], c)
			}
		}
	}
	hash, known, hour, day := hex.EncodeToString(mac), false, 0, 0
	for _, c := range next[hash] {
		if c.Key == key {
			known = true
			continue
		}
		day++
		if now.Sub(c.At) < time.Hour {
			hour++
		}
	}
	if err := enough(hour, day); err != nil || known {
		return err
	}
	next[hash] = append(next[hash], sentCode{key, now.UTC()})
	content, err := json.Marshal(next)
	if err == nil {
		err = wholefile.Replace(s.Path, content, 0o600)
	}
	if err != nil {
		return fault.Wrap(fault.Unready, err, "The switchboard cannot write down that a code goes there, so none does.")
	}
	s.of = next
	return nil
}
