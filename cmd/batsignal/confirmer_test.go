package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/switchboard"
	"batsignal/oncall/switchboard/totp"
)

// The seed is printed once, and is the one that the switchboard checks by; one person is one
// person, whatever accounts they have.
func TestConfirmersAreMadeKnown(t *testing.T) {
	alone(t)
	t.Setenv(envUnhardened, "1")
	t.Chdir(t.TempDir())
	writeFile(t, ".", "switchboard.yaml", fmt.Sprintf(`database: {url: %q}
state_dir: switchboard
switchboard:
  run: {listen: "127.0.0.1:8375", peer: "sha256:%s", bots: ["https://127.0.0.1:8376"], pages: "127.0.0.1:8377", pages_url: "https://seal.example.org"}
`, pgtest.Fresh(t).SwitchboardDSN, strings.Repeat("0", 64)), 0o600)
	expect := func(want int, says string, args ...string) string {
		t.Helper()
		status, stdout, stderr := cli(t, append([]string{"switchboard", "confirmer", "-c", "switchboard.yaml"}, args...)...)
		if status != want || !strings.Contains(stdout+stderr, says) {
			t.Errorf("%q: status %d, and not %q: %s%s", args, status, says, stdout, stderr)
		}
		return stdout
	}
	expect(exitOK, "Nobody is known", "list")
	said := expect(exitOK, "otpauth://totp/", "add", "Jan", "--account", "libera/jan", "--account", "oftc/jan")
	seed := regexp.MustCompile(`(?m)^  ([A-Z2-7]{4} [A-Z2-7 ]+)$`).FindStringSubmatch(said)
	if seed == nil {
		t.Fatalf("no seed in: %s", said)
	}
	if _, err := totp.Parse(secret.New(seed[1])); err != nil {
		t.Errorf("the seed cannot be typed: %v", err)
	}
	expect(exitOK, "kim is known", "add", "kim", "--account", "libera/kim", "--asks-only")
	expect(exitFailed, "jan is there already", "add", "jan")
	expect(exitFailed, "The account libera/jan is jan's already", "add", "jan2", "--account", "libera/JAN")
	expect(exitUsage, "network/name", "add", "lou", "--account", "lou")
	list := expect(exitOK, "libera/jan, oftc/jan", "list")
	if strings.Contains(list, strings.ReplaceAll(seed[1], " ", "")) || !strings.Contains(list, "ask and confirm") {
		t.Errorf("%s", list)
	}
	expect(exitOK, "jan is not known", "remove", "jan")
	expect(exitFailed, "Nobody here is called", "remove", "jan")
	if said := expect(exitOK, "https://seal.example.org/confirmer/", "add", "lou", "--page"); strings.Contains(said, "otpauth:") {
		t.Errorf("the seed is printed although it is on a page: %s", said)
	}
	expect(exitOK, "mia is known", "add", "mia", "--page")
	expect(exitOK, "mia is not known", "remove", "@Mia")
	if left, err := os.ReadDir(filepath.Join("switchboard", "seeds")); err != nil || len(left) != 1 {
		t.Errorf("the link to an authenticator outlives it: %v, %v", left, err)
	}
	people, err := switchboard.OpenConfirmers("switchboard").List()
	if err != nil || len(people) != 2 || people[0].Handle != "kim" || people[0].MayConfirm || !people[1].MayConfirm {
		t.Errorf("%+v: %v", people, err)
	}
}

// A link shows an authenticator once, and within a day.
func TestAnAuthenticatorIsShownOnce(t *testing.T) {
	ctx := context.Background()
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	box := seedBox{dir: filepath.Join(t.TempDir(), "seeds"), url: "https://seal.example.org", now: func() time.Time { return now }}
	seed := totp.NewSeed()
	keep := func() secret.Text {
		t.Helper()
		link, err := box.keep("jan", seed, "example.org")
		if err != nil {
			t.Fatal(err)
		}
		_, token, _ := strings.Cut(link.Reveal(), "https://seal.example.org/confirmer/")
		return secret.New(token)
	}
	refused := func(when string, err error) {
		t.Helper()
		if fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%s: %v", when, err)
		}
	}
	token := keep()
	for range 2 { // to look uses nothing up
		if handle, err := box.Look(ctx, token); err != nil || handle != "jan" {
			t.Errorf("%q: %v", handle, err)
		}
	}
	_, err := box.Take(ctx, secret.New("../confirmers.json"))
	refused("another token", err)
	got, err := box.Take(ctx, token)
	if err != nil || !got.Typed.Equal(totp.Typed(seed)) || got.Handle != "jan" {
		t.Errorf("%+v: %v", got, err)
	}
	_, err = box.Take(ctx, token)
	refused("a second time", err)

	late := keep()
	now = now.Add(seedHolds)
	_, err = box.Look(ctx, late)
	refused("looked at too late", err)
	if left, err := os.ReadDir(box.dir); err != nil || len(left) != 0 {
		t.Errorf("%d files are left: %v", len(left), err)
	}
}

// A link whose person was removed shows nothing any more, nor does an older one of whom was
// added again: nobody comes to have an authenticator that is good for nothing. What nobody
// opened does not stay on the disk, and neither does what a kill left.
func TestLinksToAuthenticatorsAreSweptUp(t *testing.T) {
	ctx := context.Background()
	now := time.Now()
	box := seedBox{dir: filepath.Join(t.TempDir(), "seeds"), url: "https://seal.example.org", now: func() time.Time { return now }}
	keep := func(handle string) secret.Text {
		t.Helper()
		link, err := box.keep(handle, totp.NewSeed(), "example.org")
		if err != nil {
			t.Fatal(err)
		}
		return secret.New(link.Reveal()[strings.LastIndex(link.Reveal(), "/")+1:])
	}
	shows := func(token secret.Text, want bool) {
		t.Helper()
		if _, err := box.Look(ctx, token); (err == nil) != want {
			t.Errorf("shown: %v, want %t", err, want)
		}
	}
	if err := box.sweep("jan"); err != nil { // before there is a folder
		t.Fatal(err)
	}
	first, kim := keep("jan"), keep("kim")
	second := keep("jan")
	shows(first, false)
	shows(second, true)
	if err := box.sweep("jan"); err != nil {
		t.Fatal(err)
	}
	shows(second, false)
	shows(kim, true)

	writeFile(t, box.dir, "taken-BY-WHOM-DIED", `{"handle":"li"`, 0o600)
	now = now.Add(seedHolds + time.Minute)
	lou := keep("lou")
	shows(lou, true)
	if left, err := os.ReadDir(box.dir); err != nil || len(left) != 1 {
		t.Errorf("%v: %v", left, err)
	}
}
