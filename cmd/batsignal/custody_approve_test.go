package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
)

// request is a text that the switchboard's page shows.
const request = `batsignal: may this be shown?
request: ABCD2345
show: voice of jan
to: kim
incident: INC-7
why: the provider of telephone calls is down
record: 6f9619ff-8b86-4011-b42d-00c04fc964ff
asked: 2026-11-29T14:00:00Z
`

// What is signed is the text as the switchboard has it, whatever a clipboard or a mail
// program made of it; and no other text.
func TestApproveSignsTheTextOfTheSwitchboardAlone(t *testing.T) {
	alone(t)
	t.Setenv(envUnhardened, "1")
	dir := t.TempDir()
	k, share := aShare(t, dir)
	for name, c := range map[string]struct {
		text   string
		status int
	}{
		"as it is":              {request, exitOK},
		"of another system":     {strings.ReplaceAll(request, "\n", "\r\n"), exitOK},
		"in a letter":           {"Hello Ada,\n\n  " + strings.ReplaceAll(request, "\n", "\n  ") + "\nThanks\n", exitOK},
		"without its last line": {strings.TrimSuffix(request, "\n"), exitOK},
		"cut off":               {request[:100], exitUsage},
		"another text":          {"batsignal custody: I give up my share\nasked: today\n", exitUsage},
		"with hidden letters":   {strings.Replace(request, "jan", "jan\u202egro", 1), exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			file := writeFile(t, dir, "request.txt", c.text, 0o600)
			var out, errs strings.Builder
			status := execute([]string{"custody", "approve", file, "--share", share}, strings.NewReader("yes\n"), &out, &errs)
			if status != c.status {
				t.Fatalf("status %d: %s%s", status, out.String(), errs.String())
			}
			if status != exitOK {
				return
			}
			sig, err := custody.ParseSignature(out.String())
			if err != nil {
				t.Fatal(err)
			}
			if who, err := k.VerifySignature(sig, custody.PurposeApprove, request); err != nil || who.Name != "Ada" {
				t.Errorf("%v: %v", who, err)
			}
		})
	}
	status, out, _ := cli(t, "custody", "approve", writeFile(t, dir, "request.txt", request, 0o600), "--share", share)
	if status != exitFailed || out != "" {
		t.Errorf("with nobody there to say yes: status %d, %s", status, out)
	}
}

// aShare is a keyring, and the file of its first share.
func aShare(t *testing.T, dir string) (custody.Keyring, string) {
	t.Helper()
	p := custody.Params{K: 2, Now: time.Now()}
	for _, host := range []*custody.Host{&p.Bot, &p.Switchboard} {
		key, err := escrow.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		host.Key = key.Public()
	}
	for _, name := range []string{"Ada", "Bert", "Carla"} {
		p.Custodians = append(p.Custodians, custody.Invited{Name: name, Place: "safe of " + name, Recipient: "sheet"})
	}
	made, err := custody.Init(p)
	if err != nil {
		t.Fatal(err)
	}
	return made.Keyring, writeFile(t, dir, "share.txt", made.Handouts[0].Text.Reveal(), 0o600)
}

// A signature that was made at somebody's home is put into the keyring later; one of
// somebody else is refused, and leaves the file as it was.
func TestSignaturesAreCollected(t *testing.T) {
	alone(t)
	t.Setenv(envUnhardened, "1")
	dir := t.TempDir()
	t.Chdir(dir)
	before, share := aShare(t, ".")
	writeFile(t, ".", "keyring-1.txt", before.Text(), 0o600)
	key, err := escrow.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	p := custody.Params{Bot: custody.Host{Key: key.Public()}, Switchboard: custody.Host{Key: before.Switchboard}, K: 2, Now: time.Now()}
	for _, name := range []string{"Ada", "Fritz"} {
		p.Custodians = append(p.Custodians, custody.Invited{Name: name, Place: "safe of " + name, Recipient: "sheet"})
	}
	made, err := custody.Next(before, p)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, ".", "keyring-2.txt", made.Keyring.Text(), 0o600)

	var out, errs strings.Builder
	status := execute([]string{"custody", "sign-keyring", "keyring-2.txt", "--previous", "keyring-1.txt", "--share", share}, strings.NewReader("yes\n"), &out, &errs)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	sig := lines[len(lines)-1]
	if status != exitOK || !strings.HasPrefix(sig, "bsig1.keyring.1.1.") {
		t.Fatalf("status %d: %s%s", status, out.String(), errs.String())
	}
	for text, want := range map[string]int{sig: exitOK, strings.Replace(sig, ".1.1.", ".1.2.", 1): exitUsage, "bsig1": exitUsage} {
		status, stdout, stderr := cli(t, "custody", "add-signature", "keyring-2.txt", text, "--previous", "keyring-1.txt")
		if status != want {
			t.Errorf("%s: status %d: %s%s", text, status, stdout, stderr)
		}
	}
	text, err := os.ReadFile("keyring-2.txt")
	if err != nil {
		t.Fatal(err)
	}
	k, err := custody.ParseKeyring(string(text))
	if err != nil || len(k.Signatures) != 1 || k.Missing(before) != 1 {
		t.Errorf("%v: %s", err, text)
	}
}

// What goes into a file or a pipe is kept by somebody: addresses do not, unless that is said.
func TestAddressesAreNotPrintedIntoAFile(t *testing.T) {
	alone(t)
	out, err := os.Create(writeFile(t, t.TempDir(), "out.txt", "", 0o600))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var errs strings.Builder
	t.Setenv(envUnhardened, "1")
	status := execute([]string{"custody", "recover", "--backup", "none", "--share", "none", "--handle", "jan"}, strings.NewReader("yes\n"), out, &errs)
	if status != exitFailed || !strings.Contains(errs.String(), "Addresses are printed on a terminal only.") {
		t.Errorf("status %d: %s", status, errs.String())
	}
	errs.Reset()
	status = execute([]string{"custody", "recover", "--backup", "none", "--share", "none", "--handle", "jan", "--not-on-a-terminal"}, strings.NewReader("yes\n"), out, &errs)
	if status != exitUsage || !strings.Contains(errs.String(), "The file none cannot be read") {
		t.Errorf("status %d: %s", status, errs.String())
	}
}
