package slackfake

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// envelope sends a delivery.
func (c *socket) envelope(id string, d *delivery) {
	c.open = slices.DeleteFunc(c.open, func(o *delivery) bool { return o.done })
	c.open = append(c.open, d)
	e := obj{"envelope_id": id, "type": d.kind, "payload": d.payload, "accepts_response_payload": d.kind != kindEvent}
	if d.kind == kindEvent {
		e["retry_attempt"], e["retry_reason"] = d.attempt, d.reason
	}
	c.say(e)
}

// say hands something to the writer; it never blocks.
func (c *socket) say(v obj) {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("slackfake: %v", err)) // our own objects
	}
	c.mu.Lock()
	c.out = append(c.out, raw)
	c.mu.Unlock()
	c.poke()
}

// end closes the connection after what waits was written.
func (c *socket) end() {
	c.mu.Lock()
	c.ending = true
	c.mu.Unlock()
	c.poke()
}

func (c *socket) poke() {
	select {
	case c.more <- struct{}{}:
	default:
	}
}

// write writes what was said, and pings, until the connection ends.
func (c *socket) write() {
	defer func() { _ = c.ws.Close() }()
	pings := time.NewTicker(c.server.opts.Pings)
	defer pings.Stop()
	for {
		c.mu.Lock()
		out, ending := c.out, c.ending
		c.out = nil
		c.mu.Unlock()
		for _, raw := range out {
			if c.writeOne(raw) != nil {
				return
			}
		}
		if ending {
			bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
			_ = c.ws.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second))
			return
		}
		select {
		case <-c.more:
		case <-pings.C:
			if !c.server.muted() && c.ws.WriteControl(websocket.PingMessage, []byte("Ping from "+socketHost), time.Now().Add(time.Second)) != nil {
				return
			}
		case <-c.server.ctx.Done():
			return
		}
	}
}

func (c *socket) writeOne(raw []byte) error {
	if err := c.ws.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	return c.ws.WriteMessage(websocket.TextMessage, raw)
}

// cut ends the TCP connection without a word.
func (c *socket) cut() {
	if tcp, ok := c.ws.NetConn().(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset, not a goodbye
	}
	if err := c.ws.NetConn().Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		c.server.opts.Log("slackfake: cut: %v", err)
	}
}
