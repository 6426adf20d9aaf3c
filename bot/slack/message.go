package slack

import (
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"batsignal/bot/command"
)

// via is how a line is answered.
type via struct {
	channel string // where it was said
	user    string // by whom
	thread  string // under which line; "" is the channel itself
	direct  bool   // in private
	member  bool   // we are in the channel

	responseURL string   // of a slash command or a click; "" is a message
	clicked     *clicked // the message whose button it was; nil is none
	// collect takes the answer instead, for a form that shows its own mistakes.
	collect func(command.Reply)
	// aside shows refusals to the speaker alone, who may not have meant to speak to us.
	aside bool
}

// clicked is a message of ours that somebody clicked in.
type clicked struct {
	text   string
	blocks []slack.Block
	block  string // the id of the row that the button is in
}

// said is a message as Slack delivers it.
type said struct {
	Type        string `json:"type"`
	Subtype     string `json:"subtype"`
	Channel     string `json:"channel"`
	ChannelType string `json:"channel_type"`
	User        string `json:"user"`
	UserTeam    string `json:"user_team"`
	SourceTeam  string `json:"source_team"`
	Team        string `json:"team"`
	BotID       string `json:"bot_id"`
	Text        string `json:"text"`
	TS          string `json:"ts"`
	ThreadTS    string `json:"thread_ts"`
	EventTS     string `json:"event_ts"`
	DeletedTS   string `json:"deleted_ts"`
	Edited      *struct {
		TS string `json:"ts"`
	} `json:"edited"`
	Message  *said `json:"message"`
	Previous *said `json:"previous_message"`
}

// threadOf is where an answer goes: under the line that is being talked about, if the
// line itself was said there.
func threadOf(m said) string {
	if m.ThreadTS != m.TS {
		return m.ThreadTS
	}
	return ""
}

// foreign tells whether a line came from another workspace, whatever we know of its
// author.
func foreign(m said, d *Door) bool {
	me, _ := d.me()
	if me.enterprise != "" {
		return false // its workspaces share their people; what Slack tells of them decides
	}
	for _, team := range []string{m.UserTeam, m.SourceTeam} {
		if team != "" && team != me.team && team != me.enterprise {
			return true
		}
	}
	return false
}

// permalink is the web address of a message.
func (d *Door) permalink(channel, ts, thread string) string {
	me, _ := d.me()
	if me.url == "" {
		return ""
	}
	link := strings.TrimRight(me.url, "/") + "/archives/" + channel + "/p" + strings.ReplaceAll(ts, ".", "")
	if thread != "" && thread != ts {
		link += "?thread_ts=" + thread + "&cid=" + channel
	}
	return link
}

// instant reads a time as Slack writes it: "1700000000.000100", in seconds.
func instant(ts string) time.Time {
	whole, part, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}
	}
	us, _ := strconv.ParseInt((part + "000000")[:6], 10, 64) // without digits it is 0
	return time.Unix(s, us*1000).UTC()
}
