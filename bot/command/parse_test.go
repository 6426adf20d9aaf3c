package command

import (
	"strings"
	"testing"
)

func TestReadNumber(t *testing.T) {
	for in, want := range map[string]string{
		"12": "12", "#12": "12", "P12": "12", "p-12": "12", "P#12": "12", "#P12": "12", "P–12": "12", "12.": "12", "007": "7", "0": "0",
		"999999999999999": "999999999999999",
		"":                "bad", "P": "bad", "#": "bad", "-12": "bad", "1.5": "bad", "12x": "bad", "1e3": "bad", "٣": "bad", "INC-12": "bad",
		"9999999999999999": "bad",
	} {
		got, _, ok := readNumber(in, "P")
		if !ok {
			got = "bad"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	s, err := NewSet(Options{}, vocabulary())
	if err != nil {
		f.Fatal(err)
	}
	for _, line := range []string{
		"!batsignal --sev 2 openssl", "!batsignal —sev=“1” x", "!batsignal -- --sev", `!page "Maria Lopez" why`, "!ack P12 --all",
		"!incident note INC-7 text", "!incident sev 7 2", "!baton tkae", "!help baton", "link x", "!ack \xff", "!page \"", "!batsignal --sev=",
		"!ack " + strings.Repeat("1 ", 300), "!page \u202e\x00 x\ny", "! ack", "!batsignal --=x", "!ack --all=", "!", "!\xc3",
	} {
		f.Add(line, true)
		f.Add(line, false)
	}
	f.Fuzz(func(t *testing.T, line string, inRoom bool) {
		caller := admin
		if !inRoom {
			caller = private(admin)
		}
		r, err := s.Run(t.Context(), caller, line)
		if err != nil {
			r = Refusal(err)
			if lines := PlainText(r); len(lines) != 1 || len(lines[0]) > maxLine {
				t.Errorf("%q: refused in %d lines: %q", line, len(lines), lines)
			}
		}
		for _, said := range PlainText(r) {
			if bad := flaw(said); bad != "" {
				t.Errorf("%q: %q has %s", line, said, bad)
			}
		}
		rest, ok := s.Judge(line)
		if !ok {
			return
		}
		e, args, err := s.resolve(rest, maxLine)
		if err != nil {
			return
		}
		values, err := s.parse(e, args)
		if err != nil {
			return
		}
		for _, p := range e.Params {
			value, given := values[p.Name]
			if given && (value == "" || value != Clean(value)) || !given && !p.Optional && p.Kind != Flag && p.Kind != Option {
				t.Errorf("%q: %s is %q", line, p.Name, value)
			}
		}
	})
}
