package switchboard

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// odd is the other end as it should not be, behind the right certificate.
func odd(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	board, bot := identity(t), identity(t)
	return client(t, serve(t, h, board, bot.Pin()).address, bot, board.Pin())
}

func TestAnswersThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code       int
		body, says string
	}{
		"no JSON":              {200, "<html>down for maintenance 10.0.0.7</html>", "another version"},
		"empty":                {200, "", "another version"},
		"another field":        {200, `{"handed":{},"number":"+4915112345678"}`, "another version"},
		"two answers":          {200, `{}{}`, "another version"},
		"huge":                 {200, `{"detail":"` + strings.Repeat("x", longest) + `"}`, "more than makes sense"},
		"a proxy's error":      {502, "<html>10.0.0.7</html>", "answered 502"},
		"a redirect":           {302, "", "answered 302"},
		"another status":       {418, `{"kind":"invalid","say":"No."}`, "answered 418"},
		"a kind of its own":    {400, `{"kind":"number","say":"+4915112345678"}`, "answered 400"},
		"a refusal of nothing": {200, `{"kind":"forbidden","say":"No."}`, "another version"},
	} {
		bot := odd(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://198.51.100.1/")
			w.WriteHeader(c.code)
			_, _ = io.WriteString(w, c.body)
		})
		d, err := bot.Dial(t.Context(), "voice", paging.Message{Key: "page-1"}, false)
		if fault.KindOf(err) != fault.Unready || !strings.Contains(err.Error(), c.says) || d != (unseal.Dialled{}) {
			t.Errorf("%s: %+v %v", name, d, err)
		}
		if strings.Contains(err.Error(), "+49") || strings.Contains(err.Error(), "10.0.0.7") {
			t.Errorf("%s is repeated: %v", name, err)
		}
	}
}

func TestASlowSwitchboardIsNotWaitedForForever(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	arrived := make(chan struct{}, 2)
	bot := odd(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		_, _ = io.WriteString(w, `{"handed":`)
		arrived <- struct{}{}
		<-over
	})
	defer close(over)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := bot.Dial(ctx, "voice", paging.Message{Key: "page-1"}, false)
	if fault.KindOf(err) != fault.Unready || !strings.Contains(err.Error(), "did not answer in time") {
		t.Errorf("of a slow one is said: %v", err)
	}
	giving, up := context.WithCancel(t.Context())
	go func() { <-arrived; up() }()
	if _, err = bot.Dial(giving, "voice", paging.Message{Key: "page-1"}, false); fault.KindOf(err) != fault.Unready {
		t.Errorf("of one that was given up is said: %v", err)
	}
}

func TestASwitchboardThatIsNotThere(t *testing.T) {
	t.Parallel()
	bot, board := identity(t), identity(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, err = client(t, "https://"+address, bot, board.Pin()).Status(t.Context())
	if fault.KindOf(err) != fault.Unready || !strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), address) {
		t.Errorf("of nobody is said: %v", err)
	}
	_, err = client(t, "https://nowhere.invalid:1", bot, board.Pin()).Status(t.Context())
	if fault.KindOf(err) != fault.Unready || strings.Contains(err.Error(), "nowhere") {
		t.Errorf("of no name is said: %v", err)
	}
}

func TestCallsThatAreNotRead(t *testing.T) {
	t.Parallel()
	board, bot := identity(t), identity(t)
	at := serve(t, Switchboard(nobody{t}, nil), board, bot.Pin())
	conf, err := bot.clientTLS(board.Pin())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: conf}
	defer transport.CloseIdleConnections()
	post := func(body io.Reader) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at.address+"/v1/dial", body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			return 0, err.Error()
		}
		answer, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		return resp.StatusCode, string(answer)
	}
	if code, answer := post(strings.NewReader(`{"route":"voice","message":{"why":"` + strings.Repeat("x", longest) + `"}}`)); code != 400 && code != 0 {
		t.Errorf("a huge call was answered %d %s", code, answer)
	}
	// What another version writes may be a page: it is worth repeating, so it is not Invalid.
	if code, answer := post(strings.NewReader(`{"route":"voice","colour":"red"}`)); code != 503 || !strings.Contains(answer, "different versions") {
		t.Errorf("a call of another version was answered %d %s", code, answer)
	}
	if code, answer := post(strings.NewReader(`{"message":{"sealed":{"half":"AAAA"}}}`)); code != 400 || !strings.Contains(answer, "32") {
		t.Errorf("half of a half was answered %d %s", code, answer)
	}
}

// The handler is safe where somebody forgets Serve.
func TestNobodyIsHeardWithoutACertificate(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.Handler{"switchboard": Switchboard(nobody{t}, nil), "bot": Bot(nil, nil)} {
		w := &recorder{head: http.Header{}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/status", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		h.ServeHTTP(w, r)
		if w.code != http.StatusForbidden {
			t.Errorf("%s: somebody without TLS was answered %d", name, w.code)
		}
	}
}

type recorder struct {
	head http.Header
	code int
}

func (r *recorder) Header() http.Header         { return r.head }
func (r *recorder) Write(b []byte) (int, error) { return len(b), nil }
func (r *recorder) WriteHeader(code int)        { r.code = code }

// Connections are kept, so a ring of many people costs few handshakes.
func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	var calls atomic.Int64
	bot := odd(t, func(w http.ResponseWriter, r *http.Request) {
		seen[r.RemoteAddr] = true
		calls.Add(1)
		_, _ = fmt.Fprint(w, `{"ears":null,"routes":null,"head":"","openings":0,"confirmers":0,"trouble":null}`)
	})
	for range 5 {
		if _, err := bot.Status(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if calls.Load() != 5 || len(seen) != 1 {
		t.Errorf("%d calls came by %d connections", calls.Load(), len(seen))
	}
}
