package dial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/ledger"
	"batsignal/oncall/wholefile"
)

// Journal remembers, off the database, which records were deleted: a restored backup
// brings nobody back (invariant I10). Its file has a line for each record, and one more,
// that ends in "leaf", when the ledger has it too.
type Journal struct {
	DB     pg.DB
	Ledger Ledger
	Path   string                                           // the file "deleted" of the state directory
	Alarm  func(ctx context.Context, sentence string) error // tells custodians and admins; may be nil
	Now    func() time.Time
	Log    *slog.Logger

	mu     sync.Mutex
	gone   map[string]bool // the value: its leaf is written
	untold int             // records that came back, of which nobody was told
}

// goneChannel is what the database notifies of a deletion on.
const goneChannel = "batsignal_sealed_gone"

const (
	sqlGone     = `select record_id::text from sealed_gone order by at, record_id`
	sqlComeBack = `
		delete from contact c using sealed_contact s
		where s.contact_id = c.id and s.record_id = any (@records::uuid[])
		returning s.record_id::text`
)

// parseJournal reads the file. What the last write left unfinished is passed over; anything
// else that is no journal is an error, since whoever is forgotten could come back.
func parseJournal(content []byte) (map[string]bool, error) {
	gone := map[string]bool{}
	whole := bytes.LastIndexByte(content, '\n') + 1
	n := 0
	for line := range strings.Lines(string(content[:whole])) {
		n++
		record, mark, marked := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !isRecord.MatchString(record) || marked && mark != "leaf" {
			return nil, fmt.Errorf("line %d of the journal of deletions cannot be read", n)
		}
		gone[record] = gone[record] || mark == "leaf"
	}
	return gone, nil
}

// Load reads the file. Nothing is opened before.
func (j *Journal) Load() error {
	content, err := os.ReadFile(j.Path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	gone, err := parseJournal(content)
	if err != nil {
		return err
	}
	if whole := bytes.LastIndexByte(content, '\n') + 1; whole < len(content) {
		if err := wholefile.Replace(j.Path, content[:whole], 0o600); err != nil { // else the next line would go on in it
			return err
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.gone = gone
	return nil
}

// Has tells whether a record was deleted: it is not opened, whatever the database says.
// Before [Journal.Load] that is not known of any, so all are taken for deleted.
func (j *Journal) Has(record string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, gone := j.gone[record]
	return gone || j.gone == nil
}

// Records lists what was deleted.
func (j *Journal) Records() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var list []string
	for record := range j.gone {
		list = append(list, record)
	}
	slices.Sort(list)
	return list
}

// Look takes down what was deleted since, in the file and then in the ledger.
func (j *Journal) Look(ctx context.Context) error {
	rows, err := j.DB.Query(ctx, sqlGone)
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	if err := j.add(list, ""); err != nil {
		return err
	}
	return j.tell(ctx)
}

// add writes lines for records that have none.
func (j *Journal) add(records []string, mark string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.gone == nil {
		j.gone = map[string]bool{}
	}
	var lines bytes.Buffer
	var added []string
	for _, record := range records {
		if done, known := j.gone[record]; known && (done || mark == "") {
			continue
		}
		added = append(added, record)
		fmt.Fprintln(&lines, strings.TrimSpace(record+" "+mark))
	}
	if len(added) == 0 {
		return nil
	}
	if err := wholefile.Append(j.Path, lines.Bytes(), 0o600); err != nil {
		return err
	}
	for _, record := range added {
		j.gone[record] = mark != ""
	}
	return nil
}

// tell writes a leaf for each record that has none.
func (j *Journal) tell(ctx context.Context) error {
	j.mu.Lock()
	var untold []string
	for record, told := range j.gone {
		if !told {
			untold = append(untold, record)
		}
	}
	j.mu.Unlock()
	slices.Sort(untold)
	for _, record := range untold {
		_, err := write(ctx, j.DB, j.Ledger, j.Log, j.Now(), func(_ pgx.Tx, p pen) error {
			_, err := p(ledger.Leaf{Type: ledger.TypeDeleted, Record: record})
			return err
		})
		if err != nil {
			return err // a commit of unknown outcome too: two leaves do no harm, none would
		}
		if err := j.add([]string{record}, "leaf"); err != nil {
			return err
		}
	}
	return nil
}

// Replay deletes what a restored database has again, contacts and all. It runs before
// anything is opened, and looks first at what was deleted while nobody wrote it down.
func (j *Journal) Replay(ctx context.Context) error {
	if err := j.Look(ctx); err != nil {
		// A ledger that does not go on refuses its leaves; what came back is deleted all the same.
		if ctx.Err() == nil {
			j.Log.Error("deletions could not be taken down", "error", err)
		}
	}
	records := j.Records()
	if len(records) == 0 {
		return nil
	}
	rows, err := j.DB.Query(ctx, sqlComeBack, pgx.NamedArgs{"records": records})
	if err != nil {
		return err
	}
	back, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(back) == 0 {
		return err
	}
	j.Log.Warn("deleted contacts had come back with the database, and were deleted again", "records", len(back))
	j.mu.Lock()
	j.untold += len(back)
	j.mu.Unlock()
	j.warn(ctx)
	return nil
}

// warn tells people of what came back, once somebody takes it: when a restored database is
// found, the bot may not be up yet.
func (j *Journal) warn(ctx context.Context) {
	j.mu.Lock()
	n := j.untold
	j.mu.Unlock()
	if n == 0 || j.Alarm == nil {
		return
	}
	sentence := fmt.Sprintf("The database has been restored: %s in it again, and deleted again.",
		oncall.Plural(n, "sealed contact that its owner had deleted was", "sealed contacts that their owners had deleted were"))
	if err := j.Alarm(ctx, sentence); err != nil {
		j.Log.Error("nobody could be told yet of deleted contacts that came back", "error", err)
		return
	}
	j.mu.Lock()
	j.untold -= n
	j.mu.Unlock()
}

// lookEvery is how long a deletion waits at most to be taken down, when its notification
// was lost.
const lookEvery = time.Minute

// Run takes deletions down as they happen, until ctx is over. dsn is of the switchboard's login.
func (j *Journal) Run(ctx context.Context, dsn string) error {
	wake := make(chan struct{}, 1)
	poke := func() { signal(wake) }
	listener := &pg.Listener{
		DSN: dsn, Channels: []string{goneChannel}, Log: j.Log,
		Notified: func(string, string) { poke() }, Regained: poke,
	}
	var listening sync.WaitGroup
	var failed error
	listening.Go(func() { failed = listener.Run(ctx) })
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-wake:
		case <-ticker.C:
		}
		j.warn(ctx)
		if err := j.Replay(ctx); err != nil && ctx.Err() == nil {
			j.Log.Error("the journal of deletions could not be replayed", "error", err)
		}
	}
	listening.Wait()
	return failed
}
