package slackfake

import (
	"net/http"
	"strings"
	"time"
)

const (
	replyUses = 5
	replyLife = 30 * time.Minute
)

// responseURL is where the app may answer one invocation.
type responseURL struct {
	id, url string
	channel *channel
	user    *User
	origin  *message // what was clicked; nil for a command
	at      time.Time
	uses    int
}

func (s *Server) newReply(c *channel, u *User, origin *message) *responseURL {
	r := &responseURL{id: strings.ReplaceAll(uuid(), "-", ""), channel: c, user: u, origin: origin, at: s.now()}
	r.url = s.URL() + "/response/" + r.id
	s.replies[r.id] = r
	return r
}

// serveResponse is the other end of response URLs: JSON without a token.
func (s *Server) serveResponse(w http.ResponseWriter, r *http.Request) {
	a, _, err := readArgs(r)
	if err == nil && a.Has("payload") { // as a form
		err = a.fromJSON([]byte(a.Get("payload")))
	}
	s.mu.Lock()
	out := s.answerResponse(r.PathValue("id"), a, err)
	s.calls = append(s.calls, Call{Method: "response_url", At: time.Now(), Args: a.Values, Outcome: out.outcome})
	s.unlock()
	if out.outcome == "ok" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok"))
		return
	}
	out.write(w)
}

func (s *Server) answerResponse(id string, a args, broken error) answer {
	if out, faulty := s.fault("response_url"); faulty {
		return out
	}
	r := s.replies[id]
	code := ""
	switch {
	case broken != nil:
		code = "invalid_payload"
	case r == nil:
		code = "expired_url"
	case s.now().Sub(r.at) > replyLife:
		code = "expired_url"
	case r.uses >= replyUses:
		code = "used_url"
	}
	if code != "" {
		out := no(refuse(code))
		out.status = http.StatusNotFound
		return out
	}
	r.uses++
	if err := s.respond(r, a); err != nil {
		out := no(err)
		out.status = http.StatusBadRequest
		return out
	}
	return ok(nil)
}

// respond says, replaces or deletes what an answer wants.
func (s *Server) respond(r *responseURL, a args) error {
	origin := r.origin
	if origin == nil || origin.Deleted {
		origin = r.channel.lastBy(r.id)
	}
	if a.flag("delete_original") {
		if origin != nil {
			s.delete(r.channel, origin)
		}
		return nil
	}
	b, err := s.readBody(a, maxText)
	if err != nil {
		return err
	}
	if a.flag("replace_original") && origin != nil {
		before := s.messageJSON(r.channel, origin, true)
		if b.blocks == nil {
			b.blocks = []byte("[]") // a replacement keeps nothing
		}
		s.rewrite(origin, b)
		if origin.EphemeralTo == "" {
			s.emitChanged(r.channel, origin, before)
		}
		return nil
	}
	m := s.ownMessage(b)
	m.reply = r.id
	if a.Get("response_type") != "in_channel" {
		m.EphemeralTo = r.user.ID
	}
	if thread := a.Get("thread_ts"); thread != "" {
		m.ThreadTS = r.channel.root(thread)
	}
	s.store(r.channel, m)
	if m.EphemeralTo == "" {
		s.emitMessage(r.channel, m)
	}
	return nil
}

// lastBy is the last message that came by a response URL.
func (c *channel) lastBy(reply string) *message {
	for i := len(c.messages) - 1; i >= 0; i-- {
		if m := c.messages[i]; m.reply == reply && !m.Deleted {
			return m
		}
	}
	return nil
}
