package command

import (
	"context"
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	for _, x := range []struct {
		prefix, line, rest string
		ok                 bool
	}{
		{"!", "!ack 12", "ack 12", true},
		{"!", "  !ack", "ack", true},
		{"!", "! ack", "ack", true},
		{"!", "!Äther", "Äther", true},
		{"!", "", "", false},
		{"!", "!", "", false},
		{"!", "!!", "", false},
		{"!", "! ", "", false},
		{"!", "!  ack", "", false},
		{"!", "!?", "", false},
		{"!", "!1", "", false},
		{"!", "ack", "", false},
		{"!", "so !ack", "", false},
		{"bat:", "bat: ack", "ack", true},
		{"bat:", "bat:ack", "ack", true},
		{"bat:", "!ack", "", false},
		{"bat:", "bat", "", false},
	} {
		rest, ok := newSet(t, Options{Prefix: x.prefix}).Judge(x.line)
		if rest != x.rest || ok != x.ok {
			t.Errorf("%q with prefix %q: %q %v", x.line, x.prefix, rest, ok)
		}
	}
}

func TestJudgeAllocatesNothing(t *testing.T) {
	s := newSet(t, Options{})
	for _, line := range []string{"hello there", "!important", "!ack 12"} {
		if n := testing.AllocsPerRun(100, func() { s.Judge(line) }); n != 0 {
			t.Errorf("%q: %v allocations", line, n)
		}
	}
}

func BenchmarkJudge(b *testing.B) {
	s := newSet(b, Options{})
	for name, line := range map[string]string{
		"prose":   "has anybody looked at the mirrors in Frankfurt since this morning?",
		"bang":    "!!! that is great news",
		"command": "!batsignal --sev 1 remote code execution in openssl",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Judge(line)
			}
		})
	}
}

func BenchmarkRun(b *testing.B) {
	s := newSet(b, Options{})
	for name, line := range map[string]string{
		"prose":   "has anybody looked at the mirrors in Frankfurt since this morning?",
		"unknown": "!important: the meeting moved",
		"command": "!baton take",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Run(context.Background(), maria, line); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestTheEmergencyCommandGoesByItsConfiguredName(t *testing.T) {
	s := newSet(t, Options{Prefix: ".", Emergency: "redalert", Aliases: map[string]string{"help-me": "batsignal"}})
	play(t, s, maria, []exchange{
		{".redalert openssl", "batsignal what=openssl"},
		{".help-me openssl", "batsignal what=openssl"},
		{".batsignal openssl", ""},
		{"!redalert openssl", ""},
		{".redalert", "What is missing is <what> (what is on fire). Example: .redalert remote code execution in openssl"},
		{".redalret x", "I know no command “redalret”: did you mean .redalert? Example: .redalert remote code execution in openssl"},
	})
	if got := s.Typed("batsignal openssl"); got != ".redalert openssl" {
		t.Error(got)
	}
	if got := (&Call{set: s}).Typed("baton take"); got != ".baton take" {
		t.Error(got)
	}
	if got := (&Call{}).Typed("baton take"); got != "!baton take" {
		t.Error(got)
	}
	if help := say(s, maria, ".help batsignal"); !strings.Contains(help, "Usage: .redalert [--sev 1|2|3] <what>") {
		t.Error(help)
	}
}

func TestDefinitionsThatAreRefused(t *testing.T) {
	run := func(context.Context, *Call) (Reply, error) { return Reply{}, nil }
	good := func(change func(*Command)) []*Command {
		c := &Command{Name: "ack", Summary: "Says yes.", Example: "ack", Run: run}
		change(c)
		return []*Command{c}
	}
	params := func(ps ...Param) []*Command { return good(func(c *Command) { c.Params = ps; c.Example = "ack a b c" }) }
	for name, x := range map[string]struct {
		commands []*Command
		opts     Options
		want     string
	}{
		"no summary":         {commands: good(func(c *Command) { c.Summary = " " }), want: `"ack" has no summary`},
		"no example":         {commands: good(func(c *Command) { c.Example = "" }), want: `"ack" has no example`},
		"does nothing":       {commands: good(func(c *Command) { c.Run = nil }), want: `"ack" does nothing`},
		"broken example":     {commands: good(func(c *Command) { c.Example = "ack 12" }), want: "does not work: I did not expect"},
		"foreign example":    {commands: good(func(c *Command) { c.Example = "help" }), want: `it means "help"`},
		"unknown example":    {commands: good(func(c *Command) { c.Example = "bark" }), want: "I know no command"},
		"capital letters":    {commands: good(func(c *Command) { c.Name = "Ack" }), want: "lower-case"},
		"a space in it":      {commands: good(func(c *Command) { c.Aliases = []string{"a b"} }), want: "lower-case"},
		"same name twice":    {commands: append(good(func(*Command) {}), good(func(*Command) {})...), want: `"ack" is taken twice`},
		"own alias":          {commands: good(func(c *Command) { c.Aliases = []string{"ack"} }), want: `"ack" is taken twice`},
		"alias of help":      {commands: good(func(c *Command) { c.Aliases = []string{"help"} }), want: `"help" is taken twice`},
		"configured alias":   {commands: good(func(*Command) {}), opts: Options{Aliases: map[string]string{"ack": "help"}}, want: `"ack" is taken twice`},
		"alias to nothing":   {commands: good(func(*Command) {}), opts: Options{Aliases: map[string]string{"x": "bark"}}, want: `alias "x" stands for "bark"`},
		"emergency = other":  {commands: append(good(func(*Command) {}), good(func(c *Command) { c.Name, c.Example = "batsignal", "batsignal" })...), opts: Options{Emergency: "ack"}, want: `"ack" is taken twice`},
		"rest not last":      {commands: params(Param{Name: "a", Kind: Rest}, Param{Name: "b"}), want: `"b" comes after the one that takes the rest`},
		"optional, needed":   {commands: params(Param{Name: "a", Optional: true}, Param{Name: "b"}), want: `"a" is optional and any word`},
		"two of a name":      {commands: params(Param{Name: "a"}, Param{Name: "a"}), want: `two parameters called "a"`},
		"no kind":            {commands: params(Param{Name: "a", Kind: 99}), want: "of no known kind"},
		"prefix of letters":  {commands: good(func(*Command) {}), opts: Options{Prefix: "bat"}, want: "end in a sign"},
		"prefix of clients":  {commands: good(func(*Command) {}), opts: Options{Prefix: "/"}, want: "chat programs"},
		"prefix with a gap":  {commands: good(func(*Command) {}), opts: Options{Prefix: "! "}, want: "without spaces"},
		"family that runs":   {commands: good(func(c *Command) { c.Subs = good(func(*Command) {}) }), want: "can neither run"},
		"default without":    {commands: good(func(c *Command) { c.Default = "x" }), want: "no sub-commands"},
		"default is nothing": {commands: good(func(c *Command) { c.Run, c.Default, c.Subs = nil, "x", good(func(*Command) {}) }), want: "is not one of"},
		"too deep": {commands: good(func(c *Command) {
			c.Run = nil
			c.Subs = good(func(c *Command) { c.Run = nil; c.Subs = good(func(*Command) {}) })
		}), want: "of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewSet(x.opts, x.commands)
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v, want %s", err, x.want)
			}
		})
	}
}
