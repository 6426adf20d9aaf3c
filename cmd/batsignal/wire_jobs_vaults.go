package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/integrations/job"
	"batsignal/integrations/vault"
	"batsignal/integrations/vault/vaultapi"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
)

// vaultJobs are the jobs of the vaults of the configuration.
func (p *parts) vaultJobs(ctx context.Context, c Config, db *database, now func() time.Time) ([]job.Definition, error) {
	var all []job.Definition
	if len(c.Jobs.Vaults) == 0 {
		return nil, nil
	}
	stamp := p.shareStamp(ctx, c, db, now())
	for _, conf := range c.Jobs.Vaults {
		v := &vault.Vault{Name: conf.Name, Tolerates: conf.Tolerates, Stamp: stamp, Kept: keptOf(c.Jobs, conf)}
		for _, n := range conf.Nodes {
			node, err := vaultapi.New(vaultapi.Config{Name: n.Name, Address: n.Address, CAFile: conf.CAFile})
			if err != nil {
				return nil, err
			}
			v.Nodes = append(v.Nodes, node)
		}
		p.vaults = append(p.vaults, v)
		parts := vault.Parts{DB: db.Pool, Now: now, Log: p.jobs.Log, Base: strings.TrimRight(c.Web.PublicURL, "/")}
		all = append(all, job.Definition{
			Name: "unseal-" + v.Name, Type: "unseal", Summary: fmt.Sprintf("Unseals the Vault %s with the shares that people hand in.", v.Name),
			Params: []job.Param{vault.NodeParam(v)}, Kind: &vault.Unseal{Parts: parts, Vault: v},
			Policy: job.Policy{Timeout: 24 * time.Hour, Tries: 3, Exclusive: "unseal-" + v.Name},
		})
		receivers, err := receiversOf(ctx, conf, db)
		if err != nil {
			return nil, err
		}
		if len(receivers) < 2 {
			continue // nobody to give new shares to
		}
		all = append(all, job.Definition{
			Name: "rekey-" + v.Name, Type: "rekey", Summary: fmt.Sprintf("Gives the Vault %s new shares, each encrypted to its holder.", v.Name),
			Params: []job.Param{{Name: "threshold", Type: job.ParamNumber, Default: fmt.Sprint(len(receivers)/2 + 1), Help: "how many of the new shares open it"}},
			Kind:   &vault.Rekey{Parts: parts, Vault: v, Receivers: receivers}, Policy: ceremonyPolicy(v),
		}, job.Definition{
			Name: "root-" + v.Name, Type: "root", Summary: fmt.Sprintf("Makes a root token of the Vault %s, encrypted to one person.", v.Name),
			Params: []job.Param{vault.ForParam(receivers)}, Kind: &vault.Root{Parts: parts, Vault: v, Receivers: receivers}, Policy: ceremonyPolicy(v),
		})
	}
	return all, nil
}

// stampFile is where a host keeps by what it knows sessions of shares.
func stampFile(c Config) string { return filepath.Join(c.StateDir, "share-stamp.key") }

// shareStamp is by what this process knows sessions of shares. Nothing that is wrong with it
// keeps the bot from starting: it pages people, and unseals by a secret of its own.
func (p *parts) shareStamp(ctx context.Context, c Config, db *database, now time.Time) vault.Stamp {
	stamp, err := vault.LoadStamp(stampFile(c))
	if err != nil {
		p.jobs.Log.Error("share-stamp.key is of no use, so sessions of shares are known by another secret until the next start; other hosts do not know them", "error", err)
		return vault.FreshStamp()
	}
	host, _ := os.Hostname() // "" is told as an unnamed one
	other, err := vault.NoteStamp(ctx, db.Pool, now, host, stamp)
	switch {
	case err != nil:
		p.jobs.Log.Error("whether this host has the same share-stamp.key as the one that leads is not known", "error", err)
	case other != "":
		p.jobs.Log.Error("this host has another share-stamp.key than the one that leads: no share can be handed in here. Copy the file, and restart the bot", "leads", other)
	}
	return stamp
}

// keptOf is where the backups of a vault are, and who can read what.
func keptOf(c jobsConfig, conf vaultConfig) vault.Kept {
	kept := vault.Kept{Backups: slices.Clone(conf.Custody.Backups), Readers: map[string][]string{}}
	for _, b := range c.Backups {
		if b.Raft.Vault == conf.Name {
			kept.Backups = append(kept.Backups, b.Places...)
		}
	}
	slices.Sort(kept.Backups)
	kept.Backups = slices.Compact(kept.Backups)
	for _, r := range conf.Custody.Readers {
		kept.Readers[r.Place] = append(kept.Readers[r.Place], r.People...)
	}
	return kept
}

// ceremonyPolicy is how what changes who can open a vault is treated.
func ceremonyPolicy(v *vault.Vault) job.Policy {
	return job.Policy{Timeout: 24 * time.Hour, Exclusive: "vault-" + v.Name, Approvals: 1, Risky: true, Admin: true}
}

// receiversOf are the people who can be given something of a vault, encrypted.
func receiversOf(ctx context.Context, conf vaultConfig, db *database) ([]vault.Receiver, error) {
	var all []vault.Receiver
	for _, h := range conf.Holders {
		if h.PGP == "" {
			continue
		}
		key, err := os.ReadFile(h.PGP)
		if err != nil {
			return nil, err
		}
		r := vault.Receiver{Handle: h.Person, Key: string(key)}
		person, err := oncall.PersonByHandle(ctx, db.Pool, h.Person)
		switch {
		case err == nil:
			r.Person = person.ID
		case fault.KindOf(err) != fault.NotFound:
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// joinVaults has the vaults watched: who is sealed is unsealed.
func (p *parts) joinVaults(c Config, db *database, now func() time.Time, log *slog.Logger) {
	host, _ := os.Hostname()
	watch := &vault.Watch{
		Host: host,
		DB:   db.Pool, Now: now, Log: log, Vaults: p.vaults, Rooms: p.rota.Rooms, Networks: p.rota.Networks,
		Unseal: func(ctx context.Context, tx pgx.Tx, w vault.Want) error {
			return p.wantUnsealed(ctx, tx, w)
		},
	}
	p.vaultWatch = watch
	ringing := map[string]bool{}
	for _, conf := range c.Jobs.Vaults {
		ringing[conf.Name] = conf.Page
		if conf.Every > 0 && (watch.Every == 0 || conf.Every < watch.Every) {
			watch.Every = conf.Every
		}
	}
	watch.Caller = holderCaller{p.incidents, p.rota.Rooms, ringing, log}
	p.chores = append(p.chores, chore{"vaults", 5 * time.Second, watch.Look})
}

// wantUnsealed asks for the job, unless a run of it goes on. One run is for all nodes: those
// that are found sealed together ask once, and so do those that are found after the same run.
func (p *parts) wantUnsealed(ctx context.Context, tx pgx.Tx, w vault.Want) error {
	name, last := "unseal-"+w.Vault, int64(0)
	runs, err := p.jobs.Recent(ctx, job.Query{Job: name, Most: 1, NoDry: true})
	if err != nil {
		return err
	}
	if len(runs) > 0 {
		if last = runs[0].ID; !runs[0].State.Ended() {
			return nil
		}
	}
	_, err = p.jobs.AskIn(ctx, tx, job.Ask{Job: name, Reason: w.Reason, Key: fmt.Sprintf("sealed/%s/after %d", w.Vault, last)})
	return err
}

// holderCaller rings those who hold shares, where the configuration says so.
type holderCaller struct {
	incidents *incidents.Service
	home      []rota.Room
	ringing   map[string]bool // by vault
	log       *slog.Logger
}

// Call pages each of them. Who cannot be rung was told in chat, and keeps none of the others
// from being rung.
func (h holderCaller) Call(ctx context.Context, tx pgx.Tx, c vault.Call) error {
	if !h.ringing[c.Vault] || len(h.home) == 0 {
		return nil
	}
	bot := oncall.Actor{Network: h.home[0].Network, Room: h.home[0].Room}
	for _, id := range c.People {
		person, err := oncall.PersonByID(ctx, tx, id)
		if err != nil {
			return err
		}
		_, err = h.incidents.PageIn(ctx, tx, bot, incidents.Call{To: person.Handle, Why: oncall.Clip(c.Say, 300)})
		switch kind := fault.KindOf(err); {
		case err == nil:
		case kind != fault.Internal:
			h.log.Warn("a holder of a share cannot be rung", "vault", c.Vault, "person", person.ID, "error", err)
		default:
			return err
		}
	}
	return nil
}
