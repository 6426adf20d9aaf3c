// Package pagerdutyfake owns a PagerDuty for tests: Events API v2, the parts of REST API
// v2 that we use, and webhooks v3, on one address, with a memory.
//
// It is written from PagerDuty's documentation (developer.pagerduty.com) and not from
// our client, refuses what PagerDuty refuses, and knows what no client should rely on: a
// repeated trigger rings nobody, a resolved alert forgets its key, incidents whose alerts
// have keys have none themselves, and webhooks come late, twice and from liars. People
// are on call at it, and acknowledge and resolve; trouble is made on purpose.
package pagerdutyfake

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options say what a fake is like.
type Options struct {
	Now   func() time.Time // nil is the real clock
	Token string           // for the REST API; "" is one of its own
}

// Fake is one account at PagerDuty. Its methods may be called from many goroutines.
type Fake struct {
	URL   string // of the Events API and of the REST API
	Token string // for the REST API

	t    testing.TB
	now  func() time.Time
	mu   sync.Mutex
	last int // of the numbers that things are called by

	users     []*User
	services  []*Service
	incidents []*Incident
	rings     []Ring
	events    []Event
	trouble   map[string]*trouble // by API
	drop      bool
	hooks     hooks
}

// User is a person there.
type User struct{ ID, Name, Mail string }

// Service is a service there with its one escalation policy, schedule and integration.
type Service struct {
	ID, Name, RoutingKey           string
	Policy, Schedule, Integration  string
	OnCall                         []string  // IDs of users, called first; nobody is nobody
	Until                          time.Time // how long they are on call; zero is always
	KeyInIncident, Group, Disabled bool
}

// Incident is an incident there.
type Incident struct {
	ID       string
	Number   int
	Title    string
	Status   string // triggered, acknowledged, resolved
	Key      string // its own key; "" where only its alerts have one
	Service  string
	By       string // who changed its status last: a user, or ""
	Assigned string
	Details  string // what whoever opened it wrote below its title
	Urgency  string // "" is as its service says
	Policy   string // of whom it calls; "" is its service's
	Solution string // what whoever resolved it by the REST API wrote
	At       time.Time
	Alerts   []Alert
	Log      []string // what happened to it, in order
}

// Alert is an alert of an incident.
type Alert struct {
	ID, Key, Status, Severity, Summary string
	Details                            any
}

// Ring is that somebody's phone rang for an incident.
type Ring struct{ User, Incident string }

// Event is one event as it came in and was accepted.
type Event struct {
	Key, Action, Summary, Severity, RoutingKey string
	Body                                       map[string]any
}

// Run starts a fake that ends with the test.
func Run(t testing.TB, o Options) *Fake {
	t.Helper()
	f := &Fake{t: t, now: o.Now, Token: o.Token, trouble: map[string]*trouble{}}
	if f.now == nil {
		f.now = time.Now
	}
	if f.Token == "" {
		f.Token = "fake+" + rand.Text()
	}
	f.hooks.changed = sync.NewCond(&f.mu)
	server := httptest.NewServer(f.routes())
	f.URL = server.URL
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.carry()
	}()
	t.Cleanup(func() {
		f.mu.Lock()
		f.hooks.over = true
		for _, tr := range f.trouble {
			tr.release()
		}
		f.hooks.changed.Broadcast()
		f.mu.Unlock()
		<-done
		server.Close()
	})
	return f
}

func (f *Fake) routes() http.Handler {
	m := http.NewServeMux()
	m.Handle("POST /v2/enqueue", f.troubled(apiEvents, f.enqueue))
	for route, h := range map[string]func(http.ResponseWriter, *http.Request){
		"GET /abilities":             f.abilities,
		"GET /users":                 f.listUsers,
		"GET /services":              f.listServices,
		"GET /services/{id}":         f.getService,
		"GET /oncalls":               f.listOnCalls,
		"GET /incidents":             f.listIncidents,
		"POST /incidents":            f.createIncident,
		"PUT /incidents":             f.manageIncidents,
		"GET /incidents/{id}":        f.getIncident,
		"GET /incidents/{id}/alerts": f.listAlerts,
	} {
		m.Handle(route, f.troubled(apiREST, f.withToken(h)))
	}
	m.HandleFunc("/v2/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	m.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { restError(w, http.StatusNotFound, 2100, "Not Found") })
	return m
}

// id makes the name of a thing. Callers hold mu.
func (f *Fake) id(kind string) string {
	f.last++
	return fmt.Sprintf("P%s%05d", kind, f.last)
}

// AddUser has somebody come to PagerDuty.
func (f *Fake) AddUser(name, mail string) *User {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := &User{ID: f.id("U"), Name: name, Mail: mail}
	f.users = append(f.users, u)
	return u
}

// AddService makes a service at which these people are on call. Give it its character
// before anything is sent to it.
func (f *Fake) AddService(name string, onCall ...*User) *Service {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &Service{
		ID: f.id("S"), Name: name, Policy: f.id("E"), Schedule: f.id("C"), Integration: f.id("I"),
		RoutingKey: strings.ToLower((rand.Text() + rand.Text())[:32]),
	}
	for _, u := range onCall {
		s.OnCall = append(s.OnCall, u.ID)
	}
	f.services = append(f.services, s)
	return s
}

// Rings are the phones that rang, in order.
func (f *Fake) Rings() []Ring {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.rings)
}

// Events are the events that were accepted, in order, dropped ones too.
func (f *Fake) Events() []Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.events)
}

// Incidents are all incidents, in order.
func (f *Fake) Incidents() []Incident {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Incident, len(f.incidents))
	for i, one := range f.incidents {
		list[i] = one.copy()
	}
	return list
}

// Only is the only incident; the test fails if there are more, or none.
func (f *Fake) Only() Incident {
	f.t.Helper()
	list := f.Incidents()
	if len(list) != 1 {
		f.t.Fatalf("PagerDuty has %d incidents, not one", len(list))
	}
	return list[0]
}

func (i *Incident) copy() Incident {
	c := *i
	c.Alerts, c.Log = slices.Clone(i.Alerts), slices.Clone(i.Log)
	return c
}

func (f *Fake) service(match func(*Service) bool) *Service {
	if i := slices.IndexFunc(f.services, match); i >= 0 {
		return f.services[i]
	}
	return nil
}

func (f *Fake) user(id string) *User {
	if i := slices.IndexFunc(f.users, func(u *User) bool { return u.ID == id }); i >= 0 {
		return f.users[i]
	}
	return nil
}

func (f *Fake) incident(id string) *Incident {
	if i := slices.IndexFunc(f.incidents, func(i *Incident) bool { return i.ID == id }); i >= 0 {
		return f.incidents[i]
	}
	return nil
}
