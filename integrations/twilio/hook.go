package twilio

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

const (
	// largestForm is how much of a request is read, in bytes: a text of ten parts and what
	// Twilio tells of its sender are a tenth of it.
	largestForm = 64 << 10
	// earBudget is how long the ear may take. Twilio waits 15 s for an answer; before that
	// we tell the caller ourselves that we could not hear.
	earBudget = 8 * time.Second
)

// Hook hears what Twilio sends: it serves everything below /twilio/. It needs nothing but
// what stands here, so that it can run in a process of its own.
//
// In Twilio's console, of the number that we text and call from, "A message comes in" is
// [PathSMS] and "A call comes in" is [PathCall], both below the public address and by
// POST.
type Hook struct {
	Ear paging.Ear
	// Open gives the number behind a contact, for the caller who wants to be joined to it and
	// was rung by the message of this key.
	Open       func(ctx context.Context, contact int64, key string) (secret.Text, error)
	Tokens     []secret.Text // as in Config
	AccountSID string
	From       string // our number, which the lead sees when somebody is joined to them
	InboundURL string // as in Config: it is signed
	Voice      string // as in Config
	// Words turns the commands in what the ear says ("!ack") into those of this
	// installation; nil leaves them.
	Words func(string) string
	Now   func() time.Time
	Log   *slog.Logger

	base    string
	speaker speaker
	mux     *http.ServeMux
	hush    *hush
}

// NewHook checks that a hook has what it needs. Its errors are plain sentences for the
// operator.
func NewHook(h Hook) (*Hook, error) {
	if h.Ear == nil || h.Open == nil || h.Now == nil || h.Log == nil {
		return nil, errors.New("what comes back from Twilio needs somebody who listens")
	}
	if len(h.Tokens) == 0 || h.Tokens[0].Empty() {
		return nil, errors.New("what comes back from Twilio is signed with the auth token of the account: name the file that holds it")
	}
	if !isNumber(h.From) {
		return nil, errors.New("Twilio needs a number to call from, written like +14155550100")
	}
	if err := checkAddress("at which Twilio reaches us", h.InboundURL, "https://in.example.org"); err != nil {
		return nil, err
	}
	h.base = strings.TrimRight(h.InboundURL, "/")
	h.speaker = speaker{voice: h.Voice, links: links{base: h.base}}
	h.hush = newHush()
	h.mux = http.NewServeMux()
	h.mux.HandleFunc(PathSMS, h.texted)
	h.mux.HandleFunc(PathCall, h.rang)
	h.mux.HandleFunc(pathTexted+"{key}", h.receipt(h.textReceipt))
	h.mux.HandleFunc(pathCalled+"{key}", h.receipt(h.callReceipt))
	h.mux.HandleFunc(pathKeys+"{key}", h.keyed)
	h.mux.HandleFunc(pathJoined+"{key}", h.joined)
	return &h, nil
}

// ServeHTTP refuses what Twilio did not sign with 403, and nothing of it is heard.
func (h *Hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, largestForm)
	if err := r.ParseForm(); err != nil {
		status := http.StatusBadRequest
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		w.WriteHeader(status)
		return
	}
	if !h.signed(r) || (h.AccountSID != "" && r.PostForm.Get("AccountSid") != h.AccountSID) {
		h.Log.Warn("a request that Twilio did not sign for our account was refused")
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	h.mux.ServeHTTP(w, r)
}

// receipt hears what became of a message. If it cannot be heard now it is 503, and Twilio
// comes again (see [links.texted]).
func (h *Hook) receipt(read func(key string, form url.Values) (paging.Receipt, bool)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key, ok := h.key(w, r)
		if !ok {
			return
		}
		news, ok := read(key, r.PostForm)
		if !ok {
			w.WriteHeader(http.StatusNoContent) // a state that tells nothing, or one of tomorrow
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), earBudget)
		defer cancel()
		if err := h.Ear.Receipt(ctx, news); err != nil {
			h.Log.Error("news from Twilio could not be heard", "key", key, "event", news.Event, "error", err)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// key is the key of the message that a request is about.
func (h *Hook) key(w http.ResponseWriter, r *http.Request) (string, bool) {
	key := r.PathValue("key")
	if _, _, ok := paging.ParseKey(key); !ok {
		w.WriteHeader(http.StatusNotFound)
		return "", false
	}
	return key, true
}

// reply asks the ear, within what Twilio has patience for.
func (h *Hook) reply(ctx context.Context, r paging.Reply) (paging.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, earBudget)
	defer cancel()
	said, err := h.Ear.Reply(ctx, r)
	if err != nil {
		h.Log.Error("an answer from Twilio could not be heard", "route", r.Route, "key", r.Key, "event", r.Event, "error", err)
		return said, err
	}
	if h.Words != nil {
		said.Say = h.Words(said.Say)
	}
	return said, nil
}

func (h *Hook) answer(w http.ResponseWriter, verbs ...any) {
	verbs = slices.DeleteFunc(verbs, func(verb any) bool {
		s, ok := verb.(say)
		return ok && s.Text == "" // the ear had nothing to say
	})
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	if _, err := w.Write([]byte(document(verbs...))); err != nil {
		h.Log.Debug("Twilio did not wait for an answer")
	}
}
