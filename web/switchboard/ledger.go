package switchboard

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
)

// longestPaste is a statement of some dozens of addresses, as a browser writes it.
const longestPaste = 1 << 20

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
		Seeds  bool
	}{s.Pin, l, s.Seeds != nil}})
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
	if err := readForm(w, r, longestPaste); err != nil {
		return err
	}
	// Browsers send line ends as CRLF; what was signed has none of them.
	var p checkPage
	err := s.judge(r.Context(), &p, strings.ReplaceAll(r.PostForm.Get("text"), "\r\n", "\n"))
	status := http.StatusOK
	if kind := fault.KindOf(err); err != nil && kind != fault.Internal && kind != fault.Unready {
		p.Problem, status, err = fault.Say(err), statusOf(err), nil
	}
	if err != nil {
		return err
	}
	return s.renderCheck(w, r, status, p)
}

// judge says what a text proves.
func (s *site) judge(ctx context.Context, p *checkPage, pasted string) error {
	keys, err := s.LedgerKeys(ctx)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(pasted)
	switch {
	case text == "":
		return fault.New(fault.Invalid, "Paste a statement, or a head as the bot said it in a room: Ledger 812 1a2b3c4d5e6f7081.")
	case strings.Contains(text, "batsignal statement of openings"):
		statement, err := ledger.VerifyStatement(pasted, keys...)
		if err != nil {
			return err
		}
		p.Good = append(p.Good, "The statement is signed by the ledger's key, and hangs together.", statement.Says())
		return s.judgeHead(ctx, p, statement.Head.Size, statement.Head.Prefix())
	case strings.Contains(text, "\n\n\u2014 "):
		head, err := ledger.ParseHead(text+"\n", keys...)
		if err != nil {
			return fault.Wrap(fault.Invalid, err, "That head is not signed by this ledger's key, or was changed since. Paste all of it, as it was signed.")
		}
		p.Good = append(p.Good, fmt.Sprintf("The head is signed by the ledger's key: %s.", head.Line()))
		return s.judgeHead(ctx, p, head.Size, head.Prefix())
	}
	size, prefix, ok := ledger.ParseLine(text)
	if !ok {
		return fault.New(fault.Invalid, "That is neither a statement nor a head. A head reads like: Ledger 812 1a2b3c4d5e6f7081.")
	}
	return s.judgeHead(ctx, p, size, prefix)
}

// judgeHead tells whether a head that somebody has is one of the ledger that is here.
func (s *site) judgeHead(ctx context.Context, p *checkPage, size int64, prefix string) error {
	if size == 0 {
		p.Good = append(p.Good, "It is the head of an empty ledger, which every ledger continues.")
		return nil
	}
	h, found, err := s.Ledger.Head(ctx, size)
	switch {
	case err != nil:
		return err
	case !found:
		p.Bad = append(p.Bad, fmt.Sprintf("No head of %d entries was signed here. Either it is not of this ledger, or entries were taken away since. Show it to the custodians.", size))
	case h.Prefix() != prefix:
		p.Bad = append(p.Bad, fmt.Sprintf("The ledger here had another head at %d entries: %s. Entries were changed, or there are two ledgers. Show it to the custodians.", size, h.Line()))
	default:
		p.Good = append(p.Good, fmt.Sprintf("The ledger here has that very head at %d entries.", size))
	}
	return nil
}
