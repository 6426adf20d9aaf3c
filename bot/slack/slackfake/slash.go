package slackfake

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// Slash has somebody use a command. The channel is a name or an ID; theirs with the
// bot has the ID [Server.IM]. The answer may come with the acknowledgement: it is
// said to them alone, unless it is in_channel.
func (s *Server) Slash(user, channel, command, text string) *Invocation {
	s.mu.Lock()
	defer s.unlock()
	u, c := s.user(user), s.channel(channel)
	if !c.has(u.ID) && c.Private {
		panic(fmt.Sprintf("slackfake: %s is not in %s", u.Name, c.Name))
	}
	if !s.opts.RawSlash {
		text = s.render(text, true)
	}
	name := map[string]string{"im": "directmessage", "group": "privategroup", "channel": c.Name}[c.kind()]
	i := s.invoke(u, "")
	reply := s.newReply(c, u, nil)
	i.ResponseURL = reply.url
	i.effect = func(ack json.RawMessage) { s.answerSlash(reply, ack) }
	fields := map[string]string{
		"token": s.verification, "team_id": s.team, "team_domain": s.opts.Domain, "channel_id": c.ID, "channel_name": name,
		"user_id": u.ID, "user_name": u.Name, "command": "/" + strings.TrimPrefix(command, "/"), "text": text, "api_app_id": s.app,
		"is_enterprise_install": "false", "response_url": i.ResponseURL, "trigger_id": i.TriggerID,
	}
	if s.opts.Enterprise != "" {
		fields["enterprise_id"], fields["enterprise_name"] = s.opts.Enterprise, s.opts.Enterprise
	}
	payload, err := json.Marshal(fields)
	if err != nil {
		panic(err) // our own object
	}
	form := url.Values{}
	for k, v := range fields {
		form.Set(k, v)
	}
	s.enqueueInvocation(&delivery{kind: kindSlash, payload: payload, form: form, invocation: i})
	return i
}

func (s *Server) invoke(u *User, view string) *Invocation {
	return &Invocation{TriggerID: s.newTrigger(u.ID, view), done: make(chan struct{})}
}

// answerSlash says what came with the acknowledgement of a command.
func (s *Server) answerSlash(reply *responseURL, ack json.RawMessage) {
	if len(ack) == 0 || string(ack) == "null" {
		return
	}
	var text string
	if !json.Valid(ack) { // over HTTP, plain text is enough
		text = string(ack)
	}
	if text != "" || json.Unmarshal(ack, &text) == nil {
		ack = compact(obj{"text": text})
	}
	a := args{url.Values{}}
	if a.fromJSON(ack) != nil || a.Get("text") == "" && a.Get("blocks") == "" {
		return
	}
	if err := s.respond(reply, a); err != nil {
		s.opts.Log("slackfake: the answer to a command was refused: %v", err)
	}
}
