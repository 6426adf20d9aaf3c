package meeting

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/incidents/minutes"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/notice"
)

// work is one transaction on one meeting: the events it hears, and what they cause.
type work struct {
	*Service
	ctx context.Context
	tx  pgx.Tx
	now time.Time
	row row
	m   *minutes.Meeting
	l   *live

	added   []numbered
	notices []notice.Notice
	answers []Answer
	adopted map[string]bool
	save    bool // files are to be written
	news    bool // which rooms have meetings has changed
	heard   time.Time
}

// open locks a meeting that goes on and reads it up to its last row. It is nil if the
// meeting is over. What was read stays in l, unless the transaction fails: then l must not be
// used again, and a repeat reads all anew.
func (s *Service) open(ctx context.Context, tx pgx.Tx, id int64, l *live) (*work, error) {
	r, err := lock(ctx, tx, id)
	if err != nil || r.EndedAt != nil {
		return nil, err
	}
	return s.read(ctx, tx, r, l)
}

// read reads a locked meeting up to its last row.
func (s *Service) read(ctx context.Context, tx pgx.Tx, r row, l *live) (*work, error) {
	had := *l
	*l = live{}
	if err := had.catchUp(ctx, tx, r); err != nil {
		return nil, err
	}
	if had.m == nil {
		return nil, fmt.Errorf("meeting %d has no events", r.ID)
	}
	return &work{Service: s, ctx: ctx, tx: tx, now: s.Now(), row: r, m: had.m, l: l}, nil
}

// hear has the machine hear one event and notes what it causes. place is where replies
// go; index is which of the lines heard it is, -1 if it is none.
func (w *work) hear(e minutes.Event, place incidents.Room, index int) error {
	e.Text = strings.ToValidUTF8(strings.ReplaceAll(e.Text, "\x00", ""), "\uFFFD")
	e.At = e.At.UTC().Truncate(time.Microsecond) // what the row keeps
	if w.m.Dialect.OffRecord(e.Text) {
		e.Text = "[off]" // what is not for the record is nowhere
	}
	n := w.row.Events + len(w.added) + 1
	if e.ID == "" && e.Kind.IsLine() {
		e.ID = fmt.Sprintf("meeting-%d-%d", w.row.ID, n)
	}
	if mayEnd(e) {
		if err := w.unique(); err != nil {
			return err
		}
	}
	before := w.m.Lines
	effects := w.m.Hear(e)
	one := numbered{Event: e, n: n}
	if w.m.Lines > before {
		one.line = w.m.Lines
	}
	w.added = append(w.added, one)
	// Who comes or goes, or changes a line, says nothing.
	if e.Kind.IsLine() && !e.Self && e.At.After(w.heard) {
		w.heard = e.At
	}
	if e.Kind.IsChange() {
		w.save = w.save || w.row.WrittenAt != nil
		if err := w.reword(e); err != nil {
			return err
		}
	}
	return w.cause(effects, e, place, index)
}

// mayEnd tells whether an event may be the one at which files are written.
func mayEnd(e minutes.Event) bool {
	text := strings.ToLower(e.Text)
	return e.Kind == minutes.Ended || e.Kind == minutes.Said && (strings.Contains(text, "#endmeeting") || strings.Contains(text, "#save"))
}

// unique sees to it that no other meeting's files have the name of this one's.
func (w *work) unique() error {
	for n := 2; ; n++ {
		var taken bool
		if err := w.tx.QueryRow(w.ctx, sqlPathTaken, pgx.NamedArgs{"path": w.m.Path(), "id": w.row.ID}).Scan(&taken); err != nil || !taken {
			return err
		}
		w.m.Files.Suffix = fmt.Sprintf("-%d", n)
		if _, err := w.tx.Exec(w.ctx, sqlSetSuffix, pgx.NamedArgs{"id": w.row.ID, "suffix": w.m.Files.Suffix}); err != nil {
			return err
		}
	}
}

// reword makes searches find a line by what it says now.
func (w *work) reword(e minutes.Event) error {
	text := e.Text
	if e.Kind != minutes.Edited || w.m.Dialect.OffRecord(text) {
		text = ""
	}
	if err := w.flush(); err != nil { // the line may be one that was just said
		return err
	}
	_, err := w.tx.Exec(w.ctx, sqlRewords, pgx.NamedArgs{"id": w.row.ID, "message_id": e.ID, "text": text})
	return err
}

// flush writes the events that were heard so far.
func (w *work) flush() error {
	err := addEvents(w.ctx, w.tx, w.row.ID, w.added)
	w.row.Events += len(w.added)
	w.added = nil
	return err
}

// close writes everything, and what must be said and who must be woken.
func (w *work) close() error {
	if err := w.flush(); err != nil {
		return err
	}
	var ended time.Time
	if w.m.Over {
		ended = w.m.Ended
		w.news = true
	}
	heard := w.heard
	if heard.IsZero() {
		heard = w.row.StartedAt
	}
	if _, err := w.tx.Exec(w.ctx, sqlHeard, pgx.NamedArgs{
		"id": w.row.ID, "events": w.row.Events, "lines": w.m.Lines, "heard": heard, "name": oncall.Clip(w.m.Name, 200),
		"title": oncall.Clip(w.m.Title(), 600), "path": oncall.Clip(w.m.Path(), 600), "restricted": w.m.Restricted,
		"ended": pg.NullTime(ended), "save": w.save,
	}); err != nil {
		return err
	}
	if w.m.Name != w.row.Name {
		if err := w.rename(); err != nil {
			return err
		}
	}
	if err := notice.Post(w.ctx, w.tx, w.Queue, w.now, w.notices...); err != nil {
		return err
	}
	if w.save || w.news {
		if _, err := w.tx.Exec(w.ctx, sqlTell, pgx.NamedArgs{"payload": fmt.Sprint(w.row.ID)}); err != nil {
			return err
		}
	}
	*w.l = live{m: w.m, n: w.row.Events}
	return nil
}
