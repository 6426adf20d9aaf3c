package main

import (
	"context"
	"log/slog"
	"time"

	"batsignal/oncall/access"
	"batsignal/web"
)

// joinAccess makes what lets people in on the web.
func (p *parts) joinAccess(c Config, db *database, now func() time.Time, log *slog.Logger) {
	p.access = &access.Service{DB: db.Pool, Now: now, PublicURL: c.Web.PublicURL}
	if c.Web.inTheClear() {
		log.Warn("web.public_url begins with http: whoever is on the way can sign in as anybody who signs in there", "public_url", c.Web.PublicURL)
	}
}

// signIn asks every identity provider, and says what is weak.
func (d *doctor) signIn(ctx context.Context) {
	if d.c.Web.inTheClear() {
		d.note("sign-in", "web.public_url begins with http, so whoever is on the way can read the cookies of people who sign in, and passkeys do not work. Put a web server with TLS before the pages.")
	}
	for _, p := range providersOf(d.c) {
		ctx, cancel := context.WithTimeout(ctx, checkBudget)
		d.tell("sign-in by "+p.ID, web.CheckProvider(ctx, p), "See web.oidc: issuer must be just what the provider calls itself.")
		cancel()
	}
}
