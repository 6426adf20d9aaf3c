package redact_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/redact"
)

var paste = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// hidden tells which lines of a person are not shown, one letter each: f is found by itself, b
// belongs to a key that was begun, and . is talk.
func hidden(lines ...string) string {
	var k redact.KeyLines
	var b strings.Builder
	for _, line := range lines {
		body := k.Hear(line, paste)
		switch _, found := redact.Find(line); {
		case found:
			b.WriteByte('f')
		case body:
			b.WriteByte('b')
		default:
			b.WriteByte('.')
		}
	}
	return b.String()
}

func linesOf(block *pem.Block) []string {
	return strings.Split(strings.TrimSpace(string(pem.EncodeToMemory(block))), "\n")
}

// Real keys, line by line, with their first line and without.
func TestKeysLineByLine(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	_, edward, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	sec1, err := x509.MarshalECPrivateKey(curve)
	must(err)
	blocks := map[string]*pem.Block{
		"PKCS 1": {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)}, "SEC 1": {Type: "EC PRIVATE KEY", Bytes: sec1},
	}
	for name, key := range map[string]any{"PKCS 8, RSA": rsaKey, "PKCS 8, P-256": curve, "PKCS 8, Ed25519": edward} {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		must(err)
		blocks[name] = &pem.Block{Type: "PRIVATE KEY", Bytes: der}
	}
	for name, block := range blocks {
		lines := linesOf(block)
		if got := hidden(lines...); strings.Contains(got, ".") || got[0] != 'f' {
			t.Errorf("%s: %s\n%s", name, got, strings.Join(lines, "\n"))
		}
		if got := hidden(lines[1:]...); strings.Contains(got, ".") {
			t.Errorf("%s, without its first line: %s", name, got)
		}
		if got := hidden(append(lines, "thanks")...); !strings.HasSuffix(got, ".") {
			t.Errorf("%s, and what follows: %s", name, got)
		}
	}
	old := []string{"-----BEGIN RSA PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF"}
	if got := hidden(append(old, linesOf(blocks["PKCS 1"])[2:]...)...); strings.Contains(got, ".") {
		t.Errorf("with headers: %s", got)
	}
	public, err := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	must(err)
	for _, block := range []*pem.Block{{Type: "PUBLIC KEY", Bytes: public}, {Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey)}} {
		if got := hidden(linesOf(block)...); strings.Trim(got, ".") != "" {
			t.Errorf("%s: %s", block.Type, got)
		}
	}
}

// Whoever talks again has said all of the key, and who waits, too.
func TestTalkAfterAKey(t *testing.T) {
	begin, body := "-----BEGIN RSA PRIVATE KEY-----", "QmF0c2lnbmFsIGlzIG5vIGtleTogd2hhdCBzdGFuZHMgaGVyZSBpcyBwbGFpbg"
	for want, lines := range map[string][]string{
		"f..":  {begin, "sorry", body},
		"fb.":  {begin, body, "that was the wrong window"},
		"fb..": {begin, body, "oops", "Friday"},
		".":    {body},
		"f.":   {"it begins with " + begin + " and so on", "I see"},
		"fbb":  {"> " + begin, "> " + body, "| " + body},
		"f.. ": {begin + body + "-----END RSA PRIVATE KEY-----", body, body},
	} {
		if got := hidden(lines...); got != strings.TrimSpace(want) {
			t.Errorf("%q: %s", lines, got)
		}
	}
	var k redact.KeyLines
	k.Hear(begin, paste)
	if k.Hear(body, paste.Add(3*time.Minute)) || k.Going(paste.Add(10*time.Minute)) {
		t.Error("after three minutes it still goes on")
	}
	k.Hear(begin, paste)
	for range 500 {
		k.Hear(body, paste)
	}
	if k.Going(paste) {
		t.Error("it never ends")
	}
}
