package vault

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/vault/vaultapi"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/notice"
	"batsignal/oncall/rota"
)

// Watch notices sealed nodes, calls those who have the shares, has them unsealed, and
// measures for how long they were sealed. Its exported fields are set once and not changed.
type Watch struct {
	DB    pg.DB
	Queue notice.Queue
	Now   func() time.Time
	Log   *slog.Logger

	Vaults []*Vault
	Every  time.Duration // how often each node is asked; 0 is 15 seconds
	Again  time.Duration // how often holders are called while a node stays sealed; 0 is 15 minutes

	Rooms    []rota.Room // the home rooms: each is told
	Networks []string    // the chat networks that there are: nobody is told on another one
	Caller   Caller      // nil rings nobody
	// Unseal asks for the job that unseals, in the transaction in which it was noticed; nil
	// does not. The same key asks once.
	Unseal func(ctx context.Context, tx pgx.Tx, w Want) error
	// Host is how the machine is called when its secret is told of ([Stamp.Mark]).
	Host string

	mu                 sync.Mutex
	alarmedAt, movedAt time.Time // when these were said last
}

// Caller rings people.
type Caller interface {
	// Call rings the holders of a vault's shares. The same key rings once.
	Call(ctx context.Context, tx pgx.Tx, c Call) error
}

// Call is whom to ring, and why.
type Call struct {
	Vault  string
	Node   string
	People []int64 // the holders of shares, each once
	Say    string  // one sentence
	Key    string
}

// Want is an unsealing that is asked for.
type Want struct {
	Vault  string
	Node   string // that was noticed; the others of the vault are looked at, too
	Reason string
	Key    string
}

const (
	// unheard is how often in a row a node must not answer until it is said.
	unheard = 3
	// unwatched is for how long nobody may have looked for the last look to count: what was
	// sealed while the bot was down for longer was sealed we know not when.
	unwatched = 10 * time.Minute
)

const (
	sqlWatchLock = `select pg_try_advisory_xact_lock(hashtextextended('batsignal: vaults are looked at', 0))`
	sqlWatchDue  = `select coalesce(min(asked_at) filter (where vault = any(@vaults)), 'epoch') from vault_node`
	sqlNodeRow   = `
		select vault, node, state, since, asked_at, open_at, failed, told, version, shares, threshold, progress, detail
		from vault_node where vault = @vault and node = @node`
	sqlSaveNode = `
		insert into vault_node (vault, node, state, since, asked_at, open_at, failed, told, version, shares, threshold, progress, detail)
		values (@vault, @node, @state, @since, @asked_at, @open_at, @failed, @told, @version, @shares, @threshold, @progress, @detail)
		on conflict (vault, node) do update set state = excluded.state, since = excluded.since, asked_at = excluded.asked_at,
			open_at = excluded.open_at, failed = excluded.failed, told = excluded.told, version = excluded.version, shares = excluded.shares,
			threshold = excluded.threshold, progress = excluded.progress, detail = excluded.detail`
	sqlEndDropped = `
		update vault_seal s set unsealed_at = greatest(s.sealed_at, least(@now, coalesce(
			(select max(n.asked_at) from vault_node n where n.vault = s.vault and (n.node = s.node or s.node = '')), @now)))
		where unsealed_at is null and not vault || '/' || node = any(@there)`
	sqlDropNodes    = `delete from vault_node where not vault || '/' || node = any(@there)`
	sqlHolderPeople = `select distinct person_id from share_holder where vault = @vault and gone_at is null and person_id is not null order by person_id`
)

// NodeState is how a node was when it was last asked.
type NodeState struct {
	Vault     string
	Node      string
	State     NodeWord
	Since     time.Time
	AskedAt   time.Time
	OpenAt    *time.Time // when it was last seen unsealed
	Failed    int
	Told      bool
	Version   string
	Shares    int
	Threshold int
	Progress  int
	Detail    string
}

// NodeWord is a node's state in one word.
type NodeWord string

// The words. A node that does not answer may be sealed or not.
const (
	NodeOpen        NodeWord = "open"
	NodeSealed      NodeWord = "sealed"
	NodeEmpty       NodeWord = "empty" // not initialized
	NodeUnreachable NodeWord = "unreachable"
)

// answer is what a node said now.
type answer struct {
	vault  *Vault
	node   *vaultapi.Node
	status vaultapi.SealStatus
	err    error
}

// Look asks each node, if it is time to, and does what follows. It may be called every few
// seconds, in any process.
func (w *Watch) Look(ctx context.Context) error {
	due, err := w.due(ctx, w.DB)
	if err != nil || !due {
		return err
	}
	began := w.Now()
	answers := w.askAll(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx) // that nobody answered was our doing
	}
	err = w.alone(ctx, func(tx pgx.Tx) error {
		for _, v := range w.Vaults {
			if err := w.keep(ctx, tx, v, began, answers); err != nil {
				return err
			}
		}
		return w.drop(ctx, tx)
	})
	// What somebody wrote into the database must not keep a sealed node from being told of.
	return errors.Join(err, w.alone(ctx, func(tx pgx.Tx) error {
		if err := w.forged(ctx, tx); err != nil {
			return err
		}
		return w.lead(ctx, tx) // last: sessions are judged by who led when they were made
	}))
}

// alone does something in a transaction, unless another process is at it.
func (w *Watch) alone(ctx context.Context, do func(tx pgx.Tx) error) error {
	return pg.InTx(ctx, w.DB, func(tx pgx.Tx) error {
		var free bool
		if err := tx.QueryRow(ctx, sqlWatchLock).Scan(&free); err != nil || !free {
			return err
		}
		return do(tx)
	})
}

// drop forgets the nodes that are not in the configuration any more. For how long they were
// sealed stays, up to when they were last seen so.
func (w *Watch) drop(ctx context.Context, tx pgx.Tx) error {
	var there []string
	for _, v := range w.Vaults {
		there = append(there, v.Name+"/")
		for _, n := range v.Nodes {
			there = append(there, v.Name+"/"+n.Name)
		}
	}
	args := pgx.NamedArgs{"there": there, "now": w.Now()}
	for _, sql := range []string{sqlEndDropped, sqlDropNodes} {
		if _, err := tx.Exec(ctx, sql, args); err != nil {
			return err
		}
	}
	return nil
}

func (w *Watch) due(ctx context.Context, db pg.DB) (bool, error) {
	if len(w.Vaults) == 0 {
		return false, nil
	}
	names := make([]string, len(w.Vaults))
	for i, v := range w.Vaults {
		names[i] = v.Name
	}
	var last time.Time
	if err := db.QueryRow(ctx, sqlWatchDue, pgx.NamedArgs{"vaults": names}).Scan(&last); err != nil {
		return false, err
	}
	since := w.Now().Sub(last)
	return since >= orElse(w.Every, 15*time.Second) || since < -time.Minute, nil // or a clock was wrong
}

// askAll asks all nodes at once: one that hangs keeps nobody waiting.
func (w *Watch) askAll(ctx context.Context) []answer {
	var all []answer
	for _, v := range w.Vaults {
		for _, n := range v.Nodes {
			all = append(all, answer{vault: v, node: n})
		}
	}
	var wait sync.WaitGroup
	for i := range all {
		wait.Go(func() { all[i].status, all[i].err = all[i].node.SealStatus(ctx) })
	}
	wait.Wait()
	return all
}

// keep keeps how the nodes of a vault are, and does what follows of each change.
func (w *Watch) keep(ctx context.Context, tx pgx.Tx, v *Vault, began time.Time, answers []answer) error {
	now := w.Now()
	serves, sealedNode := false, ""
	for _, a := range answers {
		if a.vault != v {
			continue
		}
		was, known, err := nodeRow(ctx, tx, v.Name, a.node.Name)
		if err != nil {
			return err
		}
		if known && was.AskedAt.After(began) && was.AskedAt.Before(now.Add(time.Minute)) {
			return nil // another process asked later than we did
		}
		is := w.next(was, known, a, now)
		serves = serves || is.State == NodeOpen
		if is.State == NodeSealed {
			sealedNode = is.Node
		}
		if err := w.changed(ctx, tx, v, was, known, &is, now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlSaveNode, is.args()); err != nil {
			return err
		}
	}
	return w.whole(ctx, tx, v, serves, sealedNode, now)
}

func nodeRow(ctx context.Context, db pg.DB, vault, node string) (s NodeState, known bool, err error) {
	rows, err := db.Query(ctx, sqlNodeRow, pgx.NamedArgs{"vault": vault, "node": node})
	if err != nil {
		return s, false, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[NodeState])
	if err != nil || len(list) == 0 {
		return NodeState{Vault: vault, Node: node}, false, err
	}
	return list[0], true, nil
}

func (s NodeState) args() pgx.NamedArgs {
	return pgx.NamedArgs{"vault": s.Vault, "node": s.Node, "state": s.State, "since": s.Since, "asked_at": s.AskedAt, "open_at": s.OpenAt,
		"failed": s.Failed, "told": s.Told, "version": oncall.Clip(s.Version, 100), "shares": s.Shares, "threshold": s.Threshold,
		"progress": s.Progress, "detail": oncall.Clip(s.Detail, 200)}
}

// next is how a node is, of how it was and what it answered.
func (w *Watch) next(was NodeState, known bool, a answer, now time.Time) NodeState {
	is := was
	is.AskedAt, is.Detail = now, ""
	switch {
	case a.err != nil:
		is.Failed++
		is.Detail = a.err.Error()
		// One lost answer says nothing: as long as it may be that, it is as it was.
		if is.Failed >= unheard || !known {
			is.State = NodeUnreachable
		}
	case !a.status.Initialized:
		is.State, is.Failed = NodeEmpty, 0
	case a.status.Sealed:
		is.State, is.Failed = NodeSealed, 0
	default:
		is.State, is.Failed, is.OpenAt = NodeOpen, 0, &now
	}
	if a.err == nil {
		is.Version, is.Shares, is.Threshold, is.Progress = a.status.Version, a.status.Shares, a.status.Threshold, a.status.Progress
	}
	if !known || is.State != was.State {
		is.Since = now
	}
	return is
}
