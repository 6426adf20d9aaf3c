package main

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"batsignal/migrations/childtest"
)

// gpgOf is a keyring of OpenPGP with a key of each, and the files of their public parts.
func gpgOf(t *testing.T, people ...string) (home string, public map[string]string) {
	t.Helper()
	if _, err := exec.LookPath("gpg"); err != nil {
		childtest.Lacks(t, err)
	}
	home, public = openDir(t), map[string]string{}
	t.Cleanup(func() { _ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run() })
	for _, who := range people {
		gpg(t, home, "", "--passphrase", "", "--quick-generate-key", who+"@example.org", "rsa2048", "encrypt,sign", "never")
		public[who] = filepath.Join(home, who+".asc")
		gpg(t, home, "", "--armor", "--output", public[who], "--export", who+"@example.org")
		if err := os.Chmod(public[who], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return home, public
}

func gpg(t *testing.T, home, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.Command("gpg", append([]string{"--homedir", home, "--quiet", "--no-tty", "--batch", "--pinentry-mode", "loopback"}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("gpg %q: %v", args, err)
	}
	return string(out)
}

const lampBook = `
runbook: lamp
title: The lamp is changed
steps:
  - name: look
    say: Is it dark?
    decide:
      - {choice: yes, means: no lamp is lit, go: change}
      - {choice: no, means: it is the wrong room, go: end}
  - name: change
    say: Change the lamp.
    job: change-lamp
    with: {room: kitchen}
    without: Change the lamp by hand.
  - name: tell
    say: Tell the others.
    confirm: one
`

// TestNewSharesARootTokenAndARunbookFromChat has two administrators give a Vault new shares,
// make a root token, and walk through a runbook of which one step is a procedure. The old
// shares open nothing afterwards, the new ones do, and nothing of them is kept or said.
func TestNewSharesARootTokenAndARunbookFromChat(t *testing.T) {
	childtest.Long(t)
	t.Parallel()
	keys, public := gpgOf(t, "anna", "ben")
	book, lamp := filepath.Join(keys, "lamp.yaml"), filepath.Join(keys, "lamp.sh")
	writeFile(t, keys, "lamp.yaml", lampBook, 0o644)
	writeFile(t, keys, "lamp.sh", "#!/bin/sh\necho \"{\\\"said\\\": \\\"a new lamp in the $1\\\"}\"\n", 0o755)
	v := newVaultNight(t, netID+"/zoe, "+netID+"/eve", fmt.Sprintf(`      holders: [{person: anna, pgp: %s}, {person: ben, pgp: %s}]
  runbooks: [%s]
  procedures:
    - {name: change-lamp, summary: Changes a lamp., argv: [%s, '{room}'], report: true, params: [{name: room, type: id}]}
`, public["anna"], public["ben"], book, lamp))

	old := v.has
	run := v.twoAgree("!job run rekey-main threshold=2")
	session, key := v.asked("")
	for _, who := range []string{"anna", "ben", "cleo"} {
		v.submits(who, session, key)
	}
	session, key = v.asked("")
	v.has = map[string]string{}
	for _, who := range []string{"anna", "ben"} {
		v.has[who] = v.made(who, keys)
		v.submits(who, session, key)
	}
	await(v.world, "succeeded", fmt.Sprintf(`select state from job_run where id = %d`, run))
	v.vault.Restart()
	if v.vault.Submit(old["anna"], old["ben"], old["cleo"]); !v.vault.Status().Sealed {
		t.Fatal("the old shares open it")
	}
	v.vault.Reset()
	session, key = v.asked("is sealed")
	v.submits("anna", session, key)
	v.submits("ben", session, key)
	v.hears(`vault1 is unsealed`)
	v.vault.Active()

	run = v.twoAgree("!job run root-main for=ben")
	session, key = v.asked("")
	v.submits("anna", session, key)
	v.submits("ben", session, key)
	await(v.world, "succeeded", fmt.Sprintf(`select state from job_run where id = %d`, run))
	root := v.made("ben", keys)
	if got := fmt.Sprint(v.vault.Call(http.MethodGet, "auth/token/lookup-self", root, nil)); !strings.Contains(got, "policies:[root]") {
		t.Errorf("what was made is no root token: %s", got)
	}
	v.tokens = append(v.tokens, root, v.has["anna"], v.has["ben"])
	v.lampIsChanged()

	v.has["dora"], v.has["ben"] = old["dora"], old["ben"] // what the search asks for by name
	v.nothingLeaked()
}

// twoAgree has one administrator ask for a job, and another agree.
func (v *vaultNight) twoAgree(command string) (run int64) {
	v.t.Helper()
	last := one[int64](v.world, `select coalesce(max(id), 0) from job_run`)
	v.people["zoe"].Say(home, command)
	await(v.world, "asked", fmt.Sprintf(`select coalesce((select state from job_run where id > %d order by id limit 1), '')`, last))
	run = one[int64](v.world, `select max(id) from job_run`)
	v.people["anna"].Say(home, fmt.Sprintf("!job approve %d", run))
	v.people["anna"].ExpectMatch(home, `(?i)admin`)
	v.people["eve"].Say(home, fmt.Sprintf("!job approve %d", run))
	return run
}

var parcelArea = regexp.MustCompile(`(?s)<textarea[^>]*>([^<]*)</textarea>`)

// made opens what Vault made for somebody last, from the page and as the page says.
func (v *vaultNight) made(who, keys string) string {
	v.t.Helper()
	status, body := v.surfer(v.people[who]).get("/vaults/parcels")
	found := parcelArea.FindStringSubmatch(body)
	if status != 200 || found == nil {
		v.t.Fatalf("%s finds nothing: %d %s", who, status, body)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(html.UnescapeString(found[1])))
	if err != nil {
		v.t.Fatal(err)
	}
	return strings.TrimSpace(gpg(v.t, keys, string(raw), "--passphrase", "", "--decrypt"))
}

// lampIsChanged walks through a runbook whose step is a procedure.
func (v *vaultNight) lampIsChanged() {
	v.t.Helper()
	zoe := v.people["zoe"]
	zoe.Say(home, "!runbook start lamp")
	zoe.Expect(home, "Is it dark?")
	zoe.Say(home, "!runbook done 1 yes")
	zoe.Expect(home, "Change the lamp.")
	zoe.Say(home, "!runbook next")
	await(v.world, "succeeded: a new lamp in the kitchen", `select coalesce((select state || ': ' || said from job_run where job = 'change-lamp'), '')`)
	zoe.Expect(home, "Tell the others.")
	zoe.Say(home, "!runbook done 3")
	await(v.world, "done", `select state from runbook_run`)
}
