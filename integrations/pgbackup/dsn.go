package pgbackup

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"batsignal/integrations/argv"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// dsn is how one logs in: PostgreSQL's own words for it, and the values.
type dsn struct {
	text secret.Text
	set  [][2]string // for the programs; a password is among them
}

// words are those of libpq that we hand on. What else stands in a DSN is for our own library.
var words = []string{"host", "hostaddr", "port", "user", "password", "passfile", "dbname", "connect_timeout", "client_encoding", "options",
	"application_name", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "gssencmode", "krbsrvname",
	"sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslsni", "ssl_min_protocol_version", "channel_binding", "target_session_attrs"}

// parseDSN reads one. Its errors hold nothing of it.
func parseDSN(text secret.Text) (dsn, error) {
	bad := fault.New(fault.Invalid, "How the database is reached cannot be understood: write it like postgres://name@host:5432/database.")
	all, err := keywords(text.Reveal())
	if err != nil {
		return dsn{}, bad
	}
	cfg, err := pgx.ParseConfig(text.Reveal())
	if err != nil {
		return dsn{}, bad
	}
	// Both readers must have understood the same, lest we count in one place and dump another.
	for name, theirs := range map[string]string{"user": cfg.User, "password": cfg.Password, "dbname": cfg.Database, "host": cfg.Host} {
		if ours := all[name]; ours != "" && ours != theirs && !strings.Contains(ours, ",") {
			return dsn{}, bad
		}
	}
	d := dsn{text: text}
	for _, w := range words {
		value, ok := all[w]
		if !ok || value == "" {
			continue
		}
		if strings.ContainsAny(value, "\r\n\x00") || strings.TrimSpace(value) != value || len(value) > 900 {
			return dsn{}, fault.New(fault.Invalid, "The %s by which the database is reached begins or ends with a space, or is too long: PostgreSQL's programs would read it wrongly.", w)
		}
		d.set = append(d.set, [2]string{w, value})
	}
	return d, nil
}

// keywords reads both forms that a DSN has.
func keywords(text string) (map[string]string, error) {
	if !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://") {
		return pairs(text)
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("no URL")
	}
	all := map[string]string{"dbname": strings.TrimPrefix(u.Path, "/")}
	if u.User != nil {
		all["user"] = u.User.Username()
		all["password"], _ = u.User.Password()
	}
	var hosts, ports []string
	for _, at := range strings.Split(u.Host, ",") {
		host, port := at, ""
		if i := strings.LastIndexByte(at, ':'); i >= 0 && !strings.HasSuffix(at, "]") {
			host, port = at[:i], at[i+1:]
		}
		hosts, ports = append(hosts, strings.Trim(host, "[]")), append(ports, port)
	}
	all["host"] = strings.Join(hosts, ",")
	if slices.ContainsFunc(ports, func(p string) bool { return p != "" }) {
		for i := range ports {
			if ports[i] == "" {
				ports[i] = "5432"
			}
		}
		all["port"] = strings.Join(ports, ",")
	}
	for name, values := range u.Query() {
		all[name] = values[0]
	}
	return all, nil
}

// pairs reads key=value, with 'quoted values' and backslashes.
func pairs(text string) (map[string]string, error) {
	all := map[string]string{}
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimLeft(text, " \t\r\n") {
		name, rest, ok := strings.Cut(text, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, errors.New("no pair")
		}
		rest = strings.TrimLeft(rest, " \t\r\n")
		var value strings.Builder
		quoted := strings.HasPrefix(rest, "'")
		i := 0
		if quoted {
			i = 1
		}
		closed := !quoted
		for ; i < len(rest); i++ {
			c := rest[i]
			if c == '\\' && i+1 < len(rest) {
				i++
				value.WriteByte(rest[i])
				continue
			}
			if quoted && c == '\'' {
				closed = true
				i++
				break
			}
			if !quoted && strings.IndexByte(" \t\r\n", c) >= 0 {
				break
			}
			value.WriteByte(c)
		}
		if !closed {
			return nil, errors.New("no end")
		}
		all[name] = value.String()
		text = rest[i:]
	}
	return all, nil
}

// database is the name of the one that is named; "" is the server's choice.
func (d dsn) database() string {
	for _, pair := range d.set {
		if pair[0] == "dbname" {
			return pair[1]
		}
	}
	return ""
}

// service is a file for PostgreSQL's programs, with everything that they need to log in to a
// database; "" is the DSN's own.
func (d dsn) service(database string) secret.Text {
	var b strings.Builder
	b.WriteString("[batsignal]\n")
	for _, pair := range d.set {
		if pair[0] == "dbname" && database != "" {
			continue
		}
		b.WriteString(pair[0] + "=" + pair[1] + "\n")
	}
	if database != "" {
		b.WriteString("dbname=" + database + "\n")
	}
	return secret.New(b.String())
}

// command is a program that logs in by itself.
func (d dsn) command(path, database string, args ...string) argv.Command {
	return argv.Command{Path: path, Args: args, Env: []string{"PGSERVICEFILE=@service@", "PGSERVICE=batsignal", "PGAPPNAME=batsignal backup"},
		Secrets: map[string]secret.Text{"service": d.service(database)}}
}

// connect logs in to a database; "" is the DSN's own. Answers read the same everywhere.
func (d dsn) connect(ctx context.Context, name, database string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(d.text.Reveal())
	if err != nil {
		return nil, fault.New(fault.Invalid, "How the database %s is reached cannot be understood.", name)
	}
	if database != "" {
		cfg.Database = database
	}
	return connect(ctx, cfg, name)
}

func connect(ctx context.Context, cfg *pgx.ConnConfig, name string) (*pgx.Conn, error) {
	for key, value := range map[string]string{"timezone": "UTC", "datestyle": "ISO", "intervalstyle": "postgres", "extra_float_digits": "1", "bytea_output": "hex",
		"application_name": "batsignal backup", "statement_timeout": "0", "idle_in_transaction_session_timeout": "0", "row_security": "off"} {
		cfg.RuntimeParams[key] = value
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, unreached(ctx, name, err)
	}
	return conn, nil
}

// unreached tells why not in words: what the library says names hosts and accounts.
func unreached(ctx context.Context, name string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var said *pgconn.PgError
	if errors.As(err, &said) {
		switch said.Code {
		case "28P01", "28000":
			return fault.Wrap(fault.Forbidden, err, "The database %s does not let us in.", name)
		case "3D000":
			return fault.Wrap(fault.NotFound, err, "There is no such database on the server of %s.", name)
		}
	}
	return fault.Wrap(fault.Unready, err, "The database %s cannot be reached.", name)
}
