package secret

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
	"runtime"
)

// Bytes is a secret that is wiped when it was used: a key, or half of one. Like [Text] it
// shows a placeholder wherever it is printed. The zero Bytes is empty and usable.
type Bytes struct{ at *kept }

// kept puts a second pointer before the bytes. In a field that is not exported fmt asks no
// method, and for a verb that does not suit a pointer, like %s, it shows what the first one
// points to; it follows no second one.
type kept struct{ value *[]byte }

// NewBytes takes the bytes over: whoever made them keeps no copy.
func NewBytes(value []byte) Bytes { return Bytes{&kept{&value}} }

// RevealBytes is the only way to the value, which stays the secret's: it is not to be
// kept, and is zeroes after [Bytes.Wipe]. A test lists the places that may call it.
func (b Bytes) RevealBytes() []byte {
	if b.at == nil {
		return nil
	}
	return *b.at.value
}

// Len is how many bytes there are.
func (b Bytes) Len() int { return len(b.RevealBytes()) }

// Wipe overwrites the value. Copies that the runtime made, as when a stack grew, are
// beyond its reach.
func (b Bytes) Wipe() {
	if b.at == nil {
		return
	}
	clear(*b.at.value)
	runtime.KeepAlive(b.at.value)
	*b.at.value = nil
}

// Equal tells whether two hold the same, without telling by its time how much of it.
func (b Bytes) Equal(other Bytes) bool {
	return subtle.ConstantTimeCompare(b.RevealBytes(), other.RevealBytes()) == 1
}

func (b Bytes) String() string               { return placeholder }
func (b Bytes) GoString() string             { return placeholder }
func (b Bytes) MarshalText() ([]byte, error) { return []byte(placeholder), nil }
func (b Bytes) LogValue() slog.Value         { return slog.StringValue(placeholder) }

// Format shows the placeholder for every verb.
func (b Bytes) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(placeholder)) }
