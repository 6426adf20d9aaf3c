package tree_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/component"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/skill"
	"batsignal/oncall/tree"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) // a Monday
	boss = oncall.Actor{Handle: "boss", Network: "chat", Account: "boss"}
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// house is an organisation with a clock.
type house struct {
	*tree.Service
	t   *testing.T
	db  pg.DB
	now time.Time
}

// open makes people whom nobody may ring yet, and the roles of the default.
func open(t *testing.T, db pg.DB, people ...string) *house {
	t.Helper()
	h := &house{t: t, db: db, now: noon}
	clock := func() time.Time { return h.now }
	h.Service = &tree.Service{DB: db, Now: clock,
		People: &oncall.Desk{DB: db, Now: clock, Networks: []string{"chat"}}, Rota: &rota.Service{DB: db, Now: clock},
		Skills: &skill.Service{DB: db, Now: clock}, Components: &component.Service{DB: db, Now: clock}}
	must(t, oncall.SyncRoles(ctx, db, noon, oncall.DefaultRoles()))
	for _, p := range people {
		h.person(p)
	}
	return h
}

func (h *house) person(handle string) {
	id, err := oncall.AddPerson(ctx, h.db, noon, oncall.Person{Handle: handle, Name: strings.ToUpper(handle), Zone: "Europe/Berlin", Wakes: 420, Sleeps: 1380})
	must(h.t, err)
	must(h.t, oncall.BindAccount(ctx, h.db, noon, id, oncall.Account{Network: "chat", Name: handle + "-irc"}))
}

// yes is somebody's own yes, and an admin's.
func (h *house) yes(handle, role string) {
	h.t.Helper()
	_, err := h.People.Add(ctx, boss, handle, role)
	must(h.t, err)
	p, err := oncall.PersonByHandle(ctx, h.db, handle)
	must(h.t, err)
	_, err = h.People.Join(ctx, oncall.Actor{PersonID: p.ID, Handle: handle, Network: "chat", Account: handle + "-irc"}, role, oncall.Hours{})
	must(h.t, err)
}

func (h *house) export() tree.File {
	h.t.Helper()
	f, err := h.Export(ctx)
	must(h.t, err)
	return f
}

// read parses a tree that is right.
func (h *house) read(text string) tree.File {
	h.t.Helper()
	f, err := tree.Parse([]byte("batsignal: 1\n" + text))
	must(h.t, err)
	return f
}

func (h *house) plan(f tree.File) tree.Plan {
	h.t.Helper()
	p, err := h.Plan(ctx, boss, f)
	must(h.t, err)
	return p
}

// apply applies what was planned.
func (h *house) apply(f tree.File) tree.Plan {
	h.t.Helper()
	p := h.plan(f)
	done, err := h.Apply(ctx, boss, f, p.Fingerprint)
	must(h.t, err)
	if done.Text() != p.Text() {
		h.t.Errorf("planned:\n%s\ndone:\n%s", p.Text(), done.Text())
	}
	return done
}

// says wants words in a text.
func says(t testing.TB, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not in:\n%s", w, text)
		}
	}
}

// refused wants an error of a kind whose sentence says some words.
func refused(t testing.TB, err error, kind fault.Kind, words ...string) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		t.Fatalf("want %v, got %v", kind, err)
	}
	says(t, fault.Say(err), words...)
}

func count(t testing.TB, db pg.DB, sql string, args ...any) (n int) {
	t.Helper()
	must(t, db.QueryRow(ctx, sql, args...).Scan(&n))
	return n
}

// full is a tree with everything in it.
const full = `
labels:
- {name: security-expert, title: security expert}
- {name: kernel, title: knows the kernel, self: true}
roles:
- name: coordination
  title: coordination
  leads: true
  patience: 5m
  patience_sev1: 90s
  minimum: 2
  prefers: [[owner, security-expert], [kernel]]
  policies: {every: calm, 1: urgent}
  members: [maria, jan, li]
- {name: press, title: the press, minimum: 0}
schedules:
- name: weekly
  title: Every week
  role: coordination
  zone: Europe/Berlin
  layers:
  - {name: first, starts: 2026-03-02 09:00, every: 1 week, members: [maria, jan]}
  - {name: second, zone: UTC, starts: 2026-03-01, ends: 2027-01-01, every: [4 days, 3 days], members: [li], only: [mon-fri 09:00-17:00, "22:00-24:00"], shadow: true}
- {name: empty, zone: UTC}
policies:
- name: urgent
  title: Urgent
  repeats: 3
  steps:
  - {notify: [schedule weekly, "room libera/#ops"]}
  - {notify: [role coordination, person li], wait: 1m30s, all: true}
- {name: calm, steps: [{notify: schedule weekly, wait: 2m}]}
components:
- {name: openssl, aliases: [libssl, "3des"], owners: [maria, stranger], co_owners: [jan-irc], knows: [li]}
- {name: bash}
people:
- {handle: li, name: Li Wei, zone: Asia/Shanghai, awake: "08:00-00:30", work: mon-fri 09:00-18:00, languages: zh en, region: cn, labels: [kernel]}
`
