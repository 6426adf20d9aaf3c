package main

import (
	"log/slog"
	"time"

	"batsignal/bot"
	"batsignal/integrations/fetch"
	"batsignal/oncall"
	"batsignal/oncall/choice"
	"batsignal/oncall/coverage"
	"batsignal/oncall/rota"
)

// joinRota makes what knows who is on by schedules, and says who comes on. The queue is
// made later, since it has to know its workers.
func (p *parts) joinRota(c Config, db *database, places []place, now func() time.Time, log *slog.Logger) {
	p.rota = &rota.Service{
		DB: db.Pool, Now: now, Log: log, Ahead: c.Roster.RemindAhead, Open: bot.WhatIsOpen(p.incidents, p.actions),
	}
	for _, at := range places {
		p.rota.Networks = append(p.rota.Networks, at.id)
		if at.home != "" {
			p.rota.Rooms = append(p.rota.Rooms, rota.Room{Network: at.id, Room: at.home})
			p.people.Rooms = append(p.people.Rooms, oncall.Room{Network: at.id, Name: at.home})
		}
	}
	p.coverage = &coverage.Watch{
		DB: db.Pool, Now: now, Rooms: p.rota.Rooms, Networks: p.rota.Networks, Mails: c.Mail.Host != "", Base: c.Web.PublicURL,
	}
	p.people.Calendar = rota.Calendar{}
	p.chores = append(p.chores,
		chore{"handoffs", choreTick, p.rota.Handoff}, // requests that lapsed are ended by it
		chore{"coverage", choreTick, p.coverage.Look},
		chore{"renewals", time.Hour, p.people.RenewDue},
	)
	p.choices = &choice.Service{DB: db.Pool, Now: now}
	// Anybody on the roster may name an address, so no network of our own is open to it.
	p.calendars = fetch.New(fetch.Config{})
	p.closers = append(p.closers, p.calendars.Close)
}
