package vault

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Root is the kind that makes a root token. The holders hand in shares, and Vault encrypts the
// token to the key of who gets it: nobody else sees it, we neither. The parameter "for" is
// that person.
type Root struct {
	Parts
	Vault     *Vault
	Receivers []Receiver // who may get one
}

// undoRoot is how the making of a root token that was begun is taken back.
const undoRoot = "root"

type rootMemo struct {
	For string `json:"for"`
}

// ForParam is the parameter of [Root].
func ForParam(list []Receiver) job.Param {
	p := job.Param{Name: "for", Type: job.ParamChoice, Help: "who gets the token"}
	for _, r := range list {
		p.Choices = append(p.Choices, r.Handle)
	}
	return p
}

func (k *Root) receiver(p job.Params) (Receiver, string, error) {
	for _, r := range k.Receivers {
		if r.Handle == p["for"] {
			key, err := r.bare()
			return r, key, err
		}
	}
	return Receiver{}, "", fault.New(fault.Invalid, "There is no OpenPGP key of %s in the file of jobs, so no root token can be made for them.", p["for"])
}

// Plan implements [job.Kind].
func (k *Root) Plan(ctx context.Context, p job.Params) ([]string, error) {
	to, _, err := k.receiver(p)
	if err != nil {
		return nil, err
	}
	n, err := k.Vault.active(ctx)
	if err != nil {
		return nil, err
	}
	st, err := n.RootStatus(ctx)
	if err != nil {
		return nil, err
	}
	return []string{
		fmt.Sprintf("%s of Vault %s would be asked for.", oncall.Plural(st.Required, "share", "shares"), k.Vault.Name),
		fmt.Sprintf("A token that may do everything would be made, which only %s can read. Revoke it when it has served: vault token revoke -self.", to.Handle),
	}, nil
}

// Do implements [job.Kind].
func (k *Root) Do(ctx context.Context, r *job.Run) (job.Result, error) {
	to, key, err := k.receiver(r.Params)
	if err != nil {
		return job.Result{}, err
	}
	l := rooting(k.Vault, key)
	if _, err := l.free(ctx); err != nil { // before the step: what it takes back must be ours
		return job.Result{}, err
	}
	if err := r.Step(ctx, "begin to make a root token", undoRoot, rootMemo{to.Handle}, l.begin); err != nil {
		return job.Result{}, err
	}
	desk, err := k.open(ctx, r, k.Vault, ToRoot)
	if err != nil {
		return job.Result{}, err
	}
	defer desk.close(ctx)
	st, err := l.State(ctx)
	if err != nil {
		return job.Result{}, err
	}
	r.Doing(ctx, "waiting for shares")
	label := "Root token of Vault " + k.Vault.Name
	d := &drive{desk: desk, lock: l, label: label, last: st, seen: true}
	d.say(ctx, "%s, for %s: %d of %d shares. %s", label, to.Handle, st.Progress, st.Need, desk.asks())
	if err := d.until(ctx); err != nil {
		return job.Result{}, err
	}
	var made job.Artifact
	err = pg.InTx(ctx, k.DB, func(tx pgx.Tx) (err error) {
		made, err = pack(ctx, tx, k.Now(), r, k.Vault, ToRoot, "valid", to, l.done.Fingerprint, l.done.Token)
		return err
	})
	if err != nil {
		return job.Result{}, err
	}
	return job.Result{
		Said:      fmt.Sprintf("A root token of Vault %s was made for %s: it is at /vaults/parcels for them, and opens with their key only. Revoke it when it has served.", k.Vault.Name, to.Handle),
		Evidence:  [][2]string{{"for", to.Handle}, {"fingerprint", l.done.Fingerprint}},
		Artifacts: []job.Artifact{made},
	}, nil
}

// Undo implements [job.Undoer]: it calls off an attempt that is under way. A token that was
// made stays: nobody but its receiver can read it, and that person revokes it.
func (k *Root) Undo(ctx context.Context, _ job.Step) error {
	n, err := k.Vault.active(ctx)
	if err != nil {
		if sealedAll(ctx, k.Vault) {
			return nil
		}
		return err
	}
	st, err := n.RootStatus(ctx)
	if err != nil || !st.Started || st.Fingerprint == "" {
		return err
	}
	return n.RootCancel(ctx, st.Nonce)
}
