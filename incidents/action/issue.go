package action

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Tracker is where actions may be kept besides.
type Tracker interface {
	// Name is what people call it: "GitLab".
	Name() string
	// Open makes an issue and returns its address. An issue that it made before with the
	// same key is that one: a caller who got no answer asks again. Errors are faults.
	Open(ctx context.Context, i Issue) (address string, err error)
}

// Issue is an action as a tracker takes it. What people wrote in it must not act there:
// call anybody, close anything. That is for the tracker to see to, who knows its markup.
type Issue struct {
	Key    string // the same for one action for ever, and for no other one anywhere
	Ref    string // A12
	Text   string // what is to be done, in somebody's words
	Owners []string
	Where  string // where it was noted, in our words with people's names in them
	Source string // the address of the line where; "" is none
	Page   string // our page about it; "" is none
	Due    time.Time
	Labels []string
}

const (
	sqlExporting = `select pg_try_advisory_xact_lock(hashtextextended('batsignal: action is exported', @id::bigint))`
	sqlLine      = `
		select coalesce(m.setting ->> 'prefix', ''), m.path, i.line
		from meeting m join meeting_item i on i.meeting_id = m.id
		where m.id = @meeting and i.id = @item`
	sqlTracked = `update action_item set issue_url = @url where id = @id`
)

// trackerBudget bounds a call to the tracker, during which one connection waits.
const trackerBudget = 20 * time.Second

// Export opens an issue for an action where the tracker is, once, and keeps its address.
func (s *Service) Export(ctx context.Context, a oncall.Actor, id int64) (Item, error) {
	it, err := s.Get(ctx, id)
	switch {
	case err != nil || it.IssueURL != "":
		return it, err
	case s.Tracker == nil:
		return it, fault.New(fault.Unready, "No tracker is set up here, so %s is kept by me alone. Whoever runs me can name one under minutes.tracker in my configuration.", Ref(id))
	case it.Restricted:
		return it, fault.New(fault.Forbidden, "%s is of a restricted meeting, so it is not written into a tracker. Open an issue by hand if its words may be read there.", Ref(id))
	case it.State != Open:
		return it, fault.New(fault.Conflict, "%s is %s. !action reopen %s opens it again.", Ref(id), it.State, Ref(id))
	}
	// The lock is held while the tracker is asked, and nothing else: two who export the
	// same action at once must not both find that there is no issue yet.
	tx, err := s.DB.Begin(ctx)
	if err != nil {
		return it, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	var free bool
	if err := tx.QueryRow(ctx, sqlExporting, pgx.NamedArgs{"id": id}).Scan(&free); err != nil {
		return it, err
	}
	if !free {
		return it, fault.New(fault.Conflict, "Somebody has %s exported right now. Ask again in a moment.", Ref(id))
	}
	if it, err = get(ctx, tx, id); err != nil || it.IssueURL != "" {
		return it, err
	}
	asking, cancel := context.WithTimeout(ctx, trackerBudget)
	defer cancel()
	issue, err := s.issueOf(ctx, it)
	if err != nil {
		return it, err
	}
	address, err := s.Tracker.Open(asking, issue)
	if err != nil {
		return it, err
	}
	return s.change(ctx, a, id, func(tx pgx.Tx, _ time.Time, _ Item) (string, error) {
		_, err := tx.Exec(ctx, sqlTracked, pgx.NamedArgs{"id": id, "url": address})
		return "tracked at " + address, err
	})
}

func (s *Service) issueOf(ctx context.Context, it Item) (i Issue, err error) {
	i = Issue{
		Key: Ref(it.ID) + " " + s.Base, Ref: Ref(it.ID), Text: it.Text, Owners: namesOf(it.Owners),
		Where: it.Where(), Due: it.Due, Labels: s.Labels,
	}
	if s.Base != "" {
		i.Page = PageOf(s.Base, it.ID)
	}
	if it.Meeting != 0 {
		i.Source, err = s.lineOf(ctx, it)
	}
	return i, err
}

// lineOf is the address of the line of a log in which an action was noted, "" if its
// minutes have none.
func (s *Service) lineOf(ctx context.Context, it Item) (string, error) {
	var prefix, path string
	var line int
	err := s.DB.QueryRow(ctx, sqlLine, pgx.NamedArgs{"meeting": it.Meeting, "item": it.Number}).Scan(&prefix, &path, &line)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && prefix == "" {
		return "", nil
	}
	return fmt.Sprintf("%s%s.log.html#l-%d", prefix, (&url.URL{Path: path}).EscapedPath(), line), err
}
