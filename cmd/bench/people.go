package main

import (
	"context"
	"fmt"
	"time"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/rosterfile"
)

// enrol brings the roster to a number of people, who said yes to one of the five
// roles, in turn. How each of them is reached is added by the caller.
func enrol(ctx context.Context, db pg.DB, want int, reached func(i int, p *rosterfile.Person)) error {
	var f rosterfile.File
	roles := oncall.DefaultRoles()
	zones := []string{"Europe/Madrid", "America/Denver", "Asia/Shanghai", "Africa/Lagos", "Asia/Kolkata"}
	for i := range want {
		p := rosterfile.Person{Handle: fmt.Sprintf("p%04d", i), Zone: zones[i%len(zones)], Roles: []string{roles[i%len(roles)].Name}}
		reached(i, &p)
		f.People = append(f.People, p)
	}
	_, err := rosterfile.Apply(ctx, db, f, rosterfile.How{Now: time.Now(), Agreed: true})
	return err
}

// byWebhook has everybody reached by a webhook at the sink; the first two have an
// account on IRC.
func byWebhook(port int) func(i int, p *rosterfile.Person) {
	return func(i int, p *rosterfile.Person) {
		p.Webhook = fmt.Sprintf("http://127.0.0.1:%d/hook", port)
		if i < 2 {
			p.Accounts = map[string]string{networkName: []string{asker, confirmer}[i]}
		}
	}
}
