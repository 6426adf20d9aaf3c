package pgbackup

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"batsignal/integrations/job"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Statements for databases of others. %s is a table's name, quoted.
const (
	otherMakeSentinel = `create table if not exists %s (
		id bigint generated always as identity primary key, value text not null, planted_at timestamptz not null default now())`
	otherPlant  = `insert into %s (value) values ($1)`
	otherClean  = `delete from %[1]s where id < (select min(id) from (select id from %[1]s order by id desc limit 5) newest)`
	otherFind   = `select value from %s order by id desc limit 100`
	otherExists = `select to_regclass($1) is not null`
	otherCount  = `select count(*) from %s`
	otherNewest = `select extract(epoch from max(x.a)::timestamptz)::float8 from (%s) as x(a)`

	otherAbout = `select current_setting('server_version_num')::int, current_database(), (select system_identifier from pg_control_system()),
		coalesce((select rolname::text from pg_roles where oid = 10), ''), pg_encoding_to_char((select encoding from pg_database where datname = current_database()))`
	otherTables = `select n.nspname::text, c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
			and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
			and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
		order by c.relpages desc, 1, 2 limit $1`
	otherDatabases   = `select datname::text from pg_database where datallowconn and not datistemplate order by datname`
	otherSeesRoles   = `select has_table_privilege('pg_catalog.pg_authid', 'select')`
	otherTablespaces = `select count(*) from pg_tablespace where spcname not in ('pg_default', 'pg_global')`
)

// about is what a server says of itself.
type about struct {
	number    int // 150018
	database  string
	system    int64
	superuser string
	encoding  string
}

func (a about) major() int { return a.number / 10000 }

// version is "15.18".
func (a about) version() string { return fmt.Sprintf("%d.%d", a.number/10000, a.number%10000) }

func ask(ctx context.Context, db pg.DB) (a about, err error) {
	err = db.QueryRow(ctx, otherAbout).Scan(&a.number, &a.database, &a.system, &a.superuser, &a.encoding)
	if err == nil && a.number < 120000 {
		err = fault.New(fault.Unready, "The server is PostgreSQL %d, and 12 is the oldest that can be backed up.", a.major())
	}
	return a, err
}

// quoted is a table's name as it stands in a statement.
func quoted(table string) string { return pgx.Identifier(strings.Split(table, ".")).Sanitize() }

// plant writes a random value into the sentinel's table. Where that is not allowed, or it is
// a standby, it is told, and none is planted.
func (s *Source) plant(ctx context.Context, r *job.Run, db pg.DB) (sum string, err error) {
	if s.Sentinel == "" {
		return "", nil
	}
	table := quoted(s.Sentinel)
	random := make([]byte, 24)
	_, _ = rand.Read(random) // it never fails
	value := hex.EncodeToString(random)
	var there bool
	if err := db.QueryRow(ctx, otherExists, table).Scan(&there); err != nil {
		return "", err
	}
	if !there {
		_, err = db.Exec(ctx, fmt.Sprintf(otherMakeSentinel, table))
	}
	if err == nil {
		_, err = db.Exec(ctx, fmt.Sprintf(otherPlant, table), value)
	}
	var said *pgconn.PgError
	if errors.As(err, &said) && (said.Code == "42501" || said.Code == "25006" || said.Code == "3F000") {
		r.Logf(ctx, "No sentinel can be planted in %s, so only queries prove this backup: %s.", s.Sentinel, said.Message)
		return "", nil
	}
	if err == nil {
		_, err = db.Exec(ctx, fmt.Sprintf(otherClean, table))
	}
	if err != nil {
		return "", fault.Wrap(fault.Unready, err, "The sentinel of %s cannot be planted in the table %s.", s.Name, s.Sentinel)
	}
	return hashOf(value), nil
}

func hashOf(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

// findSentinel tells whether the planted value is in a restored database.
func (s *Source) findSentinel(ctx context.Context, db pg.DB, want string) error {
	rows, err := db.Query(ctx, fmt.Sprintf(otherFind, quoted(s.Sentinel)))
	if err == nil {
		var values []string
		values, err = pgx.CollectRows(rows, pgx.RowTo[string])
		for _, v := range values {
			if hashOf(v) == want {
				return nil
			}
		}
	}
	var said *pgconn.PgError
	if err != nil && !errors.As(err, &said) {
		return err
	}
	return fault.Wrap(fault.Invalid, err, "The restored database does not have the value that was planted just before the backup.")
}

// countRows counts rows, as facts.
func (s *Source) countRows(ctx context.Context, db pg.DB, prefix string) (facts [][2]string, err error) {
	tables := s.Tables
	if len(tables) == 0 {
		rows, err := db.Query(ctx, otherTables, MostTables)
		if err != nil {
			return nil, err
		}
		names, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (n [2]string, err error) { return n, r.Scan(&n[0], &n[1]) })
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			if strings.ContainsAny(n[0]+n[1], ".:") {
				continue // its name could not be written down
			}
			tables = append(tables, n[0]+"."+n[1])
		}
	}
	for _, table := range tables {
		n, err := countOf(ctx, db, table)
		if err != nil {
			return nil, fault.Wrap(fault.Unready, err, "The rows of %s cannot be counted.", table)
		}
		facts = append(facts, [2]string{factRows + prefix + table, n})
	}
	return facts, nil
}

const (
	factRows  = "rows of "
	factQuery = "query "
)

func countOf(ctx context.Context, db pg.DB, table string) (string, error) {
	var n int64
	err := db.QueryRow(ctx, fmt.Sprintf(otherCount, quoted(table))).Scan(&n)
	return strconv.FormatInt(n, 10), err
}

// answer asks a query, and gives what is told and compared of its answer: a number as it is,
// of anything else a hash, as it may be about people.
func (q Query) answer(ctx context.Context, conn *pgx.Conn) (text string, err error) {
	statement := strings.TrimRight(strings.TrimSpace(q.SQL), "; \n\t")
	if q.Expect == Newer {
		var epoch *float64
		if err := conn.QueryRow(ctx, fmt.Sprintf(otherNewest, statement), pgx.QueryExecModeSimpleProtocol).Scan(&epoch); err != nil {
			return "", err
		}
		if epoch == nil {
			return "none", nil
		}
		return time.UnixMilli(int64(*epoch * 1000)).UTC().Format(time.RFC3339), nil
	}
	results, err := conn.PgConn().Exec(ctx, statement).ReadAll()
	if err != nil {
		return "", err
	}
	if len(results) == 0 || len(results[0].Rows) == 0 || len(results[0].Rows[0]) == 0 || results[0].Rows[0][0] == nil {
		return "none", nil
	}
	if q.Expect == Nonempty {
		return "some", nil
	}
	first := string(results[0].Rows[0][0])
	if len(results[0].Rows) == 1 && number.MatchString(first) {
		return first, nil
	}
	sum := sha256.New()
	for _, row := range results[0].Rows {
		for _, value := range row {
			fmt.Fprintf(sum, "%t %d %s\n", value == nil, len(value), value)
		}
	}
	return "SHA-256 " + hex.EncodeToString(sum.Sum(nil))[:16], nil
}

var number = regexp.MustCompile(`^-?[0-9]{1,18}(\.[0-9]{1,18})?$`)

// wrong tells what is wrong with an answer of the restored side, "" if nothing is. at is when
// the backup was taken, was what the source answered.
func (q Query) wrong(got, was string, at time.Time) string {
	switch q.Expect {
	case Same:
		if was != "" && got != was {
			return fmt.Sprintf("the query %q answers %s, and answered %s", q.Name, got, was)
		}
	case Nonempty:
		if got == "none" {
			return fmt.Sprintf("the query %q answers nothing", q.Name)
		}
	case Newer:
		newest, err := time.Parse(time.RFC3339, got)
		if err != nil {
			return fmt.Sprintf("the query %q finds no time", q.Name)
		}
		if newest.Before(at.Add(-q.Within)) {
			return fmt.Sprintf("the newest of the query %q is of %s, and should be at most %s older than the backup", q.Name, got, q.Within)
		}
	}
	return ""
}

// asked asks all queries of a database, as facts.
func (s *Source) asked(ctx context.Context, conn *pgx.Conn, database string) (facts [][2]string, err error) {
	for _, q := range s.Queries {
		if q.Database != database {
			continue
		}
		text, err := q.answer(ctx, conn)
		if err != nil {
			return nil, fault.Wrap(fault.Unready, err, "The query %q of %s fails.", q.Name, s.Name)
		}
		facts = append(facts, [2]string{factQuery + q.Name, text})
	}
	return facts, nil
}
