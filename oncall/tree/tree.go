// Package tree owns the text form of everything that is a rule: roles with their
// rosters, schedules, policies, labels, components, and what is known of people, as
// one YAML file that can be reviewed.
//
//	f, err := tree.Export(ctx, db)          // what there is
//	text := tree.Encode(f)                  // as text, always the same for the same
//	f, err := tree.Parse(text)              // Problems(err) has every mistake with its line
//	plan, err := service.Plan(ctx, by, f)   // what would change; changes nothing
//	done, err := service.Apply(ctx, by, f, plan.Fingerprint)
//
// A section that a file does not have is left alone. One that it has is complete: what
// it does not name is removed or retired; only people are never removed. Decisions are
// no rules and are not in it: overrides, cover, absences, and who was on. Neither are
// accounts, contacts and consent, which are people's own.
//
// It changes nothing itself where another package can: what is applied goes through
// oncall, oncall/rota, oncall/policy, oncall/skill and oncall/component, so that their
// rules and their records hold. Whether the caller is an admin is for whoever calls.
package tree

import "time"

// Format is the version of the format, the first line of a file.
const Format = 1

// File is one tree. A section that is nil is left alone; an empty one has nothing in it.
type File struct {
	Roles      []Role // in their order
	Schedules  []Schedule
	Policies   []Policy
	Labels     []Label
	Components []Component // as far as they were entered by hand
	People     []Person
}

// Role is a kind of work and the list of who may be rung for it.
type Role struct {
	Name         string
	Title        string
	Leads        bool
	Patience     time.Duration
	PatienceSev1 time.Duration
	Minimum      int
	Prefers      [][]string     // labels, the best combination first
	Policies     map[int]string // by severity; 0 is every other
	Members      []string       // handles, in order

	line int
}

// Schedule is who is on when.
type Schedule struct {
	Name   string
	Title  string
	Role   string // "" serves none
	Zone   string
	Layers []Layer

	line int
}

// Layer is one rotation of a schedule, in words.
type Layer struct {
	Name    string
	Zone    string   // "" is the schedule's
	Starts  string   // "2026-03-30 09:00"
	Ends    string   // "" is never
	Every   []string // "1 week"; several lengths of turns in the same unit
	Members []string // handles, in order
	Only    []string // "mon-fri 09:00-17:00"; none is always
	Shadow  bool

	line int
}

// Policy is whom to ring after whom.
type Policy struct {
	Name    string
	Title   string
	Repeats int // 0 is for ever
	Needs   int // how many must answer; 0 is one
	Steps   []Step

	line int
}

// Step is one point of a policy.
type Step struct {
	Notify []string // "schedule weekly", "role press", "person maria", "room libera/#ops"
	Wait   time.Duration
	All    bool

	line int
}

// Label is something that people can be good at.
type Label struct {
	Name  string
	Title string
	Self  bool

	line int
}

// Component is something that is looked after, and who does, by handle or account.
type Component struct {
	Name     string
	Aliases  []string
	Owners   []string
	CoOwners []string
	Knows    []string

	line int
}

// Person is what is known of somebody. What is empty is left as it is; "none" empties
// work, languages and region.
type Person struct {
	Handle    string
	Name      string
	Zone      string
	Awake     string   // "07:00-23:00", on their own clock
	Work      string   // "mon-fri 09:00-17:00"
	Languages string   // "de en"
	Region    string   // "de-by"
	Labels    []string // those that count; nil is left alone

	line int
}

// None empties a field of a [Person].
const None = "none"

// Sections lists the names of the sections, in their order.
func Sections() []string {
	return []string{"people", "labels", "roles", "schedules", "policies", "components"}
}

// Only keeps some sections of a file. A name that is none is not found.
func (f File) Only(sections ...string) (kept File, unknown string) {
	for _, name := range sections {
		switch name {
		case "people":
			kept.People = f.People
		case "labels":
			kept.Labels = f.Labels
		case "roles":
			kept.Roles = f.Roles
		case "schedules":
			kept.Schedules = f.Schedules
		case "policies":
			kept.Policies = f.Policies
		case "components":
			kept.Components = f.Components
		default:
			return kept, name
		}
	}
	return kept, ""
}

// Empty tells whether a file has no section at all.
func (f File) Empty() bool {
	return f.Roles == nil && f.Schedules == nil && f.Policies == nil && f.Labels == nil && f.Components == nil && f.People == nil
}
