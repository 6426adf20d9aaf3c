package web_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"batsignal/oncall"
)

// hostile are texts that somebody could type to harm whoever reads them.
var hostile = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`'><svg/onload=alert(1)>`,
	`</title><script>alert(1)</script>`,
	`</bdi></p><iframe src="javascript:alert(1)">`,
	`<a href="javascript:alert(1)">click</a>`,
	`javascript:alert(1)`,
	`{{.Version}} {{template "layout"}} ${7*7} <%= 7*7 %>`,
	`<meta http-equiv="refresh" content="0;url=https://evil.example">`,
	`<!-- <b>`, `--><b>`, `]]><b>`,
	`<style>*{display:none}</style>`,
	"moc.live\u202e//:sptth", "\u2066isolated\u2069", "a\u200bb\u2060c\ufeffd",
	"bell\x07 and \x1b[31mred\x1b[0m and \u009b31m",
	"line\none\r\ntwo\u2028three",
	"\U000e0041\U000e0042 tags", "\u115f\u3164 blanks",
	strings.Repeat("Z͑ͫ̓ͪ̂ͫ", 20),
	strings.Repeat("x", 250),
}

// TestHostileTexts puts every such text into every place that somebody's words can
// reach, and reads the pages as a browser would.
func TestHostileTexts(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	bare, err := html.Parse(strings.NewReader(w.get("/incidents/1").body))
	if err != nil {
		t.Fatal(err)
	}
	harmless := tags(bare)
	for i, text := range hostile {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			w.sql(`update incident_room set network = 'console' where incident_id = 1`)
			actor := oncall.Actor{PersonID: w.person("li").ID, Handle: "li", Network: text, Room: text, Account: text}
			if err := w.Incidents.Note(ctx, actor, 1, text); err != nil {
				t.Fatal(err)
			}
			if err := w.Incidents.Rename(ctx, oncall.Actor{Account: text, Network: text}, 1, text); err != nil {
				t.Fatal(err)
			}
			if err := w.Incidents.Refuse(ctx, oncall.Actor{Account: text, Network: text}, text, text); err != nil {
				t.Fatal(err)
			}
			short := clip(text, 60)
			w.sql(`update role set title = $1 where name = 'package-fixing'`, short)
			w.sql(`update person set zone = $1 where handle = 'li'`, short)
			w.sql(`update incident_room set room = $1, network = $1 where incident_id = 1`, short)
			w.sql(`update escalation set why = $1`, text)
			w.sql(`update delivery set route = $1, network = $1`, short)
			w.sql(`update page set answered_via = $1 where state = 'acked'`, short)

			for _, path := range []string{"/", "/incidents/1", "/incidents", "/signal", "/people", w.link("maria")} {
				a := w.get(path)
				a.says(t, 200)
				for _, r := range a.body {
					if r != '\n' && (unicode.In(r, unicode.Cc, unicode.Cf) || r == 0x3164 || r == 0x115f || r == 0x2028) {
						t.Errorf("%s holds U+%04X as it is", path, r)
						break
					}
				}
				root, err := html.Parse(strings.NewReader(a.body))
				if err != nil {
					t.Fatal(err)
				}
				checkOurs(t, path, root)
				if path == "/incidents/1" {
					for tag, n := range tags(root) {
						if harmless[tag] == 0 && tag != "h3" && tag != "ol" {
							t.Errorf("%s has %d <%s> that no harmless text makes", path, n, tag)
						}
					}
				}
			}
		})
	}
}

// checkOurs fails on anything that only a text could have brought in.
func checkOurs(t *testing.T, path string, root *html.Node) {
	t.Helper()
	scripts := 0
	form := strings.HasPrefix(path, "/minutes") || strings.HasPrefix(path, "/actions")
	for n := range root.Descendants() {
		if n.Type == html.CommentNode {
			t.Errorf("%s: a comment", path)
		}
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "iframe", "svg", "style", "object", "embed", "base":
			t.Errorf("%s: <%s>", path, n.Data)
		case "input":
			if kind, _ := attr(n, "type"); !form || kind != "" && kind != "search" {
				t.Errorf("%s: <input> of the type %q", path, kind)
			}
		case "script":
			if src, _ := attr(n, "src"); !strings.HasPrefix(src, "/static/live.js?v=") || n.FirstChild != nil {
				t.Errorf("%s: a script from %q", path, src)
			}
			scripts++
		case "img":
			if src, _ := attr(n, "src"); !strings.HasPrefix(src, "/static/icon.svg?v=") {
				t.Errorf("%s: a picture from %q", path, src)
			}
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("%s: <%s %s>", path, n.Data, a.Key)
			}
			if (a.Key == "href" || a.Key == "src") && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "?") && !leadsOut(n) {
				t.Errorf("%s: %s=%q", path, a.Key, a.Val)
			}
		}
	}
	if scripts > 1 {
		t.Errorf("%s: %d scripts", path, scripts)
	}
}

func tags(root *html.Node) map[string]int {
	found := map[string]int{}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			found[n.Data]++
		}
	}
	return found
}

func clip(text string, most int) string {
	r := []rune(text)
	return string(r[:min(len(r), most)])
}
