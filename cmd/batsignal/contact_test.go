package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
)

// volunteer is a person's own machine, and a keyring to seal to.
type volunteer struct {
	t                *testing.T
	bot, switchboard escrow.PrivateKey
	keyring          custody.Keyring
	file             string
}

func newVolunteer(t *testing.T) *volunteer {
	t.Helper()
	alone(t)
	v := &volunteer{t: t}
	var err error
	for _, k := range []*escrow.PrivateKey{&v.bot, &v.switchboard} {
		if *k, err = escrow.GenerateKey(); err != nil {
			t.Fatal(err)
		}
	}
	p := custody.Params{
		Bot: custody.Host{Side: custody.SideBot, Key: v.bot.Public()}, Switchboard: custody.Host{Side: custody.SideSwitchboard, Key: v.switchboard.Public()},
		K: 2, Now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
	for _, name := range []string{"ana", "bo", "cy"} {
		p.Custodians = append(p.Custodians, custody.Invited{Name: name, Place: "the safe of " + name, Recipient: "sheet"})
	}
	made, err := custody.Init(p)
	if err != nil {
		t.Fatal(err)
	}
	v.keyring = made.Keyring
	v.file = writeFile(t, t.TempDir(), "keyring.txt", v.keyring.Text(), 0o644)
	return v
}

// seals runs the command with an address on standard input.
func (v *volunteer) seals(stdin io.Reader, args ...string) (status int, stdout, stderr string) {
	var out, errs strings.Builder
	status = execute(append([]string{"contact", "seal"}, args...), stdin, &out, &errs)
	return status, out.String(), errs.String()
}

// opened is what both halves open of what was printed.
func (v *volunteer) opened(text string) (escrow.Record, string) {
	v.t.Helper()
	s, err := escrow.ParseSealed(text)
	if err != nil {
		v.t.Fatalf("%v:\n%s", err, text)
	}
	b, _ := s.Wrap(escrow.SlotBot)
	w, _ := s.Wrap(escrow.SlotSwitchboard)
	x1, err := escrow.Unwrap(v.bot, s.Record, b)
	if err != nil {
		v.t.Fatal(err)
	}
	x2, err := escrow.Unwrap(v.switchboard, s.Record, w)
	if err != nil {
		v.t.Fatal(err)
	}
	value, err := escrow.Open(s.Record, x1, x2)
	if err != nil {
		v.t.Fatal(err)
	}
	return s.Record, value.Reveal()
}

// What somebody seals on their own machine needs no configuration, says what they agree to,
// and is opened by both halves; nothing that is said or printed has the number in it.
func TestContactSeal(t *testing.T) {
	v := newVolunteer(t)
	status, out, errs := v.seals(strings.NewReader("+44 20 7183 8750\n"), "--owner", "7", "--kind", "voice", "--keyring", v.file,
		"--lanes", "b,D", "--per-quarter", "2", "--quiet", "22:00-07:00 Europe/Berlin")
	if status != exitOK {
		t.Fatalf("status %d: %s", status, errs)
	}
	r, number := v.opened(out)
	if r.Owner != 7 || r.Kind != "voice" || number != "+442071838750" {
		t.Errorf("%+v, %s", r, number)
	}
	for _, words := range []string{
		"your phone number for person 7, with keyring 1 of 2026-03-01", v.keyring.Short(),
		"rung only in an emergency that two people confirmed, at most twice a quarter, never 22:00-07:00 Europe/Berlin; shown to one person only if enough custodians allow it",
	} {
		if !strings.Contains(errs, words) {
			t.Errorf("%q is not said:\n%s", words, errs)
		}
	}
	if strings.Contains(errs+out, "7183") {
		t.Error("the number is shown")
	}

	file := filepath.Join(t.TempDir(), "sealed")
	if status, out, errs := v.seals(strings.NewReader("name@example.org"), "--owner", "7", "--kind", "mail", "--keyring", v.file, "--out", file); status != exitOK || out != "" {
		t.Errorf("status %d: %s%s", status, out, errs)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, address := v.opened(string(text)); address != "name@example.org" {
		t.Error(address)
	}
}

func TestContactSealRefuses(t *testing.T) {
	v := newVolunteer(t)
	dir := t.TempDir()
	unsigned, _, _ := strings.Cut(v.keyring.Text(), "\n\n")
	unsigned = writeFile(t, dir, "unsigned.txt", unsigned+"\n\n", 0o644)
	changed := writeFile(t, dir, "changed.txt", strings.Replace(v.keyring.Text(), "the safe of ana", "the safe of eve", 1), 0o644)
	good := []string{"--owner", "7", "--kind", "sms", "--keyring", v.file}
	for _, c := range []struct {
		stdin string
		args  []string
		says  string
	}{
		{"020 7183 8750", good, "That number has no country."},
		{"", good, "That is not a phone number."},
		{"+442071838750", append([]string{"--lanes", "C"}, good...), "There is no lane"},
		{"+442071838750", append([]string{"--per-quarter", "0"}, good...), ""},
		{"+442071838750", append([]string{"--quiet", "nights"}, good...), "Write the quiet time like"},
		{"+442071838750", []string{"--owner", "0", "--kind", "sms", "--keyring", v.file}, "Your number is 1 or more."},
		{"+442071838750", []string{"--owner", "7", "--kind", "pigeon", "--keyring", v.file}, "A contact is of the kind"},
		{"+442071838750", []string{"--owner", "7", "--kind", "sms", "--keyring", unsigned}, "nobody signed it"},
		{"+442071838750", []string{"--owner", "7", "--kind", "sms", "--keyring", changed}, "a signature below it is wrong"},
		{"+442071838750", []string{"--owner", "7", "--kind", "sms", "--keyring", filepath.Join(dir, "none")}, "cannot be read"},
		{"+442071838750", []string{"--owner", "7", "--kind", "sms", "--keyring", "http://bat.example/keyring"}, "by https only"},
		{"", []string{"--owner", "7", "--kind", "sms", "--keyring", v.file, "+442071838750"}, ""}, // never as an argument
	} {
		status, out, errs := v.seals(strings.NewReader(c.stdin), c.args...)
		if status == exitOK || out != "" || !strings.Contains(errs, c.says) {
			t.Errorf("%v: status %d: %s%s", c.args, status, out, errs)
		}
	}
}

func TestContactSealFetchesTheKeyring(t *testing.T) {
	v := newVolunteer(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/keyring":
			fmt.Fprint(w, v.keyring.Text())
		case "/elsewhere":
			http.Redirect(w, r, "/keyring", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	for path, want := range map[string]int{"/keyring": exitOK, "/elsewhere": exitFailed, "/none": exitFailed} {
		status, out, errs := v.seals(strings.NewReader("+442071838750\n"), "--owner", "7", "--kind", "sms", "--keyring", server.URL+path)
		if status != want {
			t.Errorf("%s: status %d: %s%s", path, status, out, errs)
		}
	}
}

// On a terminal the address is asked for twice, and is not shown.
func TestContactSealAsksWithoutEcho(t *testing.T) {
	v := newVolunteer(t)
	for _, c := range []struct {
		typed  string
		status int
	}{{"+442071838750\n+44 20 7183 8750\n", exitUsage}, {"+442071838750\n+442071838750\n", exitOK}} {
		master, slave := openTerminal(t)
		typed := make(chan error, 1)
		go func() { _, err := io.WriteString(master, c.typed); typed <- err }()
		status, out, errs := v.seals(slave, "--owner", "7", "--kind", "sms", "--keyring", v.file)
		if err := <-typed; err != nil {
			t.Fatal(err)
		}
		if status != c.status || strings.Contains(out+errs, "7183") {
			t.Errorf("%q: status %d: %s%s", c.typed, status, out, errs)
		}
		_, _ = master.Close(), slave.Close()
	}
}
