package inbox_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/integrations/inbox"
	"batsignal/integrations/inbox/dovecottest"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

func TestAnswersAreHeardAsTheyCome(t *testing.T) {
	for _, way := range []string{inbox.TLS, inbox.StartTLS, inbox.None} {
		t.Run(way, func(t *testing.T) {
			s, e := dovecottest.Start(t), newEar()
			where := at(s)
			if where.TLS = way; way != inbox.TLS {
				where.Port = s.Plain
			}
			if way == inbox.None {
				where.RootCAs = nil
			}
			s.Append(t, letter("1", "Re: [INC-7]", "K7QXM"))
			stop := run(t, open(t, e, where, nil))
			e.heard(t, 1)
			// The next one is told of by the server: nobody looks for a minute.
			s.Append(t, letter("2", "Re: [INC-7]", "no H2222"))
			got := e.heard(t, 2)
			stop()
			if got[0].Text != "ack K7QXM" || got[1].Text != "no H2222" || got[0].Event == got[1].Event {
				t.Errorf("%+v", got)
			}
			for _, r := range got {
				if r.Route != "mail" || !r.From.Empty() || r.Account != "" || r.Means != "" || len(r.Event) != 32 {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

// Whoever reads the same mailbox with a mail program takes nothing away.
func TestWhatSomebodyHasSeenIsHeardAllTheSame(t *testing.T) {
	s, e := dovecottest.Start(t), newEar()
	s.Append(t, letter("1", "Re: [INC-7]", "K7QXM"))
	s.SeeAll(t)
	stop := run(t, open(t, e, at(s), nil))
	e.heard(t, 1)
	s.Append(t, letter("2", "Re: [INC-7]", "H2222"))
	e.heard(t, 2)
	stop()
	// What was heard stays heard, also for the next process.
	s.Append(t, letter("3", "Re: [INC-7]", "J3333"))
	defer run(t, open(t, e, at(s), nil))()
	got := e.heard(t, 3)
	if got[2].Text != "ack J3333" {
		t.Errorf("%+v", got)
	}
	seen := 0
	for _, flags := range s.Letters(t) {
		if strings.Contains(flags, "S") {
			seen++
		}
	}
	if seen < 2 { // the third may be marked just now
		t.Errorf("flags %q", s.Letters(t))
	}
}

// It dies between hearing a letter and marking it: the letter is heard again, under the
// same name.
func TestKilledBeforeItIsMarkedItIsHeardAgain(t *testing.T) {
	s, e := dovecottest.Start(t), newEar()
	s.Append(t, letter("1", "Re: [INC-7]", "K7QXM"))
	var once sync.Once
	killed := make(chan struct{})
	e.hears = func(paging.Reply) (paging.Response, error) {
		once.Do(func() {
			s.Kill() // the mark will not get through
			close(killed)
		})
		return paging.Response{Done: true}, nil
	}
	stop := run(t, open(t, e, at(s), nil))
	<-killed
	s.Restart(t)
	got := e.heard(t, 2)
	stop()
	if got[0] != got[1] {
		t.Errorf("%+v and %+v", got[0], got[1])
	}
}

func TestWhatCannotBeHeardNowKeepsNoOther(t *testing.T) {
	s, e := dovecottest.Start(t), newEar()
	for id, code := range map[string]string{"1": "K7QXM", "2": "H2222", "3": "J3333"} {
		s.Append(t, letter(id, "Re: [INC-7]", code))
	}
	failures := 0
	e.hears = func(r paging.Reply) (paging.Response, error) {
		if strings.Contains(r.Text, "K7QXM") && failures < 3 {
			failures++
			return paging.Response{}, errors.New("the database is away: maria.canary")
		}
		return paging.Response{Done: true}, nil
	}
	defer run(t, open(t, e, at(s), nil))()
	count := func(code string) (n int) {
		for _, r := range e.replies {
			if strings.Contains(r.Text, code) {
				n++
			}
		}
		return n
	}
	e.until(t, "the one that failed", func() bool { return count("K7QXM") == 4 })
	e.until(t, "the others, once", func() bool { return count("H2222") == 1 && count("J3333") == 1 })
}

func TestItComesBackAfterTheServer(t *testing.T) {
	s, e := dovecottest.Start(t), newEar()
	log := &syncBuffer{}
	defer run(t, open(t, e, at(s), func(c *inbox.Config) { c.Log = logTo(log) }))()
	s.Append(t, letter("1", "Re: [INC-7]", "K7QXM"))
	e.heard(t, 1)
	s.Restart(t)
	s.Append(t, letter("2", "Re: [INC-7]", "H2222"))
	e.until(t, "the letter of afterwards", func() bool { return e.replies[len(e.replies)-1].Text == "ack H2222" })
	if said := log.String(); !strings.Contains(said, "answers by mail cannot be read now") || strings.Contains(said, "canary") || strings.Contains(said, s.Password) {
		t.Errorf("the log:\n%s", said)
	}
}

func TestTheCheckSaysWhatToLookAt(t *testing.T) {
	s := dovecottest.Start(t)
	if err := open(t, newEar(), at(s), nil).Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	for name, story := range map[string]struct {
		change func(*inbox.IMAP)
		says   string
	}{
		"a wrong password":         {func(c *inbox.IMAP) { c.Password = secret.New("wrong-canary") }, "refused the user name or the password"},
		"another folder":           {func(c *inbox.IMAP) { c.Folder = "Canary" }, "folder of the mailbox could not be opened"},
		"a certificate of another": {func(c *inbox.IMAP) { c.ServerName = "canary.test" }, "certificate of the mailbox is for another name"},
		"a stranger's certificate": {func(c *inbox.IMAP) { c.RootCAs = nil }, "certificate of the mailbox is not trusted here"},
		"TLS where there is none":  {func(c *inbox.IMAP) { c.Port = s.Plain }, "TLS could not be agreed on"},
		"none where there is TLS":  {func(c *inbox.IMAP) { c.TLS, c.Timeout = inbox.None, 300*time.Millisecond }, "did not greet like one"},
		"nobody there":             {func(c *inbox.IMAP) { c.Port = l.Addr().(*net.TCPAddr).Port }, "could not be reached"},
	} {
		where := at(s)
		story.change(&where)
		err := open(t, newEar(), where, nil).Check(t.Context())
		if fault.KindOf(err) != fault.Unready || !strings.Contains(fault.Say(err), story.says) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestASilentServerIsLeft(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts in the kernel and never greets
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	where := inbox.IMAP{
		Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: inbox.None, Username: "ack", Password: secret.New("x"), Timeout: patience,
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := open(t, newEar(), where, nil).Run(ctx); err != nil {
		t.Errorf("%v", err)
	}
	where.Timeout = 50 * time.Millisecond
	if err := open(t, newEar(), where, nil).Check(t.Context()); err == nil {
		t.Error("it is well")
	}
}

func TestConfigurationsThatCannotWorkAreRefusedInWords(t *testing.T) {
	good := inbox.IMAP{Host: "imap.example.org", Username: "ack", Password: secret.New("pw-canary")}
	if _, err := inbox.New(inbox.Config{Ear: newEar(), IMAP: good}); err != nil {
		t.Fatal(err)
	}
	if _, err := inbox.New(inbox.Config{IMAP: good}); err == nil {
		t.Error("nobody hears it")
	}
	for name, change := range map[string]func(*inbox.IMAP){
		"a URL as the host":    func(c *inbox.IMAP) { c.Host = "imaps://imap.example.org" },
		"an unknown TLS":       func(c *inbox.IMAP) { c.TLS = "maybe" },
		"no TLS to elsewhere":  func(c *inbox.IMAP) { c.TLS = inbox.None },
		"a port too high":      func(c *inbox.IMAP) { c.Port = 70000 },
		"no user":              func(c *inbox.IMAP) { c.Username = "" },
		"no password":          func(c *inbox.IMAP) { c.Password = secret.Text{} },
		"a password of lines":  func(c *inbox.IMAP) { c.Password = secret.New("pw-canary\nx") },
		"a folder of commands": func(c *inbox.IMAP) { c.Folder = "INBOX\r\nA1 DELETE INBOX" },
	} {
		c := good
		change(&c)
		if _, err := inbox.New(inbox.Config{Ear: newEar(), IMAP: c}); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	none := open(t, newEar(), inbox.IMAP{}, nil)
	if err := none.Run(t.Context()); err == nil {
		t.Error("without a mailbox it ran")
	}
	if err := none.Check(t.Context()); fault.KindOf(err) != fault.Unready {
		t.Errorf("%v", err)
	}
}

func TestOldLettersAnswerNothing(t *testing.T) {
	s, e := dovecottest.Start(t), newEar()
	s.Append(t, letter("1", "Re: [INC-7]", "K7QXM"))
	b := open(t, e, at(s), func(c *inbox.Config) { c.Now = func() time.Time { return time.Now().Add(30 * 24 * time.Hour) } })
	stop := run(t, b)
	// Nothing tells that nothing was heard, so a second one, with the clock right, is the fence.
	defer run(t, open(t, e, at(s), nil))()
	got := e.heard(t, 1)
	stop()
	if !slices.ContainsFunc(got, func(r paging.Reply) bool { return r.Text == "ack K7QXM" }) || len(got) != 1 {
		t.Errorf("%+v", got)
	}
}
