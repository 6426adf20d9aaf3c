package oncall

import (
	"context"
	"strings"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

// FindRole finds a role in use by its name, its title, its initials, or the start
// of either when that is unambiguous.
func FindRole(ctx context.Context, db pg.DB, word string) (Role, error) {
	roles, err := Roles(ctx, db)
	if err != nil {
		return Role{}, err
	}
	r, ok := MatchRole(roles, word)
	if !ok {
		return Role{}, fault.New(fault.NotFound, "There is no role like %q. The roles are %s.", word, RoleNames(roles))
	}
	return r, nil
}

// MatchRole is the pure half of [FindRole].
func MatchRole(roles []Role, word string) (Role, bool) {
	word = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(word), " ", "-"))
	var near []Role
	for _, r := range roles {
		title := strings.ToLower(strings.ReplaceAll(r.Title, " ", "-"))
		if r.Name == word || title == word {
			return r, true
		}
		if len(word) >= 2 && (initials(r.Name) == word || strings.HasPrefix(r.Name, word) || strings.HasPrefix(title, word)) {
			near = append(near, r)
		}
	}
	if len(near) == 1 {
		return near[0], true
	}
	return Role{}, false
}

// initials makes "qa" of "quality-assurance".
func initials(name string) string {
	var b strings.Builder
	for _, part := range strings.Split(name, "-") {
		b.WriteString(part[:min(len(part), 1)])
	}
	return b.String()
}

// RoleNames joins the names of roles for a sentence.
func RoleNames(roles []Role) string {
	names := make([]string, 0, len(roles))
	for _, r := range roles {
		names = append(names, r.Name)
	}
	return strings.Join(names, ", ")
}
