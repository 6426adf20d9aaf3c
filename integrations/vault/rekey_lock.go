package vault

import (
	"context"
	"errors"
	"net/http"

	"batsignal/integrations/vault/vaultapi"
	"batsignal/oncall/fault"
	"batsignal/oncall/share"
)

// rekeying is a rekey that waits for the old shares. It is only in the memory of the active
// node: if that changes, it is begun again.
type rekeying struct {
	vault     *Vault
	threshold int
	keys      []string
	nonce     string
	done      *vaultapi.Rekey
}

// free gives the active node, if no rekey is under way there.
func (l *rekeying) free(ctx context.Context) (*vaultapi.Node, error) {
	n, err := l.vault.active(ctx)
	if err != nil {
		return nil, err
	}
	st, err := n.RekeyStatus(ctx)
	if err == nil && st.Started {
		err = fault.New(fault.Conflict, "A rekey of Vault %s is under way already, and not ours. Finish it, or call it off with: vault operator rekey -cancel.", l.vault.Name)
	}
	return n, err
}

// begin begins it, unless one is under way.
func (l *rekeying) begin(ctx context.Context) error {
	n, err := l.free(ctx)
	if err != nil {
		return err
	}
	st, err := n.RekeyInit(ctx, l.threshold, l.keys)
	l.nonce = st.Nonce
	return err
}

func (l *rekeying) State(ctx context.Context) (state, error) {
	st, _, err := l.look(ctx)
	return st, err
}

func (l *rekeying) look(ctx context.Context) (state, *vaultapi.Node, error) {
	if l.done != nil {
		return state{Open: true}, nil, nil
	}
	n, err := l.vault.active(ctx)
	if err != nil {
		return state{}, nil, err
	}
	st, err := n.RekeyStatus(ctx)
	if err != nil {
		return state{}, n, err
	}
	if !st.Started {
		if err := l.begin(ctx); err != nil {
			return state{}, n, err
		}
		return state{Need: st.Required, Nonce: l.nonce}, n, nil
	}
	if st.Nonce != l.nonce {
		return state{}, n, fault.New(fault.Conflict, "Somebody else began another rekey of Vault %s, so this one is over. Nothing was changed.", l.vault.Name)
	}
	return state{Progress: st.Progress, Need: st.Required, Nonce: st.Nonce}, n, nil
}

func (l *rekeying) Submit(ctx context.Context, s share.Share) (state, outcome, error) {
	before, n, err := l.look(ctx)
	if err != nil || before.Open {
		return before, late, err
	}
	answer, err := n.RekeyUpdate(ctx, l.nonce, s)
	if err == nil && answer.Complete {
		l.done = &answer
		return state{Open: true, Progress: before.Need, Need: before.Need}, counted, nil
	}
	after, again := l.State(ctx)
	if err == nil || again != nil {
		return after, counted, again
	}
	o, err := judge(err, before, after)
	return after, o, err
}

func (l *rekeying) Restart(ctx context.Context) error {
	n, err := l.vault.active(ctx)
	if err != nil {
		return err
	}
	if err := n.RekeyCancel(ctx, l.nonce); err != nil {
		return err
	}
	return l.begin(ctx)
}

// verifying is a rekey that waits for new shares.
type verifying struct {
	vault *Vault
	done  bool
}

func (l *verifying) State(ctx context.Context) (state, error) {
	st, _, err := l.look(ctx)
	return st, err
}

func (l *verifying) look(ctx context.Context) (state, *vaultapi.Node, error) {
	if l.done {
		return state{Open: true}, nil, nil
	}
	n, err := l.vault.active(ctx)
	if err != nil {
		return state{}, nil, err
	}
	v, err := n.VerifyStatus(ctx)
	var no *vaultapi.Refusal
	if errors.As(err, &no) && no.Status == http.StatusBadRequest || err == nil && v.Nonce == "" {
		return state{}, n, fault.New(fault.Conflict, "The rekey of Vault %s is gone: it was called off, or Vault was restarted. The old shares are valid, the new ones never will be. Begin again.", l.vault.Name)
	}
	return state{Progress: v.Progress, Need: v.Threshold, Nonce: v.Nonce}, n, err
}

func (l *verifying) Submit(ctx context.Context, s share.Share) (state, outcome, error) {
	before, n, err := l.look(ctx)
	if err != nil || before.Open {
		return before, late, err
	}
	answer, err := n.VerifyUpdate(ctx, before.Nonce, s)
	if err == nil && answer.Complete {
		l.done = true
		return state{Open: true, Progress: before.Need, Need: before.Need}, counted, nil
	}
	after, again := l.State(ctx)
	if err == nil || again != nil {
		return after, counted, again
	}
	o, err := judge(err, before, after)
	return after, o, err
}

func (l *verifying) Restart(ctx context.Context) error {
	n, err := l.vault.active(ctx)
	if err != nil {
		return err
	}
	_, err = n.VerifyRestart(ctx)
	return err
}
