package slackfake

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	maxRemembered = 1000    // requests, for Replay
	maxAnswer     = 1 << 20 // bytes of an answer that are read
)

// httpRoute is where requests go, and what went.
type httpRoute struct {
	events, commands, interactivity string

	busy int // events under way
	past []past
}

// past is a request byte for byte.
type past struct {
	url    string
	header http.Header
	body   []byte
}

// UseHTTP delivers by signed requests from now on, instead of sockets. Events go one
// after the other (see [Options.Parallel]), commands and interactions at once.
func (s *Server) UseHTTP(eventsURL, commandsURL, interactivityURL string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post.http = &httpRoute{events: eventsURL, commands: commandsURL, interactivity: interactivityURL}
	s.nudge()
}

// UseSockets delivers by Socket Mode again.
func (s *Server) UseSockets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post.http = nil
	s.nudge()
}

func (s *Server) sendHTTP(d *delivery, now time.Time) bool {
	route := s.post.http
	isEvent := d.kind == kindEvent
	if isEvent && route.busy >= s.opts.Parallel || s.closed {
		return false
	}
	if isEvent {
		route.busy++
	}
	r := s.request(route, d)
	route.past = append(route.past, r)
	route.past = route.past[max(0, len(route.past)-maxRemembered):]
	d.sent = now
	s.running.Go(func() {
		status, body, noRetry, err := s.exchange(s.ctx, r)
		s.mu.Lock()
		defer s.mu.Unlock()
		if isEvent {
			route.busy--
		}
		s.answered(d, status, body, noRetry, err)
		s.nudge()
	})
	return true
}

// request draws up a delivery and signs it.
func (s *Server) request(route *httpRoute, d *delivery) past {
	r := past{header: http.Header{}}
	switch d.kind {
	case kindEvent:
		r.url, r.body = route.events, d.payload
		r.header.Set("Content-Type", "application/json")
		if d.attempt > 0 {
			r.header.Set("X-Slack-Retry-Num", strconv.Itoa(d.attempt))
			r.header.Set("X-Slack-Retry-Reason", first(d.reason, "http_timeout"))
		}
	case kindSlash:
		r.url, r.body = route.commands, []byte(d.form.Encode())
		r.header.Set("Content-Type", "application/x-www-form-urlencoded")
	case kindInteractive:
		r.url, r.body = route.interactivity, []byte(url.Values{"payload": {string(d.payload)}}.Encode())
		r.header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	s.sign(r)
	return r
}

func (s *Server) sign(r past) {
	stamp := strconv.FormatInt(s.now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(s.secret))
	_, _ = fmt.Fprintf(mac, "v0:%s:%s", stamp, r.body)
	r.header.Set("X-Slack-Request-Timestamp", stamp)
	r.header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	r.header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	r.header.Set("Accept", "*/*")
}

// exchange sends a request and reads the answer, within the time to acknowledge.
func (s *Server) exchange(ctx context.Context, r past) (status int, body []byte, noRetry bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.AckTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(r.body))
	if err != nil {
		return 0, nil, false, err
	}
	req.Header = r.header.Clone()
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, nil, false, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, body, resp.Header.Get("X-Slack-No-Retry") == "1", err
}

func (s *Server) answered(d *delivery, status int, body []byte, noRetry bool, err error) {
	reason := "http_error"
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		reason = "http_timeout"
	case err != nil:
		reason = "connection_failed"
	case status/100 == 2:
		if s.post.trouble.loses(d) {
			reason = "http_timeout"
			break
		}
		s.finish(d, body, nil)
		return
	}
	if d.kind != kindEvent || noRetry {
		s.post.lost++
		s.finish(d, nil, fmt.Errorf("%w: %s, status %d", errUnacked, reason, status))
		return
	}
	s.unacked(d, reason)
}
