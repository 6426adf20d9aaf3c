package vault

import (
	"context"
	"errors"
	"net/http"

	"batsignal/integrations/vault/vaultapi"
	"batsignal/oncall/fault"
	"batsignal/oncall/share"
)

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
	l.done = err == nil && answer.Complete
	return taken(ctx, l, before, l.done, err)
}

func (l *verifying) Restart(ctx context.Context) error {
	n, err := l.vault.active(ctx)
	if err != nil {
		return err
	}
	_, err = n.VerifyRestart(ctx)
	return err
}
