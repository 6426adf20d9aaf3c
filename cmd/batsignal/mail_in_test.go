package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/mail/mailtest"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/rosterfile"
)

// piped is an installation whose mail server hands it letters on standard input. Exim, which
// takes and delivers its pages, is real, and so is the database, which may be killed.
type piped struct {
	*testing.T
	dir, config string
	post        *mailtest.Exim
	db          *pgtest.Own
}

func newPiped(t *testing.T) *piped {
	t.Helper()
	alone(t)
	needPostgres(t)
	p := &piped{T: t, dir: t.TempDir(), post: mailtest.StartExim(t), db: pgtest.Private(t)}
	l := &letters{t: t, post: p.post}
	c := l.postmaster()
	state, _ := c.TLSConnectionState()
	_ = c.Close()
	writeFile(t, p.dir, "ca.pem", shownBy(state), 0o600)
	writeFile(t, p.dir, "password", p.post.Password+"\n", 0o600)
	writeFile(t, p.dir, "secret", "a secret of this installation\n", 0o600)
	p.config = p.write("batsignal.yaml", "inbox: {address: ack@batsignal.test, secret_file: secret}\n")
	return p
}

func (p *piped) write(name, inbox string) string {
	p.Helper()
	return writeFile(p.T, p.dir, name, fmt.Sprintf(`database: {url: %q}
log: {format: json}
mail: {host: %q, port: %d, ca_file: ca.pem, username: %s, password_file: password, from: batsignal@batsignal.test}
roles:
%s
%s`, p.db.BotDSN(), p.post.Host, p.post.Port, p.post.Username, oneRole, inbox), 0o600)
}

// pages rings somebody by mail, with the program's own parts, and returns the letter.
func (p *piped) pages(handle, address string) mailtest.Mail {
	p.Helper()
	log := slog.New(slog.DiscardHandler)
	l, err := loadConfig(p.config, nil)
	p.must(err)
	db, err := openDatabase(p.Context(), l.Config, true, log)
	p.must(err)
	defer db.close()
	all, err := wire(p.Context(), l.Config, db, []place{terminalPlace(nil)}, time.Now, log)
	p.must(err)
	defer func() {
		for _, stop := range all.closers {
			stop()
		}
	}()
	file, err := rosterfile.Parse([]byte(fmt.Sprintf("people:\n  - {handle: %s, mail: %q, roles: [coordination]}\n", handle, address)))
	p.must(err)
	_, err = rosterfile.Apply(p.Context(), db.Pool, file, rosterfile.How{Now: time.Now(), Agreed: true})
	p.must(err)
	if status, _, stderr := p.run(strings.NewReader(""), "do", "--as", handle, "page "+handle+" openssl is on fire"); status != exitOK {
		p.Fatal(stderr)
	}
	before, err := p.post.All()
	p.must(err)
	for again := true; again; again = all.pager.Settle() {
		_, err = all.pager.Step(p.Context())
		p.must(err)
	}
	letters, err := p.post.WaitFor(len(before)+1, patience)
	p.must(err)
	for _, m := range letters {
		if strings.HasPrefix(m.Header("Message-ID"), "<page-") {
			return m
		}
	}
	// It has bounced already: the bounce has it.
	return mailtest.Mail{}
}

// run is the program with something on its standard input.
func (p *piped) run(stdin io.Reader, args ...string) (status int, stdout, stderr string) {
	p.Helper()
	var out, errs strings.Builder
	status = execute(append(args, "--config", p.config), stdin, &out, &errs)
	return status, out.String(), errs.String()
}

// mailed hands a letter in, and returns the exit status and all that was printed.
func (p *piped) mailed(letter string) (status int, said string) {
	p.Helper()
	status, stdout, stderr := p.run(strings.NewReader(letter), "mail-in")
	return status, stdout + stderr
}

func (p *piped) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// stands is what the rows say of all pages and of what was heard.
func (p *piped) stands() string {
	p.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.db.OwnerDSN())
	p.must(err)
	defer conn.Close(ctx)
	var said string
	p.must(conn.QueryRow(ctx, `select coalesce((select string_agg(p.state || ' by ' || d.state, ' ' order by d.id) from page p join delivery d on d.page_id = p.id where d.route = 'mail'), '')
		|| ', faults: ' || (select count(*) from contact where fault <> '') || ', events: ' || (select count(*) from provider_event)`).Scan(&said))
	return said
}

func (p *piped) reply(m mailtest.Mail, says string) string {
	p.Helper()
	// As a mail server pipes it: with a line about the envelope, and the ends of lines of Unix.
	return fmt.Sprintf("From li.canary@batsignal.test Mon Nov 23 03:00:00 2026\nFrom: Li <li.canary@batsignal.test>\nTo: ack@batsignal.test\nMessage-ID: <1@phone.test>\nIn-Reply-To: %s\nSubject: Re: %s\n\n%s\n",
		m.Header("Message-ID"), m.Header("Subject"), says)
}

// A letter with the code of a page answers it, once, however often it is handed in, and
// whoever wrote it is told. Nothing is printed: a mail server would send that to somebody.
func TestMailInTakesAnAnswer(t *testing.T) {
	p := newPiped(t)
	page := p.pages("li", liMail)
	if got := p.stands(); got != "open by accepted, faults: 0, events: 0" {
		t.Fatal(got)
	}
	code := (&letters{t: t}).codeOf(page)
	for n, want := range []string{"acked by acked, faults: 0, events: 1", "acked by acked, faults: 0, events: 1"} {
		if status, said := p.mailed(p.reply(page, "ok "+code)); status != exitOK || said != "" {
			t.Errorf("%d: status %d, %s", n, status, said)
		}
		if got := p.stands(); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	told, err := p.post.WaitFor(2, patience)
	p.must(err)
	if text := string(told[len(told)-1].Raw) + string(told[0].Raw) + string(told[1].Raw); !strings.Contains(text, "Thank you.") {
		t.Errorf("who answered is told: %s", text)
	}
}

// A letter that says nothing to us is taken, so that the mail server does not try it for
// days; and it does nothing.
func TestMailInTakesRubbish(t *testing.T) {
	p := newPiped(t)
	page := p.pages("li", liMail)
	code := (&letters{t: t}).codeOf(page)
	for name, letter := range map[string]string{
		"nothing":              "",
		"bytes":                "\x00\xff\xfe\n\n" + strings.Repeat("\x00", 100_000),
		"JSON":                 `{"code": "` + code + `"}`,
		"headers alone":        "Subject: hello\n",
		"a holiday note":       strings.Replace(p.reply(page, code), "To: ack", "Auto-Submitted: auto-replied\nTo: ack", 1),
		"no code":              strings.Replace(p.reply(page, "I come"), "In-Reply-To", "X-Other", 1),
		"a forged one of ours": strings.Replace(string(page.Raw), "Message-ID: <page-", "Message-ID: <page-9", 1),
	} {
		if status, said := p.mailed(letter); status != exitOK || said != "" {
			t.Errorf("%s: status %d, %s", name, status, said)
		}
		if got := p.stands(); got != "open by accepted, faults: 0, events: 0" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// What Exim took and could not deliver comes back: the letter has failed, and the address is
// marked. A bounce without our seal is nobody's.
func TestMailInTakesABounce(t *testing.T) {
	p := newPiped(t)
	p.pages("vanished", "vanished.canary@batsignal.test")
	all, err := p.post.Inbox(ackMail)
	for deadline := time.Now().Add(patience); err == nil && len(all) == 0 && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		all, err = p.post.Inbox(ackMail)
	}
	if err != nil || len(all) != 1 {
		t.Fatalf("%d bounces, %v", len(all), err)
	}
	forged := strings.ReplaceAll(string(all[0].Raw), "<page-1.", "<page-2.") // the seal is another page's
	if status, said := p.mailed(forged); status != exitOK || said != "" || p.stands() != "open by accepted, faults: 0, events: 0" {
		t.Errorf("forged: status %d, %s, %s", status, said, p.stands())
	}
	// Exim is vague of what it finds itself; other servers say that nobody is there.
	real := strings.Replace(string(all[0].Raw), "Status: 5.0.0", "Status: 5.1.1", 1)
	for _, letter := range []string{real, real, string(all[0].Raw)} {
		if status, said := p.mailed(letter); status != exitOK || said != "" {
			t.Errorf("status %d, %s", status, said)
		}
		if got := p.stands(); got != "open by failed, faults: 1, events: 1" {
			t.Error(got)
		}
	}
}

// While the database is away, the mail server is told to come again, and then the answer
// counts: nothing is lost. The status is that of sysexits.h, which mail servers know.
func TestMailInWhileTheDatabaseIsAway(t *testing.T) {
	p := newPiped(t)
	page := p.pages("li", liMail)
	letter := p.reply(page, "ok "+(&letters{t: t}).codeOf(page))
	p.db.Kill(t)
	status, said := p.mailed(letter)
	if status != 75 || !strings.HasPrefix(lastLine(said), "batsignal: The database cannot be reached: ") || strings.Contains(said, "canary") {
		t.Errorf("status %d, %s", status, said)
	}
	p.db.Start(t)
	if got := p.stands(); got != "open by accepted, faults: 0, events: 0" {
		t.Fatal(got)
	}
	// The pipe breaks in the middle: half of an answer is none.
	broken := io.MultiReader(strings.NewReader(letter), iotest.ErrReader(errors.New("the pipe broke")))
	if status, _, stderr := p.run(broken, "mail-in"); status != 75 || !strings.Contains(stderr, "the pipe broke") {
		t.Errorf("status %d, and the log does not say why: %s", status, stderr)
	}
	if got := p.stands(); got != "open by accepted, faults: 0, events: 0" {
		t.Fatal(got)
	}
	if status, said := p.mailed(letter); status != exitOK || said != "" || p.stands() != "acked by acked, faults: 0, events: 1" {
		t.Errorf("status %d, %s, %s", status, said, p.stands())
	}
}

// What is wrong with the configuration or the command line is said, and is no reason to
// keep a letter for days: whoever wrote it hears that it was not taken.
func TestMailInThatIsNotSetUp(t *testing.T) {
	p := newPiped(t)
	if status, _, stderr := p.run(strings.NewReader(""), "mail-in", "letter.eml"); status != exitUsage || !strings.Contains(stderr, "Try: batsignal mail-in --help") {
		t.Errorf("status %d, %s", status, stderr)
	}
	good := p.config
	p.config = p.write("none.yaml", "")
	if status, said := p.mailed("Subject: x\n\nK7QXM\n"); status != exitUsage || said != "batsignal: No address for answers is configured: set inbox.address.\n" {
		t.Errorf("status %d, %s", status, said)
	}
	p.config = p.write("bad.yaml", "inbox: {address: ack@batsignal.test}\n")
	if status, said := p.mailed("Subject: x\n\nK7QXM\n"); status != exitUsage || !strings.Contains(said, "inbox.secret_file") {
		t.Errorf("status %d, %s", status, said)
	}
	p.config = good
	if status, said := p.mailed("Subject: x\n\nK7QXM\n"); status != exitOK || said != "" {
		t.Errorf("status %d, %s", status, said)
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
