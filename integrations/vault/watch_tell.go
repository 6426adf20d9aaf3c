package vault

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/notice"
)

// changed says what is new of a node, and has done what follows.
func (w *Watch) changed(ctx context.Context, tx pgx.Tx, v *Vault, was NodeState, known bool, is *NodeState, now time.Time) error {
	label := "Vault " + v.Name + ", node " + is.Node
	switch is.State {
	case NodeSealed:
		is.Told = false
		return w.isSealed(ctx, tx, v, was, *is, label, now)
	case NodeOpen:
		told := is.Told
		is.Told = false
		lasted, ended, err := endSeal(ctx, tx, v.Name, is.Node, now)
		switch {
		case err != nil:
			return err
		case ended: // somebody unsealed it without us; a run would have said so
			return w.say(ctx, tx, now, fmt.Sprintf("%s is unsealed. It was sealed for %s.", label, took(lasted)))
		case told:
			return w.say(ctx, tx, now, label+" answers again, and is not sealed.")
		}
	case NodeUnreachable:
		if is.Failed >= unheard && !is.Told {
			is.Told = true
			return w.say(ctx, tx, now, fmt.Sprintf("%s: %s. Whether it is sealed is not known.", label, is.Detail))
		}
	case NodeEmpty:
		if known && was.State != NodeEmpty {
			return w.say(ctx, tx, now, label+" answers, and holds nothing: it is not initialized.")
		}
	}
	return nil
}

// isSealed notes that a node is sealed, calls the holders and asks for its unsealing: when
// it is noticed, and again while it stays so.
func (w *Watch) isSealed(ctx context.Context, tx pgx.Tx, v *Vault, was, is NodeState, label string, now time.Time) error {
	at := now
	if was.OpenAt != nil && now.Sub(*was.OpenAt) < unwatched && !was.OpenAt.After(now) {
		at = *was.OpenAt
	}
	s, fresh, err := beginSeal(ctx, tx, v.Name, is.Node, at, now)
	if err != nil {
		return err
	}
	if !fresh && s.CalledAt != nil && now.Sub(*s.CalledAt) < orElse(w.Again, 15*time.Minute) {
		return nil
	}
	if err := calledAt(ctx, tx, s.ID, now); err != nil {
		return err
	}
	text := fmt.Sprintf("%s is sealed: %d of %d shares are in.", label, is.Progress, is.Threshold)
	if !fresh {
		text = fmt.Sprintf("%s is still sealed, for %s now: %d of %d shares are in.", label, took(now.Sub(s.SealedAt)), is.Progress, is.Threshold)
	}
	if err := w.say(ctx, tx, now, text+" Its holders are called."); err != nil {
		return err
	}
	if w.Unseal != nil {
		want := Want{Vault: v.Name, Node: is.Node, Reason: label + " is sealed", Key: fmt.Sprintf("unseal %s %d", v.Name, s.ID)}
		if err := w.Unseal(ctx, tx, want); err != nil {
			return err
		}
	}
	return w.call(ctx, tx, v, is.Node, text, fmt.Sprintf("vault-seal %d %d", s.ID, now.Unix()), now)
}

// call tells the holders of shares in private, and has them rung.
func (w *Watch) call(ctx context.Context, tx pgx.Tx, v *Vault, node, text, key string, now time.Time) error {
	rows, err := tx.Query(ctx, sqlHolderPeople, pgx.NamedArgs{"vault": v.Name})
	if err != nil {
		return err
	}
	people, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	var messages []oncall.Message
	for _, id := range people {
		messages = append(messages, oncall.Message{Person: id, Text: text + " You have a share of it. The room says how to hand it in; never say it in chat."})
	}
	if err := oncall.Tell(ctx, tx, w.Queue, now, w.Networks, messages...); err != nil {
		return err
	}
	if w.Caller == nil || len(people) == 0 {
		return nil
	}
	return w.Caller.Call(ctx, tx, Call{Vault: v.Name, Node: node, People: people, Say: text, Key: key})
}

// whole measures for how long no node of a vault serves.
func (w *Watch) whole(ctx context.Context, tx pgx.Tx, v *Vault, serves bool, sealedNode string, now time.Time) error {
	if serves {
		_, _, err := endSeal(ctx, tx, v.Name, "", now)
		return err
	}
	if sealedNode == "" {
		return nil // nobody answers: what is not known is not measured
	}
	_, fresh, err := beginSeal(ctx, tx, v.Name, "", now, now)
	if err != nil || !fresh || v.Tolerates == 0 {
		return err
	}
	return w.say(ctx, tx, now, fmt.Sprintf("No node of Vault %s serves any more. Everything else can do without it for %s.", v.Name, took(v.Tolerates)))
}

// say says a line in the home rooms.
func (w *Watch) say(ctx context.Context, tx pgx.Tx, now time.Time, text string) error {
	w.Log.Info("vault", "say", text)
	if w.Queue == nil {
		return nil
	}
	var notices []notice.Notice
	for _, r := range w.Rooms {
		notices = append(notices, notice.Notice{Network: r.Network, Kind: notice.Say, Room: r.Room, Text: text})
	}
	return notice.Post(ctx, tx, w.Queue, now, notices...)
}
