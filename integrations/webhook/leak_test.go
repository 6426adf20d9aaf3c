package webhook_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/webhook"
	"batsignal/integrations/webhook/webhooktest"
	"batsignal/oncall/secret"
)

// What Send returns is stored and shown. Whatever goes wrong, it holds no piece
// of the address, no link, no secret and nothing that the receiver wrote.
func TestNothingThatSendReturnsHoldsTheAddress(t *testing.T) {
	plain, tls := webhooktest.Start(t, shared()), webhooktest.StartTLS(t, shared())
	names := startNameServer(t, "127.0.0.1")
	forbidden := startNameServer(t, "10.0.0.1")
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	deadPort := dead.Addr().(*net.TCPAddr).Port
	rude := rudeServer(t)
	loopback := webhook.Config{Resolver: names.resolver(), AllowNetworks: plain.Networks()}
	impatient := loopback
	impatient.Timeout = 50 * time.Millisecond
	silent := startNameServer(t, "127.0.0.1")
	silent.conn.Close()
	unresolved := webhook.Config{Resolver: silent.resolver(), Timeout: 200 * time.Millisecond}

	at := func(scheme string, port int) string {
		return fmt.Sprintf("%s://hostcanary.example:%d/pathcanary?key=querycanary#fragmentcanary", scheme, port)
	}
	moved := http.Header{"Location": {"https://elsewherecanary.example/"}}
	for name, story := range map[string]struct {
		config webhook.Config
		target string
		answer *webhooktest.Answer
		works  bool
	}{
		"accepted":               {loopback, at("http", plain.Port()), &webhooktest.Answer{Status: 200, Body: []byte("bodycanary")}, true},
		"refused":                {loopback, at("http", plain.Port()), &webhooktest.Answer{Status: 404, Body: []byte("bodycanary")}, false},
		"busy":                   {loopback, at("http", plain.Port()), &webhooktest.Answer{Status: 503, Body: []byte("bodycanary")}, false},
		"moved":                  {loopback, at("http", plain.Port()), &webhooktest.Answer{Status: 302, Header: moved}, false},
		"cut":                    {loopback, at("http", plain.Port()), &webhooktest.Answer{Cut: true}, false},
		"too slow":               {impatient, at("http", plain.Port()), &webhooktest.Answer{Wait: make(chan struct{})}, false},
		"nobody listens":         {loopback, at("http", deadPort), nil, false},
		"not HTTP":               {loopback, at("http", rude), nil, false},
		"not TLS":                {loopback, at("https", plain.Port()), nil, false},
		"not trusted":            {loopback, at("https", tls.Port()), nil, false},
		"no such name":           {unresolved, at("https", 443), nil, false},
		"a forbidden network":    {webhook.Config{Resolver: forbidden.resolver()}, at("https", 443), nil, false},
		"a password in the URL":  {loopback, "http://usercanary:passwordcanary@hostcanary.example:1/", nil, false},
		"not a URL":              {loopback, "canary", nil, false},
		"not a URL at all":       {loopback, "http://canary\x7f.example/%zz", nil, false},
		"a host of no use":       {loopback, "http://canary..example:1/", nil, false},
		"a host with odd things": {loopback, "http://ca nary.example/", nil, false},
		"HTTP to an HTTPS port":  {loopback, at("http", tls.Port()), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			if story.answer != nil {
				plain.Script(*story.answer)
			}
			handed, err := route(t, story.config).Send(t.Context(), page(secret.New(story.target)))
			if (err == nil) != story.works {
				t.Fatalf("%q, %v", handed.Note, err)
			}
			t.Log(handed.Note, err)
			texts := []string{handed.Note}
			for err != nil {
				texts = append(texts, err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err))
				err = errors.Unwrap(err)
			}
			for _, text := range texts {
				for _, piece := range []string{"canary", "example", "127.0.0.1", "10.0.0.1", "http:", "https:"} {
					if strings.Contains(strings.ToLower(text), piece) {
						t.Errorf("%q holds %q", text, piece)
					}
				}
			}
		})
	}
}

// rudeServer answers every connection with something that is not HTTP.
func rudeServer(t *testing.T) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("rudecanary hostcanary.example\r\n\r\n"))
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return l.Addr().(*net.TCPAddr).Port
}
