package oncall

import "crypto/rand"

// CodeLetters are those that codes are made of: hard to confuse when read from a screen at
// night, or heard on a phone. There is no 0, 1, I and O.
const CodeLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

// Code makes a code of n random letters, five bits each.
func Code(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	for i := range b {
		b[i] = CodeLetters[int(b[i])%len(CodeLetters)]
	}
	return string(b)
}

// NewCode makes a code for a confirmation: four letters.
func NewCode() string { return Code(4) }
