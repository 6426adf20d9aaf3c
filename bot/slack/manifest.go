package slack

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"batsignal/bot/command"
)

// Scopes is everything that the app may do, and why. It is the least that works: it
// reads the channels that it was invited to and its own private messages, nothing else.
var Scopes = []struct{ Name, Why string }{
	{"app_mentions:read", "to be spoken to by name"},
	{"bookmarks:write", "the incident's web page among the bookmarks of its channel"},
	{"channels:history", "to hear commands, and the talk of an incident, in channels it is in"},
	{"channels:join", "to enter the home channel and the channels of incidents"},
	{"channels:manage", "to make the channel of an incident, invite people, set its topic, archive it"},
	{"channels:read", "to know which channel is which, and who is in it"},
	{"chat:write", "to answer, announce and page"},
	{"commands", "slash commands and shortcuts"},
	{"groups:history", "the same in private channels it was invited to"},
	{"groups:read", "the same in private channels it was invited to"},
	{"im:history", "to hear what is written to it in private: links, addresses, answers to pages"},
	{"pins:read", "to find the summary that it pinned"},
	{"pins:write", "to pin the summary of an incident"},
	{"reactions:read", "a reaction to a page as an extra way to answer it"},
	{"users:read", "to tell full members from guests, bots and whoever left"},
}

// botEvents is what Slack tells us of.
var botEvents = []string{
	"app_home_opened", "app_mention", "channel_left", "group_left", "member_joined_channel", "member_left_channel",
	"message.channels", "message.groups", "message.im", "reaction_added", "user_change",
}

// Verb is a command as the manifest lists it.
type Verb struct{ Name, Summary, Usage string }

// VerbsOf are the first words of the vocabulary.
func VerbsOf(commands []*command.Command, emergency string) (verbs []Verb) {
	for _, c := range commands {
		v := Verb{Name: c.Name, Summary: c.Summary, Usage: strings.TrimSpace(strings.TrimPrefix(c.Example, c.Name))}
		if v.Name == "batsignal" {
			v.Name = emergency
		}
		verbs = append(verbs, v)
	}
	return append(verbs, Verb{Name: "help", Summary: "Lists the commands, or explains one.", Usage: "batsignal"})
}

// ManifestOptions are the choices of an installation.
type ManifestOptions struct {
	Network     string // what we call the workspace
	Emergency   string // what the emergency command is called
	SlashPrefix string // what slash commands begin with
	// PublicURL is where Slack reaches us by HTTP; "" is Socket Mode, for which
	// nobody need reach us.
	PublicURL string
}

// Manifest describes the app to Slack, as JSON to paste where one makes an app.
func Manifest(verbs []Verb, o ManifestOptions) ([]byte, error) {
	hook := func(path string) string {
		if o.PublicURL == "" {
			return ""
		}
		return strings.TrimRight(o.PublicURL, "/") + "/slack/" + o.Network + "/" + path
	}
	m := slack.Manifest{
		Metadata: slack.ManifestMetadata{MajorVersion: 1, MinorVersion: 1},
		Display: slack.Display{
			Name:            "Batsignal",
			Description:     "Rings people in an emergency until every role has somebody",
			BackgroundColor: "#20242c",
		},
		Settings: slack.Settings{
			EventSubscriptions: &slack.EventSubscriptions{RequestUrl: hook("events"), BotEvents: botEvents},
			Interactivity:      &slack.Interactivity{IsEnabled: true, RequestUrl: hook("actions")},
			SocketModeEnabled:  o.PublicURL == "",
		},
		Features: slack.Features{
			AppHome: slack.AppHome{HomeTabEnabled: true, MessagesTabEnabled: true},
			BotUser: slack.BotUser{DisplayName: "batsignal", AlwaysOnline: true},
			Shortcuts: []slack.Shortcut{
				{Name: "Light the bat-signal", CallbackID: shortcutDeclare, Description: "Ask to ring somebody in every role", Type: slack.ShortcutType("global")},
				{Name: "Add to timeline", CallbackID: shortcutTimeline, Description: "Put this message on the incident's timeline", Type: slack.ShortcutType("message")},
				{Name: "Make action item", CallbackID: shortcutAction, Description: "Note this message as something to be done", Type: slack.ShortcutType("message")},
			},
		},
	}
	for _, v := range fewEnough(verbs) {
		m.Features.SlashCommands = append(m.Features.SlashCommands, slack.ManifestSlashCommand{
			Command: slashName(o.SlashPrefix, o.Emergency, v.Name), Url: hook("commands"),
			Description: clip(v.Summary, 100), UsageHint: clip(v.Usage, 100), ShouldEscape: true,
		})
	}
	for _, s := range Scopes {
		m.OAuthConfig.Scopes.Bot = append(m.OAuthConfig.Scopes.Bot, s.Name)
	}
	return withWritableTab(m)
}

// mostCommands is how many slash commands Slack lets an app have.
const mostCommands = 50

// spare are verbs that one can best do without as slash commands, the first one first. They
// can be typed to the app all the same.
var spare = []string{"whoami", "rotation", "ledger", "custody", "skills", "noise", "holidays", "swap"}

// fewEnough leaves verbs out if there are more than Slack takes.
func fewEnough(verbs []Verb) []Verb {
	verbs = slices.Clone(verbs)
	for _, name := range spare {
		if len(verbs) > mostCommands {
			verbs = slices.DeleteFunc(verbs, func(v Verb) bool { return v.Name == name })
		}
	}
	return verbs
}

// withWritableTab says that people may write to the app, which is what linking and
// answering in private need; the library leaves out what is false.
func withWritableTab(m slack.Manifest) ([]byte, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	all["features"].(map[string]any)["app_home"].(map[string]any)["messages_tab_read_only_enabled"] = false
	return json.MarshalIndent(all, "", "  ")
}
