package webhook_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/incidents"
	"batsignal/integrations/webhook"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// aviary is the bot's own receiver, behind a real port, and what sends to it: the service,
// its errands and the route. All that came by the wire is kept.
type aviary struct {
	*testing.T
	db      *pgxpool.Pool
	svc     *incidents.Service
	errands *incidents.Errands
	address secret.Text

	mu  sync.Mutex
	now time.Time
	got []captured
}

// captured is one request, as a machine between the two could have kept it.
type captured struct {
	signature, body string
	status          int
}

func newAviary(t *testing.T) *aviary {
	t.Helper()
	a := &aviary{T: t, db: pgtest.Fresh(t).Pool, now: noon}
	log := slog.New(slog.DiscardHandler)
	queue, err := river.NewClient(riverpgxv5.New(a.db), &river.Config{Logger: log})
	a.must(err)
	a.svc = &incidents.Service{
		DB: a.db, Queue: queue, Now: a.clock, Log: log, Guard: incidents.DefaultGuard(), Baton: incidents.DefaultBaton(),
		Networks: []incidents.Network{{Name: "net", Home: "#ops"}}, Routes: []paging.Traits{{Name: "webhook"}},
	}
	ours := &webhook.Canary{Secret: shared(), Ear: a.svc, Now: a.clock, Log: log}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		answer := httptest.NewRecorder()
		ours.ServeHTTP(answer, r)
		a.mu.Lock()
		a.got = append(a.got, captured{r.Header.Get("Batsignal-Signature"), string(body), answer.Code})
		a.mu.Unlock()
		w.WriteHeader(answer.Code)
	}))
	t.Cleanup(server.Close)
	a.address = secret.New(server.URL + "/canary")
	out := route(t, webhook.Config{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Now: a.clock})
	a.errands = &incidents.Errands{Service: a.svc, Routes: map[string]paging.Route{"webhook": out}, Log: log}
	return a
}

func (a *aviary) must(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

func (a *aviary) clock() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

func (a *aviary) wait(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = a.now.Add(d)
}

// flies sends what is due of the synthetic pages, and returns what came in.
func (a *aviary) flies() []captured {
	a.Helper()
	a.must(a.svc.SendCanaries(a.Context()))
	a.works()
	a.mu.Lock()
	defer a.mu.Unlock()
	got := a.got
	a.got = nil
	return got
}

// works does the errands that wait, as River would.
func (a *aviary) works() {
	a.Helper()
	for _, args := range list[string](a, `delete from river_job where kind = 'route_errand' returning args::text`) {
		var errand incidents.Errand
		a.must(json.Unmarshal([]byte(args), &errand))
		if err := a.errands.Do(a.Context(), errand, 1, true); err != nil {
			a.Logf("an errand: %v", err)
		}
	}
}

// resent is what somebody gets who sends a request of their own.
func (a *aviary) resent(signature, body string) int {
	a.Helper()
	req, err := http.NewRequestWithContext(a.Context(), http.MethodPost, a.address.Reveal(), strings.NewReader(body))
	a.must(err)
	req.Header.Set("Batsignal-Signature", signature)
	resp, err := http.DefaultClient.Do(req)
	a.must(err)
	a.must(resp.Body.Close())
	return resp.StatusCode
}

// proven is when the route was shown to work last; zero is never.
func (a *aviary) proven() time.Time {
	a.Helper()
	health, err := paging.HealthOf(a.Context(), a.db)
	a.must(err)
	for _, h := range health {
		if h.Route == "webhook" && h.ProvenAt != nil {
			return h.ProvenAt.UTC()
		}
	}
	return time.Time{}
}

func list[T any](a *aviary, sql string, args ...any) (all []T) {
	a.Helper()
	rows, err := a.db.Query(a.Context(), sql, args...)
	a.must(err)
	defer rows.Close()
	for rows.Next() {
		var v T
		a.must(rows.Scan(&v))
		all = append(all, v)
	}
	a.must(rows.Err())
	return all
}

// From the row of a canary out to the network, in again, and the route is proven by it: each
// day once.
func TestTheDailyPageIsHeard(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	a.must(contact.SyncCanaries(t.Context(), a.db, a.clock(), map[string]secret.Text{"webhook": a.address}))
	for day := range 3 {
		got := a.flies()
		if len(got) != 1 || got[0].status != http.StatusNoContent || !strings.Contains(got[0].body, `"kind":"canary"`) {
			t.Fatalf("day %d: %+v", day, got)
		}
		if at := a.proven(); !at.Equal(a.clock()) {
			t.Errorf("day %d: proven at %v", day, at)
		}
		if again := a.flies(); len(again) != 0 {
			t.Errorf("day %d: %d more", day, len(again))
		}
		a.wait(24 * time.Hour)
	}
	if said := list[string](a, `select text from notice`); len(said) != 0 {
		t.Errorf("somebody was bothered with it: %q", said)
	}
}

// One code of a thousand is all digits, and looks like what is keyed on a phone.
func TestACanaryOfDigits(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	a.must(contact.SyncCanaries(t.Context(), a.db, a.clock(), map[string]secret.Text{"webhook": a.address}))
	a.must(a.svc.SendCanaries(t.Context()))
	list[int64](a, `update contact_proof set code = '23456' returning id`)
	a.works()
	if at := a.proven(); !at.Equal(a.clock()) {
		t.Errorf("proven at %v", at)
	}
}

// The address is open to the network. What is not signed by us, was changed on its way, or
// is old, is refused; what comes twice has one effect; and none of it is anything but news.
func TestForgedAndReplayedCanaries(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	a.must(contact.SyncCanaries(t.Context(), a.db, a.clock(), map[string]secret.Text{"webhook": a.address}))
	real := a.flies()[0]
	proven, body := a.proven(), real.body
	events := func() string {
		return fmt.Sprint(list[string](a, `select event || ' ' || what from provider_event order by event`))
	}
	was := events()

	a.wait(2 * time.Minute) // more than a proof needs to be noted again
	another := paging.Message{Kind: paging.KindCanary, Key: "proof-1", Code: "K7QXM"}
	forger := signedBy(t, "another secret, of a stranger", a.clock(), another)
	for name, story := range map[string]struct {
		signature, body string
		status          int
	}{
		"unsigned":           {"", body, http.StatusForbidden},
		"nonsense":           {"t=now,v1=00", body, http.StatusForbidden},
		"a stranger":         {forger.signature, forger.body, http.StatusForbidden},
		"changed":            {real.signature, strings.Replace(body, "proof-", "proof-9", 1), http.StatusForbidden},
		"another time":       {strings.Replace(real.signature, "t=", "t=1", 1), body, http.StatusForbidden},
		"cut short":          {real.signature, body[:len(body)-1], http.StatusForbidden},
		"too long":           {real.signature, body + strings.Repeat(" ", 1<<20), http.StatusRequestEntityTooLarge},
		"the same once more": {real.signature, body, http.StatusNoContent}, // as a proxy that tries again
	} {
		if status := a.resent(story.signature, story.body); status != story.status {
			t.Errorf("%s: %d, want %d", name, status, story.status)
		}
	}
	a.wait(webhook.Tolerance)
	if status := a.resent(real.signature, body); status != http.StatusForbidden {
		t.Errorf("a recording of seven minutes ago: %d", status)
	}
	if at := a.proven(); !at.Equal(proven) {
		t.Errorf("the route is proven by it, at %v", at)
	}
	if now := events(); now != was {
		t.Errorf("%s became %s", was, now)
	}
}

// signedBy is what a route with that secret puts on the wire.
func signedBy(t *testing.T, key string, now time.Time, m paging.Message) (c captured) {
	t.Helper()
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c.signature, c.body = r.Header.Get("Batsignal-Signature"), string(body)
	}))
	defer sink.Close()
	m.Address = secret.New(sink.URL)
	r := route(t, webhook.Config{
		Secret: secret.New(key), AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Now: func() time.Time { return now },
	})
	if _, err := r.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return c
}

// Somebody gives our own address as theirs, or sends on to it what they were sent: it
// proves nothing of an address and answers no page, though we have signed it.
func TestOnlyCanariesSing(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	a.must(oncall.SyncRoles(t.Context(), a.db, noon, []oncall.Role{{Name: "lead", Title: "the lead", Leads: true, PatienceSev1: time.Minute, Patience: time.Minute}}))
	id, err := oncall.AddPerson(t.Context(), a.db, noon, oncall.Person{Handle: "mallory", Zone: "UTC"})
	a.must(err)
	a.must(oncall.BindAccount(t.Context(), a.db, noon, id, oncall.Account{Network: "net", Name: "mallory"}))
	mallory := oncall.Actor{PersonID: id, Handle: "mallory", Zone: "UTC", Network: "net", Account: "mallory"}
	_, err = (&oncall.Desk{DB: a.db, Now: a.clock, OpenDoor: true}).Join(t.Context(), mallory, "lead", oncall.Hours{})
	a.must(err)

	_, _, err = a.svc.AddContact(t.Context(), mallory, "webhook", a.address)
	a.must(err)
	got := a.flies()
	if len(got) != 1 || got[0].status != http.StatusBadRequest || !strings.Contains(got[0].body, `"kind":"proof"`) {
		t.Errorf("the code for our own address: %+v", got)
	}
	if list[bool](a, `select proven_at is not null from contact`)[0] {
		t.Error("our own address is proven to be somebody's")
	}

	list[int64](a, `update contact set proven_at = $1 returning id`, noon) // from before this was refused
	_, err = a.svc.Page(t.Context(), mallory, incidents.Call{To: "mallory", Why: "come"})
	a.must(err)
	pager := &incidents.Pager{Service: a.svc, Routes: a.errands.Routes, Parallel: 8, Worker: paging.Worker{Me: "a", Routes: []string{"webhook"}}}
	for again := true; again; again = pager.Settle() {
		_, err = pager.Step(t.Context())
		a.must(err)
	}
	if got = a.flies(); len(got) == 0 || got[0].status != http.StatusBadRequest || !strings.Contains(got[0].body, `"kind":"page"`) {
		t.Fatalf("a page for our own address: %+v", got)
	}
	if status := a.resent(got[0].signature, got[0].body); status != http.StatusBadRequest {
		t.Errorf("a page that is sent on: %d", status)
	}
	var page webhook.Page
	a.must(json.Unmarshal([]byte(got[0].body), &page))
	// Whoever has the secret is not thereby whoever is paged.
	sent := signedBy(t, shared().Reveal(), a.clock(), paging.Message{Kind: paging.KindCanary, Key: page.Key, Code: page.Code})
	a.resent(sent.signature, sent.body)
	if state := list[string](a, `select state from page`)[0]; state != "open" {
		t.Errorf("the page is %s", state)
	}
}

// While the database is away, whoever sends it is asked to come again: else a route that
// works would be reported.
func TestACanaryThatCannotBeNoted(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	sent := signedBy(t, shared().Reveal(), a.clock(), paging.Message{Kind: paging.KindCanary, Key: "proof-1", Code: "K7QXM"})
	a.db.Close()
	if status := a.resent(sent.signature, sent.body); status != http.StatusServiceUnavailable {
		t.Errorf("%d", status)
	}
	notJSON := `"canary`
	if status := a.resent(sent.signature, notJSON); status != http.StatusForbidden {
		t.Errorf("what nobody signed: %d", status)
	}
}
