package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"batsignal/incidents/retrospective"
	"batsignal/oncall"
	"batsignal/web"
)

// retroWorld is a world with retrospectives, in which INC-1 is over and drafted.
type retroWorld struct {
	*world
	retro *retrospective.Service
}

func newRetroWorld(t testing.TB) *retroWorld {
	t.Helper()
	r := &retroWorld{}
	r.world = newWorld(t, func(o *web.Options) {
		r.retro = &retrospective.Service{
			DB: o.DB, Queue: o.Incidents.Queue, Now: o.Now, Log: o.Log, Incidents: o.Incidents, PublicURL: "https://bat.example",
		}
		o.Retro = r.retro
	})
	r.tell(fire + longer + ending)
	if err := r.retro.DraftDue(ctx); err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *retroWorld) actor(handle string) oncall.Actor {
	return oncall.Actor{PersonID: w.person(handle).ID, Handle: handle, Network: "console"}
}

// newest is the newest edition of INC-1.
func (w *retroWorld) newest() retrospective.Edition {
	w.t.Helper()
	e, err := w.retro.Get(ctx, 1, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// save makes an edition by somebody who is quick.
func (w *retroWorld) save(handle, text string) retrospective.Edition {
	w.t.Helper()
	e, err := w.retro.Save(ctx, w.actor(handle), 1, w.newest().Number, text)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// editLink is the path of a link by which somebody edits INC-1.
func (w *retroWorld) editLink(handle string) string {
	w.t.Helper()
	link, _, err := w.retro.EditLink(ctx, w.actor(handle), 1)
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimPrefix(link.Reveal(), "https://bat.example")
}

// send sends the form behind a link.
func (w *retroWorld) send(link string, edition int, text, do string, headers ...string) answer {
	form := url.Values{"edition": {strconv.Itoa(edition)}, "text": {text}, "do": {do}}
	r := httptest.NewRequest(http.MethodPost, link, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.do(r)
}

// inForm is what the form of a page holds.
func inForm(t *testing.T, body string) (edition, text string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		name, _ := attr(n, "name")
		switch {
		case n.Data == "input" && name == "edition":
			edition, _ = attr(n, "value")
		case n.Data == "textarea" && name == "text" && n.FirstChild != nil:
			text = n.FirstChild.Data
		}
	}
	return edition, text
}

func TestTheDocumentIsShown(t *testing.T) {
	w := newRetroWorld(t)
	w.get("/incidents/1").says(t, 200, `<a href="/incidents/1/retro">Retrospective</a>`)
	a := w.get("/incidents/1/retro")
	a.says(t, 200, "<h1 dir=\"auto\">Retrospective of INC-1: remote code execution in openssl</h1>", "edition 1, by the bot",
		`<h2 dir="auto">Who was reached when</h2>`, "<strong>Note</strong> by li: upstream has a fix in 3.0.9",
		"#inc-1-openssl", "!retro edit", `<a href="/incidents/1/retro.md">As it is written</a>`)
	if strings.Contains(a.body, "What changed") || strings.Contains(a.body, "\u200b") || strings.Contains(a.body, "U+200B") {
		t.Error(a.main())
	}
	if got := w.get("/incidents/1/retro.md"); got.body != w.newest().Text || got.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%s: %s", got.Header().Get("Content-Type"), got.body)
	}
	for path, to := range map[string]string{
		"/incidents/INC-1/retro": "/incidents/1/retro", "/incidents/inc-1/retro.md?edition=1": "/incidents/1/retro.md?edition=1",
		"/incidents/01/retro/changes?to=2": "/incidents/1/retro/changes?to=2",
	} {
		if a := w.get(path); a.Code != http.StatusPermanentRedirect || a.Header().Get("Location") != to {
			t.Errorf("%s: %d to %s", path, a.Code, a.Header().Get("Location"))
		}
	}
	for path, status := range map[string]int{
		"/incidents/2/retro": 404, "/incidents/2/retro.md": 404, "/incidents/x/retro": 404, "/incidents/1/retro?edition=2": 404,
		"/incidents/1/retro?edition=0": 400, "/incidents/1/retro?edition=x": 400, "/incidents/1/retro?edition=99999999999": 400,
		"/incidents/1/retro/changes": 404, "/incidents/1/retro/changes?from=1&to=7": 404,
	} {
		w.get(path).says(t, status)
	}
	w.tell("maria #ops: !batsignal --separate the moon is full\nkevin #ops: !confirm")
	w.get("/incidents/2/retro").says(t, 409, "INC-2 goes on")
	if a := w.get("/incidents/2"); strings.Contains(a.body, "Retrospective") {
		t.Error("an incident without a retrospective links to it")
	}
}

func TestEditionsAndWhatChanged(t *testing.T) {
	w := newRetroWorld(t)
	first := w.newest().Text
	w.save("li", strings.Replace(first, "*What would we do in the same way the next time?*", "- the mirrors were told early\n- nobody <b>panicked</b>", 1))
	w.get("/incidents/1/retro").says(t, 200, "edition 2, by <bdi>li</bdi>", "<li dir=\"auto\">nobody &lt;b&gt;panicked&lt;/b&gt;</li>",
		`<a href="?edition=1">Edition 1</a>`, `<a href="/incidents/1/retro/changes?to=2">What changed`)
	w.get("/incidents/1/retro?edition=1").says(t, 200, "This is an old edition.", "The newest is edition 2.", "retro.md?edition=1")
	w.get("/incidents/1/retro.md?edition=1").says(t, 200, "*What would we do in the same way the next time?*")
	for _, path := range []string{"/incidents/1/retro/changes", "/incidents/1/retro/changes?to=2", "/incidents/1/retro/changes?from=1&to=2"} {
		a := w.get(path)
		a.says(t, 200, "What changed from edition 1 to edition 2", `<span class="unseen">removed: </span><span>*What would we do`,
			`<span class="unseen">added: </span><span>- nobody &lt;b&gt;panicked&lt;/b&gt;`, "lines are the same")
		if n := strings.Count(a.body, `class="added"`) + strings.Count(a.body, `class="removed"`); n != 3 {
			t.Errorf("%d lines differ", n)
		}
	}
	w.get("/incidents/1/retro/changes?from=2&to=2").says(t, 200, "Nothing is different.")
}

func TestEditingByALink(t *testing.T) {
	w := newRetroWorld(t)
	link := w.editLink("li")
	for range 2 { // programs that look at links come more than once
		for _, method := range []string{http.MethodHead, http.MethodGet} {
			w.do(httptest.NewRequest(method, link, nil)).says(t, 200)
		}
	}
	a := w.get(link)
	a.says(t, 200, "Edit the retrospective of INC-1", "You write as <b><bdi>li</bdi></b>, from edition 1")
	edition, text := inForm(t, a.body)
	if edition != "1" || text != w.newest().Text {
		t.Errorf("the form holds edition %s:\n%s", edition, text)
	}
	if strings.Contains(a.body, strings.TrimPrefix(link, "/retro/edit/")) {
		t.Error("the page repeats its token")
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer", "Content-Security-Policy": wantPolicy} {
		if got := a.Header().Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}

	w.send(link, 1, "# Mine\r\n\r\n- **one**\r\n", "look").says(t, 200, "What it would look like", "<strong>one</strong>", "Nothing is saved yet")
	if n := w.newest().Number; n != 1 {
		t.Fatalf("looking at it made edition %d", n)
	}
	for i := 1; i <= 3; i++ { // people save often
		a := w.send(link, i, fmt.Sprintf("# Mine\r\n\r\nversion %d\r\n", i), "save")
		if to := fmt.Sprintf("%s?saved=%d", link, i+1); a.Code != http.StatusSeeOther || a.Header().Get("Location") != to {
			t.Fatalf("%d to %s", a.Code, a.Header().Get("Location"))
		}
		w.get(a.Header().Get("Location")).says(t, 200, fmt.Sprintf("Saved. This is edition %d.", i+1))
	}
	if e := w.newest(); e.Text != "# Mine\n\nversion 3\n" || e.By != "li" {
		t.Errorf("%+v", e)
	}
	// Nothing was changed, so there is no new edition.
	w.send(link, 4, w.newest().Text, "save")
	if n := w.newest().Number; n != 4 {
		t.Errorf("edition %d", n)
	}
}

// What two people wrote is never lost: who comes second gets both.
func TestTwoPeopleEditAtOnce(t *testing.T) {
	w := newRetroWorld(t)
	link := w.editLink("ana")
	base := w.save("li", "one\ntwo\nthree\nfour\nfive\n")
	w.save("kevin", "one\ntwo\nTHREE\nfour\nfive\n")

	a := w.send(link, base.Number, "one\r\ntwo\r\nthree, says ana\r\nfour\r\nfive\r\n", "save")
	a.says(t, 409, "Somebody else saved while you wrote", "Edition 3 was saved while edition 2 was being changed", "by <bdi>kevin</bdi>", "You changed the same places")
	edition, text := inForm(t, a.body)
	if edition != "3" || !strings.Contains(text, "three, says ana") || !strings.Contains(a.body, "THREE") {
		t.Errorf("edition %s of:\n%s", edition, text)
	}
	if w.newest().Number != 3 {
		t.Error("it was saved all the same")
	}

	// In other places the two are put together, and looked through before they are saved.
	a = w.send(link, base.Number, "ONE\r\ntwo\r\nthree\r\nfour\r\nfive\r\n", "save")
	a.says(t, 409, "holds both of your changes", "Your text alone")
	edition, text = inForm(t, a.body)
	if edition != "3" || text != "ONE\ntwo\nTHREE\nfour\nfive\n" {
		t.Errorf("edition %s of:\n%s", edition, text)
	}
	if a := w.send(link, 3, text, "save"); a.Code != http.StatusSeeOther {
		t.Errorf("%d", a.Code)
	}
	if e := w.newest(); e.Number != 4 || e.Text != text || e.By != "ana" {
		t.Errorf("%+v", e)
	}

	// A form without an edition, or of one that there never was, overwrites nothing.
	for _, odd := range []int{0, -1, 99} {
		a := w.send(link, odd, "mine", "save")
		a.says(t, 409, "Somebody else saved while you wrote")
		if _, text := inForm(t, a.body); text != "mine" {
			t.Errorf("%q", text)
		}
	}
}

func TestNothingIsLostWhenItCannotBeSaved(t *testing.T) {
	w := newRetroWorld(t)
	link := w.editLink("li")
	long := strings.Repeat("ü", retrospective.Longest+1)
	a := w.send(link, 1, long, "save")
	a.says(t, 400, "and may have 200000")
	if _, text := inForm(t, a.body); text != long {
		t.Errorf("%d letters came back", len(text))
	}
	w.send(link, 1, "", "save").says(t, 400, "The document is empty")
	w.send(link, 1, strings.Repeat("x", 5<<20), "save").says(t, 400, "more than a document may hold")
	w.send(link, 1, strings.Repeat("ü", retrospective.Longest-1), "save").says(t, 303)

	// The link has expired while somebody wrote.
	w.tell("wait 24h")
	w.get(link).says(t, 410, "This link does not work", "!retro edit")
	w.send(link, 2, "a day's <work>", "save").says(t, 410, "This link does not work", "a day&#39;s &lt;work&gt;")
	if n := w.newest().Number; n != 2 {
		t.Errorf("edition %d", n)
	}
}

func TestWrongEditLinks(t *testing.T) {
	w := newRetroWorld(t)
	link := w.editLink("li")
	other := "/retro/edit/" + strings.Repeat("A", retrospective.TokenLength)
	w.get(other).says(t, 410, "This link does not work")
	w.send(other, 1, "x", "save").says(t, 410, "This link does not work")
	for _, path := range []string{"/retro/edit/x", link + "x", link[:len(link)-1], "/retro/edit/%00" + strings.Repeat("A", 42), "/retro/edit/" + strings.Repeat("A", 100_000)} {
		w.get(path).says(t, 404, "This link does not work")
		w.send(path, 1, "x", "save").says(t, 404, "This link does not work")
	}
	w.get("/retro/edit/").says(t, 404)
	for _, method := range []string{"PUT", "DELETE", "PATCH"} {
		w.do(httptest.NewRequest(method, link, nil)).says(t, 405)
	}
	// A link to answer a page by is none to edit by.
	w.tell("kevin #ops: !page maria the signing server is down")
	w.get("/retro/edit/"+strings.TrimPrefix(w.link("maria"), "/ack/")).says(t, 404)
	if n := w.newest().Number; n != 1 {
		t.Errorf("edition %d", n)
	}
}

func TestAnotherSiteCannotEdit(t *testing.T) {
	w := newRetroWorld(t)
	link := w.editLink("li")
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"},
		{"Sec-Fetch-Site", "cross-site", "Origin", "null"},
	} {
		w.send(link, 1, "evil", "save", headers...).says(t, 403, "sent by another site")
	}
	if n := w.newest().Number; n != 1 {
		t.Fatalf("another site made edition %d", n)
	}
	w.send(link, 1, "ours", "save", "Sec-Fetch-Site", "same-origin", "Origin", "null").says(t, 303)
	w.send(link, 2, "from an old browser", "save", "Origin", "null").says(t, 303)
}

func TestTheEditTokenIsNotWrittenAnywhere(t *testing.T) {
	w := newRetroWorld(t)
	link := w.editLink("li")
	w.get(link + "/")
	w.get(link)
	w.send(link, 1, "evil", "save", "Sec-Fetch-Site", "cross-site")
	w.send(link, 1, "a", "save")
	w.send(link, 1, "b", "save")
	w.send(link, 1, strings.Repeat("x", 5<<20), "save")
	w.tell("wait 24h")
	w.send(link, 2, "late", "save")
	token := strings.TrimPrefix(link, "/retro/edit/")
	for where, text := range map[string]string{"log": w.log.String(), "figures": w.get("/metrics").body} {
		if strings.Contains(text, token) {
			t.Errorf("the %s hold the token", where)
		}
		if !strings.Contains(text, "/retro/edit/{token}") {
			t.Errorf("the %s do not name the route", where)
		}
	}
}

// TestHostileDocuments has people save texts that are made to harm whoever reads them,
// and reads every page with them as a browser would.
func TestHostileDocuments(t *testing.T) {
	w := newRetroWorld(t)
	link := w.editLink("li")
	texts := append(hostile, "[click](javascript:alert(1))", "[x](https://evil.example/\"onmouseover=alert(1))", "<https://evil.example/'onclick='alert(1)>",
		"</textarea><script>alert(1)</script>", "&lt;script&gt;&#x202e;&#0;", "# <script>alert(1)</script>\n# a second one\n### deep\n> # quoted\n\n1. <b>\n", "```\n</code></pre><script>\n```",
		"![x](https://evil.example/x.png)", "\n\n\nleading lines")
	for i, text := range texts {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			w.t = t
			before := w.newest()
			saved := w.save("li", text+" "+strconv.Itoa(i))
			pages := map[string]answer{
				"document": w.get("/incidents/1/retro"), "changes": w.get("/incidents/1/retro/changes"), "form": w.get(link),
				"look": w.send(link, saved.Number, text, "look"), "conflict": w.send(link, before.Number, text+" and more", "save"),
				"expired": w.send("/retro/edit/"+strings.Repeat("A", retrospective.TokenLength), 1, text, "save"),
			}
			for name, a := range pages {
				root, err := html.Parse(strings.NewReader(a.body))
				if err != nil {
					t.Fatal(err)
				}
				h1, level := 0, 0
				for n := range root.Descendants() {
					if n.Type == html.CommentNode {
						t.Errorf("%s: a comment", name)
					}
					if n.Type != html.ElementNode {
						continue
					}
					switch n.Data {
					case "iframe", "svg", "style", "object", "embed", "base", "script":
						t.Errorf("%s: <%s>", name, n.Data)
					case "img":
						if src, _ := attr(n, "src"); !strings.HasPrefix(src, "/static/icon.svg?v=") {
							t.Errorf("%s: a picture from %q", name, src)
						}
					case "h1", "h2", "h3", "h4":
						now, _ := strconv.Atoi(n.Data[1:])
						if now > level+1 {
							t.Errorf("%s: <%s> follows <h%d>", name, n.Data, level)
						}
						if level = now; now == 1 {
							h1++
						}
					}
					for _, at := range n.Attr {
						if strings.HasPrefix(at.Key, "on") || at.Key == "style" {
							t.Errorf("%s: <%s %s>", name, n.Data, at.Key)
						}
						if at.Key != "href" && at.Key != "src" && at.Key != "action" {
							continue
						}
						if rel, _ := attr(n, "rel"); strings.HasPrefix(at.Val, "https://evil.example") && n.Data == "a" && rel == "nofollow noopener noreferrer" {
							continue
						}
						if !strings.HasPrefix(at.Val, "/") && !strings.HasPrefix(at.Val, "#") && !strings.HasPrefix(at.Val, "?") {
							t.Errorf("%s: %s=%q", name, at.Key, at.Val)
						}
					}
				}
				if h1 != 1 {
					t.Errorf("%s: %d headings of the first level", name, h1)
				}
			}
			for _, name := range []string{"document", "changes"} {
				for _, r := range pages[name].body {
					if r != '\n' && (r < ' ' || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069) {
						t.Errorf("%s holds U+%04X as it is", name, r)
						break
					}
				}
			}
			if _, got := inForm(t, pages["form"].body); got != saved.Text {
				t.Errorf("the form holds %q, not %q", got, saved.Text)
			}
		})
	}
}

// TestTheDocumentCanBeReadAloud checks the basics of accessibility.
func TestTheDocumentCanBeReadAloud(t *testing.T) {
	w := newRetroWorld(t)
	link := w.editLink("li")
	first := w.newest()
	w.save("li", first.Text+"\n#### Deep\n\ntext\n")
	for path, a := range map[string]answer{
		"document": w.get("/incidents/1/retro"), "changes": w.get("/incidents/1/retro/changes"), "form": w.get(link),
		"conflict": w.send(link, 1, first.Text+"more", "save"), "no link": w.send("/retro/edit/x", 1, "x", "save"),
	} {
		root, err := html.Parse(strings.NewReader(a.body))
		if err != nil {
			t.Fatal(err)
		}
		ids, refer := map[string]bool{}, []string{}
		for n := range root.Descendants() {
			if id, ok := attr(n, "id"); ok && ids[id] {
				t.Errorf("%s: the id %q is there twice", path, id)
			} else if ok {
				ids[id] = true
			}
			for _, name := range []string{"for", "aria-labelledby", "aria-describedby"} {
				if to, ok := attr(n, name); ok {
					refer = append(refer, to)
				}
			}
			switch n.Data {
			case "a", "button", "h1", "h2", "h3", "h4", "label":
				if n.Type == html.ElementNode && words(n) == "" {
					t.Errorf("%s: an empty <%s>", path, n.Data)
				}
			case "textarea":
				if id, _ := attr(n, "id"); !strings.Contains(a.body, `for="`+id+`"`) {
					t.Errorf("%s: <textarea> %q has no label", path, id)
				}
			}
		}
		for _, id := range refer {
			if !ids[id] {
				t.Errorf("%s: nothing has the id %q", path, id)
			}
		}
	}
}

func TestWithoutRetrospectives(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	for _, path := range []string{"/incidents/1/retro", "/incidents/1/retro.md", "/incidents/1/retro/changes", "/retro/edit/" + strings.Repeat("A", 43)} {
		w.get(path).says(t, 404)
	}
}
