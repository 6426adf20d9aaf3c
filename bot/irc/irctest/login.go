package irctest

import (
	"encoding/base64"
	"strings"
)

// caps are what a person's client asks for; enough to see who said what.
const caps = "message-tags server-time account-tag batch extended-join"

func (p *Person) register(account, password string) error {
	steps := []string{"CAP LS 302", "NICK " + p.nick, "USER " + p.nick + " 0 * :" + p.nick}
	for _, s := range steps {
		if err := p.write("%s", s); err != nil {
			return err
		}
	}
	if err := p.wait("the capabilities", command("CAP")); err != nil {
		return err
	}
	for c := range strings.FieldsSeq(caps) { // one by one: a server may lack some
		if err := p.write("CAP REQ :%s", c); err != nil {
			return err
		}
	}
	if account != "" {
		if err := p.login(account, password); err != nil {
			return err
		}
	}
	if err := p.write("CAP END"); err != nil {
		return err
	}
	return p.wait("the end of the welcome", command("376", "422"))
}

func (p *Person) login(account, password string) error {
	if err := p.write("CAP REQ :sasl"); err != nil {
		return err
	}
	if err := p.wait("sasl", func(l Line) bool { return l.Command == "CAP" && strings.TrimSpace(l.Text()) == "sasl" }); err != nil {
		return err
	}
	if err := p.write("AUTHENTICATE PLAIN"); err != nil {
		return err
	}
	if err := p.wait("AUTHENTICATE", command("AUTHENTICATE", "904", "908")); err != nil {
		return err
	}
	if err := p.write("AUTHENTICATE %s", base64.StdEncoding.EncodeToString([]byte("\x00"+account+"\x00"+password))); err != nil {
		return err
	}
	return p.wait("the login", func(l Line) bool { return l.Command == "903" })
}

func command(names ...string) func(Line) bool {
	return func(l Line) bool {
		for _, n := range names {
			if l.Command == n {
				return true
			}
		}
		return false
	}
}
