package share

import (
	"bytes"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// MostSealed is how long a sealed share may be, in bytes: it is a few hundred.
const MostSealed = 16 << 10

// Seal encrypts a share to the key of a run, as text: what one person hands to another
// program without anybody between them reading it. The error is fault.Invalid.
func Seal(recipient string, s Share) (string, error) {
	to, err := age.ParseX25519Recipient(strings.TrimSpace(recipient))
	if err != nil {
		return "", fault.New(fault.Invalid, "This is no key of a run. It begins with \"age1\" and has 62 characters; the bot says it in the room, and the page of the run shows it.")
	}
	var b bytes.Buffer
	a := armor.NewWriter(&b)
	w, err := age.Encrypt(a, to)
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "The share could not be encrypted.")
	}
	if _, err := w.Write(s.Value.RevealBytes()); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	if err := a.Close(); err != nil {
		return "", err
	}
	return b.String(), nil
}

// Submit reads a share as its holder has it and seals it to the key of a run: all that
// "batsignal share submit" does before it sends anything. number is which share it was. The
// error is fault.Invalid, and repeats nothing of the share.
func Submit(recipient string, text secret.Text) (sealed string, number int, err error) {
	s, err := Parse(text)
	if err != nil {
		return "", 0, err
	}
	defer s.Wipe()
	sealed, err = Seal(recipient, s)
	return sealed, s.Number(), err
}

// Register reads a share and gives by what it is known again, and nothing else of it: what
// "batsignal share register" sends. The error is fault.Invalid.
func Register(vault string, text secret.Text) (number int, commitment string, err error) {
	s, err := Parse(text)
	if err != nil {
		return 0, "", err
	}
	defer s.Wipe()
	return s.Number(), s.Commitment(vault), nil
}

// Looks tells whether something could be a sealed share: age ciphertext, in armor or not.
// Whether it opens, only the run can tell.
func Looks(sealed []byte) error {
	text := bytes.TrimSpace(sealed)
	switch {
	case len(sealed) > MostSealed:
		return fault.New(fault.Invalid, "This is too long for a sealed share.")
	case bytes.HasPrefix(text, []byte(armor.Header)), bytes.HasPrefix(sealed, []byte("age-encryption.org/v1\n")):
		return nil
	}
	return fault.New(fault.Invalid, "This is not encrypted to the key of the run. Never send a share as it is: encrypt it with \"batsignal share submit\" or \"age -a -r KEY\".")
}

// Key opens what was sealed to a run. It lives in the memory of one process; age keeps the
// secret half in memory that cannot be wiped, so it is forgotten and not overwritten.
type Key struct{ identity *age.X25519Identity }

// NewKey makes one that nobody has seen.
func NewKey() (Key, error) {
	id, err := age.GenerateX25519Identity()
	return Key{id}, err
}

// Recipient is its public half.
func (k Key) Recipient() string { return k.identity.Recipient().String() }

// String shows nothing of the key.
func (k Key) String() string { return "(secret)" }

// GoString shows nothing of the key either.
func (k Key) GoString() string { return "(secret)" }

// Open opens a sealed share. What was sealed may be the share as bytes, as "batsignal share
// submit" writes it, or as text, as "age" does when somebody types it. The error is
// fault.Invalid.
func (k Key) Open(sealed []byte) (Share, error) {
	if err := Looks(sealed); err != nil {
		return Share{}, err
	}
	var from io.Reader = bytes.NewReader(sealed)
	if text := bytes.TrimSpace(sealed); bytes.HasPrefix(text, []byte(armor.Header)) {
		from = armor.NewReader(io.MultiReader(bytes.NewReader(text), strings.NewReader("\n")))
	}
	r, err := age.Decrypt(from, k.identity)
	if err != nil {
		return Share{}, fault.New(fault.Invalid, "It was not encrypted to the key of this run. After a restart the run has another key: take the one that it says now.")
	}
	const most = 1 << 10
	plain := make([]byte, 0, most)
	for {
		n, err := r.Read(plain[len(plain):cap(plain)])
		plain = plain[:len(plain)+n]
		if err == io.EOF {
			break
		}
		if err != nil || len(plain) == cap(plain) {
			clear(plain)
			return Share{}, fault.New(fault.Invalid, "What was encrypted is damaged, or too long for a share.")
		}
	}
	if fits(len(plain)) {
		return FromBytes(plain)
	}
	defer clear(plain)
	return Parse(secret.New(string(plain)))
}
