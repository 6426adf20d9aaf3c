package meeting

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/incidents/minutes"
	"batsignal/oncall/fault"
)

// Search is what somebody looks for in everything that was said and noted.
type Search struct {
	Query string         // words, "a phrase", -without, this or that
	Room  incidents.Room // zero is every room
	Items bool           // only in what was noted
	// Meeting and Line are where an earlier answer stopped; zero is the newest.
	Meeting int64
	Line    int
	Most    int
	For     Reader // zero is the world
}

// Hit is a line, or an item, that has what was looked for.
type Hit struct {
	Meeting   int64
	Title     string
	Network   string
	Room      string
	StartedAt time.Time
	Line      int
	At        time.Time
	Nick      string
	Kind      minutes.ItemKind // "" is a line that made no item
	Did       bool
	Text      string // as it stands now

	Restricted bool // its meeting is not for everybody
}

// In words that are looked for, and in those that are found, "<" and ">" are blanks:
// Postgres would take what stands between them for markup, and leave it out.
const sqlStarted = `select m.started_at from meeting m where m.id = @id and ` + mayRead

// Find looks for words, those of the newest meeting first. more tells that there is
// more.
func (s *Service) Find(ctx context.Context, f Search) (found []Hit, more bool, err error) {
	from := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	if f.Meeting != 0 {
		err := s.DB.QueryRow(ctx, sqlStarted, pgx.NamedArgs{"id": f.Meeting, "restricted": f.For.Restricted}).Scan(&from)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil, false, fault.New(fault.Invalid, "Where this search was to go on is not there any more. Search again.")
		}
		if err != nil {
			return nil, false, err
		}
	}
	args := pgx.NamedArgs{
		"query": strings.NewReplacer("<", " ", ">", " ").Replace(f.Query), "network": f.Room.Network, "room": f.Room.Room,
		"started": from, "meeting": f.Meeting, "line": f.Line, "most": f.Most + 1, "restricted": f.For.Restricted,
	}
	if found, err = s.hits(ctx, sqlSearchItems, args); err != nil {
		return nil, false, err
	}
	if !f.Items {
		lines, err := s.findLines(ctx, args, f.Most+1)
		if err != nil {
			return nil, false, err
		}
		found = merged(found, lines)
	}
	found, more = cut(found, f.Most)
	return found, more, nil
}

// hits runs one of the searches. Its plan is made for these very words.
func (s *Service) hits(ctx context.Context, sql string, args pgx.NamedArgs) ([]Hit, error) {
	rows, err := s.DB.Query(ctx, sql, pgx.QueryExecModeCacheDescribe, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Hit])
}

// merged are items and lines in one order. A line that made an item which is there is
// left out.
func merged(items, lines []Hit) []Hit {
	type place struct {
		meeting int64
		line    int
	}
	noted := map[place]bool{}
	for _, i := range items {
		noted[place{i.Meeting, i.Line}] = true
	}
	all := items
	for _, l := range lines {
		if !noted[place{l.Meeting, l.Line}] {
			all = append(all, l)
		}
	}
	slices.SortStableFunc(all, func(a, b Hit) int {
		return cmp.Or(b.StartedAt.Compare(a.StartedAt), cmp.Compare(b.Meeting, a.Meeting), cmp.Compare(b.Line, a.Line))
	})
	return all
}

// cut leaves the first few; what came of one line stays together.
func cut(found []Hit, most int) (kept []Hit, more bool) {
	if len(found) <= most {
		return found, false
	}
	for most < len(found) && found[most].Meeting == found[most-1].Meeting && found[most].Line == found[most-1].Line {
		most++
	}
	return found[:most], most < len(found)
}
