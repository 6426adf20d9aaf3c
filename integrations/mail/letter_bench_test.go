package mail

import (
	"testing"
	"time"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// BenchmarkLetter writes one letter, ready to be sent.
func BenchmarkLetter(b *testing.B) {
	r, err := New(Config{
		Host: "mail.example.org", From: "Batsignal <batsignal@bat.example>",
		Now: func() time.Time { return time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		b.Fatal(err)
	}
	m := paging.Message{
		Key: "page-41", Attempt: 1, Page: 12, Person: "maria", Ref: "INC-7", Severity: 1,
		Role: "release engineering", Why: "remote code execution in openssl",
		Rooms: []string{"#inc-7-openssl"}, AckLink: secret.New("https://bat.example/ack/token"),
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.letter(m, "maria@oncall.example"); err != nil {
			b.Fatal(err)
		}
	}
}
