package irc

import "testing"

func TestFoldedNames(t *testing.T) {
	for in, want := range map[string]string{"#OPS": "#ops", "[A]\\~": "{a}|^", "É": "É", "": ""} {
		if got := foldName(in, true); got != want {
			t.Errorf("foldName(%q) = %q, want %q", in, got, want)
		}
	}
	if got := foldName("[A]", false); got != "[a]" {
		t.Errorf("in ASCII: %q", got)
	}
	for in, want := range map[string]string{"Maria": "maria", "*": "", "0": "", "": "", "mar\u212Ao": "", "\u0130da": "", "Ömer": "ömer", "a\uFFFD": ""} {
		if got := foldAccount(in); got != want {
			t.Errorf("foldAccount(%q) = %q, want %q", in, got, want)
		}
	}
	for why, want := range map[string]bool{
		"*.net *.split": true, "hub.example.org leaf.example.org": true, "Quit: a.b c.d": false, "bye": false, "": false,
		"a.b": false, "a.b a.b": false, "a.b c.d e.f": false, ". ..": false, "Ping timeout: 240 seconds": false,
	} {
		if netsplit(why) != want {
			t.Errorf("netsplit(%q) = %v", why, !want)
		}
	}
}
