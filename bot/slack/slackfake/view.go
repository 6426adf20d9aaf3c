package slackfake

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
)

// View is a copy of a modal or a home.
type View struct {
	ID, Hash        string
	Type            string // "modal" or "home"
	CallbackID      string
	ExternalID      string
	PrivateMetadata string
	Title           string
	Raw             json.RawMessage // as Slack would return it, with IDs and state
}

// view is a modal or a home with its memory.
type view struct {
	View
	user           string
	body           obj
	blocks         []obj
	root, previous string
	chosen         map[string]obj // by block and action
}

// readView judges a view of the app.
func (s *Server) readView(kind, raw string) (obj, error) {
	var body obj
	if raw == "" || json.Unmarshal([]byte(raw), &body) != nil {
		return nil, refuseWith("invalid_arguments", []string{"[ERROR] missing or malformed view [json-pointer:/view]"})
	}
	if wrong := Validate(kind, []byte(raw)); len(wrong) > 0 {
		for i := range wrong {
			wrong[i] = strings.Replace(wrong[i], "[json-pointer:/", "[json-pointer:/view/", 1)
		}
		return nil, refuseWith("invalid_arguments", wrong)
	}
	if len(raw) > 250_000 {
		return nil, refuse("view_too_large")
	}
	return body, nil
}

// show gives a view new content. What people chose stays where the IDs stay.
func (s *Server) show(v *view, body obj) {
	v.body = body
	raw, err := json.Marshal(body["blocks"])
	if err != nil {
		panic(err) // it came from JSON
	}
	v.blocks = parseBlocks(s.nameBlocks(raw))
	v.Type, v.CallbackID, v.ExternalID = text(body["type"]), text(body["callback_id"]), text(body["external_id"])
	v.PrivateMetadata, v.Title = text(body["private_metadata"]), label(body["title"])
	sum := fnv.New32a()
	_, _ = sum.Write(raw)
	v.Hash = fmt.Sprintf("%s.%08x", strings.SplitN(s.stamp(), ".", 2)[0], sum.Sum32()^uint32(s.arrive()))
	v.Raw = compact(s.viewJSON(v))
}

func (s *Server) viewJSON(v *view) obj {
	out := obj{
		"id": v.ID, "team_id": s.team, "app_id": s.app, "bot_id": s.bot, "app_installed_team_id": s.team, "type": v.Type,
		"blocks": v.blocks, "private_metadata": v.PrivateMetadata, "callback_id": v.CallbackID, "external_id": v.ExternalID,
		"hash": v.Hash, "root_view_id": v.root, "previous_view_id": nil, "state": stateOf(v.blocks, v.chosen),
		"title": v.body["title"], "submit": v.body["submit"], "close": v.body["close"],
		"clear_on_close": v.body["clear_on_close"] == true, "notify_on_close": v.body["notify_on_close"] == true,
	}
	if v.previous != "" {
		out["previous_view_id"] = v.previous
	}
	return out
}

// newView makes a view on top of another, or as a root.
func (s *Server) newView(user string, body obj, below *view) *view {
	v := &view{user: user, chosen: map[string]obj{}}
	v.ID = s.newID("V")
	v.root = v.ID
	if below != nil {
		v.root, v.previous = below.root, below.ID
	}
	s.show(v, body)
	return v
}

// findView looks everywhere.
func (s *Server) findView(id, external string) *view {
	fits := func(v *view) bool {
		return v != nil && (id != "" && v.ID == id || external != "" && v.ExternalID == external)
	}
	for _, stack := range s.modals {
		for _, v := range stack {
			if fits(v) {
				return v
			}
		}
	}
	for _, v := range s.home {
		if fits(v) {
			return v
		}
	}
	return nil
}

// opened finds the view of somebody for a test.
func (s *Server) opened(u *User, id string) *view {
	if v := s.home[u.ID]; v != nil && v.ID == id {
		return v
	}
	for _, v := range s.modals[u.ID] {
		if v.ID == id {
			return v
		}
	}
	panic(fmt.Sprintf("slackfake: %s has no view %q open", u.Name, id))
}

// OpenHome has somebody open the App Home.
func (s *Server) OpenHome(user string) {
	s.mu.Lock()
	defer s.unlock()
	u := s.user(user)
	c, _ := s.im(u)
	event := obj{"type": "app_home_opened", "user": u.ID, "channel": c.ID, "tab": "home", "event_ts": s.stamp()}
	if v := s.home[u.ID]; v != nil {
		event["view"] = s.viewJSON(v)
	}
	s.emitAnyway(nil, "", event)
}

// ClickView has somebody click in a modal or in their home ([View].ID, of Home the
// "id") what is found by its action ID or by what is written on it.
func (s *Server) ClickView(user, viewID, actionIDOrLabel string) *Invocation {
	s.mu.Lock()
	defer s.unlock()
	return s.clickView(s.user(user), viewID, actionIDOrLabel, nil)
}

// SelectView has somebody choose in a menu of a modal or of their home.
func (s *Server) SelectView(user, viewID, actionID, value string) *Invocation {
	s.mu.Lock()
	defer s.unlock()
	return s.clickView(s.user(user), viewID, actionID, []string{value})
}

func (s *Server) clickView(u *User, id, wanted string, chosen []string) *Invocation {
	v := s.opened(u, id)
	action, e, value := s.act(v.blocks, wanted, chosen, "view "+v.ID)
	if stateful(e) {
		block, id := e.key()
		v.chosen[block+"\x00"+id] = value
		v.Raw = compact(s.viewJSON(v))
	}
	i := s.invoke(u, v.ID)
	payload := s.interaction("block_actions", u, i)
	shown := s.viewJSON(v)
	maps.Copy(payload, obj{
		"container": obj{"type": "view", "view_id": v.ID}, "view": shown, "state": shown["state"], "actions": []obj{action},
	})
	return s.interact(payload, i)
}

// CloseView has somebody close a modal with its cross. The app hears of it if it
// asked to (notify_on_close), and otherwise the invocation is nil.
func (s *Server) CloseView(user, viewID string) *Invocation {
	s.mu.Lock()
	defer s.unlock()
	u := s.user(user)
	v := s.opened(u, viewID)
	shown, clears := s.viewJSON(v), v.body["clear_on_close"] == true
	s.closeView(v, clears)
	if v.body["notify_on_close"] != true {
		return nil
	}
	i := s.invoke(u, "")
	payload := s.interaction("view_closed", u, i)
	delete(payload, "trigger_id")
	maps.Copy(payload, obj{"view": shown, "is_cleared": clears})
	return s.interact(payload, i)
}

// closeView takes a modal away, or the whole stack.
func (s *Server) closeView(v *view, all bool) {
	if all {
		delete(s.modals, v.user)
		return
	}
	s.modals[v.user] = slices.DeleteFunc(s.modals[v.user], func(o *view) bool { return o == v })
}
