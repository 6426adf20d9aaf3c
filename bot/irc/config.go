package irc

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/lrstanley/girc"

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

	listen bool // see [NewEar]
}

// Pace is how fast we may talk: Burst lines at once, then PerSecond.
// The zero Pace is a burst of 5 and one line a second, which public networks bear.
type Pace struct {
	Burst     int
	PerSecond float64
}

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
		cfg: cfg, host: host, now: cfg.Now, dialPatience: dialPatience,
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
