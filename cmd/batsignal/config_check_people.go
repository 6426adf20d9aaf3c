package main

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

var (
	roleName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	handle   = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,31}$`)
)

func checkRoles(found *problems, roles []roleConfig) {
	if len(roles) == 0 {
		found.add("roles", "must name at least one role; leave the key out for the five of the default")
	}
	seen, leader := map[string]bool{}, ""
	for i, role := range roles {
		at := entry("roles", i)
		switch {
		case !roleName.MatchString(role.Name):
			found.add(at+"name", "must be one word of small letters, digits and hyphens, such as coordination")
		case seen[role.Name]:
			found.add(at+"name", "%s is there already; choose another name", role.Name)
		}
		seen[role.Name] = true
		if len(role.Title) > 80 {
			found.add(at+"title", "must be at most 80 characters long")
		}
		if role.Leads && leader != "" {
			found.add(at+"leads", "%s leads already; only one role may", leader)
		}
		if role.Leads {
			leader = role.Name
		}
		between(found, at+"patience_sev1", role.PatienceSev1, time.Second, 24*time.Hour)
		between(found, at+"patience", role.Patience, time.Second, 24*time.Hour)
	}
}

func (g guardConfig) check(found *problems, roles []roleConfig) {
	if g.Confirmations != 0 && g.Confirmations != 1 {
		found.add("guard.confirmations", "must be 1, or 0 to ring without a second person")
	}
	between(found, "guard.window", g.Window, time.Second, 24*time.Hour)
	between(found, "guard.period", g.Period, time.Minute, 366*24*time.Hour)
	if g.PerPerson < 1 {
		found.add("guard.per_person", "must be at least 1")
	}
	if g.PerOrganisation < 1 {
		found.add("guard.per_organisation", "must be at least 1")
	}
	checkWho(found, "guard.may_fire", g.MayFire, roles)
	checkWho(found, "guard.may_confirm", g.MayConfirm, roles)
}

func checkWho(found *problems, key string, who []string, roles []roleConfig) {
	if len(who) == 0 {
		found.add(key, "nobody could do it; write @roster, @known, role:NAME or handles")
	}
	for _, each := range who {
		name, isRole := strings.CutPrefix(each, "role:")
		switch {
		case each == "@roster", each == "@known":
		case isRole:
			if !slices.ContainsFunc(roles, func(r roleConfig) bool { return r.Name == name }) {
				found.add(key, "there is no role %q; the roles are %s", name, roleNames(roles))
			}
		case !handle.MatchString(each):
			found.add(key, "%q is neither @roster, @known, role:NAME nor a handle", each)
		}
	}
}

func roleNames(roles []roleConfig) string {
	names := make([]string, 0, len(roles))
	for _, role := range roles {
		names = append(names, role.Name)
	}
	return strings.Join(names, ", ")
}

// slackAccount is a workspace and a member of it, perhaps with the organisation first.
var slackAccount = regexp.MustCompile(`^(?i:(e[a-z0-9]+/)?t[a-z0-9]+/[uw][a-z0-9]+)$`)

func checkAdmins(found *problems, admins []string, c *Config) {
	known := append([]string{consoleNetwork}, c.networkIDs()...)
	for _, admin := range admins {
		network, account, ok := strings.Cut(admin, "/")
		switch {
		case !ok || account == "" || len(account) > 128 || strings.ContainsAny(account, " \t"):
			found.add("admins", "%q must be a network and an account, such as libera/maria", admin)
		case slices.ContainsFunc(c.Slack, func(n slackConfig) bool { return n.ID == network }) && !slackAccount.MatchString(account):
			found.add("admins", "%q must name a member of Slack by ids, such as %s/T0123ABCD/U0456EFGH; the app's home tab in Slack shows yours", admin, network)
		case !slices.Contains(known, network):
			found.add("admins", "%q is on a network that is not configured; the networks are %s", admin, strings.Join(known, ", "))
		}
	}
}
