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
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/lrstanley/girc"

	"batsignal/bot"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Config says which network and who we are there.
type Config struct {
	Name   string // of the network: "libera"
	Server string // "host:port"

	// TLS is for every server but one on this machine: without it no account is
	// believed, and no password is sent.
	TLS         bool
	RootCAs     *x509.CertPool   // nil is the system's
	ServerName  string           // what the certificate must be for; "" is the host of Server
	Certificate *tls.Certificate // ours, for SASL EXTERNAL; may be nil

	Nick     string
	User     string // "" is the nick
	RealName string // "" is the nick

	// Account logs in with SASL: PLAIN with a Password, else EXTERNAL with the
	// Certificate.
	Account  string
	Password secret.Text
	// OptionalSASL stays on the network even when the login is impossible. Without
	// it we leave, say why in [Door.Check] and try again.
	OptionalSASL bool

	Rooms []string // joined always; OpenRoom adds to them until the process ends

	Pace Pace
	// Silence is how long the server may be silent before we ask whether it is
	// still there; it has as long again to answer. 0 is 30 seconds.
	Silence time.Duration

	Log *slog.Logger
	Now func() time.Time // nil is time.Now
}

// Pace is how fast we may talk: Burst lines at once, then PerSecond.
// The zero Pace is a burst of 5 and one line a second, which public networks bear.
type Pace struct {
	Burst     int
	PerSecond float64
}

// Door is one IRC network. It implements [bot.Network].
type Door struct {
	cfg  Config
	host string // of Server
	log  *slog.Logger
	now  func() time.Time

	mu      sync.Mutex
	wanted  []string // rooms, in the order in which they were wanted
	live    *session // nil while there is no usable connection
	trouble error    // why there is none
	since   time.Time
}

var _ bot.Network = (*Door)(nil)

// maxCredentials keeps a SASL answer within one line: girc cuts longer ones wrongly.
const maxCredentials = 290

// New makes a door; it does not connect yet. It fails with a sentence for people
// when the configuration cannot work or would give the password away.
func New(cfg Config) (*Door, error) {
	host, _, err := net.SplitHostPort(cfg.Server)
	if err != nil || host == "" {
		return nil, invalid(cfg, "The server must be written as host:port, for example irc.example.org:6697, not %q.", cfg.Server)
	}
	if cfg.User == "" {
		cfg.User = cfg.Nick
	}
	if cfg.RealName == "" {
		cfg.RealName = cfg.Nick
	}
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	if cfg.Pace.Burst <= 0 {
		cfg.Pace.Burst = 5
	}
	if cfg.Pace.PerSecond <= 0 {
		cfg.Pace.PerSecond = 1
	}
	if cfg.Silence <= 0 {
		cfg.Silence = 30 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	switch {
	case cfg.Name == "":
		return nil, invalid(cfg, "The network needs a name.")
	case !girc.IsValidNick(cfg.Nick):
		return nil, invalid(cfg, "%q cannot be a nick on IRC.", cfg.Nick)
	case !girc.IsValidUser(cfg.User):
		return nil, invalid(cfg, "%q cannot be a user name on IRC.", cfg.User)
	case cfg.Account == "" && !cfg.Password.Empty():
		return nil, invalid(cfg, "There is a password but no account to use it for.")
	case cfg.Account != "" && cfg.Password.Empty() && cfg.Certificate == nil:
		return nil, invalid(cfg, "The account %s needs a password or a client certificate.", cfg.Account)
	case cfg.Account != "" && !cfg.TLS && !isLoopback(host):
		return nil, invalid(cfg, "Without TLS the password for account %s would cross the network readable by anybody. Turn TLS on.", cfg.Account)
	case 2*len(cfg.Account)+len(cfg.Password.Reveal()) > maxCredentials || strings.ContainsRune(cfg.Account, 0):
		return nil, invalid(cfg, "The account and its password are too long to be sent to an IRC server.")
	}
	for _, room := range cfg.Rooms {
		if !validRoom(room) {
			return nil, invalid(cfg, "%q cannot be a room on IRC. Rooms look like #ops.", room)
		}
	}
	d := &Door{
		cfg: cfg, host: host, now: cfg.Now,
		log:     cfg.Log.With("network", cfg.Name),
		wanted:  append([]string(nil), cfg.Rooms...),
		since:   cfg.Now(),
		trouble: errors.New("not started yet"),
	}
	return d, nil
}

func invalid(cfg Config, format string, args ...any) error {
	e := fault.New(fault.Invalid, format, args...)
	if cfg.Name != "" {
		e.Say = "Network " + cfg.Name + ": " + e.Say
	}
	return e
}

// Name is the configured name.
func (d *Door) Name() string { return d.cfg.Name }

// Check says in a sentence what is wrong right now.
func (d *Door) Check() error {
	d.mu.Lock()
	s, since, trouble := d.live, d.since, d.trouble
	wanted := append([]string(nil), d.wanted...)
	d.mu.Unlock()
	if s == nil {
		e := fault.Wrap(fault.Unready, errors.Unwrap(trouble), "Not connected to %s since %s.", d.cfg.Server, since.UTC().Format("2006-01-02 15:04:05 UTC"))
		if trouble != nil {
			e.Say += " " + sayOf(trouble)
		}
		return e
	}
	return s.check(wanted)
}

// sayOf is the sentence for people in an error, or the error itself.
func sayOf(err error) string {
	if f := new(fault.Error); errors.As(err, &f) {
		return f.Say
	}
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

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

func (d *Door) wantedRooms() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.wanted...)
}
