package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/bot/irc/irctest"
	"batsignal/migrations/pg"
	"batsignal/migrations/pglocal"
	"batsignal/oncall/rosterfile"
)

// This file holds the ways to look at an installation from outside.

var browser = &http.Client{Timeout: patience}

// get asks for a page; status 0 means that nobody answers.
func (w *world) get(path string) (status int, body string) {
	answer, err := browser.Get(w.web + path)
	return answered(answer, err)
}

func answered(answer *http.Response, err error) (int, string) {
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err.Error()
	}
	return answer.StatusCode, string(body)
}

// page asks for a page that must be there.
func (w *world) page(path string) string {
	w.t.Helper()
	status, body := w.get(path)
	if status != http.StatusOK {
		w.t.Fatalf("GET %s: %d %s", path, status, body)
	}
	return body
}

// press sends the form of a page, as the button on it does.
func (w *world) press(link string) (status int, body string) {
	return answered(browser.PostForm(link, url.Values{}))
}

// dsn is how somebody connects to the database.
func (w *world) dsn(role string) string {
	switch {
	case w.own != nil && role == pglocal.OwnerRole:
		return w.own.OwnerDSN
	case w.own != nil:
		return w.own.BotDSN
	}
	return fmt.Sprintf("host=%s user=%s dbname=%s sslmode=disable", w.state("postgres", "run"), role, pglocal.Database)
}

// ask queries the private database as its owner: everything can be seen.
func ask[T any](w *world, sql string, args ...any) []T {
	w.t.Helper()
	rows, err := tryAsk[T](w, sql, args...)
	if err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return rows
}

func tryAsk[T any](w *world, sql string, args ...any) ([]T, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, w.dsn(pglocal.OwnerRole))
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[T])
}

// one asks for a single value.
func one[T any](w *world, sql string, args ...any) T {
	w.t.Helper()
	rows := ask[T](w, sql, args...)
	if len(rows) != 1 {
		w.t.Fatalf("%s: %d rows", sql, len(rows))
	}
	return rows[0]
}

// await polls a query until its single value is as wanted.
func await[T comparable](w *world, want T, sql string, args ...any) {
	w.t.Helper()
	var last any
	eventually(w.t, fmt.Sprintf("%v from %s", want, sql), func() bool {
		rows, err := tryAsk[T](w, sql, args...)
		if last = any(rows); err != nil {
			last = err
		}
		return err == nil && len(rows) == 1 && rows[0] == want
	}, func() string { return fmt.Sprintf("last: %v\nthe bot printed:\n%s", last, tail(w.bot)) })
}

// tail is the end of what a process printed.
func tail(p *process) string {
	if p == nil {
		return ""
	}
	text := p.output()
	return text[max(0, len(text)-8000):]
}

// enrol puts people into the running installation who have said yes already, for
// tests that are not about how people come onto the roster.
func (w *world) enrol(roster string) {
	w.t.Helper()
	file, err := rosterfile.Parse([]byte(roster))
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	pool, err := pg.Open(ctx, w.dsn(pglocal.BotRole), pg.Options{})
	if err != nil {
		w.t.Fatalf("%v; the bot said:\n%s", err, w.bot.output())
	}
	defer pool.Close()
	if _, err := rosterfile.Apply(ctx, pool, file, rosterfile.How{Now: time.Now(), Agreed: true}); err != nil {
		w.t.Fatal(err)
	}
}

// join connects people to the network and brings them into the home room, side by
// side. The lookout comes with the first of them.
func (w *world) join(nicks ...string) []*irctest.Person {
	w.t.Helper()
	all := nicks
	if w.lookout == nil {
		all = append(slices.Clone(nicks), "lookout")
	}
	people := w.net.People(w.t, all...)
	if w.lookout == nil {
		w.lookout = people[len(nicks)]
	}
	people = people[:len(nicks)]
	for _, p := range people {
		p.Join(home)
	}
	return people
}

// rostered has somebody join a role, awake at any hour.
func rostered(p *irctest.Person, role string) {
	p.Tell(botNick, "!roster join --awake 00:00-23:59 "+role)
	p.Expect("", "You can be rung for "+role)
}

// neverLogged checks that the log of the bot holds no word of what is nobody's business.
func (w *world) neverLogged(word string) {
	w.t.Helper()
	if before, after, found := strings.Cut(w.bot.output(), word); found {
		w.t.Errorf("the log has %q: %s%s%s", word, before[max(0, len(before)-200):], word, after[:min(len(after), 50)])
	}
}

// awaitBot waits until the bot is in a room, as somebody on the network sees it:
// from then on it hears what is said there.
func (w *world) awaitBot(room string) {
	w.t.Helper()
	w.awaitNick(botNick, room, func() string { return tail(w.bot) })
}

// awaitNick is awaitBot for anybody; log says what they have to say for themselves.
func (w *world) awaitNick(nick, room string, log func() string) {
	w.t.Helper()
	eventually(w.t, nick+" in "+room, func() bool {
		w.lookout.Forget()
		w.lookout.Raw("NAMES " + room)
		names := w.lookout.ExpectRaw("the names in "+room, func(l irctest.Line) bool {
			return (l.Command == "353" || l.Command == "366") && strings.EqualFold(l.Params[len(l.Params)-2], room)
		})
		return names.Command == "353" && holdsNick(names.Text(), nick)
	}, log)
}

// holdsNick looks for a nick in an answer to NAMES, whose entries look like
// "@nick!user@host".
func holdsNick(names, nick string) bool {
	for entry := range strings.FieldsSeq(names) {
		name, _, _ := strings.Cut(strings.TrimLeft(entry, "~&@%+"), "!")
		if name == nick {
			return true
		}
	}
	return false
}
