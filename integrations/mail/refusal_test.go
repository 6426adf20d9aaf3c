package mail_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/mail"
	"batsignal/integrations/mail/mailtest"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

func TestWhatTheServerSaysDecidesWhetherToTryAgain(t *testing.T) {
	for name, story := range map[string]struct {
		script    mailtest.Answer
		permanent bool
		bad       bool // the address cannot work
		provider  bool // the mail server's fault, whoever the letter is for
		says      string
		kept      int // letters the server has in spite of the error
	}{
		"the person is unknown": {
			script:    mailtest.Answer{At: mailtest.AtTo, Code: 550, Status: [3]int{5, 1, 1}, Text: "no such mailbox"},
			permanent: true, bad: true, says: "permanent: naming the person was refused with 550: 5.1.1 no such mailbox",
		},
		"the person's mailbox is full": {
			script:    mailtest.Answer{At: mailtest.AtTo, Code: 552, Status: [3]int{5, 2, 2}, Text: "over quota"},
			permanent: true, says: "permanent: naming the person was refused with 552: 5.2.2 over quota",
		},
		"a list of spammers has us": {
			script:    mailtest.Answer{At: mailtest.AtTo, Code: 550, Status: [3]int{5, 7, 1}, Text: "not from you"},
			permanent: true, says: "permanent: naming the person was refused with 550: 5.7.1 not from you",
		},
		"the person is greylisted": {
			script: mailtest.Answer{At: mailtest.AtTo, Code: 451, Status: [3]int{4, 7, 1}, Text: "greylisted"},
			says:   "naming the person was refused with 451: 4.7.1 greylisted",
		},
		"the sender is not liked": {
			script:    mailtest.Answer{At: mailtest.AtFrom, Code: 553, Status: [3]int{5, 7, 1}, Text: "not yours"},
			permanent: true, says: "permanent: naming the sender was refused with 553: 5.7.1 not yours",
		},
		"the server is busy": {
			script: mailtest.Answer{At: mailtest.AtFrom, Code: 421, Status: [3]int{4, 3, 2}, Text: "shutting down"},
			says:   "naming the sender was refused with 421: 4.3.2 shutting down", provider: true,
		},
		"the letter is taken for spam": {
			script:    mailtest.Answer{At: mailtest.AtEnd, Code: 554, Status: [3]int{5, 6, 0}, Text: "looks like spam"},
			permanent: true, says: "permanent: handing over the letter was refused with 554: 5.6.0 looks like spam",
		},
		"the disk is full": {
			script: mailtest.Answer{At: mailtest.AtEnd, Code: 452, Status: [3]int{4, 3, 1}, Text: "no space"},
			says:   "handing over the letter was refused with 452: 4.3.1 no space",
		},
		"the connection breaks in the middle": {
			script: mailtest.Answer{At: mailtest.MidData, Drop: true},
			says:   "handing over the letter failed: ", provider: true,
		},
		"the connection breaks after the end": {
			script: mailtest.Answer{At: mailtest.AtEnd, Drop: true},
			says:   "handing over the letter failed: ", provider: true,
		},
		"the letter is kept but the answer is lost": {
			script: mailtest.Answer{At: mailtest.AtKept, Drop: true},
			says:   "handing over the letter failed: ", kept: 1, provider: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := mailtest.Start(t, mailtest.Options{})
			s.Script(story.script)
			r := route(t, config(s))

			handed, err := r.Send(t.Context(), page())
			if err == nil {
				t.Fatalf("it was sent: %s", handed.Note)
			}
			if got := errors.Is(err, paging.ErrPermanent); got != story.permanent {
				t.Errorf("permanent is %v, want %v: %v", got, story.permanent, err)
			}
			bad := paging.BadAddress{}
			if got := errors.As(err, &bad); got != story.bad || got && bad.Say != mail.NoMailbox {
				t.Errorf("a bad address is %v (%q), want %v: %v", got, bad.Say, story.bad, err)
			}
			if got := errors.Is(err, paging.ErrProvider); got != story.provider {
				t.Errorf("the server's fault is %v, want %v: %v", got, story.provider, err)
			}
			if !strings.HasPrefix(err.Error(), story.says) {
				t.Errorf("said %q, want %q", err, story.says)
			}
			if n := len(s.All()); n != story.kept {
				t.Fatalf("the server has %d letters, want %d", n, story.kept)
			}

			// The next try goes through, and where two letters arrived they are one.
			if _, err := r.Send(t.Context(), page()); err != nil {
				t.Fatalf("the second try: %v", err)
			}
			mails, err := s.WaitFor(story.kept+1, patience)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range mails {
				if m.Header("Message-ID") != mails[0].Header("Message-ID") {
					t.Error("the second letter has another identity")
				}
			}
			if err := s.WaitClosed(patience); err != nil {
				t.Errorf("a connection was left open: %v", err)
			}
		})
	}
}

func TestALoginThatFailsSaysNothingAboutThePage(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{Username: "bot", Password: "right"})
	c := config(s)
	c.Username, c.Password = "bot", secret.New("wrong-canary")
	_, err := route(t, c).Send(t.Context(), page())
	if err == nil || errors.Is(err, paging.ErrPermanent) || !errors.Is(err, paging.ErrProvider) {
		t.Fatalf("a wrong password must be tried again: %v", err)
	}
	if want := "logging in to the mail server was refused with 535: 5.7.8"; err.Error() != want {
		t.Errorf("said %q, want %q", err, want)
	}
	if err := s.WaitClosed(patience); err != nil {
		t.Errorf("the connection was left open: %v", err)
	}
}

func TestWithoutTrustInTheServerNothingIsSent(t *testing.T) {
	open := mailtest.Start(t, mailtest.Options{})
	plain := mailtest.Start(t, mailtest.Options{Plain: true})
	implicit := mailtest.Start(t, mailtest.Options{ImplicitTLS: true})
	for name, story := range map[string]struct {
		server *mailtest.Server
		change func(*mail.Config)
		says   string
	}{
		"STARTTLS stripped on the way": {plain, func(*mail.Config) {}, "it does not offer STARTTLS"},
		"a certificate of a stranger": {open, func(c *mail.Config) { c.RootCAs = nil },
			"its certificate is not trusted here"},
		"a certificate for another name": {open, func(c *mail.Config) { c.ServerName = "other.test" },
			"its certificate is for another name"},
		"a stranger, TLS from the start": {implicit, func(c *mail.Config) { c.TLS, c.RootCAs = mail.TLS, nil },
			"its certificate is not trusted here"},
		"TLS on a port without": {open, func(c *mail.Config) { c.TLS = mail.TLS }, "it does not speak TLS there"},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(story.server)
			story.change(&c)
			r := route(t, c)
			_, err := r.Send(t.Context(), page())
			if want := "securing the connection to the mail server failed: " + story.says; err == nil || err.Error() != want {
				t.Errorf("said %q, want %q", err, want)
			}
			if errors.Is(err, paging.ErrPermanent) {
				t.Error("that says nothing about the page, and must be tried again")
			}
			if err := r.Check(t.Context()); err == nil || !strings.Contains(err.Error(), story.says) {
				t.Errorf("the check said %v", err)
			}
			if n := len(story.server.All()); n != 0 {
				t.Errorf("%d letters were sent", n)
			}
		})
	}
}

func TestASilentServerIsLeftWhenTimeIsUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts in the kernel and never greets
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := mail.Config{
		Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port,
		From: "batsignal@bat.example", Timeout: 50 * time.Millisecond,
	}
	_, err = route(t, c).Send(t.Context(), page())
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, paging.ErrPermanent) {
		t.Errorf("got %v", err)
	}
	c.Timeout = patience
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err = route(t, c).Send(ctx, page()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	c := mail.Config{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, From: "batsignal@bat.example"}
	_, err = route(t, c).Send(t.Context(), page())
	if want := "reaching the mail server failed: connection refused"; err == nil || err.Error() != want || !errors.Is(err, paging.ErrProvider) {
		t.Errorf("said %q, want %q", err, want)
	}
}

func TestAnAddressThatIsNoneIsPermanent(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	r := route(t, config(s))
	for _, address := range []string{
		"", "leak-canary", "leak-canary@", "a@b.example, leak-canary@d.example",
		"leak-canary@b.example\r\nRCPT TO:<x@y.example>", "leak-canary@b.example\nBcc: x@y.example", "@leak-canary:a@b.example",
	} {
		m := page()
		m.Address = secret.New(address)
		_, err := r.Send(t.Context(), m)
		if !errors.Is(err, paging.ErrPermanent) {
			t.Errorf("%q: %v", address, err)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("the refusal quotes the address: %v", err)
		}
	}
	if n := len(s.All()); n != 0 {
		t.Errorf("%d letters were sent", n)
	}
}
