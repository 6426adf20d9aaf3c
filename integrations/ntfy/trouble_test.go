package ntfy_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"batsignal/integrations/ntfy"
	"batsignal/integrations/ntfy/ntfyfake"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// What Send returns is stored and shown. Whatever goes wrong, it holds no topic, no link,
// no token and nothing that the server said.
func TestWhatTheServerSaysDecidesWhoIsToBlame(t *testing.T) {
	s := ntfyfake.Start(t, ntfyfake.Options{Reserved: []string{"reservedcanary"}})
	closed := ntfyfake.Start(t, ntfyfake.Options{})
	closed.Close()
	for name, story := range map[string]struct {
		answer   *ntfyfake.Answer
		address  string
		server   *ntfyfake.Server
		provider bool
		never    bool
		bad      bool
	}{
		"a pause is wanted":         {answer: &ntfyfake.Answer{Status: 429, Code: 42901}, provider: true},
		"the day's messages are up": {answer: &ntfyfake.Answer{Status: 429, Code: 42908}, provider: true},
		"it is broken":              {answer: &ntfyfake.Answer{Status: 500, Code: 50001}, provider: true},
		"it is being started":       {answer: &ntfyfake.Answer{Status: 502, Raw: "<html>canary"}, provider: true},
		"nobody subscribed":         {answer: &ntfyfake.Answer{Status: 507, Code: 50701}},
		"our token is refused":      {answer: &ntfyfake.Answer{Status: 401, Code: 40101}, provider: true},
		"there is nothing":          {answer: &ntfyfake.Answer{Status: 404, Code: 40401}, provider: true},
		"it has moved":              {answer: &ntfyfake.Answer{Status: 301}, provider: true},
		"it is somebody else":       {answer: &ntfyfake.Answer{Raw: "<html>canary"}, provider: true},
		"it says yes in JSON":       {answer: &ntfyfake.Answer{Raw: `{"id":"","event":"message"}`}, provider: true},
		"a name without end":        {answer: &ntfyfake.Answer{Raw: `{"id":"` + strings.Repeat("x", 300) + `","event":"message"}`}, provider: true},
		"it hangs up":               {answer: &ntfyfake.Answer{Cut: true}, provider: true},
		"it hangs up, and has it":   {answer: &ntfyfake.Answer{Cut: true, Kept: true}, provider: true},
		"too large":                 {answer: &ntfyfake.Answer{Status: 413, Code: 41303}, never: true},
		"not understood":            {answer: &ntfyfake.Answer{Status: 400, Code: 40024}, never: true},
		"nobody is there":           {server: closed, provider: true},
		"a name that ntfy keeps":    {address: "docs", never: true, bad: true},
		"a topic of another":        {address: "reservedcanary", never: true},
		"no topic":                  {address: "canary with spaces", never: true, bad: true},
		"no topic in an address":    {address: "https://canary.example/", never: true, bad: true},
		"a topic elsewhere":         {address: "https://canary.example/topiccanary", never: true},
		"a topic and a token":       {address: "https://canary.example/topiccanary?auth=canary", never: true, bad: true},
		"an empty address":          {address: "", never: true, bad: true},
		"an address in a topic":     {address: "../canary", never: true, bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			on := s
			if story.server != nil {
				on = story.server
			}
			m := page()
			if story.answer != nil {
				on.Script(*story.answer)
			} else if story.server == nil {
				m.Address = secret.New(story.address)
			}
			handed, err := route(t, on, nil).Send(t.Context(), m)
			if err == nil {
				t.Fatalf("%+v", handed)
			}
			bad := paging.BadAddress{}
			if errors.Is(err, paging.ErrProvider) != story.provider || errors.Is(err, paging.ErrPermanent) != story.never || errors.As(err, &bad) != story.bad {
				t.Errorf("provider %v, permanent %v, address %v: %v", errors.Is(err, paging.ErrProvider), errors.Is(err, paging.ErrPermanent), errors.As(err, &bad), err)
			}
			t.Log(err)
			for ; err != nil; err = errors.Unwrap(err) {
				for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
					if strings.Contains(text, "canary") || strings.Contains(text, "127.0.0.1") {
						t.Errorf("%q", text)
					}
				}
			}
		})
	}
	for _, m := range s.Kept(topic) { // the one that was kept although we were hung up on
		if m.Sequence != "batsignal-page-41" {
			t.Errorf("%+v", m)
		}
	}
}

func TestASlowServerIsLeftWhenTimeIsUp(t *testing.T) {
	s := ntfyfake.Start(t, ntfyfake.Options{})
	s.Hold()
	r := route(t, s, func(c *ntfy.Config) { c.Timeout = 50 * time.Millisecond })
	if _, err := r.Send(t.Context(), page()); !errors.Is(err, paging.ErrProvider) || !strings.Contains(err.Error(), "in time") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := route(t, s, nil).Send(ctx, page()); !errors.Is(err, context.Canceled) || errors.Is(err, paging.ErrProvider) {
		t.Errorf("no more patience: %v", err)
	}
	s.Release()
	if _, err := route(t, s, nil).Send(t.Context(), page()); err != nil {
		t.Error(err)
	}
}

func TestOnlyServersOfTheConfigurationArePublishedOn(t *testing.T) {
	ours, other, foreign := ntfyfake.Start(t, ntfyfake.Options{}), ntfyfake.Start(t, ntfyfake.Options{}), ntfyfake.Start(t, ntfyfake.Options{})
	r := route(t, ours, func(c *ntfy.Config) { c.Servers, c.Token = []string{other.URL + "/"}, secret.New("tk_tokencanary") })
	for address, works := range map[string]bool{
		topic: true, ours.URL + "/" + topic: true, other.URL + "/" + topic: true,
		foreign.URL + "/" + topic: false, strings.Replace(ours.URL, "http", "https", 1) + "/" + topic: false,
		ours.URL + "/a/" + topic: false, ours.URL + "@" + foreign.URL[len("http://"):] + "/" + topic: false,
	} {
		m := page()
		m.Address = secret.New(address)
		if _, err := r.Send(t.Context(), m); (err == nil) != works {
			t.Errorf("%s: %v", address, err)
		}
	}
	if a, b, c := len(ours.Requests()), len(other.Requests()), len(foreign.Requests()); a != 2 || b != 1 || c != 0 {
		t.Errorf("%d, %d and %d requests", a, b, c)
	}
	if got := other.Requests()[0].Authorization; got != "" {
		t.Errorf("the token went to another server: %q", got)
	}
	if got := ours.Requests()[0].Authorization; got != "Bearer tk_tokencanary" {
		t.Errorf("the token: %q", got)
	}
}

// A name of the configuration may lead anywhere; what is dialled is judged.
func TestANameOfAPrivateAddressIsRefused(t *testing.T) {
	s := ntfyfake.Start(t, ntfyfake.Options{})
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	named := func(allow ...netip.Prefix) error {
		r := route(t, s, func(c *ntfy.Config) {
			c.URL, c.AllowNetworks, c.Resolver = "http://hostcanary.example"+port, allow, toLoopback()
		})
		_, err := r.Send(t.Context(), page())
		return err
	}
	if err := named(); !errors.Is(err, paging.ErrProvider) || !strings.Contains(err.Error(), "network where pages may not go") {
		t.Errorf("%v", err)
	}
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d requests reached the loopback", n)
	}
	if err := named(netip.MustParsePrefix("127.0.0.0/8")); err != nil {
		t.Errorf("allowed by the operator: %v", err)
	}
	// "localhost" is written down by whoever runs the server.
	if _, err := route(t, s, func(c *ntfy.Config) { c.URL = "http://localhost" + port }).Send(t.Context(), page()); err != nil {
		t.Errorf("%v", err)
	}
}

// toLoopback resolves every name to 127.0.0.1.
func toLoopback() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() { // until the resolver hangs up
			defer theirs.Close()
			for {
				var size uint16
				if binary.Read(theirs, binary.BigEndian, &size) != nil {
					return
				}
				query := make([]byte, size)
				if _, err := io.ReadFull(theirs, query); err != nil {
					return
				}
				var m dnsmessage.Message
				if m.Unpack(query) != nil {
					return
				}
				m.Response, m.Authoritative, m.Additionals = true, true, nil
				if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
					head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
					m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}}}
				}
				reply, err := m.Pack()
				if err != nil {
					return
				}
				if _, err := theirs.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
					return
				}
			}
		}()
		return ours, nil
	}}
}

func FuzzWhatTheServerKeeps(f *testing.F) {
	f.Add(`{"id":"a","event":"message","sequence_id":"batsignal-page-41","title":"t"}`)
	f.Add("{\"id\":\"a\",\"event\":\"message\",\"actions\":[{\"action\":\"http\",\"body\":\"page-41\"}]}\n{\"id\":")
	f.Add("\n\nnull\n[]\n\"x\"\n{\"id\":1}")
	f.Fuzz(func(t *testing.T, body string) {
		s := ntfyfake.Start(t, ntfyfake.Options{})
		r := route(t, s, nil)
		if body == "" {
			return
		}
		s.Script(ntfyfake.Answer{Raw: body})
		handed, found, err := r.Ask(t.Context(), page())
		if err != nil || found != (handed.Ref != "") || len(handed.Ref) > 200 {
			t.Fatalf("%q: %+v, %v, %v", body, handed, found, err)
		}
	})
}
