package seal_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"

	"batsignal/integrations/seal"
	"batsignal/migrations/childtest"
	"batsignal/oncall/fault"
)

// person is somebody with a key: a file that only they have, and what is public of it.
type person struct{ file, public string }

func classic(t testing.TB) person {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return person{write(t, "key.txt", []byte("# created: today\n# public key: x\n"+id.String()+"\n"), 0o600), id.Recipient().String()}
}

func quantum(t testing.TB) person {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return person{write(t, "key.txt", []byte(id.String()+"\n"), 0o600), id.Recipient().String()}
}

func ofSSH(t testing.TB) person {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	of, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return person{write(t, "id_ed25519", pem.EncodeToMemory(block), 0o600), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(of)))}
}

// newAge is the age that the library comes with: that of Debian knows no post-quantum keys.
func newAge(t *testing.T) string {
	t.Helper()
	place, err := childtest.Once("age", "../../go.sum", func(place string) error {
		cmd := exec.Command("go", "install", "filippo.io/age/cmd/age@v1.3.2")
		cmd.Env, cmd.Dir = append(os.Environ(), "GOBIN="+place, "GOFLAGS=-mod=mod"), t.TempDir()
		said, err := cmd.CombinedOutput()
		if err != nil {
			t.Logf("%s", said)
		}
		return err
	})
	if err != nil {
		childtest.Lacks(t, err)
	}
	return filepath.Join(place, "age")
}

func TestAgeIsOpenedByEachInTurn(t *testing.T) {
	for name, people := range map[string][]person{
		"classic": {classic(t), classic(t), ofSSH(t)}, "post-quantum": {quantum(t), quantum(t)},
	} {
		t.Run(name, func(t *testing.T) {
			program := "age"
			if name == "post-quantum" {
				program = newAge(t)
			}
			var to []string
			for _, p := range people {
				to = append(to, p.public)
			}
			to[len(to)-1] += "\n"
			s, err := seal.NewAge(to)
			if err != nil {
				t.Fatal(err)
			}
			for _, size := range []int{0, 1, 64 << 10, 300_000} {
				plain := text(size)
				file := sealed(t, s, plain)
				for i, p := range people {
					got, err := stock(t, file, nil, program, "-d", "-i", p.file)
					if err != nil || !bytes.Equal(got, plain) {
						t.Errorf("person %d: %d of %d bytes, %v", i, len(got), size, err)
					}
					o, err := seal.NewAgeOpener(p.file)
					if err != nil {
						t.Fatal(err)
					}
					if o.Name() != s.Recipients()[i] {
						t.Errorf("%s, not %s", o.Name(), s.Recipients()[i])
					}
					if got, err := opened(t, o, file); err != nil || !bytes.Equal(got, plain) {
						t.Errorf("person %d: %d of %d bytes, %v", i, len(got), size, err)
					}
				}
			}
		})
	}
}

func TestAgeThatIsBrokenOpensForNobody(t *testing.T) {
	one, other := classic(t), classic(t)
	s, err := seal.NewAge([]string{one.public, other.public})
	if err != nil {
		t.Fatal(err)
	}
	o, err := seal.NewAgeOpener(one.file)
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range broken(sealed(t, s, text(200_000))) {
		if _, err := opened(t, o, file); fault.KindOf(err) != fault.Conflict {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := stock(t, file, nil, "age", "-d", "-i", one.file); err == nil {
			t.Errorf("%s: age takes it", name)
		}
	}
	stranger, err := seal.NewAgeOpener(classic(t).file)
	if err != nil {
		t.Fatal(err)
	}
	_, err = opened(t, stranger, sealed(t, s, text(10)))
	says(t, err, "was not sealed to it")
	neverWhole(t, s, o)
}

func TestAgeRecipientsThatAreRefused(t *testing.T) {
	one, other, pq := classic(t), classic(t), quantum(t)
	secretKey, err := os.ReadFile(one.file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(secretKey))
	for want, to := range map[string][]string{
		"at least 2 people's keys, and here are 0": nil,
		"and here are 1":                   {one.public},
		"named twice":                      {one.public, other.public, one.public},
		"cannot be mixed":                  {one.public, pq.public},
		"key of a plugin":                  {one.public, "age1yubikey1q2w7u3vpya839jxxuq8g0sedh3d740d4xvn639sqhr95ejj8vu3hyfumptt"},
		"is a secret key":                  {one.public, lines[len(lines)-1]},
		"is no recipient of age":           {one.public, "age1" + strings.Repeat("q", 58)},
		"no public key of SSH":             {one.public, "ssh-dss AAAA"},
		`"" is no recipient`:               {one.public, ""},
		`"-----BEGIN PGP" is no recipient`: {one.public, "-----BEGIN PGP"},
	} {
		_, err := seal.NewAge(to)
		says(t, err, want)
		if err != nil && (fault.KindOf(err) != fault.Invalid || strings.Contains(err.Error(), lines[len(lines)-1])) {
			t.Errorf("%v", err)
		}
	}
}

func TestAgeIdentitiesThatAreRefused(t *testing.T) {
	one := classic(t)
	content, err := os.ReadFile(one.file)
	if err != nil {
		t.Fatal(err)
	}
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("canary"))
	if err != nil {
		t.Fatal(err)
	}
	for want, file := range map[string]string{
		"chmod 600":                    write(t, "key", content, 0o640),
		"There is no key at":           "/no/such/key",
		"Line 2 of":                    write(t, "key", []byte("\nAGE-SECRET-KEY-1CANARY\n"), 0o600),
		"holds no identity":            write(t, "key", []byte("# public key: age1\n"), 0o600),
		"has a passphrase":             write(t, "key", pem.EncodeToMemory(locked), 0o600),
		"no secret key of SSH":         write(t, "key", []byte("-----BEGIN OPENSSH PRIVATE KEY-----\ncanary\n"), 0o600),
		"no identity of age":           write(t, "key", []byte("AGE-PLUGIN-YUBIKEY-1CANARY"), 0o600),
		"cannot be read":               t.TempDir(),
		"Others can read the key in /": write(t, "key", content, 0o604),
	} {
		if want == "cannot be read" {
			if err := os.Chmod(file, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		_, err := seal.NewAgeOpener(file)
		says(t, err, want)
		if err != nil && strings.Contains(strings.ToLower(err.Error()), "canary") {
			t.Errorf("%v", err)
		}
	}
}

// BenchmarkAge compares with the program of Debian; both write to nowhere. 64 MiB a round.
func BenchmarkAge(b *testing.B) {
	const size = 64 << 20
	one, other := classic(b), classic(b)
	plain := text(size)
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		s, err := seal.NewAge([]string{one.public, other.public})
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			w, err := s.Seal(b.Context(), io.Discard)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(struct{ io.Writer }{w}, bytes.NewReader(plain)); err != nil {
				b.Fatal(err)
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("age -r", func(b *testing.B) {
		b.SetBytes(size)
		file := write(b, "plain", plain, 0o600)
		for b.Loop() {
			if _, err := stock(b, nil, nil, "age", "-r", one.public, "-r", other.public, "-o", "/dev/null", file); err != nil {
				b.Fatal(err)
			}
		}
	})
}
