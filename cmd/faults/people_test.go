package faults

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// heard is what one person knows of one page: only what a provider showed them.
type heard struct {
	rings int
	last  ring
	due   time.Time // when they answer; zero: not yet
	done  bool
}

// answer is what somebody did.
type answer struct {
	page    int64
	who     string
	does    string
	changed bool // the service says that it changed something
}

const (
	sqlPageOf     = `select page_id from delivery where id = @id`
	sqlCodeOfPage = `select code from page where id = @page`
	sqlSenderOf   = `select leased_by from delivery where id = @id`
)

// senderOf is the process that has a delivery in its hands.
func (r *run) senderOf(key string) (name string) {
	id, _, ok := paging.ParseKey(key)
	if !ok {
		return ""
	}
	_ = r.db.QueryRow(context.Background(), sqlSenderOf, pgx.NamedArgs{"id": id}).Scan(&name) // else any will do
	return name
}

// pageOf is the page that a delivery is of; 0 if it is none.
func (r *run) pageOf(key string) (page int64) {
	id, _, ok := paging.ParseKey(key)
	if ok {
		r.must(r.db.QueryRow(context.Background(), sqlPageOf, pgx.NamedArgs{"id": id}).Scan(&page))
	}
	return page
}

// hear has people hear what providers showed them since the last call.
func (r *run) hear() {
	for i, memory := range r.memories {
		all := memory()
		for _, one := range all[r.seen[i]:] {
			r.hears(one)
		}
		r.seen[i] = len(all)
	}
}

func (r *run) hears(one ring) {
	p := r.who(one.Person)
	if p == nil {
		r.bad("somebody unknown was rung: %q", one.Person)
		return
	}
	h := r.heard[one.Page]
	if h == nil {
		h = &heard{}
		r.heard[one.Page] = h
	}
	h.rings++
	h.last = one
	again := ""
	if one.Repeat {
		again = ", said to be a repetition"
	}
	r.log.say("%s rings: %s for P%d by %s%s", p.Name, one.Key, one.Page, one.Route, again)
	if p.Does != "" && !h.done && h.due.IsZero() && h.rings > p.After {
		h.due = r.clock.Now().Add(p.Within)
	}
}

// act has people answer whose time has come, all at once.
func (r *run) act() {
	now := r.clock.Now()
	var due []ring
	for _, page := range slices.Sorted(maps.Keys(r.heard)) {
		if h := r.heard[page]; !h.done && !h.due.IsZero() && !h.due.After(now) {
			h.done = true
			due = append(due, h.last)
		}
	}
	for _, last := range due {
		if p := r.who(last.Person); p.Forged {
			r.forge(*p, last)
		}
	}
	var all sync.WaitGroup
	for _, last := range due {
		p := r.who(last.Person)
		all.Go(func() { r.answers(*p, last) })
		if p.Twice {
			all.Go(func() { r.answers(*p, last) })
		}
	}
	all.Wait()
	if len(due) > 0 {
		r.snapshot()
	}
}

// nextReaction is when somebody answers next; zero is never.
func (r *run) nextReaction() (next time.Time) {
	for _, h := range r.heard {
		if !h.done && !h.due.IsZero() && (next.IsZero() || h.due.Before(next)) {
			next = h.due
		}
	}
	return next
}

// answers has somebody answer a page in their way.
func (r *run) answers(p person, last ring) {
	ctx := context.Background()
	actor := oncall.Actor{PersonID: r.ids[p.Name], Handle: p.Name, Zone: "UTC", Network: network, Room: home, Account: p.Name}
	by, changed := p.By, false
	if by == "there" && !r.there(p, last) {
		by = "link"
	}
	if by == "link" && (last.Link == "" || p.Does == "decline") {
		by = "chat"
	}
	var err error
	switch by {
	case "link":
		ans, failed := r.svc.AckByToken(ctx, secret.New(last.Link))
		changed, err = ans.Changed, failed
	case "code":
		var code string
		r.must(r.db.QueryRow(ctx, sqlCodeOfPage, pgx.NamedArgs{"page": last.Page}).Scan(&code))
		word := map[string]string{"ack": "ok", "decline": "no"}[p.Does]
		// Who writes it twice has written two texts; who is heard twice wrote one.
		_, err = r.svc.Reply(ctx, paging.Reply{Route: "sms", Event: fmt.Sprintf("P%d by %s", last.Page, p.Name), Text: word + " " + code})
	case "chat":
		if p.Does == "decline" {
			ans, failed := r.svc.Decline(ctx, actor, last.Page)
			changed, err = ans.Changed, failed
			break
		}
		ans, failed := r.svc.Ack(ctx, actor, last.Page)
		changed, err = ans.Changed, failed
	}
	if kind := fault.KindOf(err); err != nil && kind != fault.NotFound && kind != fault.Conflict {
		r.bad("%s could not answer P%d by %s: %v", p.Name, last.Page, by, err)
	}
	r.log.say("%s answers P%d by %s: %s, changes it: %v %v", p.Name, last.Page, by, p.Does, changed, errText(err))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answered = append(r.answered, answer{page: last.Page, who: p.Name, does: p.Does, changed: changed})
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return fault.Say(err)
}

// forge has somebody who knows no secret try to answer a page.
func (r *run) forge(p person, last ring) {
	ctx := context.Background()
	before := r.pageState(last.Page)
	if _, err := r.svc.AckByToken(ctx, secret.New("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")); fault.KindOf(err) != fault.NotFound {
		r.bad("a link that was made up was taken: %v", err)
	}
	r.forgeCallback(last)
	for i, text := range []string{"ok AAAAA", "11", "ok"} {
		if text == "11" && r.digitsAre(last.Page, text) {
			continue
		}
		key := ""
		if i == 1 {
			key = last.Key
		}
		_, err := r.svc.Reply(ctx, paging.Reply{Route: last.Route, Event: fmt.Sprintf("forged %d %s", i, last.Key), Key: key, Text: text})
		if err != nil {
			r.bad("a forged answer made an error: %v", err)
		}
	}
	for _, other := range r.plan.People {
		if other.Name != p.Name {
			actor := oncall.Actor{PersonID: r.ids[other.Name], Handle: other.Name, Zone: "UTC", Network: network, Room: home, Account: other.Name}
			if _, err := r.svc.Ack(ctx, actor, last.Page); fault.KindOf(err) != fault.Forbidden {
				r.bad("%s answered the page of %s: %v", other.Name, p.Name, err)
			}
			break
		}
	}
	if after := r.pageState(last.Page); after != before {
		r.bad("a forged answer made P%d %s", last.Page, after)
	}
	r.log.counted("forgeries")
}

// rings are all messages that providers showed to people.
func (r *run) rings() (all []ring) {
	for _, memory := range r.memories {
		all = append(all, memory()...)
	}
	return all
}

func (r *run) who(name string) *person {
	if i := slices.IndexFunc(r.plan.People, func(p person) bool { return p.Name == name }); i >= 0 {
		return &r.plan.People[i]
	}
	return nil
}
