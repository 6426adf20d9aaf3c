package vault

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"batsignal/integrations/vault/vaultapi"
	"batsignal/oncall/fault"
	"batsignal/oncall/share"
)

// lock is what shares are handed to: the sealing of a node, a rekey, its verification, the
// making of a root token. They are alike: shares are counted, and only when there are enough
// it is found that one was wrong, and all are forgotten.
type lock interface {
	// State asks how far it is.
	State(ctx context.Context) (state, error)
	// Submit hands in one share. It returns an error only where the node did not answer, or
	// something of its own broke; then nothing is known of the share.
	Submit(ctx context.Context, s share.Share) (state, outcome, error)
	// Restart has it forget what was handed in.
	Restart(ctx context.Context) error
}

// state is how far a lock is.
type state struct {
	Open     bool // it is done
	Progress int
	Need     int
	Nonce    string // of this attempt
}

// outcome is what became of one share.
type outcome int

const (
	counted outcome = iota
	repeated
	wrong   // it made as many as are needed, and they were not right together
	late    // it is done already, by others
	refused // it does not even look like one
)

// judge tells what a refusal to take a share means. before and after are of the lock.
func judge(err error, before, after state) (outcome, error) {
	var no *vaultapi.Refusal
	if !errors.As(err, &no) {
		return refused, err
	}
	said := strings.ToLower(strings.Join(no.Says, " "))
	switch {
	case strings.Contains(said, "already been provided"):
		return repeated, nil
	case strings.Contains(said, "failed to compute"): // a node may call it its own error
		return wrong, nil
	case no.Status != http.StatusBadRequest:
		return refused, err
	case after.Progress == 0 && before.Progress+1 >= before.Need:
		return wrong, nil
	case after.Progress < before.Progress: // somebody restarted it meanwhile
		return refused, err
	}
	return refused, fault.New(fault.Conflict, "%s takes no share now: %s.", no.Node, strings.Join(no.Says, "; "))
}

// sealing is a node that is sealed.
type sealing struct{ node *vaultapi.Node }

func (l sealing) State(ctx context.Context) (state, error) {
	s, err := l.node.SealStatus(ctx)
	if err == nil && !s.Initialized {
		err = fault.New(fault.Conflict, "The node %s is not initialized: no share opens it. If it belongs to a cluster, have it join; if it is new, restore a snapshot.", l.node.Name)
	}
	return sealed(s), err
}

func sealed(s vaultapi.SealStatus) state {
	return state{Open: s.Initialized && !s.Sealed, Progress: s.Progress, Need: s.Threshold, Nonce: s.Nonce}
}

func (l sealing) Submit(ctx context.Context, s share.Share) (state, outcome, error) {
	before, err := l.State(ctx)
	if err != nil || before.Open {
		return before, late, err
	}
	answer, err := l.node.Unseal(ctx, s)
	if err == nil {
		after := sealed(answer)
		if !after.Open && after.Progress == before.Progress && after.Nonce == before.Nonce {
			return after, repeated, nil
		}
		return after, counted, nil
	}
	after, again := l.State(ctx)
	if again != nil {
		return before, refused, again
	}
	o, err := judge(err, before, after)
	return after, o, err
}

func (l sealing) Restart(ctx context.Context) error {
	_, err := l.node.Reset(ctx)
	return err
}
