package reachability

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/policy"
	"batsignal/oncall/rota"
)

// The crowd of the model: so many volunteers for each of the default roles, each in one
// of the zones, which change no clocks, up from 8 to 23.
const (
	crowdEach  = 8
	crowdWakes = 8 * 60
	crowdSleep = 23 * 60
)

// everybodyOf is the crowd of all roles, for what rings people of several.
func everybodyOf(d *dice, at time.Time) duty.Facts {
	f := duty.Facts{Roles: oncall.DefaultRoles(), Plan: rota.Book{}}
	for _, r := range f.Roles {
		f.Members = append(f.Members, crowd(d, at, r).Members...)
	}
	return f
}

// staysWithin tells whether a policy that is tried for a role rings nobody of another.
func staysWithin(p *policy.Policy, role string) bool {
	if p == nil {
		return true
	}
	for _, s := range p.Steps {
		for _, t := range s.Targets {
			if t.Kind == policy.Role && t.Name != role || t.Kind == policy.Person && !strings.HasPrefix(t.Name, role+"-") {
				return false
			}
		}
	}
	return true
}

func crowdZones() [6]string {
	return [6]string{"Etc/GMT+8", "Etc/GMT+5", "UTC", "Etc/GMT-1", "Asia/Kolkata", "Etc/GMT-9"}
}

// crowd makes up the people of one role in one incident. Nobody is in two roles, everybody
// has said yes, and nobody limits it. Where they live is drawn anew for each incident. A
// role has facts of its own here: people of others would only take time.
func crowd(d *dice, at time.Time, role oncall.Role) duty.Facts {
	zones := crowdZones()
	before := crowdEach * slices.Index(oncall.DefaultRoles(), role) // people of other roles
	f := duty.Facts{Roles: []oncall.Role{role}, Plan: rota.Book{}, Members: make([]oncall.Member, crowdEach)}
	lives := d.throw(about{at: at, role: nameKey(role.Name), who: nameKey("zones")})
	for i := range f.Members {
		f.Members[i] = oncall.Member{
			Role: role.Name, Place: i + 1, AgreedAt: &at, ApprovedAt: &at,
			Person: oncall.Person{
				ID: int64(before + i + 1), Handle: role.Name + "-" + strconv.Itoa(i+1),
				Zone: zones[lives.IntN(len(zones))], Wakes: crowdWakes, Sleeps: crowdSleep,
			},
		}
	}
	return f
}
