package dial

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// reveal is a switchboard whose custodians sign by saying what they sign.
func (w *world) reveal(t *testing.T) *Reveals {
	t.Helper()
	used := map[string]bool{}
	r := &Reveals{
		Board: w.board, Path: filepath.Join(w.dir, "reveals.json"), Now: w.clock, Log: slog.New(slog.DiscardHandler),
		Second: func(_ context.Context, handle, digits, purpose string) error {
			if used[digits] || !strings.HasPrefix(digits, handle) || !strings.HasPrefix(purpose, "reveal-") {
				return fault.New(fault.Forbidden, "That code is wrong.")
			}
			used[digits] = true
			return nil
		},
		Needed: func(context.Context) (int, error) { return 3, nil },
		Verify: func(_ context.Context, text, signature string) (n int, name string, err error) {
			if _, err := fmt.Sscanf(signature, "%d signs ", &n); err != nil || signature != fmt.Sprint(n, " signs ", text) {
				return 0, "", fault.New(fault.Invalid, "That is not what a custodian signed.")
			}
			return n, fmt.Sprintf("custodian %d", n), nil
		},
		Release: func(_ context.Context, q RevealRequest) (paging.Sealed, error) {
			id := get[int64](t, w.db.Pool, `select contact_id from sealed_contact where record_id::text = $1`, q.Record)
			for _, a := range q.Approved {
				if a.Signature != fmt.Sprint(a.Custodian, " signs ", q.Text) {
					return paging.Sealed{}, fault.New(fault.Forbidden, "No.")
				}
			}
			return *w.half(sealed{id: id}, q.Key(), unseal.LaneReveal), nil
		},
	}
	must(t, r.Load())
	return r
}

func (w *world) approve(t *testing.T, r *Reveals, q RevealRequest, custodians ...int) {
	t.Helper()
	for _, n := range custodians {
		if _, err := r.Approve(ctx, q.Code, fmt.Sprint(n, " signs ", q.Text)); err != nil {
			t.Error(n, err)
		}
	}
}

// An address is shown to one person, once, within five minutes, after three custodians signed
// that very request.
func TestLaneDShowsOnceToOnePerson(t *testing.T) {
	w := newWorld(t)
	both := escrow.Policy{Lanes: []unseal.Lane{unseal.LaneDial, unseal.LaneReveal}, PerQuarter: 6}
	maria := w.seal(w.person("maria"), "voice", "+442071838750", both)
	w.prove(maria)
	w.volunteer("jan", "voice", "+442071838751") // agreed to lane B only
	incident := w.incident(1)
	r := w.reveal(t)

	for name, ask := range map[string]func() error{
		"no agreement": func() error { _, err := r.Ask(ctx, "ada", "jan", "voice", incident, "he has the key"); return err },
		"no contact":   func() error { _, err := r.Ask(ctx, "ada", "maria", "sms", incident, "she has the key"); return err },
		"no reason":    func() error { _, err := r.Ask(ctx, "ada", "maria", "voice", incident, " \n "); return err },
		"bad reason":   func() error { _, err := r.Ask(ctx, "ada", "maria", "voice", incident, "she\u202e has"); return err },
	} {
		if err := ask(); fault.KindOf(err) == fault.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := w.leaves("reveal-asked"); n != 0 {
		t.Errorf("%d were asked", n)
	}
	q, err := r.Ask(ctx, "ada", "maria", "voice", incident, "she alone has\nthe key of the vault")
	must(t, err)
	for _, want := range []string{"show: voice of maria\n", "to: ada\n", "why: she alone has the key of the vault\n", maria.record, q.Code, fmt.Sprintf("INC-%d\n", incident)} {
		if !strings.Contains(q.Text, want) {
			t.Errorf("%q is not in %q", want, q.Text)
		}
	}
	if strings.Contains(q.Text, maria.number) {
		t.Error("the number is in the text")
	}

	see := func(why, asker, code string) {
		t.Helper()
		if address, err := r.Show(ctx, q.Code, asker, code); err == nil || !address.Empty() {
			t.Errorf("%s: it was shown", why)
		}
	}
	see("nobody signed", "ada", "ada-1")
	w.approve(t, r, q, 1, 1, 1, 2)
	if _, err := r.Approve(ctx, q.Code, "3 signs something else"); err == nil {
		t.Error("another text was signed")
	}
	if _, err := r.Approve(ctx, "NOSUCH", ""); err == nil {
		t.Error("another request was signed")
	}
	see("two of three", "ada", "ada-1")
	r = w.reveal(t) // restarted: what is under way is on the disk
	w.approve(t, r, q, 5)
	see("somebody else", "eve", "eve-1")
	if _, err := r.Show(ctx, q.Code, "eve", "eve-1"); fault.Say(err) != "This was asked for by ada, and is shown to nobody else." {
		t.Error(err)
	}
	see("no code", "ada", "eve-2")
	w.wait(4 * time.Minute)
	address, err := r.Show(ctx, q.Code, "ada", "ada-2")
	if err != nil || address.Reveal() != maria.number {
		t.Fatal(err)
	}
	for range 2 {
		see("a second time", "ada", "ada-3")
		see("a third time", "ada", "ada-3") // everybody was told
		r = w.reveal(t)
	}
	if len(w.alarms) != 2 || !strings.Contains(w.alarms[0], "second time") {
		t.Errorf("%q", w.alarms)
	}
	for kind, want := range map[string]int{"reveal-asked": 1, "reveal-approved": 3, "intent": 1, "shown": 1, "dialed": 0, "unanchored": 0} {
		if n := w.leaves(kind); n != want {
			t.Errorf("%d leaves %s, want %d", n, kind, want)
		}
	}
	w.told()
	body := get[string](t, w.db.Pool, `select body from ledger_leaf where body::jsonb->>'type' = 'intent'`)
	if !strings.Contains(body, `"by":["ada","custodian 1","custodian 2","custodian 5"]`) || !strings.Contains(body, `"lane":"D"`) {
		t.Error(body)
	}
	if content, err := os.ReadFile(r.Path); err != nil || strings.Contains(string(content), maria.number[3:]) {
		t.Errorf("%v", err)
	}
	if info, err := os.Stat(r.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if found, err := Reconcile(ctx, w.db.Pool, noon.Add(-time.Hour), noon.Add(time.Hour)); err != nil || len(found) != 0 {
		t.Errorf("%+v %v", found, err)
	}
}

// Too late is too late, by any clock; and what could not be opened was not used up.
func TestLaneDHoldsForFiveMinutes(t *testing.T) {
	w := newWorld(t)
	both := escrow.Policy{Lanes: []unseal.Lane{unseal.LaneReveal}, PerQuarter: 6}
	maria := w.seal(w.person("maria"), "voice", "+442071838750", both)
	w.prove(maria)
	r := w.reveal(t)
	ask := func() RevealRequest {
		t.Helper()
		q, err := r.Ask(ctx, "ada", "maria", "voice", 0, "she has the key")
		must(t, err)
		return q
	}
	late := ask()
	w.approve(t, r, late, 1, 2, 3)
	for _, step := range []time.Duration{5 * time.Minute, -time.Hour} {
		w.wait(step)
		if _, err := r.Show(ctx, late.Code, "ada", "ada-1"); err == nil {
			t.Error("it was shown too late")
		}
	}
	w.wait(2 * time.Hour)
	slow := ask()
	w.wait(24 * time.Hour)
	if _, err := r.Approve(ctx, slow.Code, fmt.Sprint(1, " signs ", slow.Text)); err == nil {
		t.Error("it was signed a day late")
	}
	good := ask()
	w.approve(t, r, good, 1, 2, 3)
	whole := w.board.DB
	w.board.DB = &failing{DB: whole, statement: 3}
	if _, err := r.Show(ctx, good.Code, "ada", "ada-2"); err == nil {
		t.Error("it was shown without a ledger")
	}
	w.board.DB = whole
	if address, err := r.Show(ctx, good.Code, "ada", "ada-3"); err != nil || address.Reveal() != maria.number {
		t.Error(err)
	}
	if list := r.Requests(); len(list) != 3 {
		t.Errorf("%d are under way", len(list))
	}
	w.wait(8 * 24 * time.Hour)
	if list := r.Requests(); len(list) != 0 {
		t.Errorf("%d are under way", len(list))
	}
}

// Its owner sees it by the same way, in lane F, once for each code.
func TestTheOwnerSeesTheirOwn(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "voice", "+442071838750")
	show := ToShow{
		Record: maria.record, Lane: unseal.LaneOwner, Key: "mine-7", By: []string{"maria"},
		Release: func(context.Context) (paging.Sealed, error) { return *w.half(maria, "mine-7", unseal.LaneOwner), nil },
	}
	address, _, err := w.board.Show(ctx, show)
	if err != nil || address.Reveal() != maria.number || w.leaves("proof") != 2 || w.leaves("shown") != 1 {
		t.Errorf("%v", err)
	}
	if _, begun, err := w.board.Show(ctx, show); err == nil || !begun {
		t.Errorf("%v %v", begun, err)
	}
	show.Key, show.Lane = "mine-8", unseal.LaneDial
	if _, begun, err := w.board.Show(ctx, show); err == nil || begun {
		t.Errorf("%v %v", begun, err)
	}
	w.told()
}

func FuzzReveals(f *testing.F) {
	q := RevealRequest{Code: "ABCDEFGH", Asker: "ada", Owner: "maria", Kind: "voice", Record: "11111111-2222-4333-8444-555555555555", Why: "x", Needed: 3, AskedAt: noon}
	q.Text = q.text()
	f.Add([]byte(fmt.Sprintf(`[{"code":%q,"asker":"ada","owner":"maria","kind":"voice","record":%q,"why":"x","text":%q,"needed":3,"asked_at":"2026-03-01T12:00:00Z"}]`, q.Code, q.Record, q.Text)))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, content []byte) {
		list, err := parseReveals(content)
		if err != nil {
			return
		}
		for _, q := range list {
			if q.Text != q.text() {
				t.Errorf("%+v", q)
			}
		}
	})
}
