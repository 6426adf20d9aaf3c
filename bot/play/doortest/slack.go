package doortest

import (
	"context"
	"html"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/bot"
	"batsignal/bot/console"
	"batsignal/bot/play"
	"batsignal/bot/slack"
	"batsignal/bot/slack/slackfake"
	"batsignal/migrations/pg"
	"batsignal/oncall/secret"
)

// Workspace is Slack and the door to it, as a network. It is a [play.Theatre], and
// what a test does to Slack beyond talking it does to Fake.
type Workspace struct {
	Fake *slackfake.Server
	Door *slack.Door

	t     testing.TB
	seen  int // arrival number of the last thing that was taken
	calls int // invitations that were taken
}

// Slack is a workspace of that name with people in it, handles all, who are in
// [play.Home]. "~maria" is a guest, for whom Slack vouches but who proves nothing
// here; if maria is there too, the guest has another name.
func Slack(t testing.TB, db pg.DB, name string, people []string, edits ...func(*slack.Config)) *Workspace {
	t.Helper()
	return SlackAt(t, slackfake.Run(t, Patient(t)), db, name, people, edits...)
}

// Patient are the options of a workspace that waits long for acknowledgements: on a slow
// machine Slack's three seconds may be over before anything is wrong.
func Patient(t testing.TB) slackfake.Options {
	return slackfake.Options{Log: t.Logf, AckTimeout: time.Minute}
}

// SlackAt is [Slack] in a workspace that is there already.
func SlackAt(t testing.TB, fake *slackfake.Server, db pg.DB, name string, people []string, edits ...func(*slack.Config)) *Workspace {
	t.Helper()
	members := []string{"@bot"}
	for _, who := range people {
		u := slackfake.User{Name: who, ID: "U" + strings.ToUpper(strings.NewReplacer("-", "", ".", "", "_", "").Replace(who))}
		if guest, ok := strings.CutPrefix(who, "~"); ok {
			u = slackfake.User{Name: guest, ID: "UGUEST" + strings.ToUpper(guest), Guest: true}
			if slices.Contains(people, guest) {
				u.Name += "_"
			}
		}
		members = append(members, fake.AddUser(u).Name)
	}
	fake.AddChannel(strings.TrimPrefix(play.Home, "#"), members...)
	cfg := slack.Config{
		Name: name, BotToken: secret.New(fake.BotToken()), AppToken: secret.New(fake.AppToken()), APIURL: fake.APIURL(),
		Rooms: []string{play.Home}, DB: db,
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	for _, edit := range edits {
		edit(&cfg)
	}
	door, err := slack.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w := &Workspace{Fake: fake, Door: door, t: t}
	w.take()
	return w
}

// Network implements [play.Theatre].
func (w *Workspace) Network() bot.Network { return w.Door }

// Account implements [play.Theatre]: an account is the workspace's id and the user's.
func (w *Workspace) Account(handle string) string {
	return strings.ToLower(w.Fake.TeamID() + "/" + w.Fake.User(handle).ID)
}

// Speak implements [play.Theatre].
func (w *Workspace) Speak(_ context.Context, s play.Spoken) (audible bool, err error) {
	who := s.Who
	if s.Borrowed {
		who = "UGUEST" + strings.ToUpper(who)
	}
	say := w.Fake.Post
	if s.Did {
		say = w.Fake.Me
	}
	if s.Room == "" {
		say(who, w.Fake.IM(who), s.Text)
		return true, nil
	}
	name := strings.TrimPrefix(s.Room, "#")
	at := slices.IndexFunc(w.Fake.Channels(), func(c slackfake.Channel) bool { return c.Name == name })
	if at < 0 {
		w.Fake.AddChannel(name, who)
	} else if id := w.Fake.User(who).ID; !slices.Contains(w.Fake.Channels()[at].Members, id) {
		w.Fake.Join(who, name)
	}
	say(who, name, s.Text)
	return slices.Contains(w.Fake.Channel(name).Members, w.Fake.BotUserID()), nil
}

// Heard implements [play.Theatre]. Slack has shown a message when it has answered the
// call that brought it; the door returns then, and answers are waited for.
func (w *Workspace) Heard(ctx context.Context) ([]console.Line, error) {
	if err := w.Door.Quiet(ctx); err != nil {
		return nil, err
	}
	return w.take(), nil
}

// take makes lines of everything that the app did since the last call. Invitations
// are taken from its calls: whom Slack has put into the channel before is not shown
// a second one.
func (w *Workspace) take() (lines []console.Line) {
	type sight struct {
		at    time.Time
		lines []console.Line
	}
	var sights []sight
	for _, m := range w.Fake.Everything() {
		if m.At > w.seen {
			w.seen = m.At
			sights = append(sights, sight{m.Arrived, w.linesOf(m)})
		}
	}
	invited := w.Fake.Calls("conversations.invite")
	for _, c := range invited[w.calls:] {
		line := console.Line{Room: w.room(c.Args.Get("channel")), Account: w.handle(c.Args.Get("users")), Act: "invite"}
		sights = append(sights, sight{c.At, []console.Line{line}})
	}
	w.calls = len(invited)
	slices.SortStableFunc(sights, func(a, b sight) int { return a.at.Compare(b.at) })
	for _, s := range sights {
		lines = append(lines, s.lines...)
	}
	return lines
}

// linesOf is what people see of one message.
func (w *Workspace) linesOf(m slackfake.Message) (lines []console.Line) {
	if m.User != w.Fake.BotUserID() {
		return nil
	}
	place := console.Line{Act: "say", Room: w.room(m.Channel)}
	switch {
	case m.Subtype == "channel_topic":
		// The first topic of a channel comes with its making.
		place.Act, place.Text = "topic", html.UnescapeString(strings.TrimPrefix(m.Text, "set the channel topic: "))
		if w.first(m) {
			place.Act = "open"
		}
		return []console.Line{place}
	case m.Subtype != "" || strings.Contains(string(m.Metadata), "batsignal_summary"):
		return nil
	case m.EphemeralTo != "":
		place.Room, place.Account = "", w.handle(m.EphemeralTo)
	case strings.HasPrefix(m.Channel, "D"):
		place.Room, place.Account = "", w.partner(m.Channel)
	}
	for _, text := range strings.Split(w.Plain(m.Text), "\n") {
		place.Text = text
		lines = append(lines, place)
	}
	return lines
}

// first tells whether a topic is the first one that its channel got.
func (w *Workspace) first(m slackfake.Message) bool {
	for _, other := range w.Fake.Messages(m.Channel) {
		if other.Subtype == "channel_topic" {
			return other.TS == m.TS
		}
	}
	return false
}

var channelLink = regexp.MustCompile(`<#([A-Z0-9]+)(?:\|[^>]*)?>`)

// Plain is a text as people read it.
func (w *Workspace) Plain(text string) string {
	text = channelLink.ReplaceAllStringFunc(text, func(link string) string {
		return w.room(channelLink.FindStringSubmatch(link)[1])
	})
	return html.UnescapeString(text)
}

func (w *Workspace) room(channel string) string {
	if strings.HasPrefix(channel, "D") {
		return ""
	}
	return "#" + w.Fake.Channel(channel).Name
}

func (w *Workspace) handle(id string) string {
	name := w.Fake.User(id).Name
	if guest, ok := strings.CutPrefix(id, "UGUEST"); ok {
		name = strings.ToLower(guest)
	}
	return name
}

// partner is who is in a private channel with the bot.
func (w *Workspace) partner(channel string) string {
	for _, u := range w.Fake.Users() {
		if !u.Bot && w.Fake.IM(u.ID) == channel {
			return w.handle(u.ID)
		}
	}
	w.t.Errorf("nobody is in %s", channel)
	return channel
}
