package mail_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"batsignal/integrations/mail/mailtest"
	"batsignal/oncall/secret"
)

// What Send returns is stored and shown. Servers quote the recipient in many
// spellings; no piece of an address, and never the link, may come through.
func TestNothingThatSendReturnsHoldsTheAddressOrTheLink(t *testing.T) {
	const link = "https://bat.example/a/linkcanary"
	addresses := []string{
		"mariacanary@privatehost.example",
		"Maria.Canary+pager@PrivateHost.example",
		"canary-maria_x@mail.privatehost.example",
		"mc@privatehost.example",             // too short to be recognised in a text
		"мария@privatehost.example",          // many spellings
		`"canary maria"@privatehost.example`, // quoted, with a space
	}
	echoes := []string{
		"<{to}> unknown", "{to}", "user {to} is over quota", "RCPT TO:<{to}>\nagain {to}",
		"[{to}]...relay=mx1.{domain}", "{TO} unknown", "{local} is not here", "{LOCAL}: no such user at {domain}",
		"{percent} refused", "{xtext} refused", "alias leads to canary.other@elsewhere.example",
		"see " + link + " and HTTPS://BAT.EXAMPLE/A/LINKCANARY", "full name: {pieces}",
		"\x1b[31m{to}\x1b[0m", "a\u202e{to}", "no\u200bthing {to}", strings.Repeat("x", 195) + " {to}",
	}
	steps := []struct {
		at   mailtest.Step
		code int
	}{
		{mailtest.AtFrom, 550}, {mailtest.AtTo, 550}, {mailtest.AtTo, 451}, {mailtest.AtEnd, 554}, {mailtest.AtEnd, 250},
	}
	s := mailtest.Start(t, mailtest.Options{UTF8: true})
	c := config(s)
	r := route(t, c)
	said := 0
	for _, address := range addresses {
		forbidden := []string{"canary", "maria", "мария", "privatehost", "pager", address}
		for _, echo := range echoes {
			for _, step := range steps {
				s.Script(mailtest.Answer{At: step.at, Code: step.code, Text: spell(echo, address)})
				m := page()
				m.Address, m.AckLink = secret.New(address), secret.New(link)
				handed, err := r.Send(t.Context(), m)
				said++
				for _, text := range everything(handed.Note, err) {
					for _, piece := range forbidden {
						if strings.Contains(strings.ToLower(text), strings.ToLower(piece)) {
							t.Errorf("%s, %d %q: %q holds %q", address, step.code, echo, text, piece)
						}
					}
				}
			}
		}
	}
	t.Logf("%d answers looked at", said)
}

// everything is each way in which a log could print what Send returned.
func everything(receipt string, err error) []string {
	texts := []string{receipt}
	for err != nil {
		texts = append(texts, err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err))
		err = errors.Unwrap(err)
	}
	return texts
}

func spell(echo, address string) string {
	local, domain, _ := strings.Cut(address, "@")
	pieces := strings.FieldsFunc(local, func(c rune) bool { return strings.ContainsRune(`.+-_" `, c) })
	return strings.NewReplacer(
		"{to}", address, "{TO}", strings.ToUpper(address), "{local}", local, "{LOCAL}", strings.ToUpper(local),
		"{pieces}", strings.Join(pieces, " "), "{domain}", domain, "{percent}", strings.ReplaceAll(address, "@", "%40"),
		"{xtext}", strings.NewReplacer("@", "+40", "+", "+2B").Replace(address),
	).Replace(echo)
}

func TestCleanAnswersKeepTheirWords(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	s.Script(mailtest.Answer{
		At: mailtest.AtTo, Code: 554, Status: [3]int{5, 7, 1},
		Text: "{to}: our list says that 192.0.2.7 sends spam",
	})
	_, err := route(t, config(s)).Send(t.Context(), page())
	want := "permanent: naming the person was refused with 554: 5.7.1 (withheld) our list says that 192.0.2.7 sends spam"
	if err == nil || err.Error() != want {
		t.Errorf("said %q, want %q", err, want)
	}
}
