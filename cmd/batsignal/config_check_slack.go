package main

import (
	"net/url"
	"regexp"
	"strings"
	"time"

	"batsignal/bot/slack"
	"batsignal/oncall/secret"
)

var slashPrefix = regexp.MustCompile(`^[a-z0-9_-]{0,16}$`)

func checkSlack(found *problems, workspaces []slackConfig, publicURL string, seen map[string]bool) {
	for i, n := range workspaces {
		at := entry("slack", i)
		checkNetworkID(found, at, n.ID, seen)
		n.check(found, at)
		if !n.SigningSecret.Empty() && !strings.HasPrefix(publicURL, "https://") && n.APIURL == "" {
			found.add(at+"signing_secret_file", "lets Slack post to web.public_url, which must be an https address that Slack can reach")
		}
	}
}

func (n slackConfig) check(found *problems, at string) {
	// A file that is named and cannot be used was told of already.
	if n.BotTokenFile == "" || !n.BotToken.Empty() {
		checkToken(found, at+"bot_token_file", n.BotToken, "xoxb-", "the bot token, from OAuth & Permissions")
	}
	switch {
	case n.AppTokenFile == "" && n.SigningSecretFile == "":
		found.add(at+"app_token_file", "must name a file with an app token (or give signing_secret_file, if Slack can reach web.public_url)")
	case n.AppTokenFile != "" && n.SigningSecretFile != "":
		found.add(at+"signing_secret_file", "is for events by HTTP, and app_token_file for Socket Mode; keep one of them")
	case !n.AppToken.Empty():
		checkToken(found, at+"app_token_file", n.AppToken, "xapp-", "an app-level token with the scope connections:write")
	}
	if !slack.ValidRoom(n.Home) {
		found.add(at+"home", "must be a channel in small letters, such as '#security' (in quotes: # begins a comment)")
	}
	for _, room := range n.Rooms {
		if !slack.ValidRoom(room) {
			found.add(at+"rooms", "%q is no channel; write it like '#infra'", room)
		}
	}
	if n.FallbackRoom != "" && !slack.ValidRoom(n.FallbackRoom) {
		found.add(at+"fallback_room", "%q is no channel; write it like '#incidents'", n.FallbackRoom)
	}
	checkIncidentRoom(found, at, n.IncidentRoom)
	if n.IncidentRoom != "" && !slack.ValidRoom(placeholder.ReplaceAllString(n.IncidentRoom, "1")) {
		found.add(at+"incident_room", "must be a channel in small letters, such as '#inc-{id}-{slug}'")
	}
	notBelowZero(found, at+"archive_after", n.ArchiveAfter)
	if !slashPrefix.MatchString(n.SlashPrefix) {
		found.add(at+"slash_prefix", "must be at most 16 small letters, digits, hyphens and underscores, such as bs-")
	}
	if n.Burst < 1 {
		found.add(at+"burst", "must be at least 1")
	}
	if n.MessagesPerSecond <= 0 {
		found.add(at+"messages_per_second", "must be more than 0, such as 1")
	}
	if n.APIURL == "" {
		return
	}
	if u, err := url.Parse(n.APIURL); err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		found.add(at+"api_url", "must be an https address; leave it empty for Slack itself")
	}
}

// checkToken never repeats the token.
func checkToken(found *problems, key string, token secret.Text, prefix, what string) {
	switch {
	case token.Empty():
		found.add(key, "must name a file with %s", what)
	case !strings.HasPrefix(token.Reveal(), prefix):
		found.add(key, "holds no %s... token; it must hold %s", prefix, what)
	}
}

func notBelowZero(found *problems, key string, value time.Duration) {
	if value < 0 {
		found.add(key, "must not be negative; 0s is never")
	}
}
