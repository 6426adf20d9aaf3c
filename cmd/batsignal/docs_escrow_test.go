package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Whoever copies the two configurations of docs/escrow.md has two that are good, and that
// belong together.
func TestTheConfigurationsOfEscrowLoad(t *testing.T) {
	alone(t)
	text, err := os.ReadFile("../../docs/escrow.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d configurations in docs/escrow.md, and there should be the bot's and the switchboard's", len(blocks))
	}
	var both [2]Config
	for i, block := range blocks {
		dir := t.TempDir()
		for _, name := range regexp.MustCompile(`_file: ([a-z-]+)`).FindAllStringSubmatch(block[1], -1) {
			content := "a secret of sixteen letters"
			if strings.HasSuffix(name[1], "-url") {
				content = "postgres://somebody@db.example.org/batsignal"
			}
			writeFile(t, dir, name[1], content, 0o600)
		}
		l, err := loadConfig(writeFile(t, dir, "config.yaml", block[1], 0o600), nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, block[1])
		}
		both[i] = l.Config
	}
	bot, board := both[0], both[1]
	run := board.Switchboard.Run
	if bot.Switchboard.URL != "https://"+run.Listen || len(run.Bots) != 1 || run.Bots[0] != "https://"+bot.Switchboard.Listen || bot.Switchboard.Pages != run.PagesURL {
		t.Errorf("they do not find each other: %+v %+v", bot.Switchboard, run)
	}
	if bot.IRC[0].ID != board.IRC[0].ID || bot.IRC[0].Home != board.IRC[0].Home || run.BotAccounts[0] != bot.IRC[0].ID+"/"+bot.IRC[0].SASL.Account {
		t.Errorf("the switchboard does not hear the bot: %+v %+v", bot.IRC, board.IRC)
	}
	if bot.IRC[0].Nick == board.IRC[0].Nick || bot.StateDir == board.StateDir {
		t.Error("they are not two processes")
	}
}
