package command

import (
	"context"
	"strconv"

	"batsignal/incidents"
	"batsignal/incidents/action"
	"batsignal/incidents/alert"
	"batsignal/incidents/announcement"
	"batsignal/incidents/meeting"
	"batsignal/incidents/reminder"
	"batsignal/incidents/retrospective"
	"batsignal/incidents/runbook"
	"batsignal/integrations/job"
	"batsignal/integrations/job/clockwork"
	"batsignal/integrations/job/freeze"
	"batsignal/integrations/snapshot"
	"batsignal/integrations/vault"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/choice"
	"batsignal/oncall/component"
	"batsignal/oncall/rota"
	"batsignal/oncall/skill"
)

// Services are what the verbs work on.
type Services struct {
	DB         pg.DB
	Incidents  *incidents.Service
	People     *oncall.Desk
	Meetings   *meeting.Service
	Actions    *action.Service
	Retro      *retrospective.Service // nil keeps no retrospectives
	Alerts     *alert.Service         // nil takes no alerts, and has no verbs for them
	Runbooks   *runbook.Service       // nil has none, and no verbs for them
	Access     *access.Service        // nil lets nobody sign in on the web
	Skills     *skill.Service
	Components *component.Service
	Rota       *rota.Service
	Choices    *choice.Service
	Jobs       *job.Service       // nil has no jobs, and no verbs for them
	Clock      *clockwork.Service // when jobs run by themselves
	Freezes    freeze.Rules       // on which days nothing risky is done
	// Backups are what is expected of the backups of each job, by the job's name.
	Backups       map[string]snapshot.Expect
	Vaults        []*vault.Vault        // none has no verbs for them
	Reminders     *reminder.Service     // nil remembers nothing
	Announcements *announcement.Service // nil announces nothing to the world
	Fetch         Fetcher               // reads calendars from the web; nil reads none
	PublicURL     string                // where the web pages are seen from; "" has none
	// Switchboard makes links to the switchboard, where addresses can be sealed; nil: there is
	// none, and no verbs for it.
	Switchboard LinkFor
	// Look tells how a room looks, where its network is here; nil tells nothing.
	Look func(ctx context.Context, network, room string) meeting.Look
	// Elsewhere says in a sentence, for a reader in a zone, who is on call for a role, "" is
	// every one, at other paging services; "" is nobody. It does not wait for long. nil
	// knows none.
	Elsewhere func(ctx context.Context, role, zone string) string
	// Health says in facts how the parts are: networks, database. nil says nothing.
	Health func(ctx context.Context) Facts
}

// Vocabulary is every verb, in the order of the help.
func Vocabulary(s Services) []*Command {
	var all []*Command
	all = append(all, s.signalCommands()...)
	all = append(all, s.pageCommands()...)
	all = append(all, s.incidentCommands()...)
	all = append(all, s.leadCommands()...)
	all = append(all, s.retroCommands()...)
	all = append(all, s.runbookCommands()...)
	all = append(all, s.alertCommands()...)
	all = append(all, s.meetingCommands()...)
	all = append(all, s.actionCommands()...)
	all = append(all, s.oncallCommands()...)
	all = append(all, s.coverageCommands()...)
	all = append(all, s.scheduleCommand(), s.overrideCommand(), s.coverCommand(), s.swapCommand(), s.awayCommand(), s.holidaysCommand(), s.yesCommand())
	all = append(all, s.policyCommands()...)
	all = append(all, s.rosterCommands()...)
	all = append(all, s.personCommands()...)
	all = append(all, s.routeCommands()...)
	all = append(all, s.noiseCommand())
	all = append(all, s.componentCommands()...)
	all = append(all, s.skillCommands()...)
	all = append(all, s.jobCommands()...)
	all = append(all, s.vaultCommands()...)
	all = append(all, s.rotationCommand())
	all = append(all, s.announceCommands()...)
	all = append(all, s.reminderCommands()...)
	all = append(all, s.loginCommands()...)
	all = append(all, s.escrowCommands()...)
	return all
}

// Actor is the caller as lower floors know one.
func (c Caller) Actor() oncall.Actor {
	return oncall.Actor{PersonID: c.PersonID, Handle: c.Handle, Zone: c.Zone, Network: c.Network, Room: c.Room, Account: c.Account, Shown: c.Shown}
}

// incidentOption lets a verb be used outside of its incident's room.
var incidentOption = Param{Name: "inc", Kind: Option, Help: "number of the incident, if not this room's"}

// pick finds the incident that a call means, by its option or its place.
func (s Services) pick(ctx context.Context, c *Call) (incidents.Incident, error) {
	return s.Incidents.Pick(ctx, c.Actor(), incidentNumber(c))
}

// incidentNumber reads an incident's number from wherever the verb takes it; 0 is
// "not given".
func incidentNumber(c *Call) int64 {
	if n := c.Number("incident"); n != 0 {
		return n
	}
	digits, _, ok := readNumber(c.Text("inc"), "INC")
	if !ok {
		return 0
	}
	n, _ := strconv.ParseInt(digits, 10, 64) // only digits
	return n
}

// unlessAnnounced drops an answer in a room that hears the same by announcement.
func (s Services) unlessAnnounced(ctx context.Context, c *Call, incident int64, r Reply) (Reply, error) {
	heard, err := s.Incidents.Announces(ctx, c.Network, c.Room, incident)
	if heard && err == nil {
		return Reply{}, nil
	}
	return r, err
}

// sentence makes a reply of one sentence.
func sentence(text string) Reply { return Reply{Blocks: []Block{Line(text)}} }

// hours reads "07:00-23:00".
func hours(text string) (oncall.Hours, error) {
	var h oncall.Hours
	if text == "" {
		return h, nil
	}
	w, s, err := oncall.ParseHours(text)
	if err != nil {
		return h, err
	}
	h.Wakes, h.Sleeps = &w, &s
	return h, nil
}
