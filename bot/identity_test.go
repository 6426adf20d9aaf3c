package bot_test

import (
	"errors"
	"testing"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/oncall"
)

func TestWhoMayDoWhat(t *testing.T) {
	const everything = command.Known | command.Proven | command.Fire | command.Confirm
	for _, c := range []struct {
		story  string
		policy bot.Policy
		heard  bot.Heard
		want   command.Right
	}{
		{"a nick proves nothing", bot.Policy{Fire: []string{"ada", "@known"}, Admins: []string{network + "/ada", network + "/"}},
			bot.Heard{Nick: "ada"}, command.Anyone},
		{"a stranger with an account", bot.Policy{Fire: []string{"@known", "@roster", "mallory"}},
			bot.Heard{Nick: "ada", Account: "mallory"}, command.Proven},
		{"an account of that name on another network", bot.Policy{Fire: []string{"ada"}, Admins: []string{network + "/ada"}},
			bot.Heard{Network: "elsewhere", Nick: "ada", Account: "ada"}, command.Proven},
		{"somebody known, without any right", bot.Policy{},
			bot.Heard{Nick: "whoever", Account: "ada"}, command.Known | command.Proven | command.LetIn},
		{"everybody known may fire", bot.Policy{Fire: []string{"@known"}},
			bot.Heard{Account: "dan"}, command.Known | command.Proven | command.Fire},
		{"whoever can be rung may confirm", bot.Policy{Confirm: []string{"@roster"}},
			bot.Heard{Account: "ada"}, command.Known | command.Proven | command.LetIn | command.Confirm},
		{"but not who cannot", bot.Policy{Confirm: []string{"@roster"}},
			bot.Heard{Account: "dan"}, command.Known | command.Proven},
		{"nor who was asked and has not said yes", bot.Policy{Fire: []string{"@roster", "role:coordination"}},
			bot.Heard{Account: "eva"}, command.Known | command.Proven},
		{"by handle", bot.Policy{Fire: []string{"dan"}, Confirm: []string{"somebody", "dan"}},
			bot.Heard{Account: "dan"}, everything},
		{"by role", bot.Policy{Fire: []string{"role:coordination"}, Confirm: []string{"role:coordination"}},
			bot.Heard{Account: "ada"}, everything | command.LetIn},
		{"another role's right", bot.Policy{Fire: []string{"role:communications"}},
			bot.Heard{Account: "ada"}, command.Known | command.Proven | command.LetIn},
		{"the account counts, not the nick", bot.Policy{Fire: []string{"ada"}},
			bot.Heard{Nick: "ada", Account: "dan"}, command.Known | command.Proven},
		{"another account of the same person", bot.Policy{Fire: []string{"ada"}},
			bot.Heard{Network: "elsewhere", Account: "ada_away"}, command.Known | command.Proven | command.LetIn | command.Fire},
		{"an admin nobody knows yet", bot.Policy{Admins: []string{network + "/root"}},
			bot.Heard{Account: "root"}, command.Proven | command.Admin | command.LetIn},
		{"an admin who is somebody", bot.Policy{Admins: []string{network + "/dan"}},
			bot.Heard{Account: "dan"}, command.Known | command.Proven | command.Admin | command.LetIn},
		{"an admin elsewhere is none here", bot.Policy{Admins: []string{"elsewhere/dan"}},
			bot.Heard{Account: "dan"}, command.Known | command.Proven},
	} {
		t.Run(c.story, func(t *testing.T) {
			who := identity(t)
			who.Policy = c.policy
			if c.heard.Network == "" {
				c.heard.Network = network
			}
			c.heard.Room, c.heard.MessageID = home, "m1"
			caller, err := who.Caller(ctx, c.heard)
			if err != nil {
				t.Fatal(err)
			}
			if caller.Rights != c.want {
				t.Errorf("rights %b, want %b", caller.Rights, c.want)
			}
			if caller.Room != home || caller.MessageID != "m1" || caller.Nick != c.heard.Nick || caller.Account != c.heard.Account {
				t.Errorf("%+v", caller)
			}
			if known := caller.Rights.Has(command.Known); known != (caller.PersonID != 0) || known != (caller.Handle != "") {
				t.Errorf("%+v", caller)
			}
		})
	}
}

// Who comes by the web has no account of a network there, but is the same person.
func TestAPersonMayTheSameOutsideOfChat(t *testing.T) {
	const known = command.Known | command.Proven
	for _, c := range []struct {
		story  string
		policy bot.Policy
		handle string
		want   command.Right
	}{
		{"without any right", bot.Policy{}, "dan", known},
		{"on the roster", bot.Policy{Fire: []string{"@roster"}, Confirm: []string{"role:coordination"}}, "ada", known | command.LetIn | command.Fire | command.Confirm},
		{"an admin by one of their accounts", bot.Policy{Admins: []string{"elsewhere/ada_away"}}, "ada", known | command.LetIn | command.Admin},
		{"an account of that name elsewhere", bot.Policy{Admins: []string{"elsewhere/ada", "web/ada", network + "/ada_away"}}, "ada", known | command.LetIn},
		{"another's account", bot.Policy{Admins: []string{network + "/dan"}}, "ada", known | command.LetIn},
	} {
		t.Run(c.story, func(t *testing.T) {
			who := identity(t)
			who.Policy = c.policy
			p, err := oncall.PersonByHandle(ctx, who.DB, c.handle)
			if err != nil {
				t.Fatal(err)
			}
			caller, err := who.ForPerson(ctx, p, "web")
			if err != nil {
				t.Fatal(err)
			}
			if caller.Rights != c.want || caller.PersonID != p.ID || caller.Handle != c.handle || caller.Network != "web" || caller.Account != "" || caller.Room != "" {
				t.Errorf("rights %b, want %b: %+v", caller.Rights, c.want, caller)
			}
		})
	}
}

// identity is over people who are: ada on the roster (with a second account), dan
// known, eva asked and silent.
func identity(t *testing.T) *bot.Identity {
	t.Helper()
	s := newStage(t, bot.Policy{}, "ada:coordination dan eva")
	s.must(oncall.BindAccount(ctx, s.db, start, s.ids["ada"], oncall.Account{Network: "elsewhere", Name: "ada_away"}))
	_, err := s.people.Add(ctx, oncall.Actor{Network: network, Account: "root"}, "eva", "coordination")
	s.must(err)
	return &bot.Identity{DB: s.db}
}

func TestIdentityNeedsTheDatabaseOnlyForAccounts(t *testing.T) {
	s := newStage(t, bot.Policy{}, "ada")
	s.db.Close()
	who := &bot.Identity{DB: s.db}
	if _, err := who.Caller(ctx, bot.Heard{Network: network, Nick: "ada"}); err != nil {
		t.Error(err)
	}
	if c, err := who.Caller(ctx, bot.Heard{Network: network, Nick: "ada", Account: "ada"}); err == nil || c.Rights.Has(command.Known) {
		t.Errorf("%+v, %v", c, errors.Unwrap(err))
	}
}
