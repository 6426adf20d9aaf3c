package main

import (
	"time"

	"batsignal/oncall/tree"
)

// joinTree makes what compares the tree of a file with what there is.
func (p *parts) joinTree(c Config, db *database, now func() time.Time) {
	p.tree = &tree.Service{
		DB: db.Pool, Now: now, People: p.people, Rota: p.rota, Skills: p.skills, Components: p.components, RolesGiven: c.RolesGiven,
	}
}
