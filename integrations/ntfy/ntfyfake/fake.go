// Package ntfyfake is a server of ntfy for tests, since the real one cannot be had there:
// it speaks the documented HTTP API (publishing by JSON and by headers, polling the cache,
// sequence ids, clearing and deleting, health and account), refuses what ntfy refuses with
// its codes, and remembers. Telephones are subscribed to topics, show what a telephone
// would show, and people press the buttons.
//
// Trouble is made on purpose: [Server.Script], [Server.Drop], [Server.Hold]. It does not do
// attachments, mails, calls, templates, streams or delayed delivery.
package ntfyfake

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// Options say what sort of server it is.
type Options struct {
	Token     string   // must be given, if there is one
	WriteOnly bool     // the token may not read topics
	Reserved  []string // topics of somebody else
	Old       bool     // from before 2.16: it knows no sequence ids
	TLS       bool
	Now       func() time.Time // nil is time.Now
}

// Server is a running server.
type Server struct {
	URL string

	options Options
	http    *httptest.Server

	mu       sync.Mutex
	messages map[string][]Message // by topic, in their order
	phones   map[string][]*Phone
	script   []Answer
	drops    int
	held     chan struct{}
	requests []Request
	ids      int
}

// Message is one event of a topic, as the server gives it back.
type Message struct {
	ID       string   `json:"id"`
	Sequence string   `json:"sequence_id,omitempty"`
	Time     int64    `json:"time"`
	Expires  int64    `json:"expires,omitempty"`
	Event    string   `json:"event"` // "message", "message_clear", "message_delete"
	Topic    string   `json:"topic"`
	Title    string   `json:"title,omitempty"`
	Message  string   `json:"message,omitempty"`
	Priority int      `json:"priority,omitempty"`
	Tags     []string `json:"tags,omitempty"`
	Click    string   `json:"click,omitempty"`
	Actions  []Action `json:"actions,omitempty"`
}

// Action is a button.
type Action struct {
	ID      string            `json:"id"`
	Action  string            `json:"action"`
	Label   string            `json:"label"`
	Clear   bool              `json:"clear"`
	URL     string            `json:"url,omitempty"`
	Method  string            `json:"method,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
}

// Answer is what one request gets in place of what it should get.
type Answer struct {
	Status int    // with Code and Text as ntfy writes them
	Code   int    // 42901 ...
	Text   string // what the server says; what it was asked, if ""
	Raw    string // instead of all that: a body that is not ntfy's
	Cut    bool   // the connection ends without an answer
	Kept   bool   // the message is taken all the same
}

// Request is what came in.
type Request struct {
	Method, Path, Authorization string
}

// Start runs a server that ends with the test.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{options: o, messages: map[string][]Message{}, phones: map[string][]*Phone{}}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	if o.TLS {
		s.http.StartTLS()
	} else {
		s.http.Start()
	}
	s.URL = s.http.URL
	tb.Cleanup(func() {
		s.Release()
		s.http.CloseClientConnections()
		s.http.Close()
	})
	return s
}

// Close ends the server before the test does.
func (s *Server) Close() { s.http.Close() }

// Script has the next requests answered otherwise, one each.
func (s *Server) Script(answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, answers...)
}

// Drop has the server say yes to the next n messages and forget them.
func (s *Server) Drop(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drops += n
}

// Hold has requests wait until [Server.Release].
func (s *Server) Hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = make(chan struct{})
	}
}

// Release ends [Server.Hold].
func (s *Server) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != nil {
		close(s.held)
		s.held = nil
	}
}

// Kept is what the server has of a topic.
func (s *Server) Kept(topic string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages[topic])
}

// Requests are all that came in.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// keep stores an event and has the telephones of its topic show it.
func (s *Server) keep(m Message) Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids++
	m.ID = fmt.Sprintf("fake%08d", s.ids)
	m.Time = s.options.Now().Unix()
	m.Expires = m.Time + int64((12 * time.Hour).Seconds())
	if s.options.Old {
		m.Sequence = ""
	} else if m.Sequence == "" {
		m.Sequence = m.ID
	}
	for i := range m.Actions {
		m.Actions[i].ID = fmt.Sprintf("%s-%d", m.ID, i)
	}
	if s.drops > 0 && m.Event == "message" {
		s.drops--
		return m
	}
	s.messages[m.Topic] = append(s.messages[m.Topic], m)
	for _, p := range s.phones[m.Topic] {
		p.show(m)
	}
	return m
}
