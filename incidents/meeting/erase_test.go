package meeting_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/minutestest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// TestErasingChangesNothingElse: after any lines of random meetings were erased, what
// the rows of items say is what the meeting comes to when it is read again, and no word
// of the lines is left.
func TestErasingChangesNothingElse(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 3))
		events := minutestest.Events(r, 30, true)
		for i := range events {
			events[i].Text = strings.ReplaceAll(events[i].Text, "backups", "hunter2")
			s.hears(meeting.Heard{Room: ops, Event: events[i]})
		}
		ids := s.meetingIDs()
		id := ids[len(ids)-1]
		before, err := s.Doc(ctx, id)
		s.must(err)
		for _, line := range before.Lines {
			if line.Note || r.IntN(3) > 0 {
				continue
			}
			err := s.Erase(ctx, oncall.Actor{Handle: "admin"}, id, line.N, true)
			if err != nil && fault.KindOf(err) != fault.Conflict {
				s.must(err)
			}
			if err != nil {
				continue
			}
			if left := get[string](t, s.db, `select text from meeting_event where meeting_id = $1 and line = $2`, id, line.N); strings.Contains(left, "hunter2") {
				t.Errorf("seed %d: of line %d is left %q", seed, line.N, left)
			}
		}
		s.Service = s.process()
		after, err := s.Doc(ctx, id)
		s.must(err)
		rows, err := s.db.Query(ctx, `select id || ' ' || kind || ' ' || gone || ' ' || text from meeting_item where meeting_id = $1 order by id`, id)
		s.must(err)
		kept, err := pgx.CollectRows(rows, pgx.RowTo[string])
		s.must(err)
		var read []string
		for _, it := range after.Items {
			read = append(read, itemText(it))
		}
		if strings.Join(kept, "\n") != strings.Join(read, "\n") {
			t.Fatalf("seed %d: the rows say\n%s\nread again it is\n%s", seed, strings.Join(kept, "\n"), strings.Join(read, "\n"))
		}
		if len(after.Items) != len(before.Items) {
			t.Errorf("seed %d: %d items, before there were %d", seed, len(after.Items), len(before.Items))
		}
		if !after.Over {
			s.must(s.End(ctx, oncall.Actor{Handle: "admin"}, id))
		}
	}
}

func itemText(it *minutes.Item) string {
	return strings.Join([]string{strconv.Itoa(it.ID), string(it.Kind), strconv.FormatBool(it.Gone), it.Text}, " ")
}
