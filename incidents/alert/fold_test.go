package alert

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pgtest"
	"batsignal/oncall"
)

// panics is an engine that does.
type panics struct{}

func (panics) Over(context.Context, pgx.Tx, time.Time, Group, oncall.Actor) error { panic("oh") }

// hears is an engine that remembers.
type hears struct{ said []string }

func (h *hears) Over(_ context.Context, _ pgx.Tx, _ time.Time, g Group, by oncall.Actor) error {
	text := fmt.Sprintf("%s %s by %q", g.Key, g.State, by.Handle)
	if g.ToldAt != nil {
		text += ", which people know of"
	}
	h.said = append(h.said, text)
	return nil
}

// exec0 runs a statement as the owner of the tables; a database of one's own is needed.
func (s *scene) exec0(sql string) {
	s.t.Helper()
	conn, err := pgx.Connect(ctx, s.owner)
	s.must(err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	s.must(err)
}

// tells does what the engine does: names what is untold and marks it.
func (s *scene) tells(group int64) (lines []Line, more int) {
	s.t.Helper()
	tx, err := s.DB.Begin(ctx)
	s.must(err)
	_, found, err := Lock(ctx, tx, group)
	s.must(err)
	s.is(found, true)
	lines, more, err = Untold(ctx, tx, group)
	s.must(err)
	s.must(MarkTold(ctx, tx, s.now, group))
	s.must(tx.Commit(ctx))
	return lines, more
}

func (s *scene) due() []int64 {
	s.t.Helper()
	due, err := s.DueFolds(ctx, s.DB, s.now)
	s.must(err)
	return due
}

// A storm: a hundred alerts after the first ring are told in one further message, and
// every one of them is named in it.
func TestAStormIsTold(t *testing.T) {
	s := newScene(t, pgtest.Tx(t))
	first := s.fires("first")
	g := s.group(first[0].Alert)
	s.is(s.due(), []int64{}) // the ring will tell it
	_, found, err := s.FoldDue(ctx, s.DB)
	s.must(err)
	s.is(found, false)
	lines, more := s.tells(g.ID)
	s.is(len(lines)+more, 1)
	s.is(lines[0].Words(), Ref(first[0].Alert)+", severity 2: first is down (host)")

	for i := range 100 {
		s.fires(fmt.Sprintf("storm%d", i))
		s.now = s.now.Add(15 * time.Millisecond)
	}
	s.sends(Resolve, "storm7")
	s.is(s.due(), []int64{})
	at, found, err := s.FoldDue(ctx, s.DB)
	s.must(err)
	s.is(found, true)
	s.is(at.UTC(), noon.Add(DefaultFold))
	s.now = noon.Add(DefaultFold)
	s.is(s.due(), []int64{g.ID})
	s.is(s.FoldIsDue(s.group(first[0].Alert), s.now), true)
	lines, more = s.tells(g.ID)
	s.is(more, 0)
	items := strings.Join(Items(lines, more), "\n")
	for i := range 100 {
		if !strings.Contains(items, fmt.Sprintf("storm%d is down", i)) {
			t.Errorf("alert %d of 100 is not named", i)
		}
	}
	if !strings.Contains(items, "resolved: storm7 is down") {
		t.Error("what is over already is not told as such")
	}
	room := Announcement(s.group(first[0].Alert), lines, 0)
	if n := len([]rune(room)); n > 2000 || !strings.Contains(room, " more. More: !alert show A") || !strings.HasPrefix(room, "100 alerts from prometheus: A") {
		t.Errorf("%d letters: %s", n, room)
	}
	s.is(s.due(), []int64{})
	s.now = s.now.Add(time.Hour)
	s.is(s.due(), []int64{})
}

// More than one message can name is counted in it.
func TestMoreThanAMessage(t *testing.T) {
	s := newScene(t, pgtest.Tx(t))
	var names []string
	for i := range MostLines + 7 {
		names = append(names, fmt.Sprint("n", i))
	}
	lines, more := s.tells(s.group(s.fires(names...)[0].Alert).ID)
	s.is(len(lines), MostLines)
	s.is(more, 7)
	items := Items(lines, more)
	s.is(items[len(items)-1], "and 7 alerts more")
}

// Whoever acknowledges the page acknowledges what joined it unseen, and is still told of
// that.
func TestAcknowledgedUnseen(t *testing.T) {
	s := newScene(t, pgtest.Tx(t))
	first := s.fires("first")
	g := s.group(first[0].Alert)
	s.tells(g.ID)
	late := s.fires("late")
	tx, err := s.DB.Begin(ctx)
	s.must(err)
	g, err = Acked(ctx, tx, s.now, g.ID, s.ada)
	s.must(err)
	s.must(tx.Commit(ctx))
	s.is(g.State, GroupAcked)
	s.is(g.AckedBy, "ada")
	s.is(s.stands(), "first acknowledged 2×1, late acknowledged 2×1")
	s.now = s.now.Add(DefaultFold)
	s.is(s.due(), []int64{g.ID})
	lines, _ := s.tells(g.ID)
	s.is(lines[0].Alert, late[0].Alert)
	s.is(Announcement(g, lines, 0), "1 alert from prometheus (ada looks at it): "+Ref(late[0].Alert)+", severity 2, acknowledged: late is down (host). More: !alert show "+Ref(late[0].Alert)+".")
}

// People answer alerts one by one or all at once; when none is left the engine hears of it.
func TestPeopleAnswer(t *testing.T) {
	s := newScene(t, pgtest.Tx(t))
	h := &hears{}
	s.Engine = h
	a := s.fires("a", "b", "c")
	out, err := s.Ack(ctx, s.ada, a[0].Alert, false)
	s.must(err)
	s.is([]any{out.Changed, out.Alert.State, out.Alert.AckedBy, out.Group.State}, []any{1, Acknowledged, "ada", GroupOpen})
	out, err = s.Ack(ctx, s.ada, a[0].Alert, false)
	s.must(err)
	s.is(out.Changed, 0)
	s.is(h.said, []string{})
	out, err = s.Ack(ctx, s.ada, a[0].Alert, true)
	s.must(err)
	s.is(out.Changed, 2)
	out, err = s.Resolve(ctx, s.ada, a[1].Alert, false)
	s.must(err)
	s.is([]any{out.Changed, out.Alert.State, out.Alert.ResolvedBy, out.Group.State}, []any{1, Resolved, "ada", GroupAcked})
	s.sends(Resolve, "a")
	out, err = s.Resolve(ctx, s.ada, a[0].Alert, true)
	s.must(err)
	s.is([]any{out.Changed, out.Group.State}, []any{1, GroupResolved})
	s.is(strings.Join(h.said, ", "), `prometheus acked by "ada", prometheus resolved by "ada"`)
	s.settled()
}

// What the source ends is told to the engine too, with whether anybody had heard of it.
func TestTheSourceEndsIt(t *testing.T) {
	s := newScene(t, pgtest.Tx(t))
	h := &hears{}
	s.Engine = h
	g := s.group(s.fires("a")[0].Alert)
	s.tells(g.ID)
	s.sends(Acknowledge, "a")
	s.sends(Resolve, "a")
	s.fires("b")
	s.sends(Resolve, "b")
	s.is(strings.Join(h.said, "; "), `prometheus acked by "", which people know of; prometheus resolved by "", which people know of; prometheus resolved by ""`)
}

// The page was resolved at another paging service.
func TestEndedElsewhere(t *testing.T) {
	s := newScene(t, pgtest.Tx(t))
	g := s.group(s.fires("a", "b")[0].Alert)
	tx, err := s.DB.Begin(ctx)
	s.must(err)
	g, err = Ended(ctx, tx, s.now, g.ID, oncall.Actor{})
	s.must(err)
	closed, err := StopPages(ctx, tx, s.now, g.ID)
	s.must(err)
	s.must(tx.Commit(ctx))
	s.is(len(closed), 0)
	s.is(s.stands(), "a resolved 2×1, b resolved 2×1")
	s.is(s.hunts(g.ID), "stopped 2 policy:night")
	s.is(s.due(), []int64{g.ID}) // nobody was told of it yet
}

func TestCauses(t *testing.T) {
	for cause, want := range map[string]int64{"alert:7": 7, "incident:7": 0, "alert:x": 0, "alert:": 0, "alert:-1": 0} {
		got, ok := GroupOf(cause)
		if ok != (want != 0) || ok && got != want {
			t.Errorf("%s: %d", cause, got)
		}
	}
}

// What is over for long is forgotten.
func TestForget(t *testing.T) {
	s := newScene(t, pgtest.Tx(t))
	s.fires("a")
	s.sends(Resolve, "a")
	s.fires("b")
	s.now = s.now.Add(kept + time.Hour)
	s.must(s.Forget(ctx))
	s.is(s.stands(), "b triggered 2×1")
}
