package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"batsignal/oncall/rota"
	"batsignal/oncall/tree"
)

// newTree makes what compares the tree of a file with what there is.
func (p *parts) newTree(c Config, db *database, now func() time.Time) *tree.Service {
	return &tree.Service{
		DB: db.Pool, Now: now, People: p.people, Skills: p.skills, Components: p.components, RolesGiven: c.RolesGiven,
		Rota: &rota.Service{DB: db.Pool, Now: now, Queue: p.queue, Networks: p.people.Networks},
	}
}

// withTree does something with the tree, while this process is on no network.
func (a *app) withTree(cmd *cobra.Command, do func(ctx context.Context, s *tree.Service) error) error {
	ctx := cmd.Context()
	c, err := a.load(cmd)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, c, true, quiet(a.log))
	if err != nil {
		return err
	}
	defer db.close()
	places, err := placesOf(c, false, a.log)
	if err != nil {
		return err
	}
	p, err := wire(ctx, c, db, places, time.Now, quiet(a.log))
	if err != nil {
		return err
	}
	defer func() {
		for _, stop := range p.closers {
			stop()
		}
	}()
	return do(ctx, p.newTree(c, db, time.Now))
}
