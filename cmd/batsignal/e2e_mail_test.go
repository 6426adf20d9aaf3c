package main

import (
	"crypto/tls"
	"fmt"
	"net/smtp"
	"regexp"
	"strings"
	"testing"

	"batsignal/integrations/inbox/dovecottest"
	"batsignal/integrations/mail/mailtest"
)

// letters is the mail of a world: Exim takes and delivers it, and Dovecot has the mailbox
// that the bot reads.
type letters struct {
	t     *testing.T
	post  *mailtest.Exim
	box   *dovecottest.Server
	taken map[string]bool // the letters of the maildir that were looked at, by their text
}

const (
	liMail  = "li.canary@batsignal.test"
	ackMail = "ack@batsignal.test"
)

// postmaster connects to Exim and logs in, as somebody's mail program does.
func (l *letters) postmaster() *smtp.Client {
	l.t.Helper()
	c, err := smtp.Dial(fmt.Sprintf("%s:%d", l.post.Host, l.post.Port))
	if err == nil {
		err = c.StartTLS(&tls.Config{ServerName: "mail.test", RootCAs: l.post.RootCAs()})
	}
	if err == nil {
		err = c.Auth(smtp.PlainAuth("", l.post.Username, l.post.Password, l.post.Host))
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return c
}

// withLetters gives a world that is not started yet a real mail server and a mailbox.
func withLetters(w *world) *letters {
	w.t.Helper()
	l := &letters{t: w.t, post: mailtest.StartExim(w.t), box: dovecottest.Start(w.t), taken: map[string]bool{}}
	c := l.postmaster()
	state, _ := c.TLSConnectionState()
	_ = c.Close()
	writeFile(w.t, w.dir, "mail-ca.pem", shownBy(state), 0o600)
	writeFile(w.t, w.dir, "imap-ca.pem", authorityOfBox(w.t, l.box), 0o600)
	writeFile(w.t, w.dir, "smtp-password", l.post.Password+"\n", 0o600)
	writeFile(w.t, w.dir, "imap-password", l.box.Password+"\n", 0o600)
	writeFile(w.t, w.dir, "inbox-secret", "a secret of this installation\n", 0o600)
	text := strings.NewReplacer(
		fmt.Sprintf("  host: %q\n  port: %d\n", w.mail.Host, w.mail.Port), fmt.Sprintf("  host: %q\n  port: %d\n", l.post.Host, l.post.Port),
		"<batsignal@example.org>", "<batsignal@batsignal.test>",
	).Replace(read(w.config))
	writeFile(w.t, w.dir, "batsignal.yaml", text+fmt.Sprintf(`inbox:
  address: %s
  secret_file: inbox-secret
  host: %q
  port: %d
  ca_file: imap-ca.pem
  username: %s
  password_file: imap-password
`, ackMail, l.box.Host, l.box.TLS, l.box.Username), 0o600)
	return l
}

// next waits for a letter to an address that nobody looked at yet.
func (l *letters) next(w *world, to, part string) mailtest.Mail {
	l.t.Helper()
	var found mailtest.Mail
	eventually(l.t, "a letter to "+to+" with "+part, func() bool {
		all, err := l.post.Inbox(to)
		if err != nil {
			l.t.Fatal(err)
		}
		for _, m := range all {
			if !l.taken[string(m.Raw)] && strings.Contains(string(m.Raw), part) {
				found = m
				l.taken[string(m.Raw)] = true
				return true
			}
		}
		return false
	}, w.bot.output)
	return found
}

// codeOf is the code that a letter asks to be written back.
func (l *letters) codeOf(m mailtest.Mail) string {
	l.t.Helper()
	text, err := m.Part("text/plain")
	if err != nil {
		l.t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)\b[A-HJ-NP-Z2-9]{5}\b`).FindString(text)
	if found == "" {
		l.t.Fatalf("no code in %s", text)
	}
	return found
}

// answer has somebody answer a letter, times times; each copy goes through Exim by itself,
// and from there into the mailbox.
func (l *letters) answer(w *world, m mailtest.Mail, says, id string, times int) {
	l.t.Helper()
	var quoted strings.Builder
	text, err := m.Part("text/plain")
	if err != nil {
		l.t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		quoted.WriteString("> " + strings.TrimRight(line, "\n") + "\r\n")
	}
	letter := fmt.Sprintf("From: Li <%s>\r\nTo: %s\r\nMessage-ID: <%s@phone.test>\r\nIn-Reply-To: %s\r\nSubject: Re: %s\r\n\r\n%s\r\n\r\n%s",
		liMail, ackMail, id, m.Header("Message-ID"), m.Header("Subject"), says, &quoted)
	for range times {
		c := l.postmaster()
		if err := c.Mail(liMail); err != nil {
			l.t.Fatal(err)
		}
		if err := c.Rcpt(ackMail); err != nil {
			l.t.Fatal(err)
		}
		data, err := c.Data()
		if err != nil {
			l.t.Fatal(err)
		}
		if _, err := data.Write([]byte(letter)); err != nil {
			l.t.Fatal(err)
		}
		if err := data.Close(); err != nil {
			l.t.Fatal(err)
		}
		if err := c.Quit(); err != nil {
			l.t.Fatal(err)
		}
		l.box.Append(l.t, l.next(w, ackMail, id).Raw)
	}
}

// heard waits until the bot is through with every letter of the mailbox.
func (l *letters) heard(w *world, n int) {
	l.t.Helper()
	eventually(l.t, fmt.Sprintf("%d letters to be marked", n), func() bool {
		flags := l.box.Letters(l.t)
		for _, f := range flags {
			if f == "" {
				return false
			}
		}
		return len(flags) == n
	}, func() string { return fmt.Sprintf("%q\n%s", l.box.Letters(l.t), tail(w.bot)) })
}

// TestAnEmergencyByMail is what somebody lives through who is reached by mail alone: they
// prove the address by an answer, are paged by a letter, and answer that. Their mail program
// sends the answer twice, and it counts once. Exim, Dovecot and the network are real.
func TestAnEmergencyByMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plan{
		accounts: []string{"maria", "li"},
		roles:    twoRoles,
		more:     anybodyLights,
	})
	l := withLetters(w)
	people := w.join("maria", "li")
	maria, li := people[0], people[1]
	w.start()
	w.awaitBot(home)
	rostered(maria, "coordination")
	rostered(li, "package-fixing")

	li.Tell(botNick, "!contact add mail "+liMail)
	li.Expect("", "No page goes there before it is proven")
	proof := l.next(w, liMail, "Is this address yours?")
	l.answer(w, proof, l.codeOf(proof), "proof", 1)
	li.Expect("", "Your mail address answers")
	l.heard(w, 1)

	light(w, maria, li, "remote code execution in openssl")
	page := l.next(w, liMail, "[INC-1]")
	if to, want := page.To, []string{liMail}; len(to) != 1 || to[0] != want[0] || !page.TLS {
		t.Errorf("the page went to %q, with TLS: %v", to, page.TLS)
	}
	code := l.codeOf(page)
	l.answer(w, page, "On my way, "+strings.ToLower(code)+".\r\n\r\nLi", "no-code-first", 1) // words before a code are words
	l.answer(w, page, "ok "+strings.ToLower(code), "ack", 2)
	maria.Expect(home, "li answers P")
	l.heard(w, 4)
	maria.Sync()
	if n := len(botSaid(everythingShown(maria), home, []string{"li answers P"})); n != 0 {
		t.Errorf("it was announced %d times more", n)
	}
	for sql, want := range map[string]int{
		`select count(*)::int from timeline_entry where kind = 'ack'`:                                                      1,
		`select count(*)::int from page p join person h on h.id = p.person_id where h.handle = 'li' and p.state = 'acked'`: 1,
		`select count(*)::int from responder r join person h on h.id = r.person_id where h.handle = 'li'`:                  1,
		`select count(*)::int from responder r join person h on h.id = r.person_id where h.handle <> 'li'`:                 0,
		`select count(*)::int from delivery where route = 'mail' and state = 'acked'`:                                      1,
	} {
		if n := one[int](w, sql); n != want {
			t.Errorf("%s: %d, want %d", sql, n, want)
		}
	}
	if thanks := l.next(w, liMail, "Thank you."); thanks.Header("In-Reply-To") == "" {
		t.Errorf("who answers is told what came of it in another thread:\n%s", thanks.Raw)
	}
	w.neverLogged("li.canary")
}
