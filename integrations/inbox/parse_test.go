package inbox

import (
	"encoding/base64"
	"fmt"
	"mime"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/mail"
	"batsignal/integrations/mail/mailtest"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

var sealing = secret.New("a secret of this installation")

// ours sends one letter and returns its Message-ID and both bodies.
func ours(t testing.TB, m paging.Message) (id, text, html string) {
	t.Helper()
	s := mailtest.Start(t, mailtest.Options{})
	r, err := mail.New(mail.Config{
		Host: s.Host, Port: s.Port, RootCAs: s.RootCAs(), From: "batsignal@bat.example", ReplyTo: "ack@bat.example", Secret: sealing, Timeout: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := s.All()[0]
	if text, err = got.Part("text/plain"); err != nil {
		t.Fatal(err)
	}
	if html, err = got.Part("text/html"); err != nil {
		t.Fatal(err)
	}
	return got.Header("Message-ID"), text, html
}

func page() paging.Message {
	return paging.Message{
		Key: "page-41", Page: 12, Person: "maria", Address: secret.New("maria@oncall.example"), Ref: "INC-7", Severity: 1,
		Role: "release engineering", Why: "remote code execution in openssl", Rooms: []string{"#war"}, Code: "K7QXM",
		Items: []string{"disk full on WEB22"}, AckLink: secret.New("https://bat.example/ack/token"),
	}
}

func mailOf(subject, body string, headers ...string) []byte {
	head := "From: Maria <maria@oncall.example>\r\nTo: ack@bat.example\r\nMessage-ID: <m1@phone.example>\r\nSubject: " + subject + "\r\n"
	for _, h := range headers {
		head += h + "\r\n"
	}
	return []byte(head + "\r\n" + body)
}

func quoted(text, with string) string {
	return with + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+with) + "\n"
}

// What people write stands above or below our letter, which mail programs quote in their
// own ways and languages, and which names the code. Only their own words count.
func TestOnlyOnesOwnWordsCount(t *testing.T) {
	_, text, html := ours(t, page())
	wrapped := func(width int) string { // as programs fold long lines of what they quote
		var out strings.Builder
		for line := range strings.Lines(text) {
			for n := 0; len(line) > width; {
				if n = strings.LastIndexByte(line[:width], ' '); n <= 0 {
					break
				}
				out.WriteString(line[:n] + "\n")
				line = line[n+1:]
			}
			out.WriteString(line)
		}
		return out.String()
	}
	styles := map[string]func(own string) (contentType, body string){
		"above, quoted with marks": func(own string) (string, string) {
			return "text/plain; charset=utf-8", own + "\n\nOn Mon, 23 Nov 2026 at 03:00, Batsignal <ack@bat.example> wrote:\n\n" + quoted(text, "> ")
		},
		"below, quoted with marks": func(own string) (string, string) {
			return "text/plain", "Am 23.11.26 um 03:00 schrieb Batsignal:\n" + quoted(text, "> ") + "\n" + own + "\n"
		},
		"marks twice": func(own string) (string, string) {
			return "text/plain", own + "\n" + quoted(quoted(text, "> "), ">")
		},
		"Outlook, English": func(own string) (string, string) {
			return "text/plain", own + "\r\n\r\n________________________________\r\nFrom: Batsignal\r\nSent: Monday\r\nTo: Maria\r\nSubject: [INC-7]\r\n\r\n" + text
		},
		"Outlook, German, without a rule": func(own string) (string, string) {
			return "text/plain", own + "\n\nVon: Batsignal\nGesendet: Montag\nAn: Maria\nBetreff: [INC-7]\n\n" + text
		},
		"a language that nobody foresaw": func(own string) (string, string) {
			return "text/plain; charset=utf-8", own + "\n\n差出人: Batsignal\n\n" + text
		},
		"nothing between": func(own string) (string, string) { return "text/plain", own + "\n\n" + text },
		"indented":        func(own string) (string, string) { return "text/plain", own + "\n\n" + quoted(text, "    ") },
		"folded at 60":    func(own string) (string, string) { return "text/plain", own + "\n\n" + wrapped(60) },
		"folded at 40":    func(own string) (string, string) { return "text/plain", own + "\n\n" + wrapped(40) },
		"original message": func(own string) (string, string) {
			return "text/plain", own + "\n\n-----Original Message-----\n" + text
		},
		"a page of HTML, Gmail": func(own string) (string, string) {
			return "text/html; charset=utf-8", `<div dir="ltr">` + own + `</div><br><div class="gmail_quote"><div>On Mon wrote:<br></div><blockquote>` + html + `</blockquote></div>`
		},
		"a page of HTML, Outlook": func(own string) (string, string) {
			return "text/html", `<html><head><style>p {x: K2222}</style></head><body><p>` + own + `</p><div id="divRplyFwdMsg">From: Batsignal</div>` + html + `</body></html>`
		},
		"a page of HTML, unknown": func(own string) (string, string) {
			return "text/html", `<p>` + own + `</p><hr>` + html
		},
		"a page of HTML, quoted above": func(own string) (string, string) {
			return "text/html", `<blockquote>` + html + `</blockquote><p>` + own + `</p>`
		},
		"both, and an attachment": func(own string) (string, string) {
			return `multipart/mixed; boundary="xx"`, "--xx\r\nContent-Type: multipart/alternative; boundary=yy\r\n\r\n" +
				"--yy\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
				base64.StdEncoding.EncodeToString([]byte(own+"\n\n"+quoted(text, "> "))) + "\r\n" +
				"--yy\r\nContent-Type: text/html\r\n\r\n<p>ABCDE</p>" + html + "\r\n--yy--\r\n" +
				"--xx\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nABCDE\r\n--xx--\r\n"
		},
		"quoted-printable": func(own string) (string, string) {
			return "text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable", strings.ReplaceAll(own, " ", "=20") + "=\r\n\r\n\r\n" + quoted(text, "> ")
		},
	}
	for own, want := range map[string]string{
		"":                                 "",
		"I can't, I am on a train.":        "",
		"On my way":                        "",
		"K7QXM":                            "ack K7QXM",
		"k7qxm":                            "ack K7QXM",
		"ack K7QXM":                        "ack K7QXM",
		"K7QXM.":                           "ack K7QXM",
		"Yes! K7QXM, I am coming.":         "ack K7QXM",
		"no K7QXM":                         "no K7QXM",
		"No, K7QXM":                        "no K7QXM",
		"Sorry, I can’t. K7QXM":            "no K7QXM",
		"The code is K7QXM":                "ack K7QXM",
		"decline K7QXM":                    "no K7QXM",
		"I acknowledge with K7QXM and run": "ack K7QXM",
		"stop":                             "",
		"STOP":                             "",
		"23":                               "",
	} {
		for name, style := range styles {
			kind, body := style(own)
			l := parse(mailOf("Re: [INC-7] Release engineering needed: remote code execution in openssl (severity 1)", body, "Content-Type: "+kind), sealing)
			if l.says != want {
				t.Errorf("%s: %q says %q, want %q\n%s", name, own, l.says, want, body)
			}
		}
	}
}

func TestASubjectMayAnswer(t *testing.T) {
	for subject, want := range map[string]string{
		"Re: [INC-7] Release engineering needed: crash (severity 1)": "",
		"Re: [INC-7] You are needed: mount crash":                    "",
		"Re: [INC-7] K7QXM": "ack K7QXM",
		"K7QXM":             "ack K7QXM",
		"AW: Re: [INC-7] Release engineering needed K7QXM": "ack K7QXM",
		"RE: [INC-7] no K7QXM":                             "no K7QXM",
		"no K7QXM Re: [INC-7]":                             "no K7QXM",
		"":                                                 "",
		mime.QEncoding.Encode("utf-8", "Re: für K7QXM"): "ack K7QXM",
	} {
		if l := parse(mailOf(subject, "\r\n"), sealing); l.says != want {
			t.Errorf("%q says %q, want %q", subject, l.says, want)
		}
	}
	if l := parse(mailOf("Re: [INC-7] K7QXM", "no H2222\r\n"), sealing); l.says != "no H2222" {
		t.Errorf("the body goes first: %q", l.says)
	}
}

// Some words look like codes. Whoever knows codes picks the right one.
func TestTheLikeliestWordsComeFirst(t *testing.T) {
	body := "Great, thanks\nThere was a crash\nABCDE\nlater K7QXM today\nplace\n"
	if l := parse(mailOf("Re: x", body), sealing); l.says != "ack ABCDE K7QXM PLACE GREAT" {
		t.Errorf("%q", l.says)
	}
	// A disclaimer below has many words.
	body = "K7QXM\n\nThis mail is not for you if you are not its reader.\n"
	if l := parse(mailOf("Re: x", body), sealing); l.says != "ack K7QXM" {
		t.Errorf("%q", l.says)
	}
	if l := parse(mailOf("Re: x", "-- \nno reply\nK7QXM\n"), sealing); l.says != "" {
		t.Errorf("a signature answers: %q", l.says)
	}
}

func TestNoMachineAnswers(t *testing.T) {
	_, text, _ := ours(t, page())
	for name, raw := range map[string][]byte{
		"RFC 3834":                      mailOf("Re: [INC-7]", "K7QXM", "Auto-Submitted: auto-replied"),
		"RFC 3834 with a comment":       mailOf("Re: [INC-7]", "K7QXM", "Auto-Submitted: Auto-Replied; owner-email=\"x\""),
		"a holiday note with our words": mailOf("Re: [INC-7]", "I am away.\n\n"+text, "Precedence: bulk"),
		"an old mark":                   mailOf("Re: [INC-7]", "K7QXM", "X-Autoreply: yes"),
		"by its subject":                mailOf("Automatic reply: [INC-7] K7QXM", "I am away."),
		"by its subject, German":        mailOf(mime.BEncoding.Encode("utf-8", "Abwesenheitsnotiz: K7QXM"), "K7QXM"),
		"a list":                        mailOf("Re: [INC-7]", "K7QXM", "List-Id: <war.bat.example>"),
		"no sender of the envelope":     mailOf("Re: [INC-7]", "K7QXM", "Return-Path: <>"),
	} {
		if l := parse(raw, sealing); !l.machine || l.says != "" {
			t.Errorf("%s: %+v", name, l)
		}
	}
	if l := parse(mailOf("Re: [INC-7]", "K7QXM", "Auto-Submitted: no", "Return-Path: <maria@oncall.example>"), sealing); l.machine || l.says != "ack K7QXM" {
		t.Errorf("a person: %+v", l)
	}
}

func TestALetterSaysWhatItAnswers(t *testing.T) {
	id, _, _ := ours(t, page())
	for name, headers := range map[string][]string{
		"its answer":          {"In-Reply-To: " + id},
		"among others":        {"In-Reply-To: <x@y.example>", "References: <thread@bat.example>\r\n " + id + "\r\n <z@y.example>"},
		"a rewritten address": {"In-Reply-To: " + strings.Replace(id, "bat.example", "gateway.example", 1)},
	} {
		if l := parse(mailOf("Re: x", "K7QXM", headers...), sealing); l.key != "page-41" || l.own != "" || l.id != "<m1@phone.example>" {
			t.Errorf("%s: %+v", name, l)
		}
	}
	for name, header := range map[string]string{
		"another page": "In-Reply-To: " + strings.Replace(id, "page-41", "page-42", 1),
		"no seal":      "In-Reply-To: <page-41@bat.example>",
		"none":         "X-Nothing: x",
	} {
		if l := parse(mailOf("Re: x", "K7QXM", header), sealing); l.key != "" {
			t.Errorf("%s: %+v", name, l)
		}
	}
	// Our own letter, wherever it was forwarded to, answers nothing.
	raw := []byte("From: batsignal@bat.example\r\nMessage-ID: " + id + "\r\n\r\nK7QXM\r\n")
	if l := parse(raw, sealing); l.own != "page-41" || l.says != "" {
		t.Errorf("%+v", l)
	}
}

func report(id, status, diagnostic, action string) []byte {
	return mailOf("Undelivered Mail Returned to Sender", "--b\r\nContent-Type: text/plain\r\n\r\nK7QXM could not be delivered to maria.canary@oncall.example\r\n"+
		"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.canary.example\r\n\r\n"+
		"Final-Recipient: rfc822; maria.canary@oncall.example\r\nAction: "+action+"\r\nStatus: "+status+"\r\nDiagnostic-Code: "+diagnostic+"\r\n\r\n"+
		"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: batsignal@bat.example\r\nMessage-ID: "+id+"\r\nSubject: [INC-7]\r\n--b--\r\n",
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b", "Auto-Submitted: auto-replied", "Return-Path: <>")
}

func TestBouncesTellOfOneLetter(t *testing.T) {
	id, _, _ := ours(t, page())
	for _, story := range []struct {
		status, diagnostic, action string
		news                       paging.News
		detail                     string
		bad                        bool
	}{
		{"5.1.1", "smtp; 550 5.1.1 <maria.canary@oncall.example> unknown", "failed", paging.NewsFailed, "a mail server could not deliver it (5.1.1)", true},
		{"5.0.0", "smtp; 550 <maria.canary@oncall.example>: unknown mailbox", "failed", paging.NewsFailed, "a mail server could not deliver it (5.0.0)", true},
		{"5.0.0", "smtp; 550-5.1.1 canary", "Failed", paging.NewsFailed, "a mail server could not deliver it (5.1.1)", true},
		{"5.2.2", "smtp; 552 5.2.2 over quota", "failed", paging.NewsFailed, "a mail server could not deliver it (5.2.2)", false},
		{"5.7.1", "smtp; 550 5.7.1 spam", "failed", paging.NewsFailed, "a mail server could not deliver it (5.7.1)", false},
		{"4.4.7", "smtp; 451 tried for days", "failed", paging.NewsFailed, "a mail server could not deliver it (4.4.7)", false},
		{"", "x-unix; canary", "failed", paging.NewsFailed, "a mail server could not deliver it", false},
		{"4.4.1", "smtp; 451 later", "delayed", paging.NewsAccepted, "a mail server has it and cannot deliver it yet", false},
		{"2.0.0", "smtp; 250 ok", "delivered", paging.NewsDelivered, "it lies in the mailbox", false},
		{"2.0.0", "smtp; 250 ok", "relayed", "", "", false},
	} {
		l := parse(report(id, story.status, story.diagnostic, story.action), sealing)
		if l.bounce == nil {
			t.Fatalf("%+v: no bounce", story)
		}
		want := bounce{key: "page-41", news: story.news, detail: story.detail}
		if story.bad {
			want.bad = mail.NoMailbox
		}
		if *l.bounce != want || l.says != "" {
			t.Errorf("%+v\ngot  %+v %q\nwant %+v", story, *l.bounce, l.says, want)
		}
		if strings.Contains(fmt.Sprint(*l.bounce), "canary") {
			t.Errorf("an address came through: %+v", *l.bounce)
		}
	}
	for name, forged := range map[string]string{"another page": strings.Replace(id, "page-41", "page-42", 1), "no seal": "<page-41@bat.example>", "none": ""} {
		if l := parse(report(forged, "5.1.1", "smtp; 550 x", "failed"), sealing); l.bounce == nil || l.bounce.key != "" {
			t.Errorf("%s: %+v", name, l.bounce)
		}
	}
	// A receipt for reading is no bounce and no answer.
	raw := mailOf("Read: [INC-7]", "--b\r\nContent-Type: text/plain\r\n\r\nK7QXM\r\n--b--\r\n", "Content-Type: multipart/report; report-type=disposition-notification; boundary=b")
	if l := parse(raw, sealing); l.bounce == nil || l.bounce.key != "" || l.says != "" {
		t.Errorf("%+v", l)
	}
}

func FuzzParse(f *testing.F) {
	id, text, html := ours(f, page())
	f.Add(mailOf("Re: [INC-7]", "K7QXM\n"+quoted(text, "> "), "In-Reply-To: "+id))
	f.Add(mailOf("K7QXM", html, "Content-Type: text/html"))
	f.Add(report(id, "5.1.1", "smtp; 550 5.1.1 x", "failed"))
	f.Add(mailOf("x", "--b\r\n\r\nK7QXM", "Content-Type: multipart/mixed; boundary=b"))
	f.Add(mailOf("x", "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b", "Content-Type: multipart/mixed; boundary=b"))
	f.Add([]byte("From x Mon\nSubject: y\n\nK7QXM"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l := parse(raw, sealing)
		again := parse(raw, sealing)
		if l.id == "" || l.id != again.id || l.says != again.says || l.event("x") != again.event("x") {
			t.Fatalf("%+v and %+v", l, again)
		}
		if l.machine && l.says != "" || l.own != "" && l.says != "" || l.bounce != nil && l.says != "" {
			t.Fatalf("a machine answers: %+v", l)
		}
		if l.says != "" {
			all := strings.Fields(l.says)
			if len(all) < 2 || len(all) > 1+mostCodes || all[0] != "ack" && all[0] != "no" {
				t.Fatalf("%q", l.says)
			}
			for _, code := range all[1:] {
				if !isCode(code) || code != strings.ToUpper(code) {
					t.Fatalf("%q", l.says)
				}
			}
		}
	})
}
