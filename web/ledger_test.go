package web_test

import (
	"context"
	"fmt"
	"html"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
	nethtml "golang.org/x/net/html"

	"batsignal/oncall/custody"
	"batsignal/oncall/ledger"
	"batsignal/oncall/unseal"
	"batsignal/web"
)

func TestTheLedgerIsPublic(t *testing.T) {
	w := newEscrowWorld(t, newWorld).inForce()
	a := w.get("/ledger")
	a.says(t, 200, "0 openings.", "The ledger is empty", `href="/ledger">Ledger</a>`)
	readAloud(t, a.body)
	w.tell(fire)
	record := w.seals("li")
	w.writes(ledger.Leaf{Type: ledger.TypeProof, Record: record, Lane: unseal.LaneOwner})
	a = w.get("/ledger")
	a.says(t, 200, "0 openings</b> since", "1 code to somebody", "No head was seen in any room yet", w.head().Line())
	w.opens(record, unseal.LaneDial, "maria", "kevin")
	w.seen("#ops")
	w.tell("wait 10s")
	w.writes(ledger.Leaf{Type: ledger.TypeRevealAsked, Incident: "INC-1", Note: "no grant is live"})

	a = w.get("/ledger")
	a.says(t, 200, "1 opening</b> since", `<time datetime="2026-03-01T03:14:20Z">`, w.head().Line(), "#ops", "4 entries",
		"1 entry at the end is not covered yet", "on the word of maria and kevin", `href="/incidents/1">INC-1</a>`, `href="/ledger/2"`,
		"batsignal ledger verify", "/ledger/leaves.txt", "no grant is live")
	a.lacks(t, "55501234", record) // the page says its beginning only
	readAloud(t, a.body)

	// Old entries are behind a link, down to the first.
	for range 30 {
		w.writes(ledger.Leaf{Type: ledger.TypeProof, Record: record, Lane: unseal.LaneOwner})
	}
	a = w.get("/ledger")
	a.says(t, 200, `href="/ledger?before=10#entries"`)
	a = w.get("/ledger?before=10")
	a.says(t, 200, "Entries before 10", `href="/ledger/0"`)
	a.lacks(t, "Older entries")
	readAloud(t, a.body)
	w.get("/ledger?before=0").says(t, 404)
	w.get("/ledger?before=x").says(t, 404)
}

// Whoever has the page of one entry can check it without us: the proof leads to a head that
// the key signed.
func TestAnEntryComesWithItsProof(t *testing.T) {
	w := newEscrowWorld(t, newWorld).inForce()
	record := w.seals("li")
	intent := w.opens(record, unseal.LaneDial, "maria", "kevin")
	for range 5 {
		w.writes(ledger.Leaf{Type: ledger.TypeProof, Record: record, Lane: unseal.LaneOwner})
	}
	pre := regexp.MustCompile(`(?s)<pre class="exact">(.*?)</pre>`)
	for seq := range w.head().Size {
		a := w.get(fmt.Sprintf("/ledger/%d", seq))
		a.says(t, 200, fmt.Sprintf("<h1>Entry %d of the ledger", seq))
		readAloud(t, a.body)
		parts := pre.FindAllStringSubmatch(a.body, -1)
		if len(parts) != 2 {
			t.Fatalf("%d texts", len(parts))
		}
		body, proof := html.UnescapeString(parts[0][1]), html.UnescapeString(parts[1][1])
		before, checkpoint, _ := strings.Cut(proof, "\n\n")
		head, err := ledger.ParseHead(checkpoint, w.vkey)
		if err != nil || head.Size != 8 {
			t.Fatal(err, head.Size)
		}
		lines := strings.Split(before, "\n")
		if lines[0] != "c2sp.org/tlog-proof@v1" || lines[1] != fmt.Sprintf("index %d", seq) {
			t.Errorf("%q", lines)
		}
		var hashes tlog.RecordProof
		for _, line := range lines[2:] {
			h, err := tlog.ParseHash(line)
			if err != nil {
				t.Fatal(err)
			}
			hashes = append(hashes, h)
		}
		if err := tlog.CheckRecord(hashes, head.Size, head.Hash, seq, tlog.RecordHash([]byte(body))); err != nil {
			t.Errorf("entry %d: %v", seq, err)
		}
		if tlog.CheckRecord(hashes, head.Size, head.Hash, seq, tlog.RecordHash([]byte(body+" "))) == nil {
			t.Error("a changed entry is proven too")
		}
	}
	w.get(fmt.Sprintf("/ledger/%d", intent+1)).says(t, 200, fmt.Sprintf(`href="/ledger/%d">entry %d</a>`, intent, intent), "B: two people", "taken: it rings", record)
	for _, path := range []string{"/ledger/8", "/ledger/999999999999999999", "/ledger/-1", "/ledger/1x"} {
		w.get(path).says(t, 404)
	}
}

// What is downloaded is all that it takes to check the ledger elsewhere.
func TestTheBookCanBeTakenHome(t *testing.T) {
	w := newEscrowWorld(t, newWorld)
	w.get("/ledger/key.txt").says(t, 404, "There is no keyring yet")
	w.get("/keyring").says(t, 404)
	w.inForce()
	w.opens(w.seals("li"), unseal.LaneDial, "maria", "kevin")
	key := w.get("/ledger/key.txt")
	if key.body != w.vkey+"\n" || !strings.HasPrefix(key.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("%q", key.body)
	}
	b, err := ledger.Import(strings.NewReader(w.get("/ledger/leaves.txt").body))
	w.must(err)
	report, err := b.Verify(nil, strings.TrimSpace(key.body))
	w.must(err)
	if report.Err() != nil || report.Leaves != 3 || report.Openings[unseal.LaneDial] != 1 {
		t.Errorf("%+v", report)
	}
	for _, path := range []string{"/keyring", "/keyring/1"} {
		if a := w.get(path); a.Code != 200 || a.body != w.keyring.Text() {
			t.Errorf("%s: %d %q", path, a.Code, a.body)
		}
	}
	w.get("/keyring/2").says(t, 404, "There is no keyring 2.")
	w.get("/keyring/0").says(t, 404)
}

// Somebody who can write every row has a keyring of their own there, with a key by which they
// sign a ledger of their own. What is handed out here is still what this installation trusts.
func TestAKeyringThatWasSwappedInTheRowsIsNotHandedOut(t *testing.T) {
	var w *escrowWorld
	w = newEscrowWorld(t, newWorld, func(o *web.Options) {
		o.Keyring = func(ctx context.Context) (custody.Keyring, error) { return w.keyring, nil }
	}).inForce()
	_, theirs, err := ledger.NewKey("ledger.example.org")
	w.must(err)
	mine := w.ceremony("Mallory", "Mallet", "Marvin", "Trudy", "Eve")
	mine.Switchboard.Ledger = theirs
	o, err := custody.Init(mine)
	w.must(err)
	w.sql(`update keyring set manifest = $1 where epoch = 1`, o.Keyring.Text())
	if a := w.get("/keyring/1"); a.body != o.Keyring.Text() {
		t.Fatalf("nothing was swapped: %q", a.body)
	}
	if a := w.get("/ledger/key.txt"); a.body != w.vkey+"\n" {
		t.Errorf("the key is %q, want %q", a.body, w.vkey)
	}
	if a := w.get("/keyring"); a.body != w.keyring.Text() {
		t.Errorf("people are told to seal to %q", a.body)
	}
}

func (w *escrowWorld) checks(text string) answer {
	w.t.Helper()
	r := httptest.NewRequest("POST", "/ledger/check", strings.NewReader(url.Values{"text": {text}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(r)
}

// A statement, or a line of a log, is checked by a form without a script.
func TestStatementsAndLinesAreChecked(t *testing.T) {
	w := newEscrowWorld(t, newWorld)
	readAloud(t, w.get("/ledger/check").body)
	w.checks("Ledger 1 0000000000000000").says(t, 503, "There is no keyring yet that names the key of the ledger")
	w.inForce()
	record := w.seals("li")
	li := w.person("li").ID
	zero, err := w.log.MakeStatement(ctx, w.board, w.Now(), li)
	w.must(err)
	first := w.head()
	w.opens(record, unseal.LaneDial, "maria", "kevin")

	for _, text := range []string{zero, strings.ReplaceAll(zero, "\n", "\r\n"), "\n\n  " + zero + "  \n"} {
		a := w.checks(text)
		a.says(t, 200, "It is proven", "0 openings of 1 sealed address", "No entry about these addresses was left out")
		readAloud(t, a.body)
	}
	statement, err := w.log.MakeStatement(ctx, w.board, w.Now(), li)
	w.must(err)
	w.checks(statement).says(t, 200, "1 opening of 1 sealed address")
	a := w.checks(strings.Replace(statement, "openings 1", "openings 0", 1))
	a.says(t, 400, "it was changed", `aria-describedby="text-problem"`)
	readAloud(t, a.body)

	log := fmt.Sprintf("[03:14] <bot> %s\n[03:20] <bot> %s\n[03:21] <li> thanks\n", first.Line(), w.head().Line())
	w.checks(log).says(t, 200, "It is proven", "2 heads from elsewhere found in it")
	a = w.checks(strings.Replace(log, first.Prefix(), "0123456789abcdef", 1))
	a.says(t, 200, "It does not fit", "custodians")
	a.lacks(t, "It is proven")
	readAloud(t, a.body)
	w.checks(strings.Replace(log, "Ledger 1 ", "Ledger 77 ", 1)).says(t, 200, "It does not fit")
	a = w.checks("<script>alert(1)</script> hello")
	a.says(t, 400, "neither a statement nor", "&lt;script&gt;alert(1)")
	w.checks(first.Note).says(t, 200, "It is proven", "The head is signed by the key of the ledger: "+first.Line())
	w.checks(strings.Replace(first.Note, "\n1\n", "\n2\n", 1)).says(t, 400, "not signed by the key of this ledger")
	w.checks("   ").says(t, 400, "Paste a statement")
	w.checks(strings.Repeat("x", 2<<20)).says(t, 400, "more than can be checked")
}

// Somebody who owns the database takes an opening back: whoever has a statement, or the line
// of a room, sees it.
func TestAChangedLedgerIsFoundOnThePage(t *testing.T) {
	w := newEscrowWorld(t, newWorld).inForce()
	record := w.seals("li")
	w.opens(record, unseal.LaneDial, "maria", "kevin")
	statement, err := w.log.MakeStatement(ctx, w.board, w.Now(), w.person("li").ID)
	w.must(err)
	line := w.head().Line()
	owner, err := pgx.Connect(ctx, w.base.OwnerDSN)
	w.must(err)
	t.Cleanup(func() { _ = owner.Close(ctx) })
	for _, text := range []string{
		`set session_replication_role = replica`,
		`update ledger_leaf set body = replace(body, '"type":"intent"', '"type":"refused"') where seq = 1`,
	} {
		if _, err := owner.Exec(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{statement, line} {
		w.checks(text).says(t, 200, "It does not fit", "Show this, and what you pasted, to the")
	}
}

// Too many who have the whole ledger read are asked to wait, and only they.
func TestTheWholeLedgerIsNotReadWithoutEnd(t *testing.T) {
	w := newEscrowWorld(t, newWorld).inForce()
	refused := 0
	for range 40 {
		if w.get("/ledger/leaves.txt").Code == 429 {
			refused++
		}
	}
	if refused != 10 {
		t.Errorf("%d of 40 were refused", refused)
	}
	w.checks("Ledger 1 0000000000000000").says(t, 429, "Wait a minute")
	w.get("/ledger").says(t, 200)
	w.tell("wait 60s")
	w.get("/ledger/leaves.txt").says(t, 200)
}

// Old browsers, and any on plain HTTP, do not say where a form comes from. A page of another
// site cannot make somebody do anything here.
func TestChecksDoNotNeedToKnowWhoAsks(t *testing.T) {
	w := newEscrowWorld(t, newSignWorld).inForce()
	v := w.visitor()
	v.site, v.origin = "", "null"
	v.postForm("/ledger/check", url.Values{"text": {"nothing"}}).says(t, 400, "neither a statement nor")
	v.site, v.origin = "cross-site", "https://evil.example"
	v.postForm("/ledger/check", url.Values{"text": {"nothing"}}).says(t, 403)
	li := w.enters("li")
	li.fill("/ledger/check", "/ledger/check", url.Values{"text": {"nothing"}}).says(t, 400, "neither a statement nor")
	li.postForm("/custody/drill", url.Values{"signature": {"x"}}).says(t, 403, "This form was not made for you")
}

func TestNoPagesWithoutASwitchboard(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/ledger", "/ledger/0", "/ledger/leaves.txt", "/ledger/key.txt", "/ledger/check", "/custody", "/keyring", "/keyring/1"} {
		w.get(path).says(t, 404)
	}
	a := w.get("/")
	a.lacks(t, "/ledger", "/custody")
	for name := range w.scrape() {
		if strings.Contains(name, "sealed") || strings.Contains(name, "custodian") {
			t.Error(name)
		}
	}
}

// TestAttack25 puts the worst texts into every field of a leaf that can hold them, and reads
// the pages as a browser would.
func TestAttack25HostileLeaves(t *testing.T) {
	w := newEscrowWorld(t, newSignWorld, func(o *web.Options) {
		o.Custody = nil
	}).inForce()
	w.writes(ledger.Leaf{Type: "later", Role: "role", By: []string{"li"}, Result: "result", Note: "note"})
	bare := map[string]map[string]int{}
	tagsOf := func(path string) map[string]int {
		root, err := nethtml.Parse(strings.NewReader(w.get(path).body))
		w.must(err)
		return tags(root)
	}
	bare["/ledger"], bare["/ledger/"] = tagsOf("/ledger"), tagsOf("/ledger/0")
	for i, text := range append([]string{"INC-1\" onclick=\"x", `","type":"intent","lane":"B`}, hostile...) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			seq := w.writes(ledger.Leaf{Type: "later", Role: text, By: []string{text, text}, Result: text, Note: text})
			one := fmt.Sprintf("/ledger/%d", seq)
			for _, path := range []string{"/ledger", one} {
				a := w.get(path)
				a.says(t, 200)
				readAloud(t, a.body)
				for _, r := range a.body {
					if r != '\n' && (unicode.In(r, unicode.Cc, unicode.Cf) || r == 0x3164 || r == 0x115f || r == 0x2028) {
						t.Errorf("%s holds U+%04X as it is", path, r)
						break
					}
				}
				harmless := bare["/ledger"]
				if path == one {
					harmless = bare["/ledger/"]
				}
				for tag, n := range tagsOf(path) {
					if harmless[tag] == 0 {
						t.Errorf("%s has %d <%s> that no harmless text makes", path, n, tag)
					}
				}
			}
		})
	}
	// None of it counts as an opening, in the list or in the figures.
	w.get("/ledger").says(t, 200, "0 openings</b> since")
	if n := w.scrape()["batsignal_sealed_openings_total lane=B"]; n != 0 {
		t.Errorf("%v openings", n)
	}
	b, err := ledger.Import(strings.NewReader(w.get("/ledger/leaves.txt").body))
	w.must(err)
	if report, err := b.Verify(nil, w.vkey); err != nil || report.Err() != nil {
		t.Error(err, report.Err())
	}
}

func TestFiguresOfSealedAddresses(t *testing.T) {
	w := newEscrowWorld(t, newWorld)
	if got := w.scrape(); got["batsignal_custodians_needed"] != 0 || got["batsignal_sealed_contacts"] != 0 {
		t.Errorf("%v", got)
	}
	w.inForce()
	record := w.seals("li")
	w.opens(record, unseal.LaneDial, "maria", "kevin")
	w.seen("#ops")
	w.opens(record, unseal.LaneReveal, "maria")
	w.writes(ledger.Leaf{Type: ledger.TypeProof, Record: record, Lane: unseal.LaneOwner})
	want := map[string]float64{
		"batsignal_sealed_openings_total lane=B": 1, "batsignal_sealed_openings_total lane=D": 1, "batsignal_sealed_openings_total lane=F": 1,
		"batsignal_ledger_unanchored": 3, "batsignal_sealed_contacts": 1, "batsignal_custodians_live": 5, "batsignal_custodians_needed": 3,
	}
	got := w.scrape()
	for name, n := range want {
		if have, ok := got[name]; !ok || have != n {
			t.Errorf("%s is %v, %v; want %v", name, have, ok, n)
		}
	}
	w.tell(fmt.Sprintf("wait %dh", 60*24))
	if n := w.scrape()["batsignal_custodians_live"]; n != 0 {
		t.Errorf("%v live", n)
	}
	// A keyring that is not to be trusted takes nothing else with it.
	w.sql(`update keyring set manifest = 'nonsense'`)
	got = w.scrape()
	if _, there := got["batsignal_custodians_live"]; there || got["batsignal_sealed_contacts"] != 1 {
		t.Errorf("%v", got)
	}
}

func TestProgramsReadTheLedger(t *testing.T) {
	w := newEscrowWorld(t, func(t testing.TB, _ ...func(*web.Options)) *world { return newAPIWorld(t) })
	p := w.program(t, "li")
	if r := p.get("/ledger").must(t, 200); r.at("head") != nil || r.at("since") != nil || r.at("openings") != 0.0 {
		t.Error(r.body)
	}
	p.get("/custody").refused(t, 404, "not found", "", "There is no keyring yet")
	w.inForce()
	record := w.seals("li")
	w.opens(record, unseal.LaneDial, "maria", "kevin")
	w.seen("#ops")
	r := p.get("/ledger").must(t, 200)
	if r.at("openings") != 1.0 || r.at("head.line") != w.head().Line() || r.at("anchors.0.room") != "#ops" {
		t.Error(r.body)
	}
	if got := r.at("head.hash"); got != w.head().Hash.String() {
		t.Error(r.body)
	}
	r = p.get("/ledger/leaves?limit=2").must(t, 200)
	if got := fmt.Sprint(r.all("seq")); got != "[2 1]" || r.at("next") != "1" || r.at("items.1.lane") != "B" {
		t.Error(r.body)
	}
	r = p.get("/ledger/leaves?after=1").must(t, 200)
	if got := fmt.Sprint(r.all("seq")); got != "[0]" || r.at("next") != nil || r.at("items.0.record") != record {
		t.Error(r.body)
	}
	p.get("/ledger/leaves?after=x").refused(t, 400, "invalid", "after", "no place in this list")

	r = p.get("/custody").must(t, 200)
	if r.at("level") != "ok" || r.at("live") != 5.0 || r.at("fingerprint") != w.keyring.Fingerprint() || r.at("custodians.0.name") != "Ada" || r.at("custodians.0.drilled") != nil {
		t.Error(r.body)
	}
	if got := r.at("keys.0.name"); got != "bot-key" {
		t.Error(got)
	}
	if a := w.program(t, "li", "command").get("/ledger"); a.Code != 403 {
		t.Errorf("%d: %s", a.Code, a.body)
	}
}
