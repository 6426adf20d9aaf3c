package mail_test

import (
	"strings"
	"testing"

	"batsignal/integrations/mail"
	"batsignal/integrations/mail/mailtest"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// read sends one page and returns its subject and both bodies.
func read(t *testing.T, change func(*paging.Message), adjust func(*mail.Config)) (subject, text, html string) {
	t.Helper()
	s := mailtest.Start(t, mailtest.Options{})
	c := config(s)
	if adjust != nil {
		adjust(&c)
	}
	m := page()
	change(&m)
	if _, err := route(t, c).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := s.All()[0]
	text, err := got.Part("text/plain")
	if err != nil {
		t.Fatal(err)
	}
	if html, err = got.Part("text/html"); err != nil {
		t.Fatal(err)
	}
	return got.Header("Subject"), text, html
}

func TestThePlainLetterReadsLikeThis(t *testing.T) {
	_, text, _ := read(t, func(m *paging.Message) { m.Repeat = true }, nil)
	want := `INC-7, severity 1

remote code execution in openssl

You are asked for: release engineering.
This is a possible repeat: you may have been told before. One answer is enough.

To say that you are coming, open this link. It shows a page with one
button, and nothing happens before you press it. It works once.

https://bat.example/a/linkcanary

Or write in chat:

  !ack P12

If you cannot come, write this, and the next person is rung at once:

  !decline P12

Come to: #war, #inc-7-openssl

Replies to this mail are not read.
`
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

func TestALetterWithoutLinkRoleRoomsOrIncidentStillMakesSense(t *testing.T) {
	subject, text, html := read(t, func(m *paging.Message) {
		m.Ref, m.Severity, m.Role, m.Rooms, m.AckLink = "", 0, "", nil, secret.Text{}
	}, func(c *mail.Config) { c.Prefix = "." })
	if want := "[P12] You are needed: remote code execution in openssl"; subject != want {
		t.Errorf("subject %q, want %q", subject, want)
	}
	want := `P12

remote code execution in openssl

You are asked for by name.

To say that you are coming, write in chat:

  .ack P12

If you cannot come, write this, and the next person is rung at once:

  .decline P12

Replies to this mail are not read.
`
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if strings.Contains(html, "<a ") || strings.Contains(html, "Come to") || !strings.Contains(html, "<code>.ack P12</code>") {
		t.Errorf("the other letter:\n%s", html)
	}
}

func TestWordsOfStrangersCannotLeaveTheirLine(t *testing.T) {
	for name, story := range map[string]struct{ why, shown string }{
		"line breaks":            {"a\r\nBcc: x@y.example\r\n\r\nhello", "a Bcc: x@y.example hello"},
		"odd line breaks":        {"a\u2028b\u0085c\vd", "a b c d"},
		"right to left override": {"abc\u202etxt.exe", "abc<U+202E>txt.exe"},
		"isolates":               {"\u2066a\u2069", "<U+2066>a<U+2069>"},
		"zero width":             {"pay\u200bpal \ufeff", "pay<U+200B>pal <U+FEFF>"},
		"invisible letters":      {"a\u3164b", "a<U+3164>b"},
		"control characters":     {"\x00\x1b[31mred\x7f", "<U+0000><U+001B>[31mred<U+007F>"},
		"broken UTF-8":           {"a\xffb\xc3", "a\ufffdb\ufffd"},
		"markup":                 {`<script>x</script><img src="//y">`, `<script>x</script><img src="//y">`},
		"an encoded word":        {"=?utf-8?q?a=0D=0Ab=E2=80=AE?=", "=?utf-8?q?a=0D=0Ab=E2=80=AE?="},
	} {
		t.Run(name, func(t *testing.T) {
			subject, text, html := read(t, func(m *paging.Message) {
				m.Why, m.Role, m.Ref = story.why, story.why, story.why
				m.Rooms = []string{story.why}
			}, nil)
			if !strings.Contains(text, "\n\n"+story.shown+"\n\n") {
				t.Errorf("%q is not alone on its line in\n%s", story.shown, text)
			}
			if strings.Contains(html, "<script") || strings.Contains(html, "<img") {
				t.Errorf("markup came through:\n%s", html)
			}
			if inSubject := strings.ReplaceAll(story.shown, "=?", "= ?"); !strings.Contains(subject, ": "+inSubject+" (severity 1)") {
				t.Errorf("subject %q does not hold %q", subject, inSubject)
			}
			for _, c := range subject + strings.ReplaceAll(text+html, "\n", "") {
				if c < ' ' || c == 0x7f || c == '\u202e' || c == '\u200b' {
					t.Errorf("%U came through", c)
				}
			}
		})
	}
}

func TestLongWordsAreCut(t *testing.T) {
	long := strings.Repeat("ключ ", 1000)
	subject, text, _ := read(t, func(m *paging.Message) { m.Why = long }, nil)
	if n := len([]rune(subject)); n > 200 || !strings.Contains(subject, "… (severity 1)") {
		t.Errorf("a subject of %d characters: %s", n, subject)
	}
	if n := len([]rune(text)); n > 2000 || !strings.Contains(text, "…") {
		t.Errorf("a letter of %d characters", n)
	}
}

func TestALinkThatNoMailProgramShouldOpenIsLeftOut(t *testing.T) {
	for _, link := range []string{"javascript:alert(1)", "data:text/html,x", "/a/relative", "https://", "https://a.example/\u202ex", "https://a.example/ x"} {
		_, text, html := read(t, func(m *paging.Message) { m.AckLink = secret.New(link) }, nil)
		if strings.Contains(text, link) || strings.Contains(html, "<a ") {
			t.Errorf("%q was offered", link)
		}
		if !strings.Contains(text, "!ack P12") {
			t.Error("and chat was not")
		}
	}
}
