package policy

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// Use is a role that follows a policy.
type Use struct {
	Role     string
	Severity int    // 1 to 4; 0 is every severity without a policy of its own
	Policy   string // by name; "" is the built-in one
}

// Words says in which emergencies it is followed.
func (u Use) Words() string {
	if u.Severity == 0 {
		return u.Role
	}
	return fmt.Sprintf("%s at severity %d", u.Role, u.Severity)
}

// Set is every policy with the roles that follow it.
type Set struct {
	Policies []Policy // by name
	Uses     []Use    // by role, then severity
}

const (
	sqlPolicyColumns = `select name, title, version, repeats, needs, steps from escalation_policy`
	sqlPolicies      = sqlPolicyColumns + ` order by name`
	sqlPolicyByName  = sqlPolicyColumns + ` where name = @name`
	sqlUses          = `select role, severity, policy from role_policy order by role, severity`
	sqlUsesOf        = `select role, severity, policy from role_policy where policy = @name order by role, severity`
)

// Load reads all policies and their uses.
func Load(ctx context.Context, db pg.DB) (Set, error) {
	var s Set
	var err error
	if s.Policies, err = List(ctx, db); err != nil {
		return s, err
	}
	s.Uses, err = Uses(ctx, db)
	return s, err
}

// List lists the policies, by name.
func List(ctx context.Context, db pg.DB) ([]Policy, error) {
	rows, err := db.Query(ctx, sqlPolicies)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Policy])
}

// Uses lists which role follows which policy, by role.
func Uses(ctx context.Context, db pg.DB) ([]Use, error) {
	rows, err := db.Query(ctx, sqlUses)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Use])
}

// For finds the policy that a role follows at a severity. found is false where it is
// the built-in one.
func (s Set) For(role string, severity int) (p Policy, found bool) {
	name := ""
	for _, u := range s.Uses {
		if u.Role == role && (u.Severity == severity || u.Severity == 0 && name == "") {
			name = u.Policy
		}
	}
	return s.Get(name)
}

// Get finds a policy by its name.
func (s Set) Get(name string) (p Policy, found bool) {
	for _, p := range s.Policies {
		if p.Name == name {
			return p, name != ""
		}
	}
	return Policy{}, false
}

// UsesOf lists who follows a policy.
func (s Set) UsesOf(name string) []Use {
	var of []Use
	for _, u := range s.Uses {
		if u.Policy == name {
			of = append(of, u)
		}
	}
	return of
}
