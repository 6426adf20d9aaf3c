package mail_test

import (
	"strings"
	"testing"

	"batsignal/integrations/mail"
	"batsignal/integrations/mail/mailtest"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

func TestTheCheckSaysWhatToLookAt(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{Username: "bot", Password: "right"})
	good := config(s)
	good.Username, good.Password = "bot", secret.New("right")
	if err := route(t, good).Check(t.Context()); err != nil {
		t.Fatalf("with everything right: %v", err)
	}
	for name, story := range map[string]struct {
		change func(*mail.Config)
		says   string
	}{
		"wrong password": {func(c *mail.Config) { c.Password = secret.New("wrong-canary") }, "Check the user name and the file with the password."},
		"wrong name":     {func(c *mail.Config) { c.ServerName = "x.test" }, "Check the way of TLS"},
		"wrong port":     {func(c *mail.Config) { c.Port = 1 }, "Check its name and port"},
		"wrong way":      {func(c *mail.Config) { c.TLS = mail.TLS }, "Check the way of TLS"},
	} {
		c := good
		story.change(&c)
		err := route(t, c).Check(t.Context())
		if fault.KindOf(err) != fault.Unready || !strings.Contains(fault.Say(err), story.says) {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.HasPrefix(fault.Say(err), "Mail cannot be sent by 127.0.0.1 port ") || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(s.All()); n != 0 {
		t.Errorf("the check sent %d letters", n)
	}
}
