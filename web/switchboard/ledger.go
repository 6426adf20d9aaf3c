package switchboard

import (
	"context"
	"net/http"
	"strings"

	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/web"
)

// mostHeads is how many rooms are listed in which a head was seen.
const mostHeads = 10

// index says what this process is.
func (s *site) index(w http.ResponseWriter, r *http.Request) error {
	l, err := s.Ledger.Overview(r.Context(), mostHeads)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "index", view{Title: "Switchboard", Here: "/", Body: struct {
		Pin    string
		Ledger ledger.View
	}{s.Pin, l}})
}

// checkPage takes a statement or a head, and says what it proves.
type checkPage struct {
	Ledger  ledger.View
	Keys    []string
	Problem string
	Good    []string // what is proven
	Bad     []string
}

func (s *site) showCheck(w http.ResponseWriter, r *http.Request) error {
	return s.renderCheck(w, r, http.StatusOK, checkPage{})
}

func (s *site) renderCheck(w http.ResponseWriter, r *http.Request, status int, p checkPage) (err error) {
	if p.Ledger, err = s.Ledger.Overview(r.Context(), mostHeads); err != nil {
		return err
	}
	if p.Keys, err = s.LedgerKeys(r.Context()); err != nil {
		return err
	}
	return s.render(w, r, status, "check", view{Title: "Check the ledger", Here: "/ledger/check", Body: p})
}

func (s *site) check(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, ledger.LongestPasted+longestForm); err != nil {
		return err
	}
	// Browsers send line ends as CRLF; what was signed has none of them.
	p, err := s.judge(r.Context(), strings.ReplaceAll(r.PostForm.Get("text"), "\r\n", "\n"))
	status := http.StatusOK
	if kind := fault.KindOf(err); err != nil && kind != fault.Internal {
		p.Problem, status, err = fault.Say(err), web.StatusOf(err), nil
	}
	if err != nil {
		return err
	}
	return s.renderCheck(w, r, status, p)
}

// judge says what a text proves, against the whole ledger.
func (s *site) judge(ctx context.Context, pasted string) (p checkPage, err error) {
	keys, err := s.LedgerKeys(ctx)
	if err != nil {
		return p, err
	}
	done, err := s.whole.Enter(ctx, s.Now())
	if err != nil {
		return p, err
	}
	defer done()
	p.Good, p.Bad, err = s.Ledger.Judge(ctx, pasted, keys)
	return p, err
}
