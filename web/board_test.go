package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"batsignal/oncall/paging"
)

// The board says of every role who fills it, or who is rung, how and since when, or that
// everybody was.
func TestTheBoard(t *testing.T) {
	w := newWorld(t)
	w.phones()
	w.tell(fire)
	maria := w.pageOf("maria").ID
	role := func(title string) string {
		t.Helper()
		body := w.get("/incidents/1").body
		_, rest, ok := strings.Cut(body, `<p><b><bdi>`+title+`</bdi></b></p>`)
		if !ok {
			t.Fatalf("%s is not on the board", title)
		}
		text, _, _ := strings.Cut(rest, `<li class="role`)
		text, _, _ = strings.Cut(text, `</section>`)
		return text
	}
	if got := role("package fixing"); !strings.Contains(got, `<p class="state">filled</p>`) || !strings.Contains(got, "li") {
		t.Error(got)
	}
	got := role("coordination")
	for _, want := range []string{
		`<p class="state">ringing</p>`, "maria", fmt.Sprintf(`href="/pages/P%d"`, maria), "since 03:14:00, 20 seconds ago",
		"console handed over", "mail about to be used", "sms in 40 seconds", "voice in 1 minute",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
	w.carries("mail", paging.Permanent, "")
	if got := role("coordination"); !strings.Contains(got, "mail given up") || strings.Contains(got, "sms in") {
		t.Error(got) // the next way is used at once
	}
	w.tell("wait 20m")
	got = role("coordination")
	if !strings.Contains(got, `<p class="state">exhausted</p>`) || !strings.Contains(got, "Everybody was rung; this is round") {
		t.Error(got)
	}
	w.tell("kevin: !ack\nli #inc-1-openssl: !incident resolve done")
	if got := role("communications"); !strings.Contains(got, "Nobody is being rung.") {
		t.Error(got)
	}
	readAloud(t, w.get("/incidents/1").body)
}

// The board and the page of somebody's being rung follow along; both are whole without it.
func TestTheBoardIsLive(t *testing.T) {
	tab := browser(t)
	complained := complaints(t, tab)
	w := newWorld(t)
	w.listen()
	w.tell(fire)
	port := w.serve()
	page := pagePathOf(w, "maria")
	const following = `document.getElementById("following").textContent !== ""`
	do(t, tab, chromedp.Navigate("http://127.0.0.1:"+port+"/incidents/1"))
	until(t, tab, "listens", following)
	until(t, tab, "shows who is rung", `[...document.querySelectorAll("#roles .rung a")].some(a => a.getAttribute("href") === "`+page+`")`)
	do(t, tab, chromedp.Navigate("http://127.0.0.1:"+port+page))
	until(t, tab, "listens", following)
	w.tell("maria: !ack")
	until(t, tab, "is answered", `document.querySelector("#page .answer.acked") !== null`)
	do(t, tab, chromedp.Navigate("http://127.0.0.1:"+port+"/status"))
	for _, message := range complained() {
		t.Errorf("the browser complains: %s", message)
	}
}

func pagePathOf(w *world, handle string) string {
	return fmt.Sprintf("/pages/P%d", w.pageOf(handle).ID)
}
