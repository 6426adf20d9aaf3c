package vault

import (
	"context"

	"batsignal/integrations/vault/vaultapi"
	"batsignal/oncall/fault"
	"batsignal/oncall/share"
)

// underWay is how far a ceremony at a node is.
type underWay struct {
	started  bool
	nonce    string
	progress int
	need     int
}

// ceremony is a rekey or the making of a root token, while it waits for shares. It is only in
// the memory of the active node: if that changes, it is begun again. T is what Vault gives out
// once, in the answer to the last share.
type ceremony[T any] struct {
	vault *Vault
	doing string // "a rekey of Vault main is under way"
	abort string // how people call off what is not ours
	nonce string
	done  *T

	status func(ctx context.Context, n *vaultapi.Node) (underWay, error)
	start  func(ctx context.Context, n *vaultapi.Node) (nonce string, err error)
	update func(ctx context.Context, n *vaultapi.Node, nonce string, s share.Share) (made T, complete bool, err error)
	cancel func(ctx context.Context, n *vaultapi.Node, nonce string) error
}

// free gives the active node, if nothing of the kind is under way there.
func (l *ceremony[T]) free(ctx context.Context) (*vaultapi.Node, error) {
	n, err := l.vault.active(ctx)
	if err != nil {
		return nil, err
	}
	st, err := l.status(ctx, n)
	if err == nil && st.started {
		err = fault.New(fault.Conflict, "%s already, and not by us. Finish it, or call it off with: %s.", l.doing, l.abort)
	}
	return n, err
}

// begin begins it, unless one is under way.
func (l *ceremony[T]) begin(ctx context.Context) error {
	n, err := l.free(ctx)
	if err != nil {
		return err
	}
	l.nonce, err = l.start(ctx, n)
	return err
}

func (l *ceremony[T]) State(ctx context.Context) (state, error) {
	st, _, err := l.look(ctx)
	return st, err
}

func (l *ceremony[T]) look(ctx context.Context) (state, *vaultapi.Node, error) {
	if l.done != nil {
		return state{Open: true}, nil, nil
	}
	n, err := l.vault.active(ctx)
	if err != nil {
		return state{}, nil, err
	}
	st, err := l.status(ctx, n)
	switch {
	case err != nil:
		return state{}, n, err
	case !st.started:
		if err := l.begin(ctx); err != nil {
			return state{}, n, err
		}
		return state{Need: st.need, Nonce: l.nonce}, n, nil
	case st.nonce != l.nonce:
		return state{}, n, fault.New(fault.Conflict, "%s by somebody else, so ours is over. Nothing was changed.", l.doing)
	}
	return state{Progress: st.progress, Need: st.need, Nonce: st.nonce}, n, nil
}

func (l *ceremony[T]) Submit(ctx context.Context, s share.Share) (state, outcome, error) {
	before, n, err := l.look(ctx)
	if err != nil || before.Open {
		return before, late, err
	}
	made, complete, err := l.update(ctx, n, l.nonce, s)
	if err == nil && complete {
		l.done = &made
	}
	return taken(ctx, l, before, complete, err)
}

// taken tells what became of a share that a lock of the active node answered to.
func taken(ctx context.Context, l lock, before state, complete bool, err error) (state, outcome, error) {
	if err == nil && complete {
		return state{Open: true, Progress: before.Need, Need: before.Need}, counted, nil
	}
	after, again := l.State(ctx)
	if err == nil || again != nil {
		return after, counted, again
	}
	o, err := judge(err, before, after)
	return after, o, err
}

func (l *ceremony[T]) Restart(ctx context.Context) error {
	n, err := l.vault.active(ctx)
	if err != nil {
		return err
	}
	if err := l.cancel(ctx, n, l.nonce); err != nil {
		return err
	}
	return l.begin(ctx)
}

// rekeying is a rekey that waits for the old shares.
func rekeying(v *Vault, threshold int, keys []string) *ceremony[vaultapi.Rekey] {
	return &ceremony[vaultapi.Rekey]{
		vault: v, doing: "A rekey of Vault " + v.Name + " is under way", abort: "vault operator rekey -cancel",
		status: func(ctx context.Context, n *vaultapi.Node) (underWay, error) {
			st, err := n.RekeyStatus(ctx)
			return underWay{st.Started, st.Nonce, st.Progress, st.Required}, err
		},
		start: func(ctx context.Context, n *vaultapi.Node) (string, error) {
			st, err := n.RekeyInit(ctx, threshold, keys)
			return st.Nonce, err
		},
		update: func(ctx context.Context, n *vaultapi.Node, nonce string, s share.Share) (vaultapi.Rekey, bool, error) {
			made, err := n.RekeyUpdate(ctx, nonce, s)
			return made, made.Complete, err
		},
		cancel: func(ctx context.Context, n *vaultapi.Node, nonce string) error { return n.RekeyCancel(ctx, nonce) },
	}
}

// rooting is a root token that waits for shares.
func rooting(v *Vault, key string) *ceremony[vaultapi.Root] {
	return &ceremony[vaultapi.Root]{
		vault: v, doing: "A root token of Vault " + v.Name + " is being made", abort: "vault operator generate-root -cancel",
		status: func(ctx context.Context, n *vaultapi.Node) (underWay, error) {
			st, err := n.RootStatus(ctx)
			return underWay{st.Started, st.Nonce, st.Progress, st.Required}, err
		},
		start: func(ctx context.Context, n *vaultapi.Node) (string, error) {
			st, err := n.RootInit(ctx, key)
			return st.Nonce, err
		},
		update: func(ctx context.Context, n *vaultapi.Node, nonce string, s share.Share) (vaultapi.Root, bool, error) {
			made, err := n.RootUpdate(ctx, nonce, s)
			return made, made.Complete, err
		},
		cancel: func(ctx context.Context, n *vaultapi.Node, nonce string) error { return n.RootCancel(ctx, nonce) },
	}
}
