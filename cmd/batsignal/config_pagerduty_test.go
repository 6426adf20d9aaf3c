package main

import (
	"strings"
	"testing"

	"batsignal/oncall/fault"
)

// Each slip in what is said of services at PagerDuty, and what the operator reads.
func TestSlipsWithServicesAtPagerDuty(t *testing.T) {
	alone(t)
	const right = "roles: [{name: packages}]\n"
	for text, want := range map[string][]string{
		"pagerduty: {services: [{role: packages, id: PF9KMXH}]}": {
			"pagerduty.enabled: set it to true", "pagerduty.token_file: set it", "pagerduty.from: set it", "pagerduty.webhook_secret_file: set it",
		},
		"pagerduty: {enabled: true, services: [{id: ''}]}":                            {"pagerduty.services[0].id: must be the name of a service there, such as PF9KMXH"},
		"pagerduty: {services: [{id: a/b, policy: '#x'}]}":                            {"services[0].id: must be", "services[0].policy: must be the name of an escalation policy there"},
		"pagerduty: {services: [{id: P1, role: cooks}]}":                              {`pagerduty.services[0].role: there is no role "cooks"; the roles are packages`},
		"pagerduty: {services: [{id: P1, at_once: 5}]}":                               {"pagerduty.services[0].at_once: must be a severity, 1 to 4, or 0"},
		"pagerduty: {services: [{id: P1, role: packages}, {id: P1, role: packages}]}": {"pagerduty.services[1].id: stands for packages already"},
		"pagerduty: {services: {id: P1}}":                                             {"pagerduty.services: must be a list"},
		"pagerduty: {services: [{rol: packages}]}":                                    {"pagerduty.services[0].rol: unknown key; did you mean pagerduty.services[0].role?"},
	} {
		_, err := loadText(t, right+text)
		for _, part := range want {
			if !strings.Contains(fault.Say(err), part) {
				t.Errorf("%s\n%q is not in: %v", text, part, err)
			}
		}
	}
	// Only shown: nobody is called, and nothing comes back.
	dir := t.TempDir()
	writeFile(t, dir, "token", "0123456789\n", 0o600)
	l, err := loadText(t, right+"pagerduty: {enabled: true, token_file: "+dir+"/token, services: [{id: P1}]}")
	if err != nil {
		t.Fatal(err)
	}
	if s := l.PagerDuty.Services; len(s) != 1 || s[0].AtOnce != 2 {
		t.Errorf("%+v", s)
	}
}
