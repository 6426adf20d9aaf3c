package switchboard

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"batsignal/oncall/wholefile"
)

// keyFile is the name of the private key in the state directory, readable by its owner
// only. The certificate is made of it anew at each start, so the two always fit.
const keyFile = "tls.key"

const longestKey = 1 << 14 // bytes; ours has 119

// Pin is what one side knows of the other: "sha256:" and the hash of its public key
// (SubjectPublicKeyInfo) in 64 hexadecimal digits. It is no secret.
type Pin string

// ParsePin reads a pin as people copy it. Its error is a sentence for the operator.
func ParsePin(text string) (Pin, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	digits, ok := strings.CutPrefix(text, "sha256:")
	if raw, err := hex.DecodeString(digits); !ok || err != nil || len(raw) != sha256.Size {
		return "", fmt.Errorf("%q is no pin: it is sha256: and 64 hexadecimal digits, as %s prints it on the other side", shortened(text), PinCommand)
	}
	return Pin(text), nil
}

// shortened keeps what may be anything, a key in the wrong field included, from being
// repeated whole.
func shortened(text string) string {
	if len(text) > 12 {
		return text[:12] + "…"
	}
	return text
}

func pinOf(c *x509.Certificate) Pin {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return Pin("sha256:" + hex.EncodeToString(sum[:]))
}

// Identity is one side's key and certificate. The zero Identity is nobody's.
type Identity struct {
	certificate tls.Certificate
	pin         Pin
}

// Pin is what the other side has to know of us.
func (i Identity) Pin() Pin { return i.pin }

// LoadOrMake reads our identity from a state directory, and makes it, and the directory,
// when there is none. Two processes that do so at once get the same one. Its errors are
// plain sentences for the operator.
func LoadOrMake(dir string) (Identity, error) {
	path := filepath.Join(dir, keyFile)
	i, err := load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return i, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Identity{}, fmt.Errorf("the state directory cannot be made: %w", err)
	}
	if err := makeKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return Identity{}, fmt.Errorf("our key for the connection cannot be written: %w", err)
	}
	return load(path)
}

func load(path string) (Identity, error) {
	text, err := wholefile.ReadPrivate(path, longestKey)
	if errors.As(err, new(wholefile.SharedError)) {
		return Identity{}, fmt.Errorf("others on this machine may read the key %s; chmod 600 it, or remove it to have a new one made", path)
	}
	if err != nil {
		return Identity{}, err
	}
	defer clear(text)
	block, _ := pem.Decode(text)
	if block == nil {
		return Identity{}, fmt.Errorf("%s is no key; remove it to have a new one made, whose pin the other side must be told", path)
	}
	defer clear(block.Bytes)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return Identity{}, fmt.Errorf("%s is no Ed25519 key; remove it to have a new one made, whose pin the other side must be told", path)
	}
	return identityOf(key)
}

func makeKey(path string) error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	defer clear(der)
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	defer clear(text)
	return wholefile.Create(path, text, 0o600)
}

// identityOf signs a certificate for a key with itself. It never ends: a page must not
// fail because nobody looked at a calendar, and who is meant the pin says alone.
func identityOf(key ed25519.PrivateKey) (Identity, error) {
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "batsignal"},
		NotBefore:    time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), // RFC 5280, 4.1.2.5: no well-defined end
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		return Identity{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return Identity{}, err
	}
	return Identity{certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pin: pinOf(leaf)}, nil
}
