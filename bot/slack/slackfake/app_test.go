package slackfake

import (
	"context"
	"fmt"
	"io"
	"log"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// app is the real client, which acknowledges everything and remembers it.
type app struct {
	t      *testing.T
	server *Server
	api    *slack.Client
	socket *socketmode.Client
	answer func(socketmode.Event) any // what comes with the acknowledgement

	mu      sync.Mutex
	events  []heard
	callers []slack.InteractionCallback
	slashes []slack.SlashCommand
	ended   chan error // the client's own end
}

type heard struct {
	outer   slackevents.EventsAPICallbackEvent
	inner   any
	request socketmode.Request
}

func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func client(s *Server) *slack.Client {
	return slack.New(s.BotToken(), slack.OptionAppLevelToken(s.AppToken()), slack.OptionAPIURL(s.APIURL()))
}

// start opens a workspace with maria, omar and the bot in #ops, and no app listening.
func start(t *testing.T, o Options) (*Server, *slack.Client) {
	t.Helper()
	if o.Log == nil {
		o.Log = func(format string, args ...any) { t.Logf(format, args...) }
	}
	s := Run(t, o)
	s.AddUser(User{Name: "maria", RealName: "Maria Ruiz", TZ: "Europe/Madrid"})
	s.AddUser(User{Name: "omar"})
	s.AddChannel("ops", "maria", "omar", "@bot")
	return s, client(s)
}

// connect runs the client and waits until it is connected and has heard what there was.
func connect(t *testing.T, s *Server) *app {
	t.Helper()
	a := listen(t, s)
	must(t, s.Await(patient(t), func() bool { return s.Connections() > 0 }))
	a.settle()
	return a
}

func listen(t *testing.T, s *Server) *app {
	a := &app{t: t, server: s, api: client(s), ended: make(chan error, 1)}
	quiet := log.New(io.Discard, "", 0)
	a.socket = socketmode.New(a.api, socketmode.OptionLog(quiet))
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		a.ended <- a.socket.RunContext(ctx)
	})
	running.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case e := <-a.socket.Events:
				a.hear(e)
			}
		}
	})
	t.Cleanup(func() { cancel(); s.Cut(); running.Wait() })
	return a
}

func (a *app) hear(e socketmode.Event) {
	a.mu.Lock()
	switch data := e.Data.(type) {
	case slackevents.EventsAPIEvent:
		a.events = append(a.events, heard{*data.Data.(*slackevents.EventsAPICallbackEvent), data.InnerEvent.Data, *e.Request})
	case slack.InteractionCallback:
		a.callers = append(a.callers, data)
	case slack.SlashCommand:
		a.slashes = append(a.slashes, data)
	case *socketmode.ErrorBadMessage:
		a.t.Errorf("the client does not understand %s: %v", data.Message, data.Cause)
	}
	answer := a.answer
	a.mu.Unlock()
	if e.Request == nil || e.Request.EnvelopeID == "" {
		return
	}
	var payload []any
	if answer != nil {
		if p := answer(e); p != nil {
			payload = append(payload, p)
		}
	}
	_ = a.socket.Ack(*e.Request, payload...)
}

func (a *app) settle() {
	a.t.Helper()
	must(a.t, a.server.Settled(patient(a.t)))
}

// heard is what the app heard so far, and forgets it.
func (a *app) heard() []heard {
	a.t.Helper()
	a.settle()
	a.mu.Lock()
	defer a.mu.Unlock()
	events := a.events
	a.events = nil
	return events
}

// answers sets what comes with acknowledgements.
func (a *app) answers(f func(socketmode.Event) any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = f
}

func (a *app) lastInteraction() slack.InteractionCallback {
	a.t.Helper()
	a.settle()
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.callers[len(a.callers)-1]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks the code of an error.
func refused(t *testing.T, err error, code string) {
	t.Helper()
	if err == nil || err.Error() != code {
		t.Errorf("got the error %v, want %s", err, code)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// words are values with a space between them.
func words(values ...any) string { return strings.TrimSpace(fmt.Sprintln(values...)) }
