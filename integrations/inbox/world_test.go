package inbox_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"batsignal/integrations/inbox"
	"batsignal/integrations/inbox/dovecottest"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

const patience = 60 * time.Second

var sealing = secret.New("a secret of this installation")

// ear remembers what it heard.
type ear struct {
	mu       sync.Mutex
	replies  []paging.Reply
	receipts []paging.Receipt
	changed  chan struct{} // closed at the next change, and made anew
	hears    func(paging.Reply) (paging.Response, error)
}

func newEar() *ear { return &ear{changed: make(chan struct{})} }

func (e *ear) Reply(_ context.Context, r paging.Reply) (paging.Response, error) {
	e.mu.Lock()
	e.replies = append(e.replies, r)
	e.changes()
	hears := e.hears
	e.mu.Unlock()
	if hears == nil {
		return paging.Response{Say: "You acknowledged P12.", Done: true}, nil
	}
	return hears(r)
}

func (e *ear) Receipt(_ context.Context, r paging.Receipt) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.receipts = append(e.receipts, r)
	e.changes()
	return nil
}

func (e *ear) changes() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// until waits until enough was heard.
func (e *ear) until(t *testing.T, what string, enough func() bool) {
	t.Helper()
	limit := time.After(patience)
	for {
		e.mu.Lock()
		ok, changed := enough(), e.changed
		e.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("not heard: %s", what)
		}
	}
}

func (e *ear) heard(t *testing.T, n int) []paging.Reply {
	t.Helper()
	e.until(t, fmt.Sprintf("%d answers", n), func() bool { return len(e.replies) >= n })
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]paging.Reply{}, e.replies...)
}

func at(s *dovecottest.Server) inbox.IMAP {
	return inbox.IMAP{
		Host: s.Host, Port: s.TLS, TLS: inbox.TLS, RootCAs: s.RootCAs(), Username: s.Username, Password: secret.New(s.Password),
		Timeout: patience, Poll: patience, Rest: 20 * time.Millisecond,
	}
}

func open(t *testing.T, e *ear, where inbox.IMAP, change func(*inbox.Config)) *inbox.Inbox {
	t.Helper()
	c := inbox.Config{Ear: e, Secret: sealing, IMAP: where, Now: func() time.Time { return time.Now() }}
	if change != nil {
		change(&c)
	}
	b, err := inbox.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// run reads the mailbox until the test ends, or until stop is called.
func run(t *testing.T, b *inbox.Inbox) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run ended with %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func letter(id, subject, body string, headers ...string) []byte {
	head := "From: Maria <maria.canary@oncall.example>\r\nTo: ack@bat.example\r\nMessage-ID: <" + id + "@phone.example>\r\nSubject: " + subject + "\r\n"
	for _, h := range headers {
		head += h + "\r\n"
	}
	return []byte(head + "\r\n" + body + "\r\n")
}

// syncBuffer is a log that may be read while it is written.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func logTo(b *syncBuffer) *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }
