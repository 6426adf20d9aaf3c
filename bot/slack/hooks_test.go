package slack_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"batsignal/bot/play/doortest"
	"batsignal/bot/slack"
	"batsignal/bot/slack/slackfake"
	"batsignal/oncall/secret"
)

// byHTTP is a bot that Slack posts to.
func byHTTP(t *testing.T) (*world, string) {
	t.Helper()
	fake := slackfake.Run(t, doortest.Patient(t))
	w := newWorldOf(t, fake, func(c *slack.Config) {
		c.AppToken, c.SigningSecret = secret.Text{}, secret.New(fake.SigningSecret())
	})
	server := httptest.NewServer(http.StripPrefix("/slack/acme", w.Door.Handler()))
	t.Cleanup(server.Close)
	at := server.URL + "/slack/acme/"
	w.Fake.UseHTTP(at+"events", at+"commands", at+"actions")
	return w, at
}

// The same emergency, delivered by signed requests.
func TestEventsByHTTP(t *testing.T) {
	t.Parallel()
	w, at := byHTTP(t)
	limited, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	w.must(w.Fake.VerifyURL(limited))

	w.says("maria", "#ops", "!batsignal remote code execution in openssl")
	asked := w.last("ops", "It needs a second person")
	w.acked(w.Fake.Click("kevin", "ops", asked.TS, "Confirm: ring them"))
	w.last("ops", "The bat-signal is lit.")
	w.acked(w.Fake.Slash("li", "ops", "/ack", ""))
	summary := w.summary("inc-1-openssl")
	w.acked(w.Fake.Click("zed", "inc-1-openssl", summary.TS, "Resolve"))
	form := w.Fake.Submit("zed", w.Fake.Views("zed")[0].ID, map[string]any{"why": "no"})
	w.acked(form)
	if why := form.Errors()["why"]; !strings.Contains(why, "I do not know yet which person") {
		t.Errorf("%q", form.Errors())
	}

	// What was overheard and is sent again is refused, and has no second effect.
	before := len(w.timeline(1))
	for _, status := range w.Fake.Replay(6) {
		if status != http.StatusUnauthorized {
			t.Errorf("a replay is answered with %d", status)
		}
	}
	w.worked()
	if after := len(w.timeline(1)); after != before {
		t.Errorf("a replay added %d lines", after-before)
	}

	// Nobody else gets in.
	post := func(path, body string, header map[string]string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at+path, strings.NewReader(body))
		w.must(err)
		for k, v := range header {
			r.Header.Set(k, v)
		}
		answer, err := http.DefaultClient.Do(r)
		w.must(err)
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		if strings.Contains(string(text), "slack:") || bytes.Contains(text, []byte(w.Fake.SigningSecret())) {
			t.Errorf("%s", text)
		}
		return answer.StatusCode
	}
	stamp := time.Now().Unix()
	for name, c := range map[string]struct {
		path, body string
		header     map[string]string
		want       int
	}{
		"unsigned":         {"events", `{"type":"url_verification","challenge":"x"}`, nil, http.StatusUnauthorized},
		"wrongly signed":   {"commands", "command=/confirm", map[string]string{"X-Slack-Request-Timestamp": strconv.FormatInt(stamp, 10), "X-Slack-Signature": "v0=" + strings.Repeat("0", 64)}, http.StatusUnauthorized},
		"too large":        {"events", strings.Repeat("x", 2<<20), nil, http.StatusRequestEntityTooLarge},
		"another path":     {"else", "", nil, http.StatusNotFound},
		"an old signature": {"actions", "payload={}", map[string]string{"X-Slack-Request-Timestamp": "1700000000", "X-Slack-Signature": "v0=" + strings.Repeat("0", 64)}, http.StatusUnauthorized},
	} {
		if got := post(c.path, c.body, c.header); got != c.want {
			t.Errorf("%s: %d", name, got)
		}
	}
}
