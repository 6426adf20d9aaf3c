package slackfake

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
)

// webApp is an app that takes HTTP requests, and judges them as the library does.
type webApp struct {
	secret string

	mu      sync.Mutex
	status  []int // of the next answers; 200 after that
	noRetry bool
	events  []string // texts
	retries []string // X-Slack-Retry-Num and -Reason
	command slack.SlashCommand
	click   slack.InteractionCallback
	forged  int
}

func (a *webApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	a.mu.Lock()
	defer a.mu.Unlock()
	v, err := slack.NewSecretsVerifier(r.Header, a.secret)
	if err == nil {
		_, _ = v.Write(body)
		err = v.Ensure()
	}
	if err != nil {
		a.forged++
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	if len(a.status) > 0 {
		status := a.status[0]
		a.status = a.status[1:]
		if a.noRetry {
			w.Header().Set("X-Slack-No-Retry", "1")
		}
		w.WriteHeader(status)
		return
	}
	switch r.URL.Path {
	case "/events":
		a.event(w, r, body)
	case "/commands":
		a.command, _ = slack.SlashCommandParse(r)
		_, _ = io.WriteString(w, "plain words")
	case "/interactivity":
		a.click, _ = slack.InteractionCallbackParse(r)
	}
}

func (a *webApp) event(w http.ResponseWriter, r *http.Request, body []byte) {
	e, err := slackevents.ParseEvent(body, slackevents.OptionNoVerifyToken())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if e.Type == slackevents.URLVerification {
		_ = json.NewEncoder(w).Encode(map[string]string{"challenge": e.Data.(*slackevents.EventsAPIURLVerificationEvent).Challenge})
		return
	}
	if m, ok := e.InnerEvent.Data.(*slackevents.MessageEvent); ok {
		a.events = append(a.events, m.Text)
		a.retries = append(a.retries, words(r.Header.Get("X-Slack-Retry-Num"), r.Header.Get("X-Slack-Retry-Reason")))
	}
}

func web(t *testing.T, o Options) (*Server, *slack.Client, *webApp) {
	t.Helper()
	s, api := start(t, o)
	a := &webApp{secret: s.SigningSecret()}
	web := httptest.NewServer(a)
	t.Cleanup(web.Close)
	s.UseHTTP(web.URL+"/events", web.URL+"/commands", web.URL+"/interactivity")
	must(t, s.Settled(patient(t)))
	return s, api, a
}

func TestDeliveryByHTTP(t *testing.T) {
	t.Parallel()
	s, api, a := web(t, Options{})
	must(t, s.VerifyURL(patient(t)))
	for _, text := range []string{"a", "b", "c"} {
		s.Post("maria", "ops", text)
	}
	must(t, s.Settled(patient(t)))
	equal(t, "in order", words(a.events, len(a.retries[0])), "[a b c] 0")

	i := s.Slash("maria", "ops", "/bat", "who is @omar")
	must(t, i.Wait(patient(t)))
	equal(t, "body", string(i.Ack()), "plain words")
	equal(t, "text", a.command.Text, "who is <@"+s.User("omar").ID+"|omar>")
	equal(t, "trigger", a.command.TriggerID, i.TriggerID)
	all := s.Messages("ops")
	equal(t, "answer", words(all[3].Text, all[3].EphemeralTo), words("plain words", s.User("maria").ID))

	_, ts, err := api.PostMessage(s.Channel("ops").ID, slack.MsgOptionText("x", false), slack.MsgOptionBlocks(buttons()...))
	must(t, err)
	must(t, s.Click("omar", "ops", ts, "take").Wait(patient(t)))
	equal(t, "click", a.click.ActionCallback.BlockActions[0].ActionID, "take")
}

func TestHTTPIsTriedAgain(t *testing.T) {
	t.Parallel()
	s, _, a := web(t, Options{Retries: make([]time.Duration, 3)})
	a.status = []int{500, 503}
	s.Post("maria", "ops", "a")
	must(t, s.Settled(patient(t)))
	equal(t, "third try", words(a.events, a.retries), "[a] [2 http_error]")
	a.status = []int{500, 500, 500, 500}
	s.Post("maria", "ops", "given up")
	must(t, s.Settled(patient(t)))
	equal(t, "lost", words(s.Lost(), len(a.status)), "1 0")
	a.status, a.noRetry = []int{400}, true
	s.Post("maria", "ops", "not wanted again")
	must(t, s.Settled(patient(t)))
	equal(t, "lost", words(s.Lost(), len(a.events)), "2 1")
	s.Redeliver(2)
	s.Post("maria", "ops", "b")
	must(t, s.Settled(patient(t)))
	equal(t, "twice", words(a.events, a.retries[2]), "[a b b] 1 timeout")
	a.status = []int{404}
	if err := s.Slash("maria", "ops", "/bat", "").Wait(patient(t)); err == nil {
		t.Error("a command that got 404 is fine")
	}
}

func TestReplayedRequestsAreOld(t *testing.T) {
	t.Parallel()
	clock := &stoppedClock{at: time.Now().Add(-4 * time.Minute)}
	s, _, a := web(t, Options{ClientTime: clock.now, Retries: make([]time.Duration, 1)})
	s.Post("maria", "ops", "a")
	must(t, s.Settled(patient(t)))
	equal(t, "fresh enough", words(s.Replay(1), len(a.events)), "[200] 2") // the library does not know repeats
	clock.add(-2 * time.Minute)
	s.Post("maria", "ops", "too old")
	must(t, s.Settled(patient(t)))
	equal(t, "old", words(s.Replay(2), a.forged > 0), "[401 401] true")
	s.Slash("maria", "ops", "/bat", "x")
	must(t, s.Settled(patient(t)))
	equal(t, "nothing more came", slices.Contains(a.events, "too old"), false)
	s.UseSockets()
	equal(t, "nothing to replay", len(s.Replay(1)), 0)
}

func TestTheChallengeMustComeBack(t *testing.T) {
	t.Parallel()
	s, _ := start(t, Options{})
	panics(t, "needs UseHTTP", func() { _ = s.VerifyURL(context.Background()) })
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	t.Cleanup(web.Close)
	s.UseHTTP(web.URL, web.URL, web.URL)
	if err := s.VerifyURL(patient(t)); err == nil {
		t.Error("any answer will do")
	}
}
