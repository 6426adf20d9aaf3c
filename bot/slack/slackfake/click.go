package slackfake

import (
	"encoding/json"
	"fmt"
	"maps"
)

// Click has somebody click in a message what is found by its action ID or by what
// is written on it: a button, or an option of a menu. They must see the message.
func (s *Server) Click(user, channel, ts, actionIDOrLabel string) *Invocation {
	s.mu.Lock()
	defer s.unlock()
	u, c, m := s.seen(user, channel, ts)
	return s.clickMessage(u, c, m, actionIDOrLabel, nil)
}

// Select has somebody choose in a message's menu, by an option's value or text, or
// by the name of a person or a channel; or a date, a time.
func (s *Server) Select(user, channel, ts, actionID, value string) *Invocation {
	s.mu.Lock()
	defer s.unlock()
	u, c, m := s.seen(user, channel, ts)
	return s.clickMessage(u, c, m, actionID, []string{value})
}

// seen finds a message that somebody can see.
func (s *Server) seen(user, channel, ts string) (*User, *channel, *message) {
	u, c := s.user(user), s.channel(channel)
	m := s.stored(c, ts)
	if m.EphemeralTo != "" && m.EphemeralTo != u.ID || (c.Private || c.IM != "") && !c.has(u.ID) {
		panic(fmt.Sprintf("slackfake: %s does not see %s", u.Name, ts))
	}
	return u, c, m
}

func (s *Server) clickMessage(u *User, c *channel, m *message, wanted string, chosen []string) *Invocation {
	blocks := parseBlocks(m.Blocks)
	action, e, value := s.act(blocks, wanted, chosen, "message "+m.TS)
	i := s.invoke(u, "")
	i.ResponseURL = s.newReply(c, u, m).url
	payload := s.interaction("block_actions", u, i)
	state := map[string]obj{}
	if stateful(e) {
		block, id := e.key()
		state[block+"\x00"+id] = value
	}
	container := obj{"type": "message", "message_ts": m.TS, "channel_id": c.ID, "is_ephemeral": m.EphemeralTo != ""}
	if m.ThreadTS != "" {
		container["thread_ts"] = m.ThreadTS
	}
	more := obj{
		"container": container, "channel": obj{"id": c.ID, "name": s.channelName(c)}, "response_url": i.ResponseURL,
		"state": stateOf(blocks, state), "actions": []obj{action},
	}
	if m.EphemeralTo == "" {
		more["message"] = s.messageJSON(c, m, false)
	}
	maps.Copy(payload, more)
	return s.interact(payload, i)
}

// act is the action of clicking or choosing something in blocks.
func (s *Server) act(blocks []obj, wanted string, chosen []string, where string) (action obj, e element, value obj) {
	e, option, found := find(blocks, wanted)
	if !found {
		panic(fmt.Sprintf("slackfake: there is no %q to click in %s; there is %s", wanted, where, offered(blocks)))
	}
	block, id := e.key()
	action = obj{"type": e.kind(), "block_id": block, "action_id": id, "action_ts": s.stamp()}
	if e.kind() == "button" || e.kind() == "workflow_button" {
		for _, key := range []string{"text", "value", "style", "url"} {
			if v, given := e.el[key]; given && key != "url" {
				action[key] = v
			}
		}
		return action, e, nil
	}
	if chosen == nil && option != "" {
		chosen = []string{option}
	}
	if chosen == nil {
		panic(fmt.Sprintf("slackfake: %q in %s is a %s: say what to choose with Select", wanted, where, e.kind()))
	}
	value = s.choose(e, chosen...)
	maps.Copy(action, value)
	if v, given := e.el["placeholder"]; given {
		action["placeholder"] = v
	}
	return action, e, value
}

// interaction is what all payloads of interactivity begin with.
func (s *Server) interaction(kind string, u *User, i *Invocation) obj {
	team := obj{"id": s.team, "domain": s.opts.Domain}
	payload := obj{
		"type": kind, "token": s.verification, "api_app_id": s.app, "trigger_id": i.TriggerID, "team": team,
		"user":       obj{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.Team},
		"enterprise": nil, "is_enterprise_install": false,
	}
	if s.opts.Enterprise != "" {
		team["enterprise_id"], team["enterprise_name"] = s.opts.Enterprise, s.opts.Enterprise
		payload["enterprise"] = obj{"id": s.opts.Enterprise, "name": s.opts.Enterprise}
	}
	return payload
}

// channelName is what payloads call a channel.
func (s *Server) channelName(c *channel) string {
	if c.IM != "" {
		return "directmessage"
	}
	return c.Name
}

func (s *Server) interact(payload obj, i *Invocation) *Invocation {
	raw, err := json.Marshal(payload)
	if err != nil {
		panic(err) // our own object
	}
	s.enqueueInvocation(&delivery{kind: kindInteractive, payload: raw, invocation: i})
	return i
}
