package alert

import (
	"time"

	"batsignal/oncall/paging"
)

// book is what a commit works on: the keys of its requests, their open groups, and of
// their open alerts those that are named. It is pure; store.go reads and writes it.
type book struct {
	now    time.Time
	keys   map[[32]byte]*keyRow
	alerts map[name]*row
	open   map[int64]*group // by key
	groups []*group         // all that were touched or made
	rows   []*row           // the same
}

// name is how a source names an alert.
type name struct {
	key   int64
	dedup string
}

// keyRow is a key in use.
type keyRow struct {
	Key
	Hash  []byte
	Needs int // how many must answer, by the policy
}

// row is an alert with what is to be written of it.
type row struct {
	id       int64
	key      int64
	group    *group
	state    State
	severity int
	count    int64
	firstAt  time.Time
	lastAt   time.Time
	ackedAt  *time.Time
	endedAt  *time.Time
	untold   bool   // must be told, or told again
	event    *Event // the last trigger; nil keeps the words
	dedup    string
	touched  bool
	takens   []*Taken // get its number when it has one
}

// group is a group with what is to be written of it.
type group struct {
	id           int64
	key          *keyRow
	state        GroupState
	severity     int
	title        string
	total        int
	triggered    int
	acknowledged int
	untold       bool // something of it must be told now

	was       GroupState // "" is a new one
	wasQuiet  bool
	wasWorst  int
	wasUntold bool
	touched   bool
}

func newBook(now time.Time) *book {
	return &book{now: now, keys: map[[32]byte]*keyRow{}, alerts: map[name]*row{}, open: map[int64]*group{}}
}

// take applies an event.
func (b *book) take(k *keyRow, e *Event, out *Taken) {
	at := name{k.ID, e.DedupKey}
	r := b.alerts[at]
	if r != nil && r.state == Resolved {
		r = nil
	}
	switch {
	case e.Action == Trigger && r == nil:
		r = b.add(k, e)
		b.alerts[at] = r
		out.Did = DidOpen
	case e.Action == Trigger:
		b.repeat(k, r, e)
		out.Did = DidRepeat
	case r == nil, e.Action == Acknowledge && r.state == Acknowledged:
		out.Did = DidNothing
	case e.Action == Acknowledge:
		b.move(r, Acknowledged)
		r.ackedAt = &b.now
		out.Did = DidAck
	default:
		b.move(r, Resolved)
		r.endedAt = &b.now
		out.Did = DidResolve
	}
	if r != nil {
		out.Alert = r.id
		if r.id == 0 {
			r.takens = append(r.takens, out)
		}
	}
}

// add makes a new alert, in the open group of its key.
func (b *book) add(k *keyRow, e *Event) *row {
	r := &row{
		key: k.ID, dedup: e.DedupKey, state: Triggered, severity: k.Means(e.Severity), count: 1,
		firstAt: b.now, lastAt: b.now, untold: true, event: e,
	}
	b.touch(r)
	r.group = b.join(k, r.severity, e)
	r.group.total++
	r.group.triggered++
	return r
}

// repeat counts a trigger of an open alert. One that is worse now is news, whoever
// acknowledged what it was.
func (b *book) repeat(k *keyRow, r *row, e *Event) {
	b.touch(r)
	r.count++
	r.lastAt = latest(r.lastAt, b.now)
	r.event = e
	was := r.severity
	if r.severity = k.Means(e.Severity); r.severity >= was {
		return
	}
	r.untold = true
	if r.state == Acknowledged {
		b.move(r, Triggered)
		r.ackedAt = nil
		from := r.group
		from.triggered--
		from.total--
		r.group = b.join(k, r.severity, e)
		r.group.triggered++
		r.group.total++
		return
	}
	r.group = b.join(k, r.severity, e) // whose group is open: the same
}

// join is the open group of a key, or a new one, with the severity that it has now.
func (b *book) join(k *keyRow, severity int, e *Event) *group {
	g := b.open[k.ID]
	if g == nil {
		g = &group{key: k, state: GroupOpen, severity: severity, title: titleOf(k.Key, e), wasQuiet: true, wasWorst: severity}
		b.open[k.ID] = g
	}
	b.touchGroup(g)
	if severity < g.severity {
		g.severity = severity
		g.title = titleOf(k.Key, e) // what it rings for
	}
	g.untold = true
	return g
}

// titleOf is what a page for a group that begins with this alert says. It does not begin
// with the sender's words: they could be a command to somebody's bot.
func titleOf(k Key, e *Event) string { return plain("alert from "+k.Name+": "+e.Summary, longestTitle) }

// move changes the state of an alert and the figures of its group.
func (b *book) move(r *row, to State) {
	b.touch(r)
	b.touchGroup(r.group)
	switch r.state {
	case Triggered:
		r.group.triggered--
	case Acknowledged:
		r.group.acknowledged--
	}
	r.state = to
	switch to {
	case Triggered:
		r.group.triggered++
	case Acknowledged:
		r.group.acknowledged++
	}
}

// settle gives each group the state that its alerts have by now.
func (b *book) settle() {
	for _, g := range b.groups {
		switch {
		case g.triggered > 0:
			g.state = GroupOpen
		case g.acknowledged > 0:
			g.state = GroupAcked
		default:
			g.state = GroupResolved
		}
	}
}

// rings tells whether somebody must be hunted for, if nobody is: it began to ring, or has
// something new to tell.
func (g *group) rings() bool {
	return g.state == GroupOpen && g.severity < Quiet && (g.wasQuiet || g.untold)
}

// worse tells whether a hunt that goes on has another severity now.
func (g *group) worse() bool {
	return g.state == GroupOpen && !g.wasQuiet && g.severity < g.wasWorst
}

// over tells whether nobody is wanted any more for what somebody may have been rung for.
// A group of which somebody was told by the people's own answer is closed at the end too:
// its page may still show at a provider.
func (g *group) over() bool {
	return g.was != "" && g.state != g.was && g.state != GroupOpen
}

// wakes tells whether the engine has something to do that it does not expect.
func (g *group) wakes() bool {
	return g.worse() || g.over() || g.untold && !g.wasUntold || g.was == ""
}

func (g *group) slot() paging.Slot { return paging.PolicySlot(g.key.Policy) }

// hunt is the hunt for somebody who looks after the group.
func (g *group) hunt(patience time.Duration) paging.Escalation {
	return paging.Escalation{
		Cause: Cause(g.id), Slot: g.slot(), Why: g.title, Severity: g.severity, Needs: g.key.Needs, Patience: patience,
	}
}

func (b *book) touch(r *row) {
	if !r.touched {
		r.touched = true
		b.rows = append(b.rows, r)
	}
}

func (b *book) touchGroup(g *group) {
	if !g.touched {
		g.touched = true
		b.groups = append(b.groups, g)
	}
}
