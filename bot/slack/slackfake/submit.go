package slackfake

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Submit has somebody fill in a modal and send it. Values are by action ID: what
// they type, an option by value or text, a person or channel by name or ID, or a
// list of these ([]string). What they leave out keeps its first value. A field that
// must not be empty, or a value that cannot be, is a mistake of the test, because
// Slack would not send it.
//
// The acknowledgement closes the modal, or updates, pushes, clears, or shows
// errors ([Invocation.Errors]).
func (s *Server) Submit(user, viewID string, values map[string]any) *Invocation {
	s.mu.Lock()
	defer s.unlock()
	u := s.user(user)
	v := s.opened(u, viewID)
	switch {
	case v.Type != "modal":
		panic("slackfake: a home cannot be submitted")
	case s.modals[u.ID][len(s.modals[u.ID])-1] != v:
		panic(fmt.Sprintf("slackfake: another modal lies on %s", v.ID))
	case v.body["submit"] == nil && slices.ContainsFunc(v.blocks, func(b obj) bool { return b["type"] == "input" }):
		panic(fmt.Sprintf("slackfake: %s has inputs and no submit button", v.ID))
	}
	s.fill(v, values)
	i := s.invoke(u, v.ID)
	i.effect = func(ack json.RawMessage) {
		if err := s.answerSubmit(v, ack); err != nil {
			i.err = err
		}
	}
	payload := s.interaction("view_submission", u, i)
	maps.Copy(payload, obj{"view": s.viewJSON(v), "response_urls": s.responseURLs(v, u)})
	return s.interact(payload, i)
}

// fill puts values into a modal and sees to it that it can be sent.
func (s *Server) fill(v *view, values map[string]any) {
	known := map[string]bool{}
	for _, e := range elements(v.blocks) {
		block, action := e.key()
		known[action] = true
		if value, given := values[action]; given {
			v.chosen[block+"\x00"+action] = s.choose(e, texts(action, value)...)
		}
		now := v.chosen[block+"\x00"+action]
		if now == nil {
			now = initial(e)
		}
		if e.block["type"] == "input" && e.block["optional"] != true && emptyValue(now) {
			panic(fmt.Sprintf("slackfake: %q must not be empty, so Slack would not submit it", action))
		}
	}
	for action := range values {
		if !known[action] {
			panic(fmt.Sprintf("slackfake: there is no %q in the modal; there is %s", action, offered(v.blocks)))
		}
	}
	v.Raw = compact(s.viewJSON(v))
}

func texts(action string, value any) []string {
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		return []string{v}
	case []string:
		return v
	case int, int64, bool:
		return []string{fmt.Sprint(v)}
	}
	panic(fmt.Sprintf("slackfake: the value of %q is a %T, and should be a string or a []string", action, value))
}

// responseURLs are for inputs of channels that ask for one (response_url_enabled).
func (s *Server) responseURLs(v *view, u *User) []obj {
	urls := []obj{}
	for _, e := range elements(v.blocks) {
		block, action := e.key()
		now := v.chosen[block+"\x00"+action]
		c := s.findChannel(first(text(now["selected_conversation"]), text(now["selected_channel"]), "-"))
		if e.el["response_url_enabled"] == true && c != nil {
			urls = append(urls, obj{"block_id": block, "action_id": action, "channel_id": c.ID, "response_url": s.newReply(c, u, nil).url})
		}
	}
	return urls
}

var errTrouble = errors.New("slackfake: the answer makes no sense, and people see \"we had some trouble connecting\"")

// answerSubmit does what the acknowledgement says with the modal.
func (s *Server) answerSubmit(v *view, ack json.RawMessage) error {
	var answer struct {
		Action string            `json:"response_action"`
		View   json.RawMessage   `json:"view"`
		Errors map[string]string `json:"errors"`
	}
	if len(ack) > 0 && string(ack) != "null" && json.Unmarshal(ack, &answer) != nil {
		return fmt.Errorf("%w: %.200q", errTrouble, ack)
	}
	switch answer.Action {
	case "":
		s.closeView(v, false)
		return nil
	case "clear":
		s.closeView(v, true)
		return nil
	case "errors":
		for block := range answer.Errors {
			if !slices.ContainsFunc(v.blocks, func(b obj) bool { return b["type"] == "input" && b["block_id"] == block }) {
				return fmt.Errorf("%w: %q is no input", errTrouble, block)
			}
		}
		if len(answer.Errors) == 0 {
			return fmt.Errorf("%w: no errors", errTrouble)
		}
		return nil
	case "update", "push":
		return s.answerWithView(v, answer.Action, string(answer.View))
	}
	return fmt.Errorf("%w: response_action %q", errTrouble, answer.Action)
}

func (s *Server) answerWithView(v *view, action, raw string) error {
	body, err := s.readView("modal", raw)
	if err != nil {
		return fmt.Errorf("%w: %v: %q", errTrouble, err, Validate("modal", []byte(raw)))
	}
	if action == "update" {
		s.show(v, body)
		return nil
	}
	if len(s.modals[v.user]) >= maxStack {
		return fmt.Errorf("%w: no more than %d modals", errTrouble, maxStack)
	}
	s.modals[v.user] = append(s.modals[v.user], s.newView(v.user, body, v))
	return nil
}
