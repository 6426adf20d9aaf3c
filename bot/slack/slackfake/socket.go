package slackfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	ticketLife = 30 * time.Second // between apps.connections.open and the connection
	drainTime  = time.Second      // between asking to reconnect and closing
	maxAck     = 20 * 1024        // longer acknowledgements are dropped, as Slack does
	socketHost = "applink-fake-0"
)

// socket is one Socket Mode connection.
type socket struct {
	server   *Server
	ws       *websocket.Conn
	open     []*delivery // sent on it, perhaps acknowledged
	draining bool        // asked to reconnect: gets nothing more
	drainEnd time.Time

	mu     sync.Mutex
	out    [][]byte
	ending bool          // close when everything is written
	more   chan struct{} // something is in out
}

// connectionsOpen hands out the address of a socket.
func (s *Server) connectionsOpen(args) (obj, error) {
	ticket := uuid()
	s.post.tickets[ticket] = time.Now()
	return obj{"url": "ws" + strings.TrimPrefix(s.web.URL, "http") + "/link/?ticket=" + ticket + "&app_id=" + s.app}, nil
}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	s.mu.Lock()
	at, known := s.post.tickets[ticket]
	delete(s.post.tickets, ticket)
	refused := s.closed || s.post.trouble.refuse
	if !refused && known {
		s.running.Add(1) // before Close can wait
		defer s.running.Done()
	}
	s.mu.Unlock()
	if refused {
		http.Error(w, "unavailable", http.StatusServiceUnavailable)
		return
	}
	if !known || time.Since(at) > ticketLife {
		http.Error(w, "the ticket is unknown, used or expired", http.StatusUnauthorized)
		return
	}
	ws, err := s.upgrade.Upgrade(w, r, nil)
	if err != nil {
		s.opts.Log("slackfake: upgrade: %v", err)
		return
	}
	c := &socket{server: s, ws: ws, more: make(chan struct{}, 1)}
	if !s.admit(c, r.URL.Query().Get("debug_reconnects") == "true") {
		_ = ws.Close()
		return
	}
	var writer sync.WaitGroup
	writer.Go(c.write)
	c.read()
	s.drop(c)
	writer.Wait()
}

// admit greets a connection and lets it have envelopes.
func (s *Server) admit(c *socket, short bool) bool {
	s.mu.Lock()
	defer s.unlock()
	if s.closed {
		return false
	}
	s.post.sockets = append(s.post.sockets, c)
	life := 18060
	if short {
		life = 360
	}
	c.say(obj{
		"type": "hello", "num_connections": len(s.post.sockets), "connection_info": obj{"app_id": s.app},
		"debug_info": obj{
			"host": socketHost, "build_number": 1, "approximate_connection_time": life,
			"started": s.now().UTC().Format("2006-01-02 15:04:05.000"),
		},
	})
	s.nudge()
	return true
}

// read takes acknowledgements until the connection ends.
func (c *socket) read() {
	for {
		_, raw, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		var ack struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		if len(raw) >= maxAck {
			c.server.opts.Log("slackfake: an acknowledgement of %d bytes was dropped, as Slack does", len(raw))
			continue
		}
		if err := json.Unmarshal(raw, &ack); err != nil || ack.EnvelopeID == "" {
			c.server.opts.Log("slackfake: not an acknowledgement: %.200q", raw)
			continue
		}
		c.server.mu.Lock()
		c.server.acked(ack.EnvelopeID, ack.Payload)
		c.server.mu.Unlock()
	}
}

// drop forgets a connection. Events that it did not acknowledge are sent again.
func (s *Server) drop(c *socket) {
	s.mu.Lock()
	defer s.unlock()
	s.post.sockets = slices.DeleteFunc(s.post.sockets, func(o *socket) bool { return o == c })
	c.end()
	if s.closed {
		return
	}
	for _, d := range c.open {
		if !d.done && !d.waiting && d.kind == kindEvent {
			s.unacked(d, "connection_failed")
		}
	}
}

// nextSocket takes turns.
func (s *Server) nextSocket() *socket {
	if s.post.trouble.mute {
		return nil
	}
	for range s.post.sockets {
		s.post.turn++
		if c := s.post.sockets[s.post.turn%len(s.post.sockets)]; !c.draining {
			return c
		}
	}
	return nil
}

func (s *Server) closeDrained(now time.Time, soon func(time.Time)) {
	for _, c := range s.post.sockets {
		if !c.draining {
			continue
		}
		if c.drainEnd.After(now) {
			soon(c.drainEnd)
			continue
		}
		c.end()
	}
}
