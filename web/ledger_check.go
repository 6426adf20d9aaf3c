package web

import (
	"context"
	"errors"
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

// longestPasted is a statement of some dozens of addresses, or some thousand lines of a
// room, in bytes.
const longestPasted = 1 << 20

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
	if len(pasted) <= longestPasted {
		body.Pasted = pasted
	}
	return p.renderCheck(w, r, statusOf(err), body)
}

// judge says what a text proves, against the whole ledger as it is here.
func (p *escrowPages) judge(ctx context.Context, pasted string) (body checkBody, err error) {
	switch {
	case strings.TrimSpace(pasted) == "":
		return body, fault.New(fault.Invalid, "Paste a statement, or lines of a room in which the bot said a head: Ledger 812 1a2b3c4d5e6f7081.")
	case len(pasted) > longestPasted:
		return body, fault.New(fault.Invalid, "That is more than can be checked here at once. Check it on your own machine: batsignal ledger verify.")
	}
	keys, err := p.ledgerKeys(ctx)
	if err != nil {
		return body, err
	}
	if len(keys) == 0 {
		return body, fault.New(fault.Unready, "There is no keyring yet that names the key of the ledger, so nothing can be checked by it.")
	}
	done, err := p.alone(ctx)
	if err != nil {
		return body, err
	}
	defer done()
	if strings.Contains(pasted, "batsignal statement of openings") {
		return p.judgeStatement(ctx, pasted, keys)
	}
	return p.judgeHeads(ctx, pasted, keys)
}

func (p *escrowPages) judgeStatement(ctx context.Context, pasted string, keys []string) (body checkBody, err error) {
	statement, err := ledger.VerifyStatement(pasted, keys...)
	if err != nil {
		return body, err
	}
	body.Good = []string{"The statement is signed by the key of the ledger, and proves what it says.", statement.Says()}
	b, err := ledger.Read(ctx, p.DB)
	if err != nil {
		return body, err
	}
	report, err := statement.Check(b, keys...)
	if err != nil {
		return body, err
	}
	if body.Bad = report.Findings; len(body.Bad) == 0 {
		body.Good = append(body.Good, "No entry about these addresses was left out: the whole ledger was counted.", report.Says())
	}
	return body, nil
}

func (p *escrowPages) judgeHeads(ctx context.Context, pasted string, keys []string) (body checkBody, err error) {
	seen, err := ledger.SeenIn(strings.NewReader(pasted), "what you pasted")
	if err != nil {
		return body, err
	}
	if len(seen) == 0 {
		return body, fault.Wrap(fault.Invalid, errNothingToCheck, "That is neither a statement nor does it have a head in it. A head reads like: Ledger 812 1a2b3c4d5e6f7081.")
	}
	b, err := ledger.Read(ctx, p.DB)
	if err != nil {
		return body, err
	}
	report, err := b.Verify(seen, keys...)
	if err != nil {
		return body, err
	}
	if body.Bad = report.Findings; len(body.Bad) == 0 {
		body.Good = []string{report.Says()}
	}
	return body, nil
}

var errNothingToCheck = errors.New("neither a statement nor a head")
