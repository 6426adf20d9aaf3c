package coverage

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/notice"
)

// MostNamed is how many groups of gaps one message or line names.
const MostNamed = 5

// mostRoles is how many roles are told of at once, each in a message of its own.
const mostRoles = 6

// telling is what there is to say of all roles.
type telling struct {
	rooms  []string // one message a role
	people []oncall.Message
}

// of adds what there is to say of one role.
func (t *telling) of(l *ledger, base string) {
	r := l.report
	more := "!coverage " + r.Role.Name + " lists them"
	if base != "" {
		more = page(base)
	}
	var parts []string
	add := func(opening string, all []string) {
		if len(all) > 0 {
			parts = append(parts, opening+" "+r.Role.Title+": "+Join(all, more)+".")
		}
	}
	r.Gaps = l.news()
	news := r.Groups()
	add("Too few people ahead for", words(news, ""))
	for _, g := range news {
		t.away(r, g)
	}

	soon := l.soon()
	r.Gaps = l.report.Gaps
	var again []Group
	for _, g := range r.Groups() {
		if g.hasOneOf(soon) {
			again = append(again, g)
		}
	}
	add("Within a day, and still too few people for", words(again, ""))

	r.Gaps = nil
	for _, k := range l.closed {
		r.Gaps = append(r.Gaps, Gap{Kind: k.Kind, From: k.From, Until: k.Until, Want: k.Want})
	}
	if r.Role.Minimum > 0 {
		var times []string
		for _, g := range r.Groups() {
			times = append(times, g.Times(""))
		}
		add("No longer too few people for", times)
	}
	if len(parts) > 0 {
		t.rooms = append(t.rooms, strings.Join(parts, " "))
	}
}

func (g Group) hasOneOf(some []Gap) bool {
	for _, one := range g.Gaps {
		for _, s := range some {
			if one.Kind == s.Kind && one.From.Equal(s.From) {
				return true
			}
		}
	}
	return false
}

// away tells people whose absence makes a gap.
func (t *telling) away(r Report, g Group) {
	for _, id := range g.Away() {
		p, ok := r.Person(id)
		if !ok {
			continue
		}
		t.people = append(t.people, oncall.Message{Person: id, Text: "While you are away " + g.Lack() + " for " + r.Role.Title + " " +
			g.Times(p.Zone) + ". The others are told too; if you know who can step in, ask them now."})
	}
}

// Join writes a few of many as a list, and where the others are.
func Join(all []string, more string) string {
	text := strings.Join(all[:min(len(all), MostNamed)], "; ")
	if left := len(all) - MostNamed; left > 0 {
		text += "; and " + strconv.Itoa(left) + " more: " + more
	}
	return text
}

func words(groups []Group, zone string) (all []string) {
	for _, g := range groups {
		all = append(all, g.Words(zone))
	}
	return all
}

func page(base string) string { return strings.TrimSuffix(base, "/") + "/coverage" }

// longest is how much a notice holds, in letters.
const longest = 2000

func (w *Watch) inRooms(texts ...string) (notices []notice.Notice) {
	for _, room := range w.Rooms {
		for _, text := range texts {
			notices = append(notices, notice.Notice{Network: room.Network, Kind: notice.Say, Room: room.Room, Text: oncall.Clip(text, longest)})
		}
	}
	return notices
}

// say announces what there is to say.
func (w *Watch) say(ctx context.Context, tx pgx.Tx, now time.Time, t telling) error {
	if left := len(t.rooms) - mostRoles; left > 0 {
		t.rooms = append(t.rooms[:mostRoles:mostRoles], "Coverage changed for "+oncall.Plural(left, "other role", "other roles")+" too: !coverage shows all of it.")
	}
	if err := notice.Post(ctx, tx, w.Queue, now, w.inRooms(t.rooms...)...); err != nil {
		return err
	}
	return oncall.Tell(ctx, tx, w.Queue, now, w.Networks, t.people...)
}
