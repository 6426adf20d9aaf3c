package slackfake

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Server is a workspace on the loopback. All its methods may be called at once.
type Server struct {
	opts    Options
	web     *httptest.Server
	client  *http.Client // delivers by HTTP
	methods map[string]method
	upgrade websocket.Upgrader
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	wake    chan struct{} // tells deliver to look again

	botToken, appToken, secret, verification string
	team, app, bot, botUser                  string

	mu      sync.Mutex
	closed  bool
	changed chan struct{} // closed and replaced at every change

	ids       int
	lastStamp int64 // microseconds of the last ts
	arrivals  int
	all       []*message // in order of arrival
	revoked   bool

	people   []*User
	byID     map[string]*User
	channels []*channel
	home     map[string]*view   // by user
	modals   map[string][]*view // by user, the top last
	triggers map[string]*trigger
	replies  map[string]*responseURL
	calls    []Call
	faults   map[string][]fault
	buckets  map[string]*bucket

	post office
}

// Start opens a workspace; close it after use.
func Start(o Options) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{
		opts: o.withDefaults(), client: &http.Client{Transport: &http.Transport{}}, wake: make(chan struct{}, 1),
		secret: strings.ToLower(rand.Text()), verification: strings.ToLower(rand.Text()[:24]),
		changed: make(chan struct{}), byID: map[string]*User{}, home: map[string]*view{}, modals: map[string][]*view{},
		triggers: map[string]*trigger{}, replies: map[string]*responseURL{}, faults: map[string][]fault{}, buckets: map[string]*bucket{},
	}
	s.upgrade.CheckOrigin = func(*http.Request) bool { return true }
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.methods = s.methodTable()
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.team, s.app, s.bot = s.opts.Team, s.newID("A"), s.newID("B")
	if s.team == "" {
		s.team = s.newID("T")
	}
	s.botToken = fmt.Sprintf("xoxb-100000000001-1000000000001-%s", rand.Text()[:24])
	s.appToken = fmt.Sprintf("xapp-1-%s-1000000000001-%s", s.app, strings.ToLower(rand.Text()+rand.Text()))
	s.addUser(User{ID: "USLACKBOT", Name: "slackbot", RealName: "Slackbot"})
	s.botUser = s.addUser(User{Name: s.opts.BotName, RealName: s.opts.BotName, Bot: true}).ID

	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.serveAPI)
	mux.HandleFunc("/link/", s.serveSocket)
	mux.HandleFunc("/response/{id}", s.serveResponse)
	s.post.open, s.post.tickets = map[string]*delivery{}, map[string]time.Time{}
	s.web = &httptest.Server{Listener: l, Config: &http.Server{
		Handler: mux, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: 10 * time.Second,
	}}
	s.web.Start()
	s.running.Go(s.deliver)
	return s, nil
}

// Run is [Start] for a test: it fails the test, or closes the workspace at its end.
func Run(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatalf("the fake Slack did not start: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// Close cuts all connections and waits for everything under way. What was
// remembered can still be read.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.Cut()
	s.web.CloseClientConnections()
	s.web.Close()
	s.running.Wait()
	s.client.CloseIdleConnections()
	s.endOpen()
}

// URL is where the workspace is, without a slash at the end.
func (s *Server) URL() string { return s.web.URL }

// APIURL is the address for slack.OptionAPIURL.
func (s *Server) APIURL() string { return s.URL() + "/api/" }

// BotToken is the xoxb- token of the Web API.
func (s *Server) BotToken() string { return s.botToken }

// AppToken is the xapp- token that opens sockets.
func (s *Server) AppToken() string { return s.appToken }

// SigningSecret signs the requests of HTTP delivery.
func (s *Server) SigningSecret() string { return s.secret }

// BotUserID is the user that the bot posts as, U….
func (s *Server) BotUserID() string { return s.botUser }

// BotID is the bot behind that user, B….
func (s *Server) BotID() string { return s.bot }

// AppID is the app that the bot belongs to, A….
func (s *Server) AppID() string { return s.app }

// TeamID is the workspace, T….
func (s *Server) TeamID() string { return s.team }

// unlock ends whatever changed something, and tells those who wait for changes.
func (s *Server) unlock() {
	s.touch()
	s.mu.Unlock()
}

// touch has Await look again.
func (s *Server) touch() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// nudge has deliver look again; it never blocks.
func (s *Server) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
