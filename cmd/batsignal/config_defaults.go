package main

import (
	"os"
	"path/filepath"
	"time"

	"batsignal/incidents"
)

// defaults is the configuration of somebody who decided nothing.
func defaults() Config {
	return Config{
		StateDir: defaultStateDir(),
		Web:      webConfig{Listen: "127.0.0.1:8373"},
		Log:      logConfig{Level: "info", Format: "auto"},
		Commands: commandsConfig{Prefix: "!", Emergency: "batsignal"},
		Mail:     mailConfig{TLS: "starttls"},
		Roles:    defaultRoles(),
		Paging:   pagingConfig{ForgottenAfter: incidents.DefaultPaging().ForgottenAfter},
		Watch:    watchConfig{Every: time.Minute},
		Inbox:    defaultInbox(),
		Alerts:   defaultAlerts(),
		Guard: guardConfig{
			Confirmations:   1,
			Window:          15 * time.Minute,
			PerPerson:       3,
			PerOrganisation: 6,
			Period:          24 * time.Hour,
			MayFire:         []string{"@roster"},
			MayConfirm:      []string{"@roster"},
		},
		Baton:  batonConfig{AbsentAfter: 10 * time.Minute, Patience: 3 * time.Minute},
		Roster: rosterConfig{Join: "approved", RemindAhead: 24 * time.Hour},

		Minutes: defaultMinutes(),
	}
}

func defaultRoles() []roleConfig {
	var roles []roleConfig
	for _, name := range []string{"coordination", "communications", "package-fixing", "quality-assurance", "release-engineering"} {
		role := defaultRole()
		role.Name, role.Title, role.Leads = name, titleOf(name), name == "coordination"
		roles = append(roles, role)
	}
	return roles
}

// defaultRole is what an entry of the list of roles begins as.
func defaultRole() roleConfig {
	return roleConfig{PatienceSev1: 90 * time.Second, Patience: 5 * time.Minute}
}

// defaultIRC is what an entry of the list of IRC networks begins as. Public
// networks bear five lines at once and then one a second.
func defaultIRC() ircConfig {
	return ircConfig{
		TLS:            true,
		Nick:           "batsignal",
		User:           "batsignal",
		RealName:       "Batsignal",
		SASL:           saslConfig{Mechanism: "none"},
		IncidentRoom:   "#inc-{id}-{slug}",
		LeaveAfter:     24 * time.Hour,
		Burst:          5,
		LinesPerSecond: 1,
	}
}

// defaultSlack is what an entry of the list of Slack workspaces begins as. Slack bears
// a few messages at once into a channel and then one a second.
func defaultSlack() slackConfig {
	return slackConfig{
		ID:                "slack",
		IncidentRoom:      "#inc-{id}-{slug}",
		ArchiveAfter:      24 * time.Hour,
		Burst:             5,
		MessagesPerSecond: 1,
	}
}

// defaultStateDir is "" when the machine does not say where home is; the check
// of state_dir then asks for a decision.
func defaultStateDir() string {
	if os.Getuid() == 0 {
		return "/var/lib/batsignal"
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "batsignal")
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "state", "batsignal")
	}
	return ""
}
