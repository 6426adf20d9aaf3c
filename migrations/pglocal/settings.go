package pglocal

import (
	"path/filepath"
	"sort"
)

// settings are the server's, as command line arguments: there they cannot be
// lost by a hand that edits postgresql.conf. Durability is Postgres' own default
// unless Fast is asked for.
func settings(o Options, dir string) []string {
	set := map[string]string{
		// A socket that only the owner of the directory reaches, never a port.
		"listen_addresses":        "",
		"port":                    socketPort,
		"unix_socket_directories": filepath.Join(dir, "run"),
		"unix_socket_permissions": "0700",

		// Small: one bot and one operator.
		"max_connections": "60",
		"shared_buffers":  "32MB",
		"jit":             "off",
		"timezone":        "UTC",

		// Quiet: nobody replicates from it, so nothing needs to wake up for that, and
		// the helpers sleep long. A commit is still flushed before it is confirmed.
		"wal_level":                       "minimal",
		"max_wal_senders":                 "0",
		"max_logical_replication_workers": "0",
		"autovacuum_naptime":              "5min",
		"bgwriter_delay":                  "10s",
		"wal_writer_delay":                "10s",
		"max_wal_size":                    "256MB",

		// The log may not hold contact data, and a failing statement or a DETAIL line can.
		"log_timezone":            "UTC",
		"log_line_prefix":         "%m [%p] ",
		"log_min_error_statement": "panic",
		"log_error_verbosity":     "terse",
		"log_checkpoints":         "off",
		"lc_messages":             "C", // we read the log for one sentence, see launch
	}
	if o.Fast {
		for name, value := range map[string]string{
			"fsync":              "off",
			"synchronous_commit": "off",
			"full_page_writes":   "off",
			"autovacuum":         "off",
			"checkpoint_timeout": "1h",
			"max_wal_size":       "1GB",
		} {
			set[name] = value
		}
	}
	for name, value := range o.Settings {
		set[name] = value
	}
	names := make([]string, 0, len(set))
	for name := range set {
		names = append(names, name)
	}
	sort.Strings(names)
	args := make([]string, 0, 2*len(names))
	for _, name := range names {
		args = append(args, "-c", name+"="+set[name])
	}
	return args
}
