package web

import (
	"context"
	"net/http"
	"strings"

	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
)

// checkBody takes a statement, or lines of a chat log, and says what they prove.
type checkBody struct {
	Pasted  string // is there again when it could not be read
	Problem string
	Good    []string // what is proven
	Bad     []string // what does not fit
}

func (p *escrowPages) showCheck(w http.ResponseWriter, r *http.Request) error {
	return p.renderCheck(w, r, http.StatusOK, checkBody{})
}

func (p *escrowPages) renderCheck(w http.ResponseWriter, r *http.Request, status int, body checkBody) error {
	return p.render(w, r, status, "ledgercheck", view{Title: "Check the ledger", Here: "/ledger", Body: body})
}

func (p *escrowPages) check(w http.ResponseWriter, r *http.Request) error {
	if err := p.readForm(w, r); err != nil {
		return err
	}
	pasted := strings.ReplaceAll(r.PostForm.Get("text"), "\r\n", "\n") // as browsers send line ends
	body, err := p.judge(r.Context(), pasted)
	switch kind := fault.KindOf(err); {
	case err == nil:
		return p.renderCheck(w, r, http.StatusOK, body)
	case kind == fault.Internal:
		return err
	}
	body.Problem = fault.Say(err)
	if len(pasted) <= ledger.LongestPasted {
		body.Pasted = pasted
	}
	return p.renderCheck(w, r, statusOf(err), body)
}

// judge says what a text proves, against the whole ledger as it is here.
func (p *escrowPages) judge(ctx context.Context, pasted string) (body checkBody, err error) {
	keys, err := p.ledgerKeys(ctx)
	if err != nil {
		return body, err
	}
	done, err := p.whole.Enter(ctx, p.Now())
	if err != nil {
		return body, err
	}
	defer done()
	body.Good, body.Bad, err = ledger.Judge(ctx, p.DB, pasted, keys)
	return body, err
}
