package markdown

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// drawn writes blocks in a short form that shows what was understood.
func drawn(blocks []Block) string {
	var b strings.Builder
	for _, one := range blocks {
		switch one.Kind {
		case Paragraph:
			b.WriteString("p(" + line(one.Spans) + ")")
		case Heading:
			fmt.Fprintf(&b, "h%d(%s)", one.Level, line(one.Spans))
		case List, Ordered:
			b.WriteString(map[Kind]string{List: "ul(", Ordered: "ol("}[one.Kind])
			for _, item := range one.Items {
				b.WriteString("(" + line(item.Spans) + drawn(item.Lists) + ")")
			}
			b.WriteString(")")
		case Quote:
			b.WriteString("q(" + drawn(one.Parts) + ")")
		case Code:
			fmt.Fprintf(&b, "code%q", one.Text)
		case Rule:
			b.WriteString("hr")
		}
	}
	return b.String()
}

func line(spans []Span) string {
	var b strings.Builder
	for _, s := range spans {
		text := s.Text
		if s.Code {
			text = "`" + text + "`"
		}
		if s.Em {
			text = "/" + text + "/"
		}
		if s.Strong {
			text = "!" + text + "!"
		}
		if s.Href != "" {
			text = "[" + text + "→" + s.Href + "]"
		}
		b.WriteString(text)
	}
	return b.String()
}

func TestBlocks(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "\n\n": "", "one\ntwo\n\nthree": "p(one two)p(three)",
		"# One\n## Two ##\n###### Six\n####### no\n#no": "h1(One)h2(Two)h6(Six)p(####### no #no)",
		"#\n# #\ntext":                    "p(text)",
		"a\n# b":                          "p(a)h1(b)",
		"- a\n- b\n  more\nlazy\n\nafter": "ul((a)(b more lazy))p(after)",
		"- a\n\n- b\n\n\n- c":             "ul((a)(b)(c))",
		"* a\n+ b":                        "ul((a)(b))",
		"1. a\n2. b\n3) c\n- d":           "ol((a)(b)(c))ul((d))",
		"- a\n  - b\n    - c\n  - d\n- e": "ul((aul((bul((c)))(d)))(e))",
		"- a\n  1. b\n     more":          "ul((aol((b more))))",
		"2026 was\n12 a year":             "p(2026 was 12 a year)",
		"-no\n-":                          "p(-no -)",
		"> a\n> - b\n>\n> c\nd":           "q(p(a)ul((b))p(c))p(d)",
		"```\n# code\n  x\n```\nafter":    `code"# code\n  x"p(after)`,
		"~~~ go\nx":                       `code"x"`,
		"---\n***\n_ _ _\n--":             "hrhrhrp(--)",
		"- a\n---\n- b":                   "ul((a))hrul((b))",
		"a\n```\nb\n```":                  `p(a)code"b"`,
		strings.Repeat("> ", 9) + "a":     strings.Repeat("q(", 6) + "p(> > > a)" + strings.Repeat(")", 6),
		"- a\n  - b\n    - c\n      - d\n        - e\n          - f\n            - g": "ul((aul((bul((cul((dul((eul((f - g))))))))))))",
	} {
		if got := drawn(Parse(text)); got != want {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestLines(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                                 "plain",
		"*em* and **strong** and ***both***":    "/em/ and !strong! and !/both/!",
		"_em_ __strong__ snake_case_word 2*3*4": "/em/ !strong! snake_case_word 2/3/4",
		"* a * ** b **":                         "* a * ** b **",
		"**open and *closed*":                   "**open and /closed/",
		"*a **b* c**":                           "/a **b/ c**",
		"****":                                  "****",
		"`code *x*` and ``a ` b``":              "`code *x*` and `a ` b`",
		"` `` ` x":                              "```` x",
		"`open":                                 "`open",
		`\*no\* \\ \a \`:                        `*no* \ \a \`,
		"&lt;b&gt; &amp;lt; &no; &#65; &":       "<b> &lt; &no; A &",
		"<b>raw</b>":                            "<b>raw</b>",
		"[a](https://x.example/b_c)":            "[a→https://x.example/b_c]",
		"[a *b*](http://x.example \"t\")":       "[a /b/]([http://x.example→http://x.example] \"t\")",
		"[a](javascript:alert(1)) [b](//x.example) [c](mailto:a@b.example)": "[a](javascript:alert(1)) [b](//x.example) [c](mailto:a@b.example)",
		"[a](https://x.example/(b)) c":                                      "[a→https://x.example/(b)] c",
		"[](https://x.example)":                                             "[]([https://x.example→https://x.example])",
		"![x](https://x.example/p.png)":                                     "![x→https://x.example/p.png]",
		"<https://x.example/a*b*c>":                                         "[https://x.example/a*b*c→https://x.example/a*b*c]",
		"<javascript:x> <a b>":                                              "<javascript:x> <a b>",
		"see https://x.example/a_b_c, or (http://y.example).":               "see [https://x.example/a_b_c→https://x.example/a_b_c], or ([http://y.example→http://y.example]).",
		"xhttps://x.example https:// HTTPS://X.example":                     "xhttps://x.example https:// [HTTPS://X.example→https://X.example]",
		"https:\u200b//x.example":                                           "https:\u200b//x.example",
		"https://x.example/ü":                                               "[https://x.example/→https://x.example/]ü",
	} {
		if got := line(Inline(text)); got != want {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	if got := Plain(` **What** \_went\_ ` + "`well`" + ` &amp; [why](https://x.example) `); got != "What _went_ well & why" {
		t.Error(got)
	}
}

// Whatever stands in a text, every letter of it that is not a mark is shown, links are of
// the web, and it takes no longer for the trying.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"# a\n- b\n  - c\n> d\n```\ne\n```\n", "**a *b** c*", "[a](https://b.example)", "<https://x>", "&#x202e;\\", "\x00\xff", "- \n  -", "`` ` ``"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var look func(blocks []Block)
		check := func(spans []Span) {
			for _, s := range spans {
				if s.Href != "" && !strings.HasPrefix(s.Href, "http://") && !strings.HasPrefix(s.Href, "https://") {
					t.Errorf("a link to %q", s.Href)
				}
			}
		}
		look = func(blocks []Block) {
			for _, b := range blocks {
				check(b.Spans)
				look(b.Parts)
				for _, item := range b.Items {
					check(item.Spans)
					look(item.Lists)
				}
			}
		}
		look(Parse(text))
	})
}

// TestNoTextTakesLong reads the longest documents that somebody could save to make it slow.
func TestNoTextTakesLong(t *testing.T) {
	for _, piece := range []string{
		"*", "_", "**a ", "*a _b ", "`", "` ``", "[", "[a](", "[a](https://", "(", "<", "<https://x", "&", "&#", "\\", "https://%", "http://a)", "- ", "> ", "#", "\n", "1. a\n", "- a\n  - b\n", "```\n", "x ",
	} {
		text := strings.Repeat(piece, 200_000/len(piece))
		began := time.Now()
		Parse(text)
		// A slow machine needs a part of this; work that grew with the square would need more.
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%q takes %s", piece, took)
		}
	}
}
