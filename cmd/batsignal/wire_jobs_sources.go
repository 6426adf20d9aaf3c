package main

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/backup"
	"batsignal/integrations/consul"
	"batsignal/integrations/files"
	"batsignal/integrations/pgbackup"
	"batsignal/integrations/throwaway"
	"batsignal/integrations/vault"
	"batsignal/oncall/secret"
)

// sourceOf is what a backup of the configuration is of.
func (p *parts) sourceOf(c Config, b backupConfig, db *database, now func() time.Time) (backup.Source, error) {
	switch {
	case b.Consul.Address != "":
		return consulSource(c, b, now)
	case b.Raft.Vault != "":
		return p.raftSource(c, b, db, now)
	case len(b.Files.Paths) > 0:
		return filesSource(c, b, now)
	}
	return postgresSource(c, b, db, now)
}

// wallsOf are what stands around servers on which restores are tested.
func wallsOf(c Config) throwaway.Walls {
	return throwaway.Walls{Mode: cmp.Or(throwaway.Mode(c.Jobs.Walls), throwaway.Auto), Ours: argv.OurWalls()}
}

func consulSource(c Config, b backupConfig, now func() time.Time) (backup.Source, error) {
	conf := consul.Config{Name: b.Name, Address: b.Consul.Address, Token: b.Consul.Token}
	if b.Consul.CAFile != "" {
		pem, err := os.ReadFile(b.Consul.CAFile)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", b.Consul.CAFile)
		}
	}
	if _, err := consul.New(conf); err != nil {
		return nil, err
	}
	prefix := b.Consul.Prefix
	if prefix == "" {
		prefix = "batsignal"
	}
	return &consul.Snapshot{From: conf, Prefix: prefix, Binary: b.Consul.Binary, Walls: wallsOf(c), Now: now}, nil
}

func postgresSource(c Config, b backupConfig, db *database, now func() time.Time) (backup.Source, error) {
	s := &pgbackup.Source{
		Name: b.Name, DSN: b.Postgres.DSN, Mode: pgbackup.Mode(b.Postgres.Mode), Databases: b.Postgres.Databases, BinDir: b.Postgres.BinDir,
		Sentinel: b.Postgres.Sentinel, Tables: b.Postgres.Tables, Own: b.Postgres.Own, Trusted: b.Postgres.Trusted, Walls: wallsOf(c), Now: now,
	}
	if s.Mode == "" {
		s.Mode = pgbackup.Dump
	}
	if s.BinDir == "" {
		s.BinDir = c.Database.PGBinDir
	}
	if s.Own && s.DSN.Empty() {
		s.Sentinel = pgbackup.OwnSentinel
		s.DSN = db.DSN
		switch {
		case db.Local != nil:
			s.DSN = secret.New(db.Local.OwnerDSN())
		case !c.Database.OwnerURL.Empty():
			s.DSN = c.Database.OwnerURL
		}
	}
	for _, q := range b.Postgres.Queries {
		one := pgbackup.Query{Name: q.Name, SQL: q.SQL, Expect: pgbackup.Expect(q.Expect), Database: q.Database}
		if within, err := time.ParseDuration(q.Expect); err == nil {
			one.Expect, one.Within = pgbackup.Newer, within
		}
		s.Queries = append(s.Queries, one)
	}
	return s, s.Check()
}

func filesSource(c Config, b backupConfig, now func() time.Time) (backup.Source, error) {
	conf := files.Config{Paths: b.Files.Paths, Exclude: b.Files.Exclude, Sentinel: b.Files.Sentinel, Walls: wallsOf(c), Now: now}
	for _, one := range b.Files.Copies {
		conf.Copies = append(conf.Copies, files.Copy{Of: one.Of, With: one.With})
	}
	if len(b.Files.Check) > 0 {
		conf.Checks = []files.Check{{Argv: b.Files.Check}}
	}
	return files.New(conf)
}

func (p *parts) raftSource(c Config, b backupConfig, db *database, now func() time.Time) (backup.Source, error) {
	for _, v := range p.vaults {
		if v.Name == b.Raft.Vault {
			return &vault.Raft{
				Parts: vault.Parts{DB: db.Pool, Now: now}, Vault: v, Token: b.Raft.Token, Sentinel: b.Raft.Sentinel, Server: b.Raft.Server, Drill: b.Raft.Drill, Walls: wallsOf(c),
			}, nil
		}
	}
	return nil, fmt.Errorf("%q is none of jobs.vaults", b.Raft.Vault)
}
