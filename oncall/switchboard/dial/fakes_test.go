package dial

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// room shows what is said in it, unless it is told otherwise.
type room struct {
	anchor *Anchor
	mu     sync.Mutex
	lines  []string
	how    func(line string, show func()) error // nil shows it at once
}

func (r *room) say(_ context.Context, line string) error {
	r.mu.Lock()
	r.lines = append(r.lines, line)
	how := r.how
	r.mu.Unlock()
	show := func() { r.anchor.HeardLine("irc", "#home", line) }
	if how != nil {
		return how(line, show)
	}
	show()
	return nil
}

func (r *room) set(how func(line string, show func()) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.how = how
}

func (r *room) said() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.lines)
}

// deaf is a room that shows nothing.
func deaf(string, func()) error { return nil }

// route is a provider with a memory.
type route struct {
	name string
	mu   sync.Mutex
	sent []paging.Message
	has  map[string]string // its own names, by number and key: what an Ask finds
	asks int
	// before runs when a message comes, and may refuse it.
	before func(paging.Message) error
	// after runs when it has it, and may lose our answer.
	after func(paging.Message) error
	ended []paging.Ended
}

func (r *route) Name() string { return r.name }

func (r *route) Traits() paging.Traits {
	return paging.Traits{Name: r.name, Loud: r.name == "voice", Asks: true, Cost: 7}
}

func (r *route) Send(_ context.Context, m paging.Message) (paging.Handed, error) {
	if r.before != nil {
		if err := r.before(m); err != nil {
			return paging.Handed{}, err
		}
	}
	r.mu.Lock()
	if r.has == nil {
		r.has = map[string]string{}
	}
	ref := fmt.Sprintf("ref-%s-%d", r.name, len(r.sent)+1)
	r.sent, r.has[m.Address.Reveal()+" "+m.Key] = append(r.sent, m), ref
	r.mu.Unlock()
	if r.after != nil {
		if err := r.after(m); err != nil {
			return paging.Handed{}, err
		}
	}
	return paging.Handed{Note: "accepted by the provider", Ref: ref}, nil
}

func (r *route) Ask(_ context.Context, m paging.Message) (paging.Handed, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asks++
	ref, found := r.has[m.Address.Reveal()+" "+m.Key]
	return paging.Handed{Note: "the provider has it", Ref: ref}, found, nil
}

func (r *route) End(_ context.Context, e paging.Ended) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = append(r.ended, e)
	return nil
}

func (r *route) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.sent)
}

func (r *route) numbers() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, m := range r.sent {
		list = append(list, m.Address.Reveal())
	}
	slices.Sort(list)
	return list
}

// grants are what two people allowed, by the code of their challenge.
type grants struct {
	mu     sync.Mutex
	of     map[string]int64
	people int
}

func (g *grants) allow(code string, incident int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.of == nil {
		g.of = map[string]int64{}
	}
	g.of[code] = incident
}

func (g *grants) end(code string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.of, code)
}

func (g *grants) Live(code string, incident int64) (unseal.Grant, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.of[code] != incident || incident == 0 {
		return unseal.Grant{}, fault.New(fault.Forbidden, "Two people did not allow that.")
	}
	return unseal.Grant{Code: code, Incident: incident, Declared: "dora", Confirmed: "carl"}, nil
}

func (g *grants) People(string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.people
}
