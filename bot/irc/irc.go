// Package irc owns the IRC door: one connection to one IRC network, who is
// proven to speak on it, and what goes out in which order and how fast.
//
// It decides nothing about commands, people or incidents: it hands over what it
// heard, with an account where the network has proven one, and carries what it
// is given.
//
// The library girc parses lines and speaks the registration (capabilities, SASL,
// nick). From the welcome on the door reads for itself, because girc runs
// handlers on its read path, drops lines that wait too long, keeps unsent lines
// for the next connection and panics on some malformed ones.
package irc

import (
	"log/slog"
	"slices"
	"sync"
	"time"

	"batsignal/bot"
)

// Door is one IRC network. It implements [bot.Network].
type Door struct {
	cfg  Config
	host string // of Server
	log  *slog.Logger
	now  func() time.Time

	dialPatience time.Duration // for the connection and the TLS handshake

	mu      sync.Mutex
	wanted  []string // rooms, in the order in which they were wanted
	live    *session // nil while there is no usable connection
	trouble error    // why there is none
	since   time.Time
}

var _ bot.Network = (*Door)(nil)

// Name is the configured name.
func (d *Door) Name() string { return d.cfg.Name }

// online returns the usable connection, or nil.
func (d *Door) online() *session {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.live
}

// setLive makes a session the one that is used; nil with the reason takes it back.
func (d *Door) setLive(s *session, why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s == nil && d.live != nil {
		d.since = d.now()
	}
	d.live, d.trouble = s, why
}

// want adds a room to those that are joined again after a reconnect or a kick.
func (d *Door) want(room string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range d.wanted {
		if foldName(w, true) == foldName(room, true) {
			return
		}
	}
	d.wanted = append(d.wanted, room)
}

// unwant takes a room off those that are joined again.
func (d *Door) unwant(room string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wanted = slices.DeleteFunc(d.wanted, func(w string) bool { return foldName(w, true) == foldName(room, true) })
}

func (d *Door) wantedRooms() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.wanted...)
}
