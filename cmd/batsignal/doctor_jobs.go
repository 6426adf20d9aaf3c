package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"batsignal/integrations/argv"
	"batsignal/integrations/throwaway"
	"batsignal/integrations/vault"
	"batsignal/integrations/vault/vaultapi"
	"batsignal/oncall/fault"
)

// jobs looks at what jobs need: places, seals, programs, vaults.
func (d *doctor) jobs(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 4*checkBudget)
	defer cancel()
	for _, conf := range d.c.Jobs.Places {
		at, err := backupPlace(conf)
		if err == nil {
			err = at.Check(ctx)
		}
		d.tell("place "+conf.Name, err, "See jobs.places.")
	}
	d.outOfReach(ctx)
	for _, conf := range d.c.Jobs.Seals {
		_, openers, err := sealOf(ctx, d.c, conf.Name)
		d.tell("seal "+conf.Name, err, "See jobs.seals.")
		if err == nil && len(openers) == 0 {
			d.note("seal "+conf.Name, "no key is at hand here, so no restore is tested and no backup counts as verified. See identities and gnupg_home of jobs.seals.")
		}
	}
	d.walls(ctx)
	for _, b := range d.c.Jobs.Backups {
		d.backup(b)
	}
	if len(d.c.Jobs.Vaults) > 0 {
		d.shareStamp(ctx)
	}
	for _, v := range d.c.Jobs.Vaults {
		for _, n := range v.Nodes {
			d.vault(ctx, v, n)
		}
		d.custodyOf(ctx, v)
	}
	for _, p := range d.c.Jobs.Procedures {
		_, err := argv.Find(p.Argv[0])
		d.tell("procedure "+p.Name, err, "See jobs.procedures.")
	}
}

// walls tells whether servers on which restores are tested have a network of their own, for
// the account that asks; the service may be let to do less.
func (d *doctor) walls(ctx context.Context) {
	if !slices.ContainsFunc(d.c.Jobs.Backups, func(b backupConfig) bool { return len(b.Files.Paths) == 0 }) {
		return
	}
	const part = "walls of restore tests"
	built, err := wallsOf(d.c).Build(ctx)
	switch {
	case err != nil:
		d.tell(part, err, "Tests are put off meanwhile, and come to no end. See jobs.walls.")
	case built.Note() != "":
		d.note(part, "servers on which restores are tested have the network of this machine."+built.Note()+d.undrilled()+" See docs/backups.md.")
	default:
		d.tell(part, nil, "")
	}
}

// undrilled tells what becomes of drills of Vaults where there are no walls.
func (d *doctor) undrilled() string {
	switch {
	case !slices.ContainsFunc(d.c.Jobs.Backups, func(b backupConfig) bool { return b.Raft.Vault != "" && b.Raft.Drill }):
		return ""
	case throwaway.Mode(d.c.Jobs.Walls) == throwaway.Off:
		return " A Vault that is opened for a drill reaches whatever this machine does."
	}
	return " So no Vault is opened for a drill, and its test comes to no end, unless jobs.walls is off."
}

// backup tells what keeps a backup from ever counting as verified: then none is deleted.
func (d *doctor) backup(b backupConfig) {
	part := "backup " + b.Name
	switch {
	case len(b.Files.Paths) > 0 && b.Files.Sentinel == "":
		d.note(part, "without files.sentinel a restore is not proven beyond level 3, so none of its backups counts as verified, and none is deleted.")
	case b.Raft.Vault != "" && (len(b.Raft.Server) == 0 || !b.Raft.Drill):
		d.note(part, "without raft.server and raft.drill a restore is not proven beyond level 3, so none of its backups counts as verified, and none is deleted.")
	case !b.Postgres.DSN.Empty() && !b.Postgres.Own && !b.Postgres.Trusted:
		d.note(part, "restores of a database of others are not tested unless postgres.trusted says that its owners may run programs here; until then none of its backups counts as verified, and none is deleted.")
	case b.Consul.Address != "":
		program := b.Consul.Binary
		if program == "" {
			program = "consul"
		}
		_, err := argv.Find(program)
		d.tell(part, err, "The program consul, of the server's version, is needed to test restores: consul.binary.")
	}
	if b.VerifyAt == "" {
		d.note(part, fmt.Sprintf("no restore is tested by itself: set verify_at, or say !verify %s now and then.", b.Name))
	}
}

func (d *doctor) vault(ctx context.Context, v vaultConfig, n vaultNodeConfig) {
	part := fmt.Sprintf("vault %s, node %s", v.Name, n.Name)
	node, err := vaultapi.New(vaultapi.Config{Name: n.Name, Address: n.Address, CAFile: v.CAFile})
	if err != nil {
		d.tell(part, err, "See jobs.vaults.")
		return
	}
	is, err := node.SealStatus(ctx)
	d.tell(part, err, "The bot asks the node itself, not a balancer before it. See jobs.vaults.")
	if err == nil && is.Sealed {
		d.note(part, fmt.Sprintf("it is sealed, and has %d of %d shares.", is.Progress, is.Threshold))
	}
}

// shareStamp tells whether shares can be handed in at this host. It makes no file.
func (d *doctor) shareStamp(ctx context.Context) {
	const part = "share-stamp.key"
	file := stampFile(d.c)
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
		d.note(part, "there is none yet; the bot makes it at its start. A second host on the same database needs the same one.")
		return
	}
	stamp, err := vault.LoadStamp(file)
	if err == nil && d.db != nil {
		var other string
		if other, err = vault.OtherStamp(ctx, d.db.Pool, stamp); err == nil && other != "" {
			d.tell(part, fault.New(fault.Conflict, "It is another one than that of %s, which leads, so no share can be handed in here.", other), "Copy the file from there, owned by the bot, mode 600, and restart the bot here.")
			return
		}
	}
	d.tell(part, err, "Until then the bot knows its sessions of shares by a secret of its own, and another host does not know them. See docs/vault.md.")
}

// custodyOf tells what the page of vaults tells of who could open it, the worst first.
func (d *doctor) custodyOf(ctx context.Context, conf vaultConfig) {
	if d.db == nil {
		return
	}
	say, err := vault.CustodyOf(ctx, d.db.Pool, &vault.Vault{Name: conf.Name, Kept: keptOf(d.c.Jobs, conf)})
	if err != nil {
		d.tell("shares of vault "+conf.Name, err, "See docs/vault.md.")
		return
	}
	d.note("shares of vault "+conf.Name, strings.Join(say, " "))
}
