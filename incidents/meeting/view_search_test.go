package meeting_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/meeting"
)

// found are the lines that a search finds, as "meeting.line kind text".
func (s *scene) found(f meeting.Search) (list []string, more bool) {
	s.Helper()
	if f.Most == 0 {
		f.Most = 50
	}
	hits, more, err := s.Find(ctx, f)
	s.must(err)
	for _, h := range hits {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%d.%d %s %s", h.Meeting, h.Line, h.Kind, h.Text)))
	}
	return list, more
}

func (s *scene) finds(query string, want ...string) {
	s.Helper()
	if got, _ := s.found(meeting.Search{Query: query}); strings.Join(got, "\n") != strings.Join(want, "\n") {
		s.Errorf("%s finds\n%s", query, strings.Join(got, "\n"))
	}
}

func TestFind(t *testing.T) {
	s := newScene(t)
	s.met(ops, start, "anna: #startmeeting weekly", "bert: a Fan of größere Lüfter", "anna: #info the fan is loud", "bert: see <fan> or fan@example.org", "anna: #agreed no fans", "anna: #endmeeting")
	s.met(ops, start.AddDate(0, 0, -1), "anna: #startmeeting weekly", "bert: an older fan", "anna: #endmeeting")
	s.met(ops, start.AddDate(0, 0, 1), "anna: #startmeeting staff", "bert: a secret fan", "anna: #info secret fan", "anna: #restrictlogs", "anna: #endmeeting")
	s.finds("fan", "1.4  see <fan> or fan@example.org", "1.3 INFO the fan is loud", "1.2  a Fan of größere Lüfter", "2.2  an older fan")
	s.finds("<fan> loud", "1.3 INFO the fan is loud")
	s.finds("lüfter GRÖßERE", "1.2  a Fan of größere Lüfter")
	s.finds("secret")
	s.finds("")
	s.finds(`' : * & | ! \ "`)
	if got, _ := s.found(meeting.Search{Query: "fan", Items: true}); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if _, _, err := s.Find(ctx, meeting.Search{Query: "fan", Meeting: 3, Line: 1, Most: 5}); err == nil {
		t.Error("a search goes on at a restricted meeting")
	}
}

// TestFindWordsOfEveryFrequency makes the three ways in which lines are looked for agree:
// whatever it is, one page after the other brings every line once, in order.
func TestFindWordsOfEveryFrequency(t *testing.T) {
	s := newScene(t)
	const meetings, lines = 120, 12
	_, err := s.db.Exec(ctx, `
		insert into meeting (network, room, dialect, setting, title, path, started_at, ended_at, events, lines, heard_at)
		select 'libera', '#ops', 'batsignal', '{}', 't', 'p' || n, $1::timestamptz + (n * 7 % 60) * interval '1 day', $1::timestamptz + interval '70 days', $3, $3, $1
		from generate_series(1, $2::int) n`, start, meetings, lines)
	s.must(err)
	_, err = s.db.Exec(ctx, `
		insert into meeting_event (meeting_id, n, at, kind, nick, text, message_id, line, search)
		select m, n, $1, 'said', 'anna', x, m || '-' || n, n, to_tsvector('simple', 'anna ' || x)
		from generate_series(1, $2::int) m, generate_series(1, $3::int) n,
		lateral (select 'common ' || case when m * 7 % 60 < 20 then 'olden ' else '' end || case when m % 40 = 0 and n = 5 then 'rare ' else '' end || m || '.' || n as x) t`, start, meetings, lines)
	s.must(err)
	s.must(analyze(s))
	for word, total := range map[string]int{"common": meetings * lines, "olden": 40 * lines, "rare": 3} {
		seen := map[string]bool{}
		f := meeting.Search{Query: word, Most: 50}
		var before meeting.Hit
		for more := true; more; {
			var hits []meeting.Hit
			hits, more, err = s.Find(ctx, f)
			s.must(err)
			for _, h := range hits {
				if seen[h.Text] {
					t.Fatalf("%s: %q is there twice", word, h.Text)
				}
				seen[h.Text] = true
				if !before.StartedAt.IsZero() && (h.StartedAt.After(before.StartedAt) || h.StartedAt.Equal(before.StartedAt) && (h.Meeting > before.Meeting || h.Meeting == before.Meeting && h.Line >= before.Line)) {
					t.Fatalf("%s: %+v comes after %+v", word, h, before)
				}
				before = h
			}
			f.Meeting, f.Line = before.Meeting, before.Line
		}
		if len(seen) != total {
			t.Errorf("%s: %d lines, want %d", word, len(seen), total)
		}
	}
}

func analyze(s *scene) error {
	_, err := s.db.Exec(ctx, `analyze meeting, meeting_event`)
	return err
}

// TestSearchingUsesTheIndex has Postgres say how it would look for words, if going
// through all rows was not to be had.
func TestSearchingUsesTheIndex(t *testing.T) {
	s := newScene(t)
	tx, err := s.db.Begin(ctx)
	s.must(err)
	defer func() { _ = tx.Rollback(ctx) }()
	_, err = tx.Exec(ctx, `set local enable_seqscan = off`)
	s.must(err)
	for name, sql := range meeting.SearchStatements() {
		rows, err := tx.Query(ctx, "explain "+sql, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs{
			"query": "fan", "network": "", "room": "", "started": start, "meeting": int64(7), "line": 3, "most": 31, "take": 16, "restricted": false,
		})
		s.must(err)
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		s.must(err)
		want := "meeting_event_search"
		switch name {
		case "items":
			want = "meeting_item_search"
		case "newest":
			want = "meeting_event_pkey" // each meeting by itself
		}
		if text := strings.Join(plan, "\n"); !strings.Contains(text, want) {
			t.Errorf("%s does not use %s:\n%s", name, want, text)
		}
	}
}
