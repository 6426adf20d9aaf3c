package irc

import (
	"strings"
	"testing"
)

// BenchmarkSplit cuts a long text into lines that fit.
func BenchmarkSplit(b *testing.B) {
	text := strings.Repeat("Ein langer Satz, größer als eine Zeile, über den Bäumen. ", 30)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if len(split(text, 400)) < 4 {
			b.Fatal("too few lines")
		}
	}
}
