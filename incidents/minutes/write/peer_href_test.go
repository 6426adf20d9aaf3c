package write

import "testing"

func TestMayLink(t *testing.T) {
	for address, want := range map[string]bool{
		"http://example.org": true, "HTTPS://EXAMPLE.ORG": true, "mailto:a@b.c": true, "ssh://host": true, "irc://x/y": true,
		"git://example.org/r.git": true, "no": true, "": true, "(http://example.org/b)": true, "<http://x>": true, "Board:": true,
		"javascript:alert(1)": false, "JavaScript:alert(1)": false, "javascript:": false, "data:text/html,x": false, "vbscript:x": false,
		"file:///etc/passwd": false, "blob:x": false, "x:y": false, "java\tscript:x": false, " javascript:x": false,
		"\u00a0javascript:x": false, "a\u2003b": false,
	} {
		if got := mayLink(address); got != want {
			t.Errorf("mayLink(%q) = %v", address, got)
		}
	}
}

func TestPeerHref(t *testing.T) {
	for name, want := range map[string]string{
		"ops.2026-11-22-03.03.log.html": "ops.2026-11-22-03.03.log.html",
		`javascript:'x'"y"<z>&#?%`:      "javascript%3A%27x%27%22y%22%3Cz%3E%26%23%3F%25",
	} {
		if got := peerHref(name); got != want {
			t.Errorf("peerHref(%q) = %q, want %q", name, got, want)
		}
	}
}
