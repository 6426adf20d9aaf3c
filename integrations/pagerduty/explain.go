package pagerduty

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// providerError blames PagerDuty.
func providerError(why string) error { return fmt.Errorf("%w: %s", paging.ErrProvider, why) }

func badKey() error {
	return paging.BadAddress{Say: "PagerDuty does not know this integration key. Take the one of an integration \"Events API v2\" of your service there: 32 letters and digits."}
}

// explain says why an event was not taken, in words that may be stored and shown. What
// the library and PagerDuty say may hold addresses and keys, so none of it is repeated.
func explain(ctx context.Context, s *seen) error {
	switch ended := ctx.Err(); {
	case s.status != 0:
	case errors.Is(ended, context.Canceled):
		return fmt.Errorf("the request to PagerDuty was broken off: %w", ended)
	default:
		return providerError(unheard(ctx, s.err))
	}
	switch code := s.status; {
	case code == http.StatusTooManyRequests:
		return providerError("PagerDuty wants a pause" + pauseOf(s))
	case code == http.StatusBadRequest && aboutKey(s.body):
		return badKey()
	case code == http.StatusBadRequest, code == http.StatusRequestEntityTooLarge:
		return fmt.Errorf("%w: PagerDuty does not take the event (%d)", paging.ErrPermanent, code)
	case code == http.StatusRequestTimeout, code >= 500:
		return providerError(fmt.Sprintf("PagerDuty answered %d", code))
	case code/100 == 3:
		return providerError("PagerDuty is somewhere else now: look at pagerduty.events_url")
	}
	return providerError(fmt.Sprintf("PagerDuty refused with %d", s.status))
}

// aboutKey tells whether an answer complains of the routing key.
func aboutKey(answer []byte) bool {
	var a struct {
		Errors json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(answer, &a) != nil {
		return false
	}
	errs := strings.ToLower(string(a.Errors))
	for _, word := range [...]string{"routing_key", "routing key", "integration key", "service key"} {
		if strings.Contains(errs, word) {
			return true
		}
	}
	return false
}

// unheard names the kind of a failure to reach PagerDuty.
func unheard(ctx context.Context, err error) string {
	var (
		name    *net.DNSError
		timeout net.Error
	)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "PagerDuty did not answer in time"
	case errors.As(err, &name):
		return "the name of PagerDuty could not be resolved"
	}
	return "PagerDuty could not be reached"
}

// pauseOf is how long we are to wait, in words.
func pauseOf(s *seen) string {
	if s.pause <= 0 {
		return ""
	}
	return " of " + oncall.Lasting(s.pause)
}

// complaint names what the REST API complains of, for the log: its number only, since
// its words may repeat what was sent.
func complaint(s *seen) error {
	var a struct {
		Error struct {
			Code int `json:"code"`
		} `json:"error"`
	}
	if json.Unmarshal(bytes.TrimSpace(s.body), &a) != nil || a.Error.Code == 0 {
		return fmt.Errorf("PagerDuty answered %d", s.status)
	}
	return fmt.Errorf("PagerDuty answered %d, error %d", s.status, a.Error.Code)
}
