package letter_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/letter"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// post is a mail server that remembers.
type post struct {
	sent []string
	errs []error
}

func (p *post) Mail(_ context.Context, to secret.Text, key, subject, body string) error {
	p.sent = append(p.sent, to.Reveal()+"|"+key+"|"+subject+"|"+body)
	if len(p.errs) == 0 {
		return nil
	}
	err := p.errs[0]
	p.errs = p.errs[1:]
	return err
}

func person(t testing.TB, db pg.DB, handle string, addresses ...string) int64 {
	t.Helper()
	id, err := oncall.AddPerson(ctx, db, noon, oncall.Person{Handle: handle, Zone: "UTC", Sleeps: 1380})
	must(t, err)
	for _, a := range addresses {
		_, err := contact.AddProven(ctx, db, noon, id, "mail", secret.New(a))
		must(t, err)
	}
	return id
}

func TestALetterGoesToTheFirstAddressThatTakesIt(t *testing.T) {
	tx := pgtest.Tx(t)
	bert := person(t, tx, "bert", "old.canary@oncall.example", "bert.canary@oncall.example")
	args := letter.Args{Person: bert, Subject: "To do", Body: "Something."}
	permanent := fmt.Errorf("%w: no such mailbox", paging.ErrPermanent)
	server := &post{errs: []error{permanent, nil, permanent, permanent, errors.New("later")}}
	postman := &letter.Postman{DB: tx, Mailer: server, Log: slog.New(slog.DiscardHandler)}
	if err := postman.Deliver(ctx, "k", args); err != nil || len(server.sent) != 2 || server.sent[1] != "bert.canary@oncall.example|k|To do|Something." {
		t.Errorf("%v, %q", err, server.sent)
	}
	if err := postman.Deliver(ctx, "k", args); !errors.Is(err, paging.ErrPermanent) {
		t.Error(err)
	}
	if err := postman.Deliver(ctx, "k", args); err == nil || errors.Is(err, paging.ErrPermanent) {
		t.Error(err)
	}
	server.errs = []error{permanent, permanent}
	err := postman.Work(ctx, &river.Job[letter.Args]{JobRow: &rivertype.JobRow{ID: 7}, Args: args})
	if cancel := (*rivertype.JobCancelError)(nil); !errors.As(err, &cancel) || strings.Contains(err.Error(), "canary") {
		t.Error(err)
	}
	_, err = contact.Remove(ctx, tx, noon, bert, "mail")
	must(t, err)
	if err := postman.Deliver(ctx, "k", args); err != nil || len(server.sent) != 7 {
		t.Errorf("%v, %d letters", err, len(server.sent))
	}
}

// A job holds no address, and comes with the transaction that it tells of.
func TestPostLeavesAJob(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	bert, jan := person(t, db, "bert", "bert.canary@oncall.example"), person(t, db, "jan")
	_, err := contact.AddProven(ctx, db, noon, jan, "webhook", secret.New("https://hook.example/canary"))
	must(t, err)
	has, err := letter.Reaches(ctx, db, []int64{bert, jan})
	must(t, err)
	if len(has) != 1 || !has[bert] {
		t.Errorf("%v", has)
	}
	queue, err := river.NewClient(riverpgxv5.New(db), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	must(t, pg.InTx(ctx, db, func(tx pgx.Tx) error {
		return letter.Post(ctx, tx, queue, letter.Args{Person: bert, Subject: "To do", Body: "Something."})
	}))
	rows, err := db.Query(ctx, `select args::text from river_job where kind = 'action_letter' and queue = 'action_letters' and max_attempts = 8`)
	must(t, err)
	jobs, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	if len(jobs) != 1 || strings.Contains(jobs[0], "canary") || !strings.Contains(jobs[0], "Something.") {
		t.Errorf("%q", jobs)
	}
}
