package twilio

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall/secret"
)

// defaultTimeout is how long one request may take.
const defaultTimeout = 8 * time.Second

// longestAnswer is how much of an answer is read, in bytes: a list of fifty long texts.
const longestAnswer = 1 << 20

// client makes requests to the REST API (2010-04-01). It never repeats one: whoever asked
// knows whether that is safe.
type client struct {
	base    string // of the account, without ".json"
	user    string
	pass    secret.Text
	timeout time.Duration
	http    *http.Client
}

func newClient(c Config) *client {
	cl := &client{
		base: strings.TrimRight(c.BaseURL, "/") + "/2010-04-01/Accounts/" + c.AccountSID,
		user: c.AccountSID, pass: c.Tokens[0], timeout: c.Timeout,
	}
	if c.KeySID != "" {
		cl.user, cl.pass = c.KeySID, c.KeySecret
	}
	transport := c.Transport
	if transport == nil {
		transport = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: c.Timeout,
			MaxIdleConnsPerHost: 16, // a mass page goes over few connections
			IdleConnTimeout:     90 * time.Second,
			ForceAttemptHTTP2:   true,
		}
	}
	cl.http = &http.Client{
		Transport: transport,
		// A redirect would carry numbers to wherever it points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return cl
}

// record is what we read of a message or a call.
type record struct {
	SID         string `json:"sid"`
	Status      string `json:"status"`
	Direction   string `json:"direction"`
	Body        string `json:"body"`
	From        string `json:"from"`
	Segments    string `json:"num_segments"`
	DateCreated string `json:"date_created"` // RFC 2822
}

// madeAt is when Twilio took it, by Twilio's clock.
func (r record) madeAt() (time.Time, bool) {
	at, err := time.Parse(time.RFC1123Z, r.DateCreated)
	return at, err == nil
}

// refusal is an answer that is no success, or that could not be had.
type refusal struct {
	status int           // 0 if there was no answer
	code   int           // Twilio's own number of the error; 0 is none
	pause  time.Duration // how long Twilio wants to be left alone; 0 is not said
	cause  error         // of the transport. It quotes addresses: it is never shown
}

func (r *refusal) Error() string { return "Twilio refused" }

// post creates or changes something.
func (c *client) post(ctx context.Context, path string, form url.Values) (record, error) {
	var out record
	_, err := c.do(ctx, http.MethodPost, path, form, &out)
	if err == nil && out.SID == "" {
		err = &refusal{status: http.StatusBadGateway, cause: errors.New("an answer without a name")}
	}
	return out, err
}

// get reads something. date is what Twilio's clock shows; zero if it did not say.
func (c *client) get(ctx context.Context, path string, query url.Values, out any) (date time.Time, err error) {
	return c.do(ctx, http.MethodGet, path, query, out)
}

func (c *client) do(ctx context.Context, method, path string, values url.Values, out any) (date time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	to, body := c.base+path, io.Reader(http.NoBody)
	switch {
	case method == http.MethodPost:
		body = strings.NewReader(values.Encode())
	case len(values) > 0:
		to += "?" + values.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, to, body)
	if err != nil {
		return date, &refusal{cause: err}
	}
	req.SetBasicAuth(c.user, c.pass.Reveal())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "batsignal")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return date, &refusal{cause: err}
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, longestAnswer))
	if resp.StatusCode/100 != 2 {
		return date, refused(resp, answer)
	}
	if err == nil {
		err = json.Unmarshal(answer, out)
	}
	if err != nil {
		// It may have been taken; who asks next will see.
		return date, &refusal{status: http.StatusBadGateway, cause: err}
	}
	date, _ = http.ParseTime(resp.Header.Get("Date"))
	return date, nil
}

func refused(resp *http.Response, answer []byte) *refusal {
	r := &refusal{status: resp.StatusCode}
	var said struct {
		Code int `json:"code"`
	}
	if json.Unmarshal(answer, &said) == nil {
		r.code = said.Code
	}
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 && n < 86400 {
		r.pause = time.Duration(n) * time.Second
	}
	return r
}

// check reads the account itself: our login works, and it is in use.
func (c *client) check(ctx context.Context) error {
	var account struct {
		Status string `json:"status"`
	}
	if _, err := c.get(ctx, ".json", nil, &account); err != nil {
		return explain(ctx, err)
	}
	if account.Status != "active" {
		return errSuspended()
	}
	return nil
}
