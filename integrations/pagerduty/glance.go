package pagerduty

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/when"
)

const (
	// glancing is how long whoever asks waits for PagerDuty: it is one line of an answer
	// that is of use without it.
	glancing = 2 * time.Second
	// fresh is how long what PagerDuty said, or did not say, is repeated.
	fresh = time.Minute
)

// Watched is a service at PagerDuty whose people on call are shown with a role of ours.
type Watched struct {
	Role string
	ID   string
}

// Glance tells who is on call at services at PagerDuty. It keeps what it was told for a
// minute, so that many who ask are one question, and a PagerDuty that is dead holds up
// one of them, for two seconds. It is safe for many goroutines.
type Glance struct {
	client  *Client
	watched []Watched
	now     func() time.Time

	asking chan struct{} // holds one: whoever asks PagerDuty
	mu     sync.Mutex
	seen   []atService // in the order of watched
	at     time.Time
}

// atService is what PagerDuty said of a service.
type atService struct {
	Watched
	name string
	on   []OnCall
	err  error
}

// NewGlance makes one over these services.
func NewGlance(client *Client, watched []Watched, now func() time.Time) *Glance {
	return &Glance{client: client, watched: watched, now: now, asking: make(chan struct{}, 1)}
}

// Say tells who is called first at each of the services of a role, "" is every role:
// "PagerDuty says: Ada Lovelace until Sun 29 Nov 14:00 UTC for Web; nobody for Mail.", with
// the time in the reader's zone beside it. Without such a service it says "", and where
// PagerDuty does not answer within two seconds, that.
func (g *Glance) Say(ctx context.Context, role, zone string) string {
	mine := func(w Watched) bool { return role == "" || w.Role == role }
	if !slices.ContainsFunc(g.watched, mine) {
		return ""
	}
	all, ok := g.look(ctx)
	if !ok {
		return notAnswering
	}
	var said, wrong []string
	told := map[string]bool{}
	for _, one := range all {
		if !mine(one.Watched) || told[one.ID] {
			continue
		}
		told[one.ID] = true
		switch {
		case one.err == nil:
			said = append(said, firstOf(one.on, zone)+" for "+cmp.Or(one.name, one.ID))
		case errors.Is(one.err, errSilent):
			wrong = append(wrong, notAnswering)
		case fault.KindOf(one.err) == fault.NotFound:
			wrong = append(wrong, "PagerDuty knows no service "+one.ID+", or hides it from our token.")
		default:
			wrong = append(wrong, fault.Say(one.err))
		}
	}
	var sentences []string
	if said != nil {
		sentences = append(sentences, "PagerDuty says: "+strings.Join(said, "; ")+".")
	}
	slices.Sort(wrong)
	return strings.Join(append(sentences, slices.Compact(wrong)...), " ")
}

const notAnswering = "PagerDuty does not answer."

// look asks, or repeats what was said a moment ago. ok is false if somebody else has been
// asking for as long as anybody waits, or nobody waits any more.
func (g *Glance) look(ctx context.Context) (all []atService, ok bool) {
	if all, ok := g.known(); ok {
		return all, true
	}
	waiting, cancel := context.WithTimeout(ctx, glancing)
	defer cancel()
	select {
	case g.asking <- struct{}{}:
		defer func() { <-g.asking }()
	case <-waiting.Done():
		return nil, false
	}
	if all, ok := g.known(); ok {
		return all, true
	}
	all = g.ask(waiting)
	if ctx.Err() != nil {
		return nil, false // whoever asked has gone: that says nothing of PagerDuty
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen, g.at = all, g.now()
	return all, true
}

func (g *Glance) known() ([]atService, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	age := g.now().Sub(g.at)
	return g.seen, g.seen != nil && age >= 0 && age < fresh
}

// ask asks for all services at once.
func (g *Glance) ask(ctx context.Context) []atService {
	all := make([]atService, len(g.watched))
	var asking sync.WaitGroup
	for i, w := range g.watched {
		asking.Go(func() {
			all[i].Watched = w
			s, err := g.client.Service(ctx, w.ID)
			if all[i].name, all[i].err = s.Name, err; err == nil && s.Policy.ID != "" {
				all[i].on, all[i].err = g.client.OnCalls(ctx, OnCallQuery{Policies: []string{s.Policy.ID}})
			}
		})
	}
	asking.Wait()
	return all
}

// firstOf names those of the lowest level, each once.
func firstOf(list []OnCall, zone string) string {
	var names []string
	for _, o := range list {
		if o.Level != list[0].Level {
			break
		}
		name := cmp.Or(o.User.Name, o.User.ID)
		if !o.Until.IsZero() {
			name += " until " + when.Echo(o.Until, zone)
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if names == nil {
		return "nobody"
	}
	return strings.Join(names, " and ")
}
