package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"batsignal/incidents/alert"
	"batsignal/oncall/fault"
	escalation "batsignal/oncall/policy"
)

// alertKeysBody is the routing keys, and the form for one more.
type alertKeysBody struct {
	Keys     []alertKey
	Revoked  []alertKey
	Policies []string
	Did      string
	Problem  string

	Name, Policy string
	Words        []keyWord
	Made         string // the key, told this once
	Simple       string // the address for scripts, which holds the key: told this once
	Base         string // the address to give to tools that know PagerDuty
}

// alertKey is a key with what its words mean.
type alertKey struct {
	alert.Key
	Means string
}

// keyWord is a word of senders, and the severity that is chosen for it.
type keyWord struct {
	Word   string // "" is every other
	Field  string
	Label  string
	Chosen int
}

func (s *site) showAlertKeys(w http.ResponseWriter, r *http.Request) error {
	body := alertKeysBody{Words: wordsOf(alert.Key{})}
	if r.URL.Query().Get("did") == "revoked" {
		body.Did = "The key is revoked. Alerts that came by it stay."
	}
	return s.renderAlertKeys(w, r, http.StatusOK, body)
}

// wordsOf are the words of senders with what they mean by a key.
func wordsOf(k alert.Key) []keyWord {
	if k.Default == 0 {
		k.Default = k.Means("critical")
	}
	var list []keyWord
	for _, word := range alert.Words() {
		list = append(list, keyWord{Word: word, Field: "severity-" + word, Label: "“" + word + "” is", Chosen: k.Means(word)})
	}
	return append(list, keyWord{Field: "severity-other", Label: "Any other word is", Chosen: k.Default})
}

func (s *site) renderAlertKeys(w http.ResponseWriter, r *http.Request, status int, body alertKeysBody) error {
	keys, err := s.Alerts.Keys(r.Context(), true)
	if err != nil {
		return err
	}
	for _, k := range keys {
		one := alertKey{k, meansOf(k)}
		if k.RevokedAt == nil {
			body.Keys = append(body.Keys, one)
		} else {
			body.Revoked = append(body.Revoked, one)
		}
	}
	set, err := escalation.Load(r.Context(), s.DB)
	if err != nil {
		return err
	}
	for _, p := range set.Policies {
		body.Policies = append(body.Policies, p.Name)
	}
	body.Base = strings.TrimRight(s.PublicURL, "/")
	return s.render(w, r, status, "alertkeys", view{Title: "Keys for alerts", Here: "/alerts", Body: body})
}

// meansOf tells in words what is not as usual by a key.
func meansOf(k alert.Key) string {
	var odd []string
	for _, w := range wordsOf(k) {
		if n, chosen := k.Severities[w.Word]; chosen {
			odd = append(odd, w.Word+" is "+strconv.Itoa(n))
		}
	}
	return strings.Join(append(odd, "other words are "+strconv.Itoa(k.Default)), ", ")
}

// addAlertKey makes a key. It is shown on the page that answers, and nowhere else: it is
// in no address, and not stored.
func (s *site) addAlertKey(w http.ResponseWriter, r *http.Request) error {
	k := alert.Key{Name: trimmed(r.PostForm, "name"), Policy: trimmed(r.PostForm, "policy"), Severities: map[string]int{}}
	usual := alert.Key{Default: 2}
	for _, word := range alert.Words() {
		if n, err := strconv.Atoi(r.PostForm.Get("severity-" + word)); err == nil && n != usual.Means(word) {
			k.Severities[word] = n
		}
	}
	k.Default, _ = strconv.Atoi(r.PostForm.Get("severity-other")) // what is no number is as usual
	text, _, err := s.Alerts.AddKey(r.Context(), s.visitor(r).Actor(), k)
	body := alertKeysBody{Words: wordsOf(k), Name: k.Name, Policy: k.Policy}
	switch {
	case err == nil:
		body.Words, body.Policy = wordsOf(alert.Key{}), ""
		body.Made = text.Reveal()
		body.Simple = strings.TrimRight(s.PublicURL, "/") + intakePath + body.Made
		return s.renderAlertKeys(w, r, http.StatusOK, body)
	case statusOf(err) >= http.StatusInternalServerError:
		return err
	}
	body.Problem = s.said(err)
	return s.renderAlertKeys(w, r, statusOf(err), body)
}

func (s *site) revokeAlertKey(w http.ResponseWriter, r *http.Request) error {
	err := s.Alerts.RevokeKey(r.Context(), s.visitor(r).Actor(), chi.URLParam(r, "name"))
	if fault.KindOf(err) == fault.NotFound {
		return s.renderAlertKeys(w, r, http.StatusNotFound, alertKeysBody{Problem: s.said(err), Words: wordsOf(alert.Key{})})
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/alerts/keys?did=revoked", http.StatusSeeOther)
	return nil
}
