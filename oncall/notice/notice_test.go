package notice_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/notice"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// queue remembers which queues were woken.
type queue struct {
	woken []string
	err   error
}

func (q *queue) InsertTx(_ context.Context, _ pgx.Tx, args river.JobArgs, o *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	q.woken = append(q.woken, o.Queue+"="+args.(notice.DrainArgs).Network)
	return nil, q.err
}

func (q *queue) InsertManyTx(c context.Context, tx pgx.Tx, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error) {
	for _, p := range params {
		_, _ = q.InsertTx(c, tx, p.Args, p.InsertOpts)
	}
	return nil, q.err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func say(network, text string) notice.Notice {
	return notice.Notice{Network: network, Kind: notice.Say, Room: "#ops", Text: text}
}

func TestPostWakesEachNetworkOnce(t *testing.T) {
	tx := pgtest.Tx(t)
	q := &queue{}
	must(t, notice.Post(ctx, tx, q, noon))
	if len(q.woken) != 0 {
		t.Error("woken for nothing")
	}
	must(t, notice.Post(ctx, tx, q, noon, say("a", "1"), say("b", "2"), say("a", "3")))
	must(t, notice.Wake(ctx, tx, q, "c"))
	if got := strings.Join(q.woken, " "); got != "notice_a=a notice_b=b notice_c=c" {
		t.Error(got)
	}
	waiting, err := notice.Next(ctx, tx, noon, "a")
	must(t, err)
	if len(waiting) != 2 || waiting[0].Text != "1" || waiting[1].Text != "3" {
		t.Errorf("%+v", waiting)
	}
}

func TestWhatBecomesOfANotice(t *testing.T) {
	tx := pgtest.Tx(t)
	must(t, notice.Post(ctx, tx, &queue{}, noon, say("a", "sent"), say("a", "failed"), say("a", "tried")))
	list, err := notice.Next(ctx, tx, noon, "a")
	must(t, err)
	must(t, notice.Sent(ctx, tx, noon, list[0].ID))
	must(t, notice.Failed(ctx, tx, noon, list[1].ID, strings.Repeat("ü", 900)))
	must(t, notice.Tried(ctx, tx, list[2].ID, "later"))
	must(t, notice.Failed(ctx, tx, noon, list[0].ID, "too late to say")) // it was sent already
	var got string
	must(t, tx.QueryRow(ctx, `select string_agg(text || '=' || state || tries || '/' || length(detail), ' ' order by id) from notice`).Scan(&got))
	if got != "sent=sent1/0 failed=failed1/400 tried=waiting1/5" {
		t.Error(got)
	}
}

// A notice that cannot be stored, or whose job cannot, fails the change that it
// tells of.
func TestPostFailsWithItsTransaction(t *testing.T) {
	for _, c := range []struct {
		n notice.Notice
		q *queue
	}{{say("a", "x"), &queue{err: errors.New("no")}}, {say("a", strings.Repeat("x", 2001)), &queue{}}, {notice.Notice{Network: "a", Kind: "sing"}, &queue{}}} {
		tx := pgtest.Tx(t)
		err := pg.InTx(ctx, tx, func(tx pgx.Tx) error { return notice.Post(ctx, tx, c.q, noon, say("a", "first"), c.n) })
		if err == nil {
			t.Error("no error")
		}
		if waiting, err := notice.Next(ctx, tx, noon, "a"); err != nil || len(waiting) != 0 {
			t.Errorf("%v, %v", waiting, err)
		}
	}
}
