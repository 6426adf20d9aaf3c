package web

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
)

// book is the whole ledger, for whoever checks it on their own machine.
func (p *escrowPages) book(w http.ResponseWriter, r *http.Request) error {
	done, err := p.whole.Enter(r.Context(), p.Now())
	if err != nil {
		return err
	}
	b, err := ledger.Read(r.Context(), p.DB)
	done() // the text goes out as slowly as it is read there
	if err != nil {
		return err
	}
	textFile(w, "ledger.txt")
	_ = b.Export(w) // who went away meanwhile needs no answer
	return nil
}

// key is the public key of the heads, as the keyring has it that is trusted here.
func (p *escrowPages) key(w http.ResponseWriter, r *http.Request) error {
	k, err := p.Keyring(r.Context())
	if err != nil {
		return err
	}
	if k.Ledger == "" {
		return fault.New(fault.NotFound, "The current keyring names no key of the ledger, so its heads cannot be checked by it.")
	}
	textFile(w, "ledger-key.txt")
	_, _ = io.WriteString(w, k.Ledger+"\n")
	return nil
}

// keyring is what people seal to, with the signatures of the custodians: the current one,
// or the one of an epoch.
func (p *escrowPages) keyring(w http.ResponseWriter, r *http.Request) error {
	get, name := p.Keyring, "keyring.txt"
	if text := chi.URLParam(r, "epoch"); text != "" {
		n, _ := strconv.Atoi(text) // at most nine digits
		get = func(ctx context.Context) (custody.Keyring, error) { return custody.At(ctx, p.DB, n) }
		name = "keyring-" + strconv.Itoa(n) + ".txt"
	}
	k, err := get(r.Context())
	if err != nil {
		return err
	}
	textFile(w, name)
	_, _ = io.WriteString(w, k.Text())
	return nil
}

// textFile announces text that browsers show, and store under that name.
func textFile(w http.ResponseWriter, name string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `inline; filename="`+name+`"`)
}
