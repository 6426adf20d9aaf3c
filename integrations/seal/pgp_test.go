package seal_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/seal"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// holder is somebody with a home of gpg and one key in it.
type holder struct{ home, public, fingerprint string }

// newHolder makes one; until is when the key expires.
func newHolder(t testing.TB, name, until, passphrase string) holder {
	t.Helper()
	home, err := os.MkdirTemp("", "gpg") // a socket of an agent takes no long path
	if err != nil {
		t.Fatal(err)
	}
	h := holder{home: home}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		_ = os.RemoveAll(home)
	})
	h.gpg(t, nil, "--pinentry-mode", "loopback", "--passphrase", passphrase, "--faked-system-time", "20260101T000000!", "--quick-generate-key", name, "future-default", "default", until)
	for line := range strings.Lines(h.gpg(t, nil, "--with-colons", "--list-keys")) {
		if f := strings.Split(line, ":"); f[0] == "fpr" {
			h.fingerprint = f[9]
			break
		}
	}
	h.export(t)
	return h
}

func (h *holder) gpg(t testing.TB, stdin []byte, args ...string) string {
	t.Helper()
	out, err := stock(t, stdin, nil, "gpg", append([]string{"--homedir", h.home, "--batch", "--quiet"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func (h *holder) export(t testing.TB) {
	h.public = write(t, "key.asc", []byte(h.gpg(t, nil, "--armor", "--export", h.fingerprint)), 0o644)
}

func newPGP(t testing.TB, holders ...holder) *seal.PGP {
	t.Helper()
	o := seal.PGPOptions{Scratch: t.TempDir()}
	for _, h := range holders {
		o.Keys = append(o.Keys, h.public)
	}
	s, err := seal.NewPGP(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left, err := os.ReadDir(o.Scratch); err != nil || len(left) != 0 {
			t.Errorf("%v is left, %v", left, err)
		}
	})
	return s
}

func TestPGPIsOpenedByEachInTurn(t *testing.T) {
	holders := []holder{newHolder(t, "Ada <ada@example.org>", "never", ""), newHolder(t, "Bob <bob@example.org>", "never", "b0b's phrase")}
	phrases := []string{"", "b0b's phrase"}
	s := newPGP(t, holders...)
	for _, size := range []int{0, 1, 300_000} {
		plain := text(size)
		file := sealed(t, s, plain)
		for i, h := range holders {
			got, err := stock(t, file, nil, "gpg", "--homedir", h.home, "--batch", "--pinentry-mode", "loopback", "--passphrase", phrases[i], "--decrypt")
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%d: %d of %d bytes, %v", i, len(got), size, err)
			}
			if err := exec.Command("gpgconf", "--homedir", h.home, "--kill", "all").Run(); err != nil { // which knows the phrase now
				t.Fatal(err)
			}
			for patience := time.Now().Add(30 * time.Second); agent(t, h.home) && time.Now().Before(patience); {
				time.Sleep(5 * time.Millisecond)
			}
			o, err := seal.NewPGPOpener(t.Context(), h.home, secret.New(phrases[i]))
			if err != nil {
				t.Fatal(err)
			}
			if o.Name() != s.Recipients()[i] || o.Name() != h.fingerprint {
				t.Errorf("%s, not %s", o.Name(), s.Recipients()[i])
			}
			if got, err := opened(t, o, file); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%d: %d of %d bytes, %v", i, len(got), size, err)
			}
			noAgent(t, h.home)
		}
	}
	wrong, err := seal.NewPGPOpener(t.Context(), holders[1].home, secret.New("wrong"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = opened(t, wrong, sealed(t, s, text(10)))
	says(t, err, "has a passphrase")
	none, err := seal.NewPGPOpener(t.Context(), holders[1].home, secret.Text{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = opened(t, none, sealed(t, s, text(10)))
	says(t, err, "has a passphrase")
}

func noAgent(t *testing.T, home string) {
	t.Helper()
	if agent(t, home) {
		t.Error("an agent is left")
	}
}

func agent(t *testing.T, home string) bool {
	t.Helper()
	out, err := exec.Command("gpg-connect-agent", "--homedir", home, "--no-autostart", "getinfo pid", "/bye").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	return !strings.Contains(string(out), "no gpg-agent running")
}

func TestPGPThatIsBrokenOpensForNobody(t *testing.T) {
	ada, bob := newHolder(t, "Ada <ada@example.org>", "never", ""), newHolder(t, "Bob <bob@example.org>", "never", "")
	s := newPGP(t, ada, bob)
	o, err := seal.NewPGPOpener(t.Context(), ada.home, secret.Text{})
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range broken(sealed(t, s, text(200_000))) {
		if name == "more" {
			continue // gpg warns of it, and gives what was sealed whole
		}
		if _, err := opened(t, o, file); fault.KindOf(err) != fault.Conflict {
			t.Errorf("%s: %v", name, err)
		}
		// Of a file that is cut off in its first lines gpg says that all is well, with nothing in it.
		if got, err := stock(t, file, nil, "gpg", "--homedir", ada.home, "--batch", "--decrypt"); err == nil && len(got) > 0 {
			t.Errorf("%s: gpg takes it", name)
		}
	}
	// What was never sealed is nothing that was opened, whatever gpg's status.
	bare := ada.gpg(t, []byte("in the clear"), "--store")
	_, err = opened(t, o, []byte(bare))
	says(t, err, "damaged")
	carol := newHolder(t, "Carol <carol@example.org>", "never", "")
	stranger, err := seal.NewPGPOpener(t.Context(), carol.home, secret.Text{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = opened(t, stranger, sealed(t, s, text(10)))
	says(t, err, "was not sealed to it")
	// A store that lost the key, or that cannot be read, is not a key that does not fit.
	file := sealed(t, s, text(10))
	if err := os.Rename(filepath.Join(ada.home, "private-keys-v1.d"), filepath.Join(ada.home, "away")); err != nil {
		t.Fatal(err)
	}
	if _, err = opened(t, o, file); fault.KindOf(err) != fault.Unready {
		t.Errorf("%v", err)
	}
	if err := errors.Join(os.RemoveAll(filepath.Join(ada.home, "private-keys-v1.d")), os.Rename(filepath.Join(ada.home, "away"), filepath.Join(ada.home, "private-keys-v1.d"))); err != nil {
		t.Fatal(err)
	}
	neverWhole(t, s, o)
	noAgent(t, ada.home)
}

func TestPGPKeysThatAreRefused(t *testing.T) {
	ada, expired, revoked := newHolder(t, "Ada <ada@example.org>", "never", ""), newHolder(t, "Eve <eve@example.org>", "30d", ""), newHolder(t, "Rob: <rob@example.org>", "never", "")
	certificate, err := os.ReadFile(filepath.Join(revoked.home, "openpgp-revocs.d", revoked.fingerprint+".rev"))
	if err != nil {
		t.Fatal(err)
	}
	revoked.gpg(t, bytes.Replace(certificate, []byte(":-----BEGIN"), []byte("-----BEGIN"), 1), "--import")
	revoked.export(t)
	signs := newHolder(t, "Sig <sig@example.org>", "never", "")
	signs.public = write(t, "primary.asc", []byte(signs.gpg(t, nil, "--armor", "--export-options", "export-minimal", "--export-filter", "drop-subkey=usage =~ e", "--export", signs.fingerprint)), 0o644)
	public := func(h holder) []byte {
		content, err := os.ReadFile(h.public)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	binary := func(h holder) []byte { return []byte(h.gpg(t, nil, "--export", h.fingerprint)) }
	for want, keys := range map[string][]string{
		"at least 2":                           {ada.public},
		"Eve <eve@example.org> in ":            {ada.public, expired.public},
		"has expired":                          {ada.public, expired.public},
		"The key of Rob: <rob@example.org> in": {ada.public, revoked.public},
		"is revoked":                           {revoked.public, ada.public},
		"no part":                              {ada.public, signs.public},
		"named twice":                          {ada.public, write(t, "again", public(ada), 0o600)},
		"holds 2 keys":                         {ada.public, write(t, "two", append(binary(ada), binary(signs)...), 0o600)},
		"holds a secret key":                   {ada.public, write(t, "secret", []byte(signs.gpg(t, nil, "--export-secret-keys", signs.fingerprint)), 0o600)},
		"no file of a public key":              {ada.public, write(t, "noise", []byte("noise"), 0o600)},
		"There is no key at":                   {ada.public, "/no/such/key"},
	} {
		_, err := seal.NewPGP(t.Context(), seal.PGPOptions{Keys: keys})
		says(t, err, want)
	}
	for want, home := range map[string]string{"is no home": "/no/such/home", "holds 0 secret keys": emptyHome(t, 0o700), "chmod 700": emptyHome(t, 0o755)} {
		_, err := seal.NewPGPOpener(t.Context(), home, secret.Text{})
		says(t, err, want)
	}
}

func emptyHome(t *testing.T, mode os.FileMode) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gpg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", dir, "--kill", "all").Run()
		_ = os.RemoveAll(dir)
	})
	if err := os.Chmod(dir, mode); err != nil {
		t.Fatal(err)
	}
	return dir
}

func BenchmarkPGP(b *testing.B) {
	const size = 64 << 20
	s := newPGP(b, newHolder(b, "Ada <ada@example.org>", "never", ""), newHolder(b, "Bob <bob@example.org>", "never", ""))
	plain := text(size)
	b.SetBytes(size)
	for b.Loop() {
		w, err := s.Seal(b.Context(), io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := w.Write(plain); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
