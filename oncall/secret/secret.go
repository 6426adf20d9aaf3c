// Package secret owns values that must never be printed by accident.
//
// It does not encrypt and does not wipe memory: it only makes sure that fmt,
// slog, encoding/json and friends show a placeholder. The value sits behind a
// pointer, because fmt prints unexported struct fields without asking.
package secret

import (
	"crypto/subtle"
	"log/slog"
	"os"
	"strings"
)

const placeholder = "(secret)"

// Text is a secret string: a password, a token, a private address.
// The zero Text is empty and usable.
type Text struct{ value *string }

// New wraps a value.
func New(value string) Text { return Text{&value} }

// FromFile reads a secret from a file, without the newline that editors add.
func FromFile(path string) (Text, error) {
	b, err := os.ReadFile(path) // #nosec G304 -- the operator names it, in the configuration
	if err != nil {
		return Text{}, err
	}
	return New(strings.TrimRight(string(b), "\r\n")), nil
}

// Reveal is the only way to the value. A test lists the places that may call it.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// Empty tells whether there is no value.
func (t Text) Empty() bool { return t.value == nil || *t.value == "" }

// Lines returns what stands on each line that is not empty, without the spaces around it:
// a file may hold the secret of now and the one that is about to replace it.
func (t Text) Lines() []Text {
	var list []Text
	for line := range strings.Lines(t.Reveal()) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, New(line))
		}
	}
	return list
}

// Equal tells whether two hold the same, without telling by its time how much of it.
func (t Text) Equal(other Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other.Reveal())) == 1
}

func (t Text) String() string               { return placeholder }
func (t Text) GoString() string             { return placeholder }
func (t Text) MarshalText() ([]byte, error) { return []byte(placeholder), nil }
func (t Text) LogValue() slog.Value         { return slog.StringValue(placeholder) }
