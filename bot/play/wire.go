package play

import (
	"context"
	"maps"
	"slices"
	"strings"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/incidents"
	"batsignal/incidents/action"
	"batsignal/incidents/alert"
	"batsignal/incidents/meeting"
	"batsignal/incidents/retrospective"
	"batsignal/incidents/runbook"
	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/choice"
	"batsignal/oncall/component"
	"batsignal/oncall/contact"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
	"batsignal/oncall/rosterfile"
	"batsignal/oncall/rota"
	"batsignal/oncall/skill"
)

// wire joins the parts of the bot.
func (s *Stage) wire(queue notice.Queue, o Options) error {
	s.Incidents = &incidents.Service{DB: s.DB, Queue: queue, Now: s.Now, Log: o.Log, Guard: o.Guard, Baton: incidents.DefaultBaton(), NewCode: o.NewCode}
	s.People = &oncall.Desk{DB: s.DB, Now: s.Now, OpenDoor: o.OpenDoor, Queue: queue, Directories: map[string]oncall.Directory{}}
	s.Alerts = &alert.Service{DB: s.DB, Now: s.Now, Log: o.Log, Engine: s.Incidents}
	s.Incidents.Alerts = s.Alerts
	if o.Switchboard != nil {
		s.Incidents.Seals = &contact.Halves{}
	}
	if o.NewCode != nil {
		s.Alerts.NewKey = func() string { return strings.Repeat(o.NewCode(), alert.KeyLength)[:alert.KeyLength] }
		s.People.NewCode = func() string { return o.NewCode() + o.NewCode() }
	}
	s.meetings = &meeting.Service{DB: s.DB, Queue: queue, Now: s.Now, Log: o.Log, Incidents: s.Incidents}
	if o.PublicURL != "" {
		s.meetings.Policy.URLPrefix = o.PublicURL + "/minutes/"
	}
	s.Incidents.Minutes = s.meetings
	s.actions = &action.Service{DB: s.DB, Queue: queue, Now: s.Now, Log: o.Log, Base: o.PublicURL}
	s.Retro = &retrospective.Service{
		DB: s.DB, Queue: queue, Now: s.Now, Log: o.Log, Incidents: s.Incidents, Meetings: s.meetings, PublicURL: o.PublicURL, NewToken: o.NewToken,
	}
	if o.Runbooks != nil {
		s.runbooks = &runbook.Service{DB: s.DB, Queue: queue, Now: s.Now, Log: o.Log, Incidents: s.Incidents, Books: o.Runbooks}
	}
	s.Access = &access.Service{DB: s.DB, Now: s.Now, PublicURL: o.PublicURL, NewToken: o.NewToken}
	skills := &skill.Service{DB: s.DB, Now: s.Now}
	components := &component.Service{DB: s.DB, Queue: queue, Now: s.Now, Log: o.Log}
	s.Rota = &rota.Service{DB: s.DB, Now: s.Now, Queue: queue, Log: o.Log, Ahead: remindAhead, Open: bot.WhatIsOpen(s.Incidents, s.actions)}
	s.People.Calendar = rota.Calendar{}
	choices := &choice.Service{DB: s.DB, Now: s.Now, NewCode: o.NewCode}
	s.drafts = o.Retrospectives
	s.outbox = &bot.Outbox{DB: s.DB, Now: s.Now, Log: o.Log, Networks: map[string]bot.Network{}, Incidents: s.Incidents, PublicURL: o.PublicURL}
	s.pager = &incidents.Pager{Service: s.Incidents, Routes: map[string]paging.Route{}, Worker: paging.Worker{Me: "play"}, Parallel: 1}
	policy := bot.Policy{Fire: []string{"@roster"}, Confirm: []string{"@roster"}}
	for _, h := range s.houses {
		s.Incidents.Networks = append(s.Incidents.Networks, incidents.Network{Name: h.name, Home: Home, RoomName: "#inc-{id}-{slug}"})
		s.Incidents.Routes = append(s.Incidents.Routes, paging.Traits{Name: h.name, Chat: true})
		s.People.Networks = append(s.People.Networks, h.name)
		s.People.Rooms = append(s.People.Rooms, oncall.Room{Network: h.name, Name: Home})
		components.Rooms = append(components.Rooms, oncall.Room{Network: h.name, Name: Home})
		if s.runbooks != nil {
			s.runbooks.Networks = append(s.runbooks.Networks, h.name)
		}
		s.actions.Networks = append(s.actions.Networks, h.name)
		s.Rota.Networks = append(s.Rota.Networks, h.name)
		s.Rota.Rooms = append(s.Rota.Rooms, rota.Room{Network: h.name, Room: Home})
		s.outbox.Networks[h.name] = h.Network()
		if directory, ok := h.Network().(oncall.Directory); ok {
			s.People.Directories[h.name] = directory
		}
		for _, handle := range o.Admins {
			policy.Admins = append(policy.Admins, h.name+"/"+h.Account(handle))
		}
	}
	services := command.Services{
		DB: s.DB, Incidents: s.Incidents, People: s.People, Meetings: s.meetings, Actions: s.actions, Runbooks: s.runbooks, PublicURL: o.PublicURL,
		Retro: s.Retro, Access: s.Access, Skills: skills, Components: components, Rota: s.Rota, Choices: choices, Fetch: o.Fetch, Alerts: s.Alerts,
		Look: s.lookAt, Switchboard: o.Switchboard,
	}
	if o.Jobs != nil {
		if err := s.joinJobs(queue, o, policy.Admins); err != nil {
			return err
		}
		services.Jobs, services.Clock, services.Freezes, services.Reminders, services.Announcements = s.Jobs, s.clock, s.freezes, s.reminders, s.announcements
		services.Backups, services.Vaults = o.Jobs.Backups, o.Jobs.Vaults
	}
	set, err := command.NewSet(command.Options{
		Prefix: o.Prefix, Emergency: o.Emergency, Recorder: bot.Record{DB: s.DB}, Now: s.Now,
		Refused: bot.Refusals(s.Incidents, o.Log),
	}, command.Vocabulary(services))
	if err != nil {
		return err
	}
	s.outbox.Localize = set.Localize
	for _, h := range s.houses {
		s.pager.Routes[h.name] = bot.DirectRoute{Network: h.Network(), Localize: set.Localize}
		s.pager.Worker.Routes = append(s.pager.Worker.Routes, h.name)
	}
	s.keeper = meeting.NewKeeper(s.meetings)
	s.scribe = bot.NewScribe(s.meetings, o.Log)
	s.scribe.Patient = true
	s.outbox.Scribe = s.scribe
	s.dispatcher = &bot.Dispatcher{DB: s.DB, Set: set, Who: &bot.Identity{DB: s.DB, Policy: policy}, Now: s.Now, Log: o.Log, Scribe: s.scribe}
	if o.Relay {
		s.dispatcher.Relay = &bot.Relay{DB: s.DB, Incidents: s.Incidents, Queue: queue, Now: s.Now, Log: o.Log}
	}
	return nil
}

// lookAt tells how a room looks, for a meeting that starts there; what cannot be seen is
// left out.
func (s *Stage) lookAt(ctx context.Context, network, room string) meeting.Look {
	for _, h := range s.houses {
		if h.name == network {
			state, _ := h.Network().Look(ctx, room)
			return meeting.Look{Topic: state.Topic, Names: state.Names, Self: state.Self}
		}
	}
	return meeting.Look{}
}

// handles are what everybody on the stage is called.
func (s *Stage) handles(ctx context.Context) ([]string, error) {
	people, err := oncall.People(ctx, s.DB)
	handles := make([]string, 0, len(people))
	for _, p := range people {
		handles = append(handles, p.Handle)
	}
	return handles, err
}

// Cast brings people on the stage, who have said yes to their roles and have an
// account of their own on every network.
func (s *Stage) Cast(ctx context.Context, f rosterfile.File) error {
	people := slices.Clone(f.People)
	for i, p := range people {
		accounts := map[string]string{}
		for _, h := range s.houses {
			accounts[h.name] = h.Account(p.Handle)
		}
		maps.Copy(accounts, p.Accounts)
		people[i].Accounts = accounts
	}
	_, err := rosterfile.Apply(ctx, s.DB, rosterfile.File{People: people}, rosterfile.How{Now: s.Now(), Agreed: true})
	return err
}
