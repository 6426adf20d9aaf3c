package main

import (
	"context"
	"fmt"
	"time"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/rosterfile"
)

// enrol brings the roster to a number of people. Each has a webhook at the sink and
// said yes to one of the five roles, in turn; the first two have an account on IRC.
func enrol(ctx context.Context, db pg.DB, want, port int) error {
	var f rosterfile.File
	roles := oncall.DefaultRoles()
	zones := []string{"Europe/Madrid", "America/Denver", "Asia/Shanghai", "Africa/Lagos", "Asia/Kolkata"}
	for i := range want {
		p := rosterfile.Person{
			Handle: fmt.Sprintf("p%04d", i), Zone: zones[i%len(zones)], Roles: []string{roles[i%len(roles)].Name},
			Webhook: fmt.Sprintf("http://127.0.0.1:%d/hook", port),
		}
		if i < 2 {
			p.Accounts = map[string]string{networkName: []string{asker, confirmer}[i]}
		}
		f.People = append(f.People, p)
	}
	_, err := rosterfile.Apply(ctx, db, f, rosterfile.How{Now: time.Now(), Agreed: true})
	return err
}
