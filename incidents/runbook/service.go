// Package runbook owns runbooks that people walk through: which there are, where each run
// of one is, who did what, and what is said of it in rooms and on the timeline of an
// incident.
//
// What a book is, and which step comes next, is decided in batsignal/incidents/runbook/book,
// without a database. It does no jobs either: it asks for them by a [Starter], in the
// transaction of the step, and hears of their end by [Service.Finished].
//
// Everything is rows. A run keeps the text of its book as it was at the start, and where it
// is follows from that text and from what was done, so a restart loses nothing and a changed
// file changes nothing that goes on.
package runbook

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/incidents/runbook/book"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/spelling"
)

// Service is what can be asked about runbooks and done in them, from whichever door.
type Service struct {
	DB        pg.DB
	Queue     notice.Queue
	Now       func() time.Time
	Log       *slog.Logger
	Incidents *incidents.Service

	Books []book.Book // without problems, each of a name of its own
	// Jobs says which job of the installation a word of a book stands for. A word that is
	// not here stands for the job of that name.
	Jobs    map[string]string
	Starter Starter // nil has no jobs: people do by hand what books have done by them

	Networks []string // on which something can be said
	// Still is how long a run may stand still in an open incident until its room hears of
	// it; 0 is 20 minutes.
	Still time.Duration
}

// Starter asks for jobs. It is declared here, and joined in by whoever knows both.
type Starter interface {
	// Has tells whether there is a job of that name.
	Has(job string) bool
	// Start asks for a job in the caller's transaction, and returns the number of its run,
	// a row of job_run. The same key asks once. That it may not be asked for by this person,
	// or not like this, is an error for people.
	Start(ctx context.Context, tx pgx.Tx, a Ask) (run int64, err error)
}

// Ask is what a [Starter] is asked for.
type Ask struct {
	Job      string
	Params   map[string]string
	By       oncall.Actor
	Admin    bool
	Incident int64 // 0 is none
	Reason   string
	Key      string
}

// By is who does something.
type By struct {
	oncall.Actor
	Admin bool
}

const defaultStill = 20 * time.Minute

func (s *Service) still() time.Duration { return cmp.Or(s.Still, defaultStill) }

// Named finds a book by its name.
func (s *Service) Named(name string) (book.Book, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, b := range s.Books {
		if b.Name == name {
			return b, nil
		}
	}
	for _, b := range s.Books {
		if name != "" && strings.HasPrefix(b.Name, name) || len(name) <= 48 && spelling.Distance(name, b.Name) <= 1+len(b.Name)/4 {
			return book.Book{}, fault.New(fault.NotFound, "There is no runbook of that name. Did you mean %s? !runbook list has all of them.", b.Name)
		}
	}
	return book.Book{}, fault.New(fault.NotFound, "There is no runbook of that name. !runbook list has all of them.")
}

// Bound is a book with the jobs that it has here; what has none is done by people.
func (s *Service) Bound(b book.Book) book.Book { return b.Bind(s.bindings(b)) }

// bindings says what the words of a book stand for now; "" is no job.
func (s *Service) bindings(b book.Book) map[string]string {
	jobs := map[string]string{}
	for _, word := range b.Jobs() {
		name, mapped := s.Jobs[word]
		if !mapped {
			name = word
		}
		if s.Starter == nil || !s.Starter.Has(name) {
			name = ""
		}
		jobs[word] = name
	}
	return jobs
}

func (s *Service) knows(network string) bool { return slices.Contains(s.Networks, network) }
