package webhook

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"time"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// Canary receives the daily synthetic page of this route: the address of it is one of our
// own, so that a page goes out, comes in by the network, and is checked like a receiver
// checks it. It takes no other page: whoever gives this address as their own is not rung
// by it, and what a receiver was sent answers nothing when it is sent on to here.
type Canary struct {
	Secret secret.Text
	Ear    paging.Ear
	Now    func() time.Time
	Log    *slog.Logger
}

// longestPage is how much of a page is read, in bytes.
const longestPage = 1 << 20

// ServeHTTP takes one page. What is not signed by us is refused, and what is not synthetic.
func (c *Canary) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestPage))
	if err != nil {
		http.Error(w, "The page is too long.", http.StatusRequestEntityTooLarge)
		return
	}
	if err := Verify(c.Secret, r.Header.Get("Batsignal-Signature"), body, c.Now()); err != nil {
		http.Error(w, "This is not signed by us.", http.StatusForbidden)
		return
	}
	var page Page
	if err := json.Unmarshal(body, &page); err != nil {
		http.Error(w, "This is no page.", http.StatusBadRequest)
		return
	}
	if page.Kind != string(paging.KindCanary) {
		http.Error(w, "Only synthetic pages are taken here.", http.StatusBadRequest)
		return
	}
	// News, and no answer: that it arrived is all that it shows.
	if err := c.Ear.Receipt(r.Context(), paging.Receipt{
		Route: "webhook", Event: "canary " + page.Key, Key: page.Key, News: paging.NewsDelivered, Detail: "it came back to us", At: c.Now(),
	}); err != nil {
		c.Log.Warn("a synthetic page could not be noted", "error", err)
		http.Error(w, "Try again.", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
