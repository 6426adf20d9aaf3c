package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
	"batsignal/integrations/vault/vaultapi"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Unseal is the kind that unseals the nodes of a Vault with the shares that people hand in.
// The parameter "node" is one of them, or "all".
type Unseal struct {
	Parts
	Vault *Vault
}

// NodeParam is the parameter of [Unseal] for a Vault.
func NodeParam(v *Vault) job.Param {
	p := job.Param{Name: "node", Type: job.ParamChoice, Choices: []string{"all"}, Default: "all", Help: "the node to unseal; all takes those that are sealed"}
	for _, n := range v.Nodes {
		p.Choices = append(p.Choices, n.Name)
	}
	return p
}

// Plan implements [job.Kind].
func (k *Unseal) Plan(ctx context.Context, p job.Params) ([]string, error) {
	nodes, err := k.Vault.chosen(p["node"])
	if err != nil {
		return nil, err
	}
	var plan []string
	for _, n := range nodes {
		s, err := n.SealStatus(ctx)
		switch {
		case err != nil:
			plan = append(plan, fmt.Sprintf("%s: %v. It would be waited for.", k.Vault.label(n), err))
		case !s.Initialized:
			plan = append(plan, k.Vault.label(n)+" is not initialized: nothing can be unsealed.")
		case !s.Sealed:
			plan = append(plan, k.Vault.label(n)+" is not sealed: nothing to do.")
		default:
			plan = append(plan, fmt.Sprintf("%s is sealed, and has %d of %d shares. People would be asked for the others.", k.Vault.label(n), s.Progress, s.Threshold))
		}
	}
	custody, err := CustodyOf(ctx, k.DB, k.Vault)
	if err != nil {
		return nil, err
	}
	return append(plan, custody...), nil
}

// Do implements [job.Kind]. It ends when the nodes are unsealed, or with ctx. Nothing has to
// be taken back: what Vault was told counts for the next run.
func (k *Unseal) Do(ctx context.Context, r *job.Run) (job.Result, error) {
	nodes, err := k.Vault.chosen(r.Params["node"])
	if err != nil {
		return job.Result{}, err
	}
	w := &unsealing{Unseal: k, run: r, left: nodes}
	defer w.close(ctx)
	for {
		before := len(w.left)
		if err := w.pass(ctx); err != nil {
			return job.Result{}, err
		}
		if len(w.left) == 0 || len(w.left) == before && len(w.left) < len(nodes) {
			return w.result(), nil // the others do not answer, and one does
		}
		if len(w.left) == before {
			w.tellSilence(ctx)
			if err := wait(ctx, orElse(k.Look, 500*time.Millisecond)); err != nil {
				return job.Result{}, err
			}
		}
	}
}

// unsealing is one run of it.
type unsealing struct {
	*Unseal
	run      *job.Run
	desk     *desk
	left     []*vaultapi.Node // neither unsealed by now nor found so
	told     bool             // that none answers
	why      []string
	evidence [][2]string
	opened   []string
}

// errWords says an error to people.
func errWords(err error) string {
	if said := (*fault.Error)(nil); errors.As(err, &said) {
		return said.Say
	}
	return err.Error()
}

// pass unseals each node that answers.
func (w *unsealing) pass(ctx context.Context) error {
	var left []*vaultapi.Node
	w.why = nil
	for i, n := range w.left {
		st, err := sealing{n}.State(ctx)
		switch {
		case err != nil:
			// It does not answer, holds nothing yet, or is in trouble: the others must not wait.
			left = append(left, n)
			w.why = append(w.why, errWords(err))
		case st.Open:
			w.evidence = append(w.evidence, [2]string{"node " + n.Name, "was not sealed"})
		default:
			err := w.one(ctx, n, st, i < len(w.left)-1)
			if errors.Is(err, errLeft) {
				left = append(left, n)
				w.why = append(w.why, n.Name+" does not answer any more")
			} else if err != nil {
				return err
			}
		}
	}
	w.left = left
	return nil
}

// one unseals a node; leaves has it give up one that stays silent, since others wait.
func (w *unsealing) one(ctx context.Context, n *vaultapi.Node, st state, leaves bool) error {
	began := w.desk == nil
	if began {
		var err error
		if w.desk, err = w.Unseal.open(ctx, w.run, w.Vault, ToUnseal); err != nil {
			return err
		}
	}
	label := w.Vault.label(n)
	w.run.Doing(ctx, "waiting for shares for "+n.Name)
	since := sealedSince(ctx, w.DB, w.Vault.Name, n.Name, w.Now())
	d := &drive{desk: w.desk, lock: sealing{n}, label: label, node: n.Name, leaves: leaves}
	if began {
		d.say(ctx, "%s is sealed: %d of %d. %s", label, st.Progress, st.Need, w.desk.asks())
	} else {
		d.say(ctx, "%s is sealed, too: %d of %d. I take the shares that I have.", label, st.Progress, st.Need)
	}
	d.last, d.seen = st, true
	d.at(ctx, n.Name, st)
	if err := d.until(ctx); err != nil {
		return err
	}
	now := w.Now()
	lasted := took(now.Sub(since))
	d.say(ctx, "%s is unsealed. It was sealed for %s.", label, lasted)
	w.opened = append(w.opened, n.Name)
	w.evidence = append(w.evidence, [2]string{"node " + n.Name, "unsealed, sealed for " + lasted})
	if err := unsealed(ctx, w.DB, w.Vault.Name, n.Name, now); err != nil {
		w.run.Logf(ctx, "When it was unsealed could not be noted; the next look does it.")
	}
	return nil
}

func (w *unsealing) tellSilence(ctx context.Context) {
	if !w.told {
		w.told = true
		text := fmt.Sprintf("Vault %s: %s. I wait.", w.Vault.Name, oncall.JoinNames(w.why))
		w.run.Logf(ctx, "%s", text)
		if err := w.run.Say(ctx, text); err != nil {
			w.run.Logf(ctx, "That could not be said in the room.")
		}
	}
}

func (w *unsealing) close(ctx context.Context) {
	if w.desk != nil {
		w.desk.close(ctx)
	}
}

func (w *unsealing) result() job.Result {
	res := job.Result{Evidence: w.evidence}
	if w.desk != nil {
		var right []string
		for _, h := range w.desk.held {
			if h.proven {
				right = append(right, h.String())
			}
			if h.bad {
				res.Evidence = append(res.Evidence, [2]string{"wrong share", h.String()})
			}
		}
		if len(right) > 0 {
			res.Evidence = append(res.Evidence, [2]string{"shares", oncall.JoinNames(unique(right))})
		}
	}
	for i, n := range w.left {
		res.Evidence = append(res.Evidence, [2]string{"node " + n.Name, w.why[i]})
	}
	res.Said = fmt.Sprintf("Vault %s: %s unsealed", w.Vault.Name, oncall.JoinNames(w.opened))
	if len(w.opened) == 0 {
		res.Said = fmt.Sprintf("Vault %s: no node that answers is sealed", w.Vault.Name)
	}
	if len(w.left) > 0 {
		res.Said += ", but " + oncall.JoinNames(w.why)
	}
	res.Said += "."
	return res
}

const sqlSealedSince = `select sealed_at from vault_seal where vault = @vault and node = @node and unsealed_at is null`

// sealedSince is since when a node is sealed, as far as is known: a Vault that nobody
// watched was sealed from now on.
func sealedSince(ctx context.Context, db pg.DB, vault, node string, now time.Time) time.Time {
	var since time.Time
	if err := db.QueryRow(ctx, sqlSealedSince, pgx.NamedArgs{"vault": vault, "node": node}).Scan(&since); err != nil || since.After(now) {
		return now
	}
	return since
}
