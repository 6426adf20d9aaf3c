package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/bot/slack"
	"batsignal/bot/slack/slackfake"
)

// slackID is what the workspace is called in every configuration here.
const slackID = "acme"

// slackWorld is a world with a Slack workspace beside the IRC network, in which the
// app has just the rights that its manifest asks for.
type slackWorld struct {
	*world
	fake *slackfake.Server
	met  map[string]bool // messages that were expected already, by channel and time
}

// newSlackWorld adds a workspace to a world. keys are further keys of its entry in
// the configuration; "" is Socket Mode.
func newSlackWorld(t *testing.T, p plan, o slackfake.Options, keys string) *slackWorld {
	t.Helper()
	o.Log = t.Logf
	for _, scope := range slack.Scopes {
		o.Scopes = append(o.Scopes, scope.Name)
	}
	fake := slackfake.Run(t, o)
	if keys == "" {
		keys = "    app_token_file: slack-app-token\n"
	}
	p.more += fmt.Sprintf(`
slack:
  - id: %s
    bot_token_file: slack-bot-token
%s    home: '%s'
    api_url: %q
    burst: 200
    messages_per_second: 500
bridge: {relay: true}
`, slackID, keys, home, fake.APIURL())
	s := &slackWorld{world: newWorld(t, p), fake: fake, met: map[string]bool{}}
	for name, token := range map[string]string{
		"slack-bot-token": fake.BotToken(), "slack-app-token": fake.AppToken(), "slack-signing-secret": fake.SigningSecret(),
	} {
		s.passwords[name] = token
		writeFile(t, s.dir, name, token+"\n", 0o600)
	}
	return s
}

// patient has a workspace bear with a busy machine: what Slack ends after three
// seconds, such as the time to open a form, takes a minute of ours.
func patient() slackfake.Options {
	began := time.Now()
	return slackfake.Options{
		AckTimeout: patience, ClientTime: func() time.Time { return began.Add(time.Since(began) / 20) },
	}
}

// member adds people to the workspace and to the home channel.
func (s *slackWorld) members(names ...string) {
	for _, name := range names {
		s.fake.AddUser(slackfake.User{Name: name})
	}
	s.fake.AddChannel(strings.TrimPrefix(home, "#"), names...)
}

// account is somebody's account as an operator writes it.
func (s *slackWorld) account(name string) string { return s.fake.TeamID() + "/" + s.fake.User(name).ID }

// awaitSlack waits until the bot hears what is said in the workspace.
func (s *slackWorld) awaitSlack() {
	s.t.Helper()
	s.await("the bot to hear "+home, func() bool {
		return s.fake.Connections() == 1 && slices.Contains(s.fake.Channel(home).Members, s.fake.BotUserID())
	})
}

// await waits until a condition holds, which is asked after each change in Slack.
func (s *slackWorld) await(what string, holds func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.fake.Await(ctx, holds); err != nil {
		s.t.Fatalf("waited %s in vain for %s; Slack:\n%s\nthe bot printed:\n%s", patience, what, s.slackTranscript(), tail(s.bot))
	}
}

// acked waits until the app has acknowledged what somebody did.
func (s *slackWorld) acked(i *slackfake.Invocation) *slackfake.Invocation {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := i.Wait(ctx); err != nil {
		s.t.Fatalf("%v; Slack:\n%s\nthe bot printed:\n%s", err, s.slackTranscript(), tail(s.bot))
	}
	return i
}

// hear waits for something that the bot says in a channel to everybody.
func (s *slackWorld) hear(channel, part string) slackfake.Message {
	s.t.Helper()
	return s.take(channel, "", part)
}

// whisper waits for something in a channel that only one person sees.
func (s *slackWorld) whisper(to, channel, part string) slackfake.Message {
	s.t.Helper()
	return s.take(channel, to, part)
}

// direct waits for a private message of the bot.
func (s *slackWorld) direct(to, part string) slackfake.Message {
	s.t.Helper()
	return s.take(s.fake.IM(to), "", part)
}

// take waits for the first message that fits and was not expected before.
func (s *slackWorld) take(channel, to, part string) (found slackfake.Message) {
	s.t.Helper()
	if to != "" {
		to = s.fake.User(to).ID
	}
	s.await(fmt.Sprintf("%q in %s", part, channel), func() bool {
		if !s.exists(channel) {
			return false
		}
		for _, m := range s.fake.Messages(channel) {
			if m.User == s.fake.BotUserID() && m.Subtype == "" && m.EphemeralTo == to && !m.Deleted &&
				!s.met[m.Channel+m.TS] && strings.Contains(s.shown(m), part) {
				found = m
				return true
			}
		}
		return false
	})
	s.met[found.Channel+found.TS] = true
	return found
}

func (s *slackWorld) exists(channel string) bool {
	return slices.ContainsFunc(s.fake.Channels(), func(c slackfake.Channel) bool {
		return c.ID == channel || c.Name != "" && "#"+c.Name == channel
	})
}

// becomes waits until a message shows all of some parts.
func (s *slackWorld) becomes(m slackfake.Message, parts ...string) slackfake.Message {
	s.t.Helper()
	var now slackfake.Message
	s.await(fmt.Sprintf("%q in the message %q", parts, s.shown(m)), func() bool {
		now, _ = s.fake.Message(m.Channel, m.TS)
		return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(s.shown(now), part) })
	})
	return now
}

// shown is a message as its blocks show it: buttons and menus in brackets.
func (s *slackWorld) shown(m slackfake.Message) string {
	var blocks any
	if json.Unmarshal(m.Blocks, &blocks) != nil || len(m.Blocks) == 0 {
		return m.Text
	}
	return s.words(blocks)
}

func (s *slackWorld) words(of any) string {
	switch of := of.(type) {
	case string:
		return of
	case []any:
		var b strings.Builder
		for _, one := range of {
			b.WriteString(s.words(one))
		}
		return b.String()
	case map[string]any:
		switch of["type"] {
		case "channel":
			return "#" + s.fake.Channel(of["channel_id"].(string)).Name
		case "link":
			return s.words(of["url"])
		case "user":
			return "@" + s.fake.User(of["user_id"].(string)).Name
		case "button":
			return "[" + s.words(of["text"]) + "]"
		case "static_select":
			var options []string
			for _, o := range of["options"].([]any) {
				options = append(options, s.words(o.(map[string]any)["text"]))
			}
			return "[" + s.words(of["placeholder"]) + ": " + strings.Join(options, ", ") + "]"
		case "text", "plain_text", "mrkdwn":
			return s.words(of["text"])
		case "rich_text_list":
			var b strings.Builder
			for _, item := range of["elements"].([]any) {
				b.WriteString("- " + s.words(item) + "\n")
			}
			return b.String()
		}
		text := s.words(of["text"]) + s.words(of["label"]) + s.words(of["element"]) + s.words(of["elements"]) + s.words(of["blocks"])
		if _, isBlock := of["block_id"]; isBlock && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		return text
	}
	return ""
}

// slackTranscript is everything that was said in the workspace, channel by channel,
// for whoever reads a failure, or how the bot reads to people.
func (s *slackWorld) slackTranscript() string {
	var b strings.Builder
	name := func(id string) string {
		for _, u := range s.fake.Users() {
			if u.ID == id {
				return u.Name
			}
		}
		return id
	}
	for _, c := range s.fake.Channels() {
		switch {
		case c.IM != "":
			fmt.Fprintf(&b, "--- private, %s\n", name(c.IM))
		default:
			fmt.Fprintf(&b, "--- #%s, topic %q, archived %v, pins %d, bookmarks %v\n", c.Name, c.Topic, c.Archived, len(c.Pins), c.Bookmarks)
		}
		for _, m := range s.fake.Messages(c.ID) {
			marks := ""
			if m.EphemeralTo != "" {
				marks += " (only " + name(m.EphemeralTo) + " sees)"
			}
			if m.Edited {
				marks += fmt.Sprintf(" (edited %d times)", len(m.Edits))
			}
			if m.Deleted {
				marks += " (deleted)"
			}
			if m.Subtype != "" {
				marks += " (" + m.Subtype + ")"
			}
			fmt.Fprintf(&b, "<%s>%s %s\n", name(m.User), marks, strings.TrimRight(s.shown(m), "\n"))
		}
	}
	return b.String()
}
