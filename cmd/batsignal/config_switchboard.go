package main

import (
	"regexp"
	"strings"
)

// switchboardConfig is how the bot and the switchboard find each other.
type switchboardConfig struct {
	URL      string               `mapstructure:"url" doc:"Where the switchboard hears the bot. Empty: there is no switchboard, and no address is sealed." example:"https://switchboard.example.org:8375"`
	Peer     string               `mapstructure:"peer" doc:"The pin of the switchboard's certificate, as batsignal escrow keys prints it." example:"sha256:0000000000000000000000000000000000000000000000000000000000000000"`
	Listen   string               `mapstructure:"listen" doc:"The address where the bot hears the switchboard, and nobody else." example:"127.0.0.1:8376"`
	Pages    string               `mapstructure:"pages" doc:"How people reach the switchboard's own pages, where they seal an address." example:"https://seal.batsignal.example.org"`
	PlanFile string               `mapstructure:"plan_file" file:"read" doc:"A file that says where the keys and shares are kept, and who can read which place; the page of custody tells from it how few people can open, and how few losses lose, what is sealed. batsignal custody plan --help tells its form." example:"custody-plan.txt"`
	Run      switchboardRunConfig `mapstructure:"run" doc:"For the process batsignal switchboard, which has a configuration file of its own: its state_dir, its database.url (a login of its own), the irc network where it listens, and the routes that dial (twilio, mail, ntfy, webhook, pagerduty, inbound) stand there as they would for the bot."`
}

// switchboardRunConfig is for the process batsignal switchboard.
type switchboardRunConfig struct {
	Listen      string   `mapstructure:"listen" doc:"The address where it hears the bot." example:"127.0.0.1:8375"`
	Peer        string   `mapstructure:"peer" doc:"The pin of the bot's certificate, as batsignal escrow keys prints it." example:"sha256:0000000000000000000000000000000000000000000000000000000000000000"`
	Bots        []string `mapstructure:"bots" doc:"Where the bot hears it: one address for each process of the bot." example:"[https://127.0.0.1:8376]"`
	Pages       string   `mapstructure:"pages" doc:"The address where its own pages are shown, behind a proxy that speaks https." example:"127.0.0.1:8377"`
	PagesURL    string   `mapstructure:"pages_url" doc:"How people reach these pages." example:"https://seal.batsignal.example.org"`
	BotAccounts []string `mapstructure:"bot_accounts" doc:"The bot's accounts, as network/account: its challenges must be heard in the room by these." example:"[libera/batsignal]"`
}

var pinPattern = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

func (c *Config) checkSwitchboard(found *problems) {
	s := c.Switchboard
	if s.URL != "" {
		checkWebAddress(found, "switchboard.url", s.URL, "https://switchboard.example.org:8375")
		checkPin(found, "switchboard.peer", s.Peer, "batsignal escrow keys")
		checkHostPort(found, "switchboard.listen", s.Listen, "127.0.0.1:8376")
		checkWebAddress(found, "switchboard.pages", s.Pages, "https://seal.batsignal.example.org")
	}
	r := s.Run
	if r.Listen == "" {
		return
	}
	checkHostPort(found, "switchboard.run.listen", r.Listen, "127.0.0.1:8375")
	checkPin(found, "switchboard.run.peer", r.Peer, "batsignal escrow keys")
	checkHostPort(found, "switchboard.run.pages", r.Pages, "127.0.0.1:8377")
	checkWebAddress(found, "switchboard.run.pages_url", r.PagesURL, "https://seal.batsignal.example.org")
	if len(r.Bots) == 0 {
		found.add("switchboard.run.bots", "name where the bot hears it, such as https://127.0.0.1:8376")
	}
	for n, bot := range r.Bots {
		checkWebAddress(found, strings.TrimSuffix(entry("switchboard.run.bots", n), "."), bot, "https://127.0.0.1:8376")
	}
	for n, account := range r.BotAccounts {
		if network, name, ok := strings.Cut(account, "/"); !ok || network == "" || name == "" {
			found.add(strings.TrimSuffix(entry("switchboard.run.bot_accounts", n), "."), "write it as network/account, such as libera/batsignal")
		}
	}
}

func checkPin(found *problems, key, pin, command string) {
	if !pinPattern.MatchString(pin) {
		found.add(key, "must be the pin that %s prints: sha256: and 64 letters and digits", command)
	}
}
