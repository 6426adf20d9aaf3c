package switchboard_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/ledger"
	"batsignal/oncall/unseal"
	"batsignal/web/switchboard"
)

var ctx = context.Background()

// canary is the number that must be in two answers only.
const canary = "+14155550177"

// world is everything that the pages ask, in memory.
type world struct {
	t       testing.TB
	mu      sync.Mutex
	now     time.Time
	handler http.Handler
	log     strings.Builder

	bot, switchboard, custody escrow.PrivateKey

	links     map[string]link
	enrolled  []escrow.Sealed
	contacts  map[int64][]switchboard.Contact
	openings  []ledger.Opening
	codes     map[int64]string // by contact, as the switchboard sent them
	proofs    []string         // codes that were said back
	deleted   []int64
	challenge unseal.Challenge
	confirmed []string
	grant     unseal.Grant
	refuse    error // what the next call answers
	reveal    *switchboard.Showing
	seeds     map[string]switchboard.Seed
	head      ledger.Head
	vkey      string
	statement string
}

type link struct {
	switchboard.Person
	purpose contact.LinkPurpose
	used    bool
}

var ada = switchboard.Person{ID: 7, Handle: "ada", Zone: "Europe/Berlin"}

func newWorld(t testing.TB, change ...func(*switchboard.Options)) *world {
	t.Helper()
	w := &world{
		t: t, now: time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC), links: map[string]link{}, contacts: map[int64][]switchboard.Contact{},
		codes: map[int64]string{}, seeds: map[string]switchboard.Seed{}, statement: "the statement\n",
	}
	for _, k := range []*escrow.PrivateKey{&w.bot, &w.switchboard, &w.custody} {
		var err error
		if *k, err = escrow.GenerateKey(); err != nil {
			t.Fatal(err)
		}
	}
	skey, vkey, err := note.GenerateKey(nil, "ledger.example.org")
	if err != nil {
		t.Fatal(err)
	}
	w.vkey = vkey
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	const hash = "Gi88TV5vcIGSo7TF1uf4CRorPE1eb3CBkqO0xdbn+Ak="
	signed, err := note.Sign(&note.Note{Text: "ledger.example.org\n812\n" + hash + "\n"}, signer)
	if err != nil {
		t.Fatal(err)
	}
	if w.head, err = ledger.ParseHead(string(signed), vkey); err != nil {
		t.Fatal(err)
	}
	w.challenge = unseal.Challenge{
		Code: "K7QX", Line: "Request K7QX for INC-7 (remote code execution in openssl): opens up to 6 sealed contacts. Somebody else: confirm K7QX and a code.",
		Expires: w.now.Add(15 * time.Minute), People: 6, Heard: true,
	}
	w.grant = unseal.Grant{Code: "K7QX", Incident: 7, Declared: "dana", Confirmed: "ada", Since: w.now, Until: w.now.Add(time.Hour)}
	o := switchboard.Options{
		Authority: authority{w}, Bot: bot{w}, Links: links{w}, Owners: owners{w}, Reveals: reveals{w}, Seeds: seeds{w}, Ledger: book{w},
		LedgerKeys: func(context.Context) ([]string, error) { return []string{w.vkey}, nil },
		Keys:       func(context.Context) (escrow.Keys, error) { return w.keys(), nil },
		Clean:      contact.Clean, Kinds: []string{"voice", "sms", "mail", "ntfy"}, Pin: "sha256:" + strings.Repeat("4f", 32),
		PublicURL: "https://seal.example.org", Version: "test", Now: w.Now, Log: slog.New(slog.NewTextHandler(lockedLog{w}, nil)),
	}
	for _, c := range change {
		c(&o)
	}
	if w.handler, err = switchboard.New(o); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) keys() escrow.Keys {
	return escrow.Keys{Epoch: 1, Bot: w.bot.Public(), Switchboard: w.switchboard.Public(), Custody: w.custody.Public()}
}

func (w *world) Now() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }

func (w *world) wait(d time.Duration) { w.mu.Lock(); defer w.mu.Unlock(); w.now = w.now.Add(d) }

type lockedLog struct{ *world }

func (l lockedLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.Write(b)
}

// linkFor makes a link for ada.
func (w *world) linkFor(purpose contact.LinkPurpose) (token string) {
	token = fmt.Sprintf("LINK%022d", len(w.links))
	token = strings.NewReplacer("0", "A", "1", "B", "8", "C", "9", "D").Replace(token)
	w.links[token] = link{ada, purpose, false}
	return token
}

// has gives ada a sealed phone and some openings.
func (w *world) has() {
	p := escrow.Policy{Lanes: []unseal.Lane{unseal.LaneDial, unseal.LaneReveal}, PerQuarter: 6, Quiet: "23:00-06:30 Europe/Berlin"}
	w.contacts[ada.ID] = []switchboard.Contact{
		{ID: 31, Kind: "voice", Standing: "proven", Record: "0b9e6f0a-6f7e-4b7e-9a0e-2f1f6a1f0c11", Policy: p.Text(), SealedAt: w.now.Add(-900 * time.Hour)},
		{ID: 32, Kind: "mail", Standing: "not proven", Record: "7c1d2e3f-6f7e-4b7e-9a0e-2f1f6a1f0c12", Policy: escrow.DefaultPolicy().Text(), SealedAt: w.now.Add(-time.Hour)},
	}
	w.contacts[8] = []switchboard.Contact{{ID: 41, Kind: "sms", Standing: "proven", Record: "x", Policy: p.Text(), SealedAt: w.now}}
	inc, dialled := int64(7), int64(806)
	w.openings = []ledger.Opening{
		{Intent: 805, Record: "0b9e6f0a-6f7e-4b7e-9a0e-2f1f6a1f0c11", Kind: "voice", Lane: unseal.LaneDial, Incident: &inc, Role: "release-engineering",
			At: w.now.Add(-50 * time.Hour), Dialled: &dialled, Result: "taken", Leaf: ledger.Leaf{By: []string{"dana", "carol"}}},
		{Intent: 701, Record: "0b9e6f0a-6f7e-4b7e-9a0e-2f1f6a1f0c11", Kind: "voice", Lane: unseal.LaneOwner, At: w.now.Add(-890 * time.Hour), Result: "taken"},
	}
}

func (w *world) asks() {
	w.reveal = &switchboard.Showing{
		Code: "RV4KQ2", Text: "batsignal reveal, version 1\nrequest: RV4KQ2\nasked by: dana\nshow: voice of ada\nrecord: 0b9e6f0a-6f7e-4b7e-9a0e-2f1f6a1f0c11\nincident: INC-7\nwhy: the root key is in her safe\n",
		Asker: "dana", Whose: "ada", Kind: "voice", Incident: 7, Why: "the root key is in her safe, and her phone does not ring",
		AskedAt: w.now, Until: w.now.Add(24 * time.Hour), Need: 3, Of: 5,
	}
}

// browser keeps cookies, and says where its forms come from.
type browser struct {
	*world
	cookies map[string]string
	site    string // Sec-Fetch-Site; "" says nothing
	origin  string
	from    string
}

func (w *world) browser() *browser {
	return &browser{world: w, cookies: map[string]string{}, site: "same-origin", from: "192.0.2.1:4711"}
}

type answer struct {
	*httptest.ResponseRecorder
	body string // as people read it
	raw  string
}

func (b *browser) do(method, path string, form url.Values) answer {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, path, body)
	r.RemoteAddr = b.from
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.site != "" {
		r.Header.Set("Sec-Fetch-Site", b.site)
	}
	if b.origin != "" {
		r.Header.Set("Origin", b.origin)
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	b.handler.ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return answer{rec, html.UnescapeString(rec.Body.String()), rec.Body.String()}
}

func (b *browser) get(path string) answer { b.t.Helper(); return b.do(http.MethodGet, path, nil) }

func (b *browser) post(path string, pairs ...string) answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, form)
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// csrf is the token of the forms of this visit.
func (b *browser) csrf() string {
	b.t.Helper()
	m := csrfField.FindStringSubmatch(b.get("/").body)
	if m == nil {
		b.t.Fatal("nobody is here")
	}
	return m[1]
}

// enters comes to ada's own page.
func (w *world) enters() *browser {
	w.t.Helper()
	b := w.browser()
	if a := b.post("/mine", "token", w.linkFor(contact.LinkMine)); a.Code != http.StatusSeeOther || a.Header().Get("Location") != "/mine" {
		w.t.Fatalf("ada did not come in: %d %s", a.Code, a.body)
	}
	return b
}

// says fails unless an answer has a status and these texts.
func (a answer) says(t testing.TB, status int, texts ...string) {
	t.Helper()
	if a.Code != status {
		t.Errorf("status %d, want %d:\n%s", a.Code, status, a.main())
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("it does not say %q:\n%s", text, a.main())
		}
	}
}

func (a answer) main() string {
	_, rest, ok := strings.Cut(a.body, `<main id="main">`)
	if !ok {
		return a.body
	}
	main, _, _ := strings.Cut(rest, "</main>")
	return main
}
