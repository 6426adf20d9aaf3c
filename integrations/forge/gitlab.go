// Package forge owns the ways to the trackers in which actions are kept besides.
//
// It does not decide what is exported (incidents/action does) and keeps nothing: what
// was opened before is found again in the tracker itself, by a mark in its text. What
// people wrote is shown there letter by letter; nothing in it calls or does anything.
package forge

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"batsignal/incidents/action"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Config says which project of which GitLab.
type Config struct {
	URL     string      // "https://gitlab.com", or where your own one is, path included
	Project string      // "group/project", or its number
	Token   secret.Text // of a project, a group or a person, with the scope api
	RootCAs *x509.CertPool
	Timeout time.Duration // for one request; 0 means 10 s
}

// GitLab opens issues in one project. It is safe for many goroutines.
type GitLab struct {
	project string
	api     string // the address of the project in the API
	token   secret.Text
	timeout time.Duration
	client  *http.Client
}

var _ action.Tracker = (*GitLab)(nil)

// NewGitLab makes a way to a GitLab. It does not connect: use [GitLab.Check] for that.
// Its errors are plain sentences for the operator.
func NewGitLab(c Config) (*GitLab, error) {
	u, err := url.Parse(strings.TrimRight(c.URL, "/"))
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the address of GitLab must be one such as https://gitlab.com")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, errors.New("GitLab by http is allowed on this machine only, or its token would be sent in the clear: use https")
	case strings.Trim(c.Project, "/ ") == "":
		return nil, errors.New("GitLab needs a project to open issues in: write it like group/project")
	case c.Token.Empty() || strings.ContainsAny(c.Token.Reveal(), " \r\n"):
		return nil, errors.New("GitLab needs a token with the scope api, without spaces: name the file that holds it")
	}
	g := &GitLab{project: strings.Trim(c.Project, "/ "), token: c.Token, timeout: c.Timeout}
	if g.timeout <= 0 {
		g.timeout = 10 * time.Second
	}
	g.api = u.String() + "/api/v4/projects/" + url.PathEscape(g.project)
	g.client = &http.Client{
		// A redirect would carry the token to wherever it points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			TLSClientConfig:     &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: g.timeout,
			IdleConnTimeout:     time.Minute,
			ForceAttemptHTTP2:   true,
		},
	}
	return g, nil
}

// Name is what people call it.
func (*GitLab) Name() string { return "GitLab" }

// Close ends the connections that are kept.
func (g *GitLab) Close() { g.client.CloseIdleConnections() }

// Check asks whether the project is there and lets us open issues, without opening any.
// A failure is a [fault.Error] that says what to look at.
func (g *GitLab) Check(ctx context.Context) error {
	var project struct {
		IssuesEnabled *bool `json:"issues_enabled"`
	}
	if _, err := g.call(ctx, http.MethodGet, "", nil, nil, &project); err != nil {
		return err
	}
	if project.IssuesEnabled != nil && !*project.IssuesEnabled {
		return fault.New(fault.Unready, "The project %s has no issues in GitLab: switch them on in its settings.", g.project)
	}
	return nil
}

// Open opens an issue, or finds the one that was opened with the same key before: a
// call of which we never heard the end may have opened it.
func (g *GitLab) Open(ctx context.Context, i action.Issue) (string, error) {
	mark := markOf(i.Key)
	found, err := g.find(ctx, mark)
	if err != nil || found != "" {
		return found, err
	}
	ask := map[string]string{"title": titleOf(i), "description": descriptionOf(i, mark), "labels": strings.Join(i.Labels, ",")}
	if !i.Due.IsZero() {
		ask["due_date"] = i.Due.Format(time.DateOnly)
	}
	var made issue
	if _, err := g.call(ctx, http.MethodPost, "/issues", nil, ask, &made); err != nil {
		return "", err
	}
	return made.address()
}

// issue is what we read of one.
type issue struct {
	WebURL      string `json:"web_url"`
	Description string `json:"description"`
}

// address is where people see it. It is shown and kept, so it must be one.
func (i issue) address() (string, error) {
	const longest = 500
	u, err := url.Parse(i.WebURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(i.WebURL) > longest || strings.ContainsAny(i.WebURL, " <>\"") {
		return "", fault.New(fault.Unready, "GitLab has the issue, but gave no address of it. Ask again later.")
	}
	return i.WebURL, nil
}

// mostPages bounds how far a search is followed: a mark is in one issue, and what else
// a search finds is by chance.
const mostPages = 5

// find looks for the issue with a mark, open or closed; "" is none.
func (g *GitLab) find(ctx context.Context, mark string) (string, error) {
	page := "1"
	for range mostPages {
		var list []issue
		header, err := g.call(ctx, http.MethodGet, "/issues", url.Values{
			"search": {mark}, "in": {"description"}, "scope": {"all"}, "state": {"all"}, "per_page": {"50"}, "page": {page},
		}, nil, &list)
		if err != nil {
			return "", err
		}
		for _, one := range list {
			if strings.Contains(one.Description, mark) {
				return one.address()
			}
		}
		if page = header.Get("X-Next-Page"); page == "" {
			break
		}
	}
	return "", nil
}

// markOf is what an issue is found again by. GitLab searches whole words of letters and
// digits, from their beginning, and leaves out long ones and what is hidden in comments.
func markOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "batsignal" + hex.EncodeToString(sum[:10])
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
