package ntfy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"batsignal/integrations/dial"
	"batsignal/oncall/paging"
)

// longestAnswer is how much of an answer is read, in bytes: what a topic with some
// thousand messages holds.
const longestAnswer = 4 << 20

// call makes one request and returns the body of an answer of 2xx. Its errors are fit to
// be stored and shown: the HTTP client's quote the topic, so none is repeated.
func (r *Route) call(ctx context.Context, method string, to place, address string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, permanent(errNoTopic)
	}
	req.Header.Set("User-Agent", "batsignal")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if to.first && !r.token.Empty() {
		req.Header.Set("Authorization", "Bearer "+r.token.Reveal())
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, unheard(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, longestAnswer))
	if err != nil {
		return nil, unheard(ctx, err)
	}
	return answer, judge(resp.StatusCode, answer, method == http.MethodGet)
}

// providerFault blames the server of ntfy.
type providerFault struct{ why string }

func (p providerFault) Error() string { return paging.ErrProvider.Error() + ": " + p.why }
func (p providerFault) Unwrap() error { return paging.ErrProvider }

func providerError(why string) error { return providerFault{why} }

// permanent marks what repeating cannot change, if it is not marked already.
func permanent(err error) error {
	if errors.Is(err, paging.ErrPermanent) {
		return err
	}
	return fmt.Errorf("%w: %w", paging.ErrPermanent, err)
}

// errMayNotRead is that a token may publish to a topic and not read it.
var errMayNotRead = errors.New("ntfy does not let us read the topic")

// unheard names the kind of a failure to reach the server.
func unheard(ctx context.Context, err error) error {
	if errors.Is(err, dial.ErrForbidden) {
		return providerError("its address is in a network where pages may not go, or would need https: look at ntfy.allow_networks")
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("the request to ntfy was broken off: %w", context.Canceled)
	}
	var (
		name    *net.DNSError
		timeout net.Error
	)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return providerError("ntfy did not answer in time")
	case errors.As(err, &name):
		return providerError("the name of the ntfy server could not be resolved")
	}
	return providerError("ntfy could not be reached")
}

// The errors of ntfy that say more than their status (server/errors.go there).
const (
	codeTopicInvalid    = 40009
	codeTopicDisallowed = 40010
)

// judge says what a status means, and the code that ntfy gives with it. Of its words none
// is repeated: they may hold the topic.
func judge(status int, answer []byte, reading bool) error {
	var a struct {
		Code int `json:"code"`
	}
	_ = json.Unmarshal(answer, &a)
	said := fmt.Sprint(status)
	if a.Code != 0 {
		said += fmt.Sprintf(", code %d", a.Code)
	}
	switch {
	case status/100 == 2:
		return nil
	case a.Code == codeTopicInvalid, a.Code == codeTopicDisallowed:
		return paging.BadAddress{Say: "the ntfy server does not take a topic of this name: choose another one"}
	case status == http.StatusUnauthorized:
		return providerError("ntfy does not take our token (" + said + ")")
	case status == http.StatusForbidden && reading:
		return errMayNotRead
	case status == http.StatusForbidden:
		// The owner of the topic may have reserved it, or our token may be a poor one: the
		// address is not blamed for what an operator can change for everybody.
		return fmt.Errorf("%w: ntfy does not let us publish to the topic (%s)", paging.ErrPermanent, said)
	case status == http.StatusTooManyRequests:
		return providerError("ntfy wants a pause (" + said + ")")
	case status == http.StatusInsufficientStorage:
		// Only topics of UnifiedPush are refused so: no app of theirs listens now.
		return errors.New("nobody is subscribed to the topic (" + said + ")")
	case status/100 == 3:
		return providerError("ntfy is somewhere else now (" + said + "): look at ntfy.url")
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return providerError("there is no ntfy at that address (" + said + ")")
	case status == http.StatusRequestTimeout, status >= 500:
		return providerError("ntfy answered " + said)
	}
	return fmt.Errorf("%w: ntfy does not take the message (%s)", paging.ErrPermanent, said)
}
