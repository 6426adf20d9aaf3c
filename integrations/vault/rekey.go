package vault

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
	"batsignal/integrations/vault/vaultapi"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Rekey is the kind that gives a Vault new shares. The old holders hand theirs in; Vault
// encrypts each new one to its holder's own key; and the new ones are valid only when enough
// of the new holders have shown that they can read theirs. Until then the old ones open it.
// The parameter "threshold" is how many of the new ones open it.
type Rekey struct {
	Parts
	Vault     *Vault
	Receivers []Receiver // one new share each
}

// undoRekey is how a rekey that was begun is taken back.
const undoRekey = "rekey"

// rekeyMemo is what taking it back needs to know it by.
type rekeyMemo struct {
	Run       int64     `json:"run"`
	Threshold int       `json:"threshold"`
	Shares    int       `json:"shares"`
	Since     time.Time `json:"since"` // what the run made before may be valid
}

func (k *Rekey) threshold(p job.Params) (int, error) {
	t, err := strconv.Atoi(p["threshold"])
	if err != nil || t < 2 || t > len(k.Receivers) {
		return 0, fault.New(fault.Invalid, "Of %s, between 2 and all may be needed to open Vault %s.", oncall.Plural(len(k.Receivers), "new share", "new shares"), k.Vault.Name)
	}
	return t, nil
}

// keys are the receivers' keys as Vault takes them.
func (k *Rekey) keys() (list []string, names []string, err error) {
	for _, r := range k.Receivers {
		key, err := r.bare()
		if err != nil {
			return nil, nil, err
		}
		list, names = append(list, key), append(names, r.Handle)
	}
	return list, names, nil
}

// Plan implements [job.Kind].
func (k *Rekey) Plan(ctx context.Context, p job.Params) ([]string, error) {
	t, err := k.threshold(p)
	if err != nil {
		return nil, err
	}
	_, names, err := k.keys()
	if err != nil {
		return nil, err
	}
	n, err := k.Vault.active(ctx)
	if err != nil {
		return nil, err
	}
	st, err := n.RekeyStatus(ctx)
	if err != nil {
		return nil, err
	}
	return []string{
		fmt.Sprintf("%d of the old shares of Vault %s would be asked for.", st.Required, k.Vault.Name),
		fmt.Sprintf("%d new shares would be made, for %s, of which %d open it.", len(names), oncall.JoinNames(names), t),
		fmt.Sprintf("They are valid, and the old ones not any more, when %d of the new holders have handed theirs in.", t),
	}, nil
}

// Do implements [job.Kind].
func (k *Rekey) Do(ctx context.Context, r *job.Run) (job.Result, error) {
	t, err := k.threshold(r.Params)
	if err != nil {
		return job.Result{}, err
	}
	keys, names, err := k.keys()
	if err != nil {
		return job.Result{}, err
	}
	l := rekeying(k.Vault, t, keys)
	if _, err := l.free(ctx); err != nil { // before the step: what it takes back must be ours
		return job.Result{}, err
	}
	err = r.Step(ctx, "begin the rekey", undoRekey, rekeyMemo{r.ID, t, len(keys), k.Now()}, l.begin)
	if err != nil {
		return job.Result{}, err
	}
	label := "Rekey of Vault " + k.Vault.Name
	made, at, err := k.old(ctx, r, l, label, names)
	if err != nil {
		return job.Result{}, err
	}
	if err := k.verify(ctx, r, t, label, names, at); err != nil {
		return job.Result{}, err
	}
	return job.Result{
		Said:      fmt.Sprintf("Vault %s has new shares: any %d of %s open it. The old ones open nothing any more: destroy them.", k.Vault.Name, t, oncall.JoinNames(names)),
		Evidence:  [][2]string{{"new shares", strconv.Itoa(len(keys))}, {"threshold", strconv.Itoa(t)}, {"verified", "yes"}},
		Artifacts: made,
	}, nil
}

// old asks for the old shares, and keeps the new ones, which were made at an instant.
func (k *Rekey) old(ctx context.Context, r *job.Run, l *ceremony[vaultapi.Rekey], label string, names []string) (made []job.Artifact, at time.Time, err error) {
	desk, err := k.open(ctx, r, k.Vault, ToRekey)
	if err != nil {
		return nil, at, err
	}
	defer desk.close(ctx)
	st, err := l.State(ctx)
	if err != nil {
		return nil, at, err
	}
	var unknown bool
	if err := k.DB.QueryRow(ctx, sqlUnknownRekey, pgx.NamedArgs{"vault": k.Vault.Name}).Scan(&unknown); err != nil {
		return nil, at, err
	}
	r.Doing(ctx, "waiting for old shares")
	d := &drive{desk: desk, lock: l, label: label, last: st, seen: true}
	d.say(ctx, "%s, for %s: %d of %d of the old shares. %s", label, oncall.JoinNames(names), st.Progress, st.Need, desk.asks())
	if unknown {
		d.say(ctx, "%s: nobody saw whether the new shares of an earlier rekey were verified. Hand in those, and if they do not open it, the ones before them. Keep both until it is known.", label)
	}
	if err := d.until(ctx); err != nil {
		return nil, at, err
	}
	if len(l.done.Keys) != len(k.Receivers) {
		return nil, at, fault.New(fault.Conflict, "Vault %s made %d shares for %d people. The rekey is called off.", k.Vault.Name, len(l.done.Keys), len(k.Receivers))
	}
	at = k.Now().Truncate(time.Microsecond) // as a row keeps it
	return made, at, pg.InTx(ctx, k.DB, func(tx pgx.Tx) error {
		made = nil
		for i, to := range k.Receivers {
			fingerprint := ""
			if i < len(l.done.Fingerprints) {
				fingerprint = l.done.Fingerprints[i]
			}
			a, err := pack(ctx, tx, at, r, k.Vault, ToRekey, "new", to, fingerprint, l.done.Keys[i])
			if err != nil {
				return err
			}
			made = append(made, a)
		}
		return nil
	})
}

// verify asks for the new shares, after which they are those that open it.
func (k *Rekey) verify(ctx context.Context, r *job.Run, t int, label string, names []string, made time.Time) error {
	desk, err := k.open(ctx, r, k.Vault, ToVerify)
	if err != nil {
		return err
	}
	defer desk.close(ctx)
	r.Doing(ctx, "waiting for new shares")
	d := &drive{desk: desk, lock: &verifying{vault: k.Vault}, label: label + ", new shares"}
	d.say(ctx, "%s: the new shares are made. %s, take yours from /vaults/parcels, decrypt it with your own key, and hand it in: %d are needed. Until then the old ones are valid. %s",
		label, oncall.JoinNames(names), t, desk.asks())
	if err := d.until(ctx); err != nil {
		return err
	}
	err = pg.InTx(ctx, k.DB, func(tx pgx.Tx) error {
		return rekeyed(ctx, tx, k.Now(), k.Vault.Name, r.ID, made)
	})
	if err == nil {
		d.learn(ctx)
	}
	return err
}

// Undo implements [job.Undoer]: it calls off a rekey that is under way. One that was
// verified is over, and stays.
func (k *Rekey) Undo(ctx context.Context, s job.Step) error {
	var memo rekeyMemo
	if err := json.Unmarshal(s.Memo, &memo); err != nil {
		return err
	}
	n, err := k.Vault.active(ctx)
	if err != nil {
		if sealedAll(ctx, k.Vault) {
			return nil // whatever was under way was in the memory of the active node
		}
		return err
	}
	st, err := n.RekeyStatus(ctx)
	if err != nil || !st.Started || st.Threshold != memo.Threshold || st.Shares != memo.Shares {
		return err // somebody else's is none of ours
	}
	if err := n.RekeyCancel(ctx, st.Nonce); err != nil {
		return err
	}
	// Only now is it certain that they never will open anything: if nothing was under way, we
	// may have died just after the last share was verified.
	_, err = k.DB.Exec(ctx, sqlVoidParcels, pgx.NamedArgs{"run": memo.Run, "since": memo.Since.Truncate(time.Microsecond)})
	return err
}

// sealedAll tells whether some node answers, and each that does is sealed or holds nothing. A
// host that is dead for good must not keep what was under way from being given up.
func sealedAll(ctx context.Context, v *Vault) bool {
	answers := false
	for _, n := range v.Nodes {
		health, err := n.Health(ctx)
		if err != nil {
			continue
		}
		if health != vaultapi.IsSealed && health != vaultapi.Empty {
			return false
		}
		answers = true
	}
	return answers
}
