package bot_test

import (
	"errors"
	"testing"

	"batsignal/bot"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

func TestDirectRoute(t *testing.T) {
	for _, c := range []struct {
		story string
		m     paging.Message
		want  string
	}{
		{"a role of an incident", paging.Message{
			Page: 12, Account: "ada", Ref: "INC-7", Severity: 1, Role: "release engineering", Why: "openssl is on fire", Rooms: []string{"#inc-7", "#other"},
		}, "@ada [INC-7] Page P12, severity 1: openssl is on fire. You are needed for release engineering. Come to #inc-7. Answer: !ack P12 or !decline P12"},
		{"a page by name, without a room", paging.Message{Page: 3, Account: "bea", Severity: 2, Why: "are you there?"},
			"@bea Page P3, severity 2: are you there? Answer: !ack P3 or !decline P3"},
		{"a repetition", paging.Message{Page: 3, Account: "bea", Severity: 2, Why: "now.", Repeat: true},
			"@bea Page P3, severity 2: now. (You may have got this before.) Answer: !ack P3 or !decline P3"},
		{"somebody's words never come first", paging.Message{Page: 3, Account: "bea", Severity: 2, Why: "!quit"},
			"@bea Page P3, severity 2: !quit. Answer: !ack P3 or !decline P3"},
		{"a link is not for chat", paging.Message{Page: 3, Account: "bea", Severity: 2, Why: "x", AckLink: secret.New("https://canary"), Address: secret.New("canary")},
			"@bea Page P3, severity 2: x. Answer: !ack P3 or !decline P3"},
	} {
		d := &door{}
		r := bot.DirectRoute{Network: d, Localize: func(s string) string { return s }}
		handed, err := r.Send(ctx, c.m)
		if got := d.take(); err != nil || handed.Note == "" || len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: %q, %v", c.story, got, err)
		}
	}
}

func TestDirectRouteTellsWhatRepeatingCannotChange(t *testing.T) {
	for err, permanent := range map[error]bool{bot.ErrAbsent: true, bot.ErrOffline: false, errors.New("too fast"): false} {
		d := &door{fail: func(string) error { return err }}
		r := bot.DirectRoute{Network: d, Localize: func(s string) string { return s }}
		_, got := r.Send(ctx, paging.Message{})
		if !errors.Is(got, err) || errors.Is(got, paging.ErrPermanent) != permanent {
			t.Errorf("%v becomes %v", err, got)
		}
	}
	if name := (bot.DirectRoute{Network: &door{}}).Name(); name != network {
		t.Error(name)
	}
}
