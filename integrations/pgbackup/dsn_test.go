package pgbackup

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"batsignal/oncall/secret"

	"github.com/jackc/pgx/v5"
)

func TestADSNBecomesAServiceFile(t *testing.T) {
	for in, want := range map[string]string{
		"postgres://jan:p%40ss@db.example.org:5433/shop?sslmode=verify-full&pool_max_conns=3": "host=db.example.org port=5433 user=jan password=p@ss dbname=shop sslmode=verify-full",
		"postgresql://jan@/shop?host=/run/pg&port=5432":                                       "host=/run/pg port=5432 user=jan dbname=shop",
		"postgres://a:1@x,y:2/z": "host=x,y port=5432,2 user=a password=1 dbname=z",
		"postgres://[::1]:7/z":   "host=::1 port=7 dbname=z",
		`host=/run user = jan password='it\'s \\ = "x"' dbname=shop statement_timeout=5`: `host=/run user=jan password=it's \ = "x" dbname=shop`,
		"user=jan password='' dbname=shop":                                               "user=jan dbname=shop",
	} {
		d, err := parseDSN(secret.New(in))
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := strings.ReplaceAll(strings.TrimSpace(strings.TrimPrefix(d.service("").Reveal(), "[batsignal]\n")), "\n", " "); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
		if got := d.service("other").Reveal(); !strings.HasSuffix(got, "\ndbname=other\n") || strings.Count(got, "dbname=") != 1 {
			t.Errorf("%s: %s", in, got)
		}
	}
	for _, in := range []string{"", "postgres://x:" + canary + "@:port/", "host='x", "no pair", "user=jan password='a\nhost=evil'", "user=" + strings.Repeat("x", 1000)} {
		if in == "" {
			continue
		}
		if _, err := parseDSN(secret.New(in)); err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// PostgreSQL's programs log in where our own library does, as the same.
func FuzzDSN(f *testing.F) {
	f.Add("postgres://jan:p%40ss@db.example.org:5433/shop?sslmode=disable")
	f.Add(`host=/run user=jan password='it\'s' dbname=shop port=1`)
	f.Add("host=a user = b dbname= c")
	f.Add("postgres://[::1]/x")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDSN(secret.New(text))
		if err != nil {
			return
		}
		cfg, err := pgx.ParseConfig(text)
		if err != nil {
			t.Fatal(err)
		}
		set := map[string]string{}
		for _, pair := range d.set {
			set[pair[0]] = pair[1]
		}
		if set["service"] != "" || strings.Count(d.service("").Reveal(), "\n") != len(d.set)+1 {
			t.Fatalf("%q", d.service("").Reveal())
		}
		for name, want := range map[string]string{"user": cfg.User, "password": cfg.Password, "dbname": cfg.Database, "host": cfg.Host, "port": fmt.Sprint(cfg.Port)} {
			got := set[name]
			if got == "" || strings.Contains(got, ",") { // of several, ours names the first; and what is left out has defaults
				continue
			}
			if name == "port" {
				got = fmt.Sprint(portOf(got))
			}
			if got != want {
				t.Fatalf("%s is %q, and %q for our own library", name, got, want)
			}
		}
	})
}

func portOf(s string) (n int) {
	n, _ = strconv.Atoi(s) // 0 is told
	return n
}
