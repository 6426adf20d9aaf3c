package slackfake

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// VerifyURL does what Slack does when somebody enters the address for events: it
// sends a challenge, which must come back.
func (s *Server) VerifyURL(ctx context.Context) error {
	challenge := strings.ReplaceAll(uuid(), "-", "")
	s.mu.Lock()
	if s.post.http == nil {
		s.mu.Unlock()
		panic("slackfake: VerifyURL needs UseHTTP")
	}
	r := past{url: s.post.http.events, header: http.Header{"Content-Type": {"application/json"}}}
	r.body = compact(obj{"token": s.verification, "challenge": challenge, "type": "url_verification"})
	s.sign(r)
	s.mu.Unlock()
	status, body, _, err := s.exchange(ctx, r)
	if err != nil {
		return err
	}
	var answer struct {
		Challenge string `json:"challenge"`
	}
	form, _ := url.ParseQuery(string(body))
	if status != http.StatusOK || strings.TrimSpace(string(body)) != challenge && form.Get("challenge") != challenge &&
		(json.Unmarshal(body, &answer) != nil || answer.Challenge != challenge) {
		return fmt.Errorf("slackfake: the challenge did not come back: status %d, %.200q", status, body)
	}
	return nil
}

// Replay sends the last n requests again byte for byte, with their old signatures
// and times, as a thief of requests would, and returns the statuses; 0 is no answer.
func (s *Server) Replay(n int) []int {
	s.mu.Lock()
	var again []past
	if s.post.http != nil {
		again = append(again, s.post.http.past[max(0, len(s.post.http.past)-n):]...)
	}
	s.mu.Unlock()
	statuses := make([]int, 0, len(again))
	for _, r := range again {
		status, _, _, err := s.exchange(s.ctx, r)
		if err != nil {
			s.opts.Log("slackfake: replay: %v", err)
		}
		statuses = append(statuses, status)
	}
	return statuses
}
