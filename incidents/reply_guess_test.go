package incidents_test

import (
	"strings"
	"testing"
	"time"

	"batsignal/oncall/paging"
)

// Somebody tries out codes. After some dozens, a code counts only from the address that its
// page went to, so the one who was rung is not locked out; and what is guessed is no longer
// kept.
func TestGuessesOfCodes(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	sms, _ := s.phones()
	s.phone("bea", "sms")
	inc := s.light("ada", "cem", fire()).ID
	s.advance(time.Minute)
	m := sms.take()[0]
	wrong := "AAAAA"
	if m.Code == wrong {
		wrong = "BBBBB"
	}
	for range 100 {
		s.says(paging.Reply{Route: "sms", Text: wrong})
	}
	if n := get[int](t, s.db, `select count(*) from provider_event where route = 'sms'`); n < 30 || n > 60 {
		t.Errorf("%d of 100 guesses are kept", n)
	}
	if say := s.says(paging.Reply{Route: "sms", Text: m.Code}); !strings.HasPrefix(say, "Too many codes") || s.pageState(m.Page) != "open" {
		t.Errorf("the right one from anywhere: %s, and the page is %s", say, s.pageState(m.Page))
	}
	if say := s.says(paging.Reply{Route: "sms", From: m.Address, Text: m.Code}); !strings.Contains(say, "You have fixing") {
		t.Errorf("the right one from the number that was rung: %s", say)
	}
	if got := s.filled(inc); !strings.HasSuffix(got, "fix=bea") {
		t.Error(got)
	}
	s.advance(11 * time.Minute)
	if say := s.says(paging.Reply{Route: "sms", Text: wrong}); !strings.HasPrefix(say, "No page has this code") {
		t.Errorf("later: %s", say)
	}
}
