package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const exampleFile = "../../docs/batsignal.example.yaml"

func exampleText(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	if err := writeExample(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTheExampleInDocsIsFresh(t *testing.T) {
	alone(t)
	want := exampleText(t)
	if *update {
		if err := os.WriteFile(exampleFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(exampleFile)
	if err != nil || string(got) != want {
		t.Errorf("docs/batsignal.example.yaml is stale (%v); run: make docs", err)
	}
}

// hidden matches a setting behind a #: explanations have one space after it.
var hidden = regexp.MustCompile(`(?m)^( *)#(\S|  )`)

func TestTheExampleAsItIsMeansTheDefaults(t *testing.T) {
	alone(t)
	l, err := loadText(t, exampleText(t))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := loadConfig("", nil)
	if err != nil {
		t.Fatal(err)
	}
	var got, want strings.Builder
	_, _ = writeConfig(&got, loaded{Config: l.Config}), writeConfig(&want, loaded{Config: plain.Config})
	if got.String() != want.String() {
		t.Errorf("got:\n%s\nwant:\n%s", got.String(), want.String())
	}
}

// A reader may remove every # and gets a configuration that is good, once the
// files that it names are there.
func TestTheExampleUncommentedLoads(t *testing.T) {
	alone(t)
	whole := hidden.ReplaceAllString(exampleText(t), "$1$2")
	var keys map[string]any
	if err := yaml.Unmarshal([]byte(whole), &keys); err != nil {
		t.Fatalf("%v\n%s", err, whole)
	}
	for _, c := range []struct{ name, without string }{
		// An address of a database stands in the file or in one of its own; Slack is heard
		// by a connection or by HTTP.
		{"addresses inline", `(?m)^ +(url_file|owner_url_file|signing_secret_file): .*\n`},
		{"addresses in files", `(?m)^ +(url|owner_url|app_token_file): .*\n`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			writeFile(t, dir, "postgres", "", 0o755)
			for _, name := range regexp.MustCompile(`_file: (\S+)`).FindAllStringSubmatch(whole, -1) {
				content := "postgres://batsignal@db.example.org/batsignal"
				switch {
				case strings.HasSuffix(name[1], "-ca.pem"):
					content = certificate(t)
				case name[1] == "slack-bot-token":
					content = "xoxb-1"
				case name[1] == "slack-app-token":
					content = "xapp-1"
				}
				writeFile(t, dir, name[1], content, 0o600)
			}
			text := regexp.MustCompile(c.without).ReplaceAllString(whole, "")
			text = strings.ReplaceAll(text, "/usr/lib/postgresql/15/bin", dir)
			l, err := loadConfig(writeFile(t, dir, "batsignal.yaml", text, 0o600), nil)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if l.IRC[0].CAFile != filepath.Join(dir, "irc-ca.pem") || l.Database.OwnerURL.Empty() {
				t.Errorf("not everything was read: %+v", l.Config)
			}
		})
	}
}

// certificate is one that nobody should trust, as PEM.
func certificate(t *testing.T) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{}, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestEveryKeyIsExplained(t *testing.T) {
	text := exampleText(t)
	for _, want := range []string{
		"#listen: 127.0.0.1:8373", "#  patience_sev1: 90s", "#may_fire: ['@roster']",
		"#  incident_room: '#inc-{id}-{slug}'", "#- id: libera",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for i, line := range strings.Split(text, "\n") {
		if strings.Contains(line, "!") && !strings.Contains(line, "prefix") {
			t.Errorf("line %d shouts: %s", i+1, line)
		}
	}
}
