package dial

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/wholefile"
)

// Spool keeps what providers tell of messages while the bot does not answer, for a day. It
// holds no address. Its file is written anew when the last of it was taken.
type Spool struct {
	Path string // the file "receipts" of the state directory
	Ear  paging.Ear
	Now  func() time.Time
	Log  *slog.Logger
	// Rest is how long it rests after a try that failed; 0 is 5 s.
	Rest time.Duration

	once  sync.Once
	poke  chan struct{}
	mu    sync.Mutex
	waits []spooled
}

type spooled struct {
	Receipt paging.Receipt `json:"receipt"`
	Since   time.Time      `json:"since"`
}

const (
	spoolHolds = 24 * time.Hour
	mostSpool  = 10_000
	mostFailed = 20 // that the bot fails on, before the next rest
	spoolRest  = 5 * time.Second
	spoolTry   = 10 * time.Second
)

// errSpoolFull has the provider come again.
var errSpoolFull = errors.New("too much waits for the bot already")

// parseSpool reads the file. What cannot be read is passed over: it is news, and news that
// is lost is found out otherwise.
func parseSpool(content []byte) (list []spooled) {
	for line := range strings.Lines(string(content)) {
		var one spooled
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		if d.Decode(&one) != nil {
			continue
		}
		if _, err := d.Token(); errors.Is(err, io.EOF) && len(list) < mostSpool {
			list = append(list, one)
		}
	}
	return list
}

// Load reads what was kept when the switchboard ended.
func (s *Spool) Load() error {
	content, err := os.ReadFile(s.Path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	s.mu.Lock()
	s.waits = parseSpool(content)
	s.mu.Unlock()
	s.wake()
	return nil
}

func (s *Spool) wake() {
	s.once.Do(func() { s.poke = make(chan struct{}, 1) })
	signal(s.poke)
}

// Receipt hands news on, or keeps it. An error says that neither was possible.
func (s *Spool) Receipt(ctx context.Context, r paging.Receipt) error {
	err := s.Ear.Receipt(ctx, r)
	if err == nil {
		return nil
	}
	s.Log.Warn("the bot does not hear what a provider tells; it is kept", "route", r.Route, "key", r.Key, "error", err)
	one := spooled{r, s.Now().UTC()}
	line, err := json.Marshal(one)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waits) >= mostSpool {
		return errSpoolFull
	}
	if err := wholefile.Append(s.Path, append(line, '\n'), 0o600); err != nil {
		return err
	}
	s.waits = append(s.waits, one)
	s.wake()
	return nil
}

// Waits is how much is kept.
func (s *Spool) Waits() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waits)
}

// Run hands on what is kept until ctx is over.
func (s *Spool) Run(ctx context.Context) error {
	s.wake()
	rest := s.Rest
	if rest <= 0 {
		rest = spoolRest
	}
	for ctx.Err() == nil {
		if s.flush(ctx) {
			select {
			case <-ctx.Done():
			case <-s.poke:
			}
			continue
		}
		again := time.NewTimer(rest)
		select {
		case <-ctx.Done():
		case <-again.C:
		}
		again.Stop()
	}
	return nil
}

// flush hands on in order, and tells whether all of it is gone. What the bot fails on is put
// behind the rest, which must not wait for it: what comes later may be what matters.
func (s *Spool) flush(ctx context.Context) (done bool) {
	for failed := 0; ctx.Err() == nil; {
		s.mu.Lock()
		if n := len(s.waits); n == 0 || failed >= min(n, mostFailed) {
			s.mu.Unlock()
			return n == 0
		}
		one := s.waits[0]
		s.mu.Unlock()
		switch err := s.hand(ctx, one); {
		case err == nil:
		case fault.KindOf(err) == fault.Unready, ctx.Err() != nil: // it is away, with all that waits
			return false
		default:
			failed++
			s.mu.Lock()
			s.waits = append(s.waits[1:], one)
			s.mu.Unlock()
			continue
		}
		if err := s.drop(); err != nil {
			s.Log.Error("what waits for the bot could not be written", "error", err)
			return false
		}
	}
	return false
}

// hand hands one on, for as long as it is of use: an error says that it is to be tried again.
func (s *Spool) hand(ctx context.Context, one spooled) error {
	if s.Now().Sub(one.Since) >= spoolHolds {
		s.Log.Warn("news of a message was dropped: the bot did not take it for a day", "route", one.Receipt.Route, "key", one.Receipt.Key)
		return nil
	}
	trying, cancel := context.WithTimeout(ctx, spoolTry)
	defer cancel()
	err := s.Ear.Receipt(trying, one.Receipt)
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict:
		s.Log.Warn("the bot refuses news of a message", "route", one.Receipt.Route, "key", one.Receipt.Key, "error", err)
		return nil
	}
	return err
}

// drop takes out the first. The file is written only when it is the last: until then, a
// crash has the bot hear some of it twice, which has one effect.
func (s *Spool) drop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waits = s.waits[1:]
	if len(s.waits) > 0 {
		return nil
	}
	s.waits = nil
	return wholefile.Replace(s.Path, nil, 0o600)
}
