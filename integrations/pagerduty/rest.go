package pagerduty

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"

	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

const (
	pageSize  = 100 // PagerDuty's most
	mostPages = 20  // 2000 of anything; who has more wants another question
)

// Client asks PagerDuty's REST API v2. Its errors are faults. It is safe for many
// goroutines. When PagerDuty wants a short pause it waits, twice at most.
type Client struct {
	lib     *pd.Client
	from    string
	timeout time.Duration
}

func newClient(c Config) *Client {
	lib := pd.NewClient(c.Token.Reveal(), pd.WithAPIEndpoint(c.APIURL))
	lib.HTTPClient = newDoer(c, true)
	return &Client{lib: lib, from: c.From, timeout: c.Timeout}
}

// headerSafe tells whether a token may stand in a header.
func headerSafe(token secret.Text) bool {
	return strings.IndexFunc(token.Reveal(), func(c rune) bool { return c <= ' ' || c > '~' }) < 0
}

// call makes one call, of which the library makes one request.
func (c *Client) call(ctx context.Context, ask func(context.Context) error) error {
	// A pause that PagerDuty wants comes on top of what one request may take.
	ctx, cancel := context.WithTimeout(ctx, c.timeout+tries*longestPause)
	defer cancel()
	watching, seen := watched(ctx)
	err := ask(watching)
	switch {
	case err == nil:
		return nil
	case seen.status == 0:
		return fault.Wrap(fault.Unready, silent(context.Cause(ctx)), "%s. Ask again in a while.", upper(unheard(ctx, seen.err)))
	case seen.status/100 == 2:
		return fault.Wrap(fault.Unready, silent(nil), "What answers at the address of PagerDuty does not speak like PagerDuty. Whoever runs me can look at pagerduty.api_url.")
	}
	return refused(seen)
}

// errSilent is in the chain of an error after which the same question may be answered
// later: PagerDuty was not reached, has trouble, or wants a pause.
var errSilent = errors.New("PagerDuty does not answer now")

func silent(cause error) error { return errors.Join(errSilent, cause) }

// refused says what an answer that is no yes means.
func refused(s *seen) error {
	cause := complaint(s)
	switch code := s.status; {
	case code == http.StatusUnauthorized:
		return fault.Wrap(fault.Unready, cause, "PagerDuty does not take our token, or not any more. Whoever runs me can put a new one into the file of pagerduty.token_file.")
	case code == http.StatusPaymentRequired, code == http.StatusForbidden:
		return fault.Wrap(fault.Unready, cause, "PagerDuty does not let our token do this. Whoever runs me can give it more rights there: a token that only reads opens no incidents.")
	case code == http.StatusNotFound:
		return fault.Wrap(fault.NotFound, cause, "PagerDuty knows nothing of that name, or hides it from our token. Names there look like PF9KMXH: look at its address in PagerDuty.")
	case code == http.StatusTooManyRequests:
		return fault.Wrap(fault.Limited, silent(cause), "PagerDuty wants a pause%s. Ask again then.", pauseOf(s))
	case code == http.StatusRequestTimeout, code >= 500:
		return fault.Wrap(fault.Unready, silent(cause), "PagerDuty has trouble of its own (%d). Ask again in a while.", code)
	case code/100 == 3:
		return fault.Wrap(fault.Unready, cause, "PagerDuty is somewhere else now (%d). Whoever runs me can correct pagerduty.api_url.", code)
	}
	return fault.Wrap(fault.Unready, cause, "PagerDuty does not take this (%d). The log of mine has the number of its complaint.", s.status)
}

// pages asks page by page until there are no more. It stops at a limit of ours, and where
// a page is empty, whatever the other side says of more.
func pages[T any](ctx context.Context, c *Client, ask func(ctx context.Context, offset uint) ([]T, bool, error)) ([]T, error) {
	var all []T
	for range mostPages {
		var part []T
		var more bool
		err := c.call(ctx, func(ctx context.Context) (err error) {
			part, more, err = ask(ctx, uint(len(all)))
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		if !more || len(part) == 0 {
			return all, nil
		}
	}
	return all, nil
}

// Ref names something at PagerDuty. Name is what people called it there: from outside.
type Ref struct{ ID, Name string }

func refOf(o pd.APIObject) Ref { return Ref{ID: o.ID, Name: oneLine(o.Summary, longestText)} }

// User is a person at PagerDuty.
type User struct {
	Ref
	Mail secret.Text
}

// Users lists who is at PagerDuty, all or those whose name or mail address holds a text:
// to find the ID that an account here is called by.
func (c *Client) Users(ctx context.Context, holds string) ([]User, error) {
	return pages(ctx, c, func(ctx context.Context, offset uint) ([]User, bool, error) {
		answer, err := c.lib.ListUsersWithContext(ctx, pd.ListUsersOptions{Limit: pageSize, Offset: offset, Query: holds})
		if err != nil {
			return nil, false, err
		}
		list := make([]User, len(answer.Users))
		for i, u := range answer.Users {
			list[i] = User{Ref: Ref{ID: u.ID, Name: oneLine(u.Name, longestText)}, Mail: secret.New(u.Email)}
		}
		return list, answer.More, nil
	})
}

// Service is what incidents are opened on.
type Service struct {
	Ref
	Policy Ref // who is called
}

// Services lists the services, all or those whose name holds a text.
func (c *Client) Services(ctx context.Context, holds string) ([]Service, error) {
	return pages(ctx, c, func(ctx context.Context, offset uint) ([]Service, bool, error) {
		answer, err := c.lib.ListServicesWithContext(ctx, pd.ListServiceOptions{Limit: pageSize, Offset: offset, Query: holds})
		if err != nil {
			return nil, false, err
		}
		list := make([]Service, len(answer.Services))
		for i, s := range answer.Services {
			list[i] = serviceOf(s)
		}
		return list, answer.More, nil
	})
}

// services asks for a few services only: that they are told is proof that we may ask.
func (c *Client) services(ctx context.Context, holds string, most uint) (list []Service, err error) {
	err = c.call(ctx, func(ctx context.Context) error {
		answer, err := c.lib.ListServicesWithContext(ctx, pd.ListServiceOptions{Limit: most, Query: holds})
		if err == nil {
			for _, s := range answer.Services {
				list = append(list, serviceOf(s))
			}
		}
		return err
	})
	return list, err
}

// Service asks for one service by its ID.
func (c *Client) Service(ctx context.Context, id string) (s Service, err error) {
	if !isID(id) {
		return s, notAnID(id)
	}
	err = c.call(ctx, func(ctx context.Context) error {
		one, err := c.lib.GetServiceWithContext(ctx, id, &pd.GetServiceOptions{})
		if err == nil {
			s = serviceOf(*one)
		}
		return err
	})
	return s, err
}

func serviceOf(s pd.Service) Service {
	return Service{Ref: Ref{ID: s.ID, Name: oneLine(s.Name, longestText)}, Policy: refOf(s.EscalationPolicy.APIObject)}
}

// isID tells whether a text can be the name of something at PagerDuty. It becomes part of
// an address, so that nothing else may stand in it.
func isID(s string) bool { return paging.IsPlace(s) }

func notAnID(s string) error {
	return fault.New(fault.Invalid, "%q is no name at PagerDuty. They look like PF9KMXH: look at its address in PagerDuty.", oneLine(s, 40))
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
