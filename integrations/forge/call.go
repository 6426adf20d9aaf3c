package forge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// longestAnswer is how much of an answer is read, in bytes: a page of issues with long
// descriptions.
const longestAnswer = 16 << 20

// call makes one request and reads what comes back into to. Its errors are faults.
func (g *GitLab) call(ctx context.Context, method, path string, query url.Values, ask map[string]string, to any) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()
	var body io.Reader
	if ask != nil {
		b, err := json.Marshal(ask)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	address := g.api + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("PRIVATE-TOKEN", g.token.Reveal())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "batsignal")
	if ask != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := g.client.Do(req)
	if err != nil {
		return nil, unheard(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, longestAnswer))
	if err != nil {
		return nil, unheard(ctx, err)
	}
	if resp.StatusCode/100 != 2 {
		return nil, g.refused(resp, answer)
	}
	if err := json.Unmarshal(answer, to); err != nil {
		return nil, fault.Wrap(fault.Unready, err, "What answers at the address of GitLab does not speak like GitLab. Whoever runs me can look at minutes.tracker.gitlab.")
	}
	return resp.Header, nil
}

// unheard is that no answer came.
func unheard(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fault.Wrap(fault.Unready, err, "GitLab did not answer in time. Ask again in a while: nothing is opened twice.")
	}
	return fault.Wrap(fault.Unready, err, "GitLab could not be reached. Ask again in a while: nothing is opened twice.")
}

// refused says what an answer that is no yes means.
func (g *GitLab) refused(resp *http.Response, answer []byte) error {
	cause := fmt.Errorf("GitLab answered %d%s", resp.StatusCode, atFault(answer))
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized:
		return fault.Wrap(fault.Unready, cause, "GitLab does not take our token, or not any more. Whoever runs me can put a new one into the file of minutes.tracker.token_file.")
	case code == http.StatusForbidden:
		return fault.Wrap(fault.Unready, cause, "GitLab does not let us open issues in %s. Whoever runs me can give the token the scope api and its account the role Reporter there.", g.project)
	case code == http.StatusNotFound:
		return fault.Wrap(fault.Unready, cause, "GitLab shows us no project %s. Whoever runs me can look at minutes.tracker.project, and whether the token may see it.", g.project)
	case code == http.StatusTooManyRequests:
		return fault.Wrap(fault.Limited, cause, "GitLab wants a pause%s. Ask again then: nothing is opened twice.", pause(resp.Header))
	case code >= 500:
		return fault.Wrap(fault.Unready, cause, "GitLab has trouble of its own (%d). Ask again in a while: nothing is opened twice.", code)
	case code/100 == 3:
		return fault.Wrap(fault.Unready, cause, "GitLab is somewhere else now (%d). Whoever runs me can correct minutes.tracker.gitlab.", code)
	}
	return fault.Wrap(fault.Unready, cause, "GitLab does not take the issue (%d). The log of mine says which part of it.", resp.StatusCode)
}

// pause is how long we are to wait, in words.
func pause(h http.Header) string {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds <= 0 {
		return ""
	}
	d := time.Duration(seconds) * time.Second
	if d < 2*time.Minute {
		return " of " + oncall.Plural(seconds, "second", "seconds")
	}
	return " of " + oncall.Plural(int((d+time.Minute-1)/time.Minute), "minute", "minutes")
}

// atFault names what GitLab complains of, for the log: fields and no values, in which
// people's words may stand.
func atFault(answer []byte) string {
	var a struct {
		Message json.RawMessage `json:"message"`
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(answer, &a) != nil || json.Unmarshal(a.Message, &fields) != nil || len(fields) == 0 {
		return ""
	}
	const most = 10
	names := slices.Sorted(maps.Keys(fields))
	return fmt.Sprintf(", about %.200q", strings.Join(names[:min(len(names), most)], ", "))
}
