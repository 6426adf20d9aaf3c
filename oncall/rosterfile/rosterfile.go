// Package rosterfile owns the text form of a roster: people, their hours, accounts,
// contacts and roles, as one YAML file that can be reviewed.
//
// Reading and checking is pure; applying writes through oncall, so its rules hold.
// It is for a first roster, for plays and for tests: people change their own data
// in chat.
package rosterfile

import (
	"bytes"
	"context"
	_ "embed" // for the example
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"go.yaml.in/yaml/v3"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Example is a small roster: the five roles of the bat-signal, people in five
// time zones and more.
//
//go:embed example.yaml
var Example []byte

// File is a roster in text.
type File struct {
	People []Person `yaml:"people"`
}

// Person is one entry.
type Person struct {
	Handle   string            `yaml:"handle"`
	Name     string            `yaml:"name"`
	Zone     string            `yaml:"zone"`
	Awake    string            `yaml:"awake"` // "07:00-23:00", own time
	Roles    []string          `yaml:"roles"`
	Accounts map[string]string `yaml:"accounts"` // network to account
	Mail     string            `yaml:"mail"`
	Webhook  string            `yaml:"webhook"`
	SMS      string            `yaml:"sms"`   // +442071838750
	Voice    string            `yaml:"voice"` // +442071838750
	Ntfy     string            `yaml:"ntfy"`  // a topic
	// PagerDuty is the integration key (Events API v2) of a service that rings them.
	PagerDuty string `yaml:"pagerduty"`
}

// addresses are those that somebody has, by kind of contact, in the order of the ways.
func (p Person) addresses() [][2]string {
	all := [][2]string{{"mail", p.Mail}, {"webhook", p.Webhook}, {"sms", p.SMS}, {"voice", p.Voice}, {"ntfy", p.Ntfy}, {"pagerduty", p.PagerDuty}}
	return slices.DeleteFunc(all, func(one [2]string) bool { return one[1] == "" })
}

// Parse reads a roster. Unknown keys are errors: a misspelt one would be a person
// who is not rung.
func Parse(text []byte) (File, error) {
	var f File
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		return f, fault.Wrap(fault.Invalid, err, "The roster cannot be read: %s", firstLine(err))
	}
	if len(f.People) == 0 {
		return f, fault.New(fault.Invalid, "The roster names nobody. It begins with \"people:\".")
	}
	seen := map[string]bool{}
	for i, p := range f.People {
		if p.Handle == "" || seen[p.Handle] {
			return f, fault.New(fault.Invalid, "Entry %d of the roster has no handle, or one that is there already: %q.", i+1, p.Handle)
		}
		seen[p.Handle] = true
		if _, _, err := minutes(p.Awake); err != nil {
			return f, fault.New(fault.Invalid, "%s: write awake like \"07:00-23:00\", not %q.", p.Handle, p.Awake)
		}
	}
	return f, nil
}

// How says how a roster is applied.
type How struct {
	Now time.Time
	// Agreed takes the file's word that people said yes: for examples and plays
	// only. Otherwise everybody is asked.
	Agreed bool
	// Vouched takes the file's word that addresses are their owners', so that pages go
	// there at once. Otherwise each waits for its owner's proof. What is Agreed is
	// vouched for.
	Vouched bool
	// Network gives everybody an account of their handle on it; "" gives none.
	Network string
	// Ask adds somebody to a role when they have not agreed; needed unless Agreed.
	Ask func(ctx context.Context, handle, role string) error
}

// operator is where a roster comes from, for the record of changes: the shell.
const operator = "cli"

const sqlAgree = `
	insert into membership (role, person_id, place, asked_at, agreed_at, approved_at)
	values (@role, @person, (select coalesce(max(place), 0) + 1 from membership where role = @role), @now, @now, @now)
	on conflict (role, person_id) do nothing`

// Apply stores the people of a file that are not there yet. It returns how many
// were new; somebody whose handle is known is left as they are.
func Apply(ctx context.Context, db pg.DB, f File, how How) (added int, err error) {
	var ask [][2]string
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		added, ask = 0, nil
		for _, p := range f.People {
			if _, err := oncall.PersonByHandle(ctx, tx, p.Handle); err == nil {
				continue
			} else if fault.KindOf(err) != fault.NotFound {
				return err
			}
			if err := apply(ctx, tx, p, how); err != nil {
				return fmt.Errorf("%s: %w", p.Handle, err)
			}
			added++
			for _, role := range p.Roles {
				ask = append(ask, [2]string{p.Handle, role})
			}
		}
		return nil
	})
	if err != nil || how.Agreed {
		return added, err
	}
	for _, one := range ask {
		if err := how.Ask(ctx, one[0], one[1]); err != nil {
			return added, fmt.Errorf("%s: %w", one[0], err)
		}
	}
	return added, nil
}

func apply(ctx context.Context, tx pgx.Tx, p Person, how How) error {
	wakes, sleeps, err := minutes(p.Awake)
	if err != nil {
		return err
	}
	zone := p.Zone
	if zone == "" {
		zone = "UTC"
	}
	id, err := oncall.AddPerson(ctx, tx, how.Now, oncall.Person{Handle: p.Handle, Name: p.Name, Zone: zone, Wakes: wakes, Sleeps: sleeps})
	if err != nil {
		return err
	}
	accounts := map[string]string{}
	if how.Network != "" {
		accounts[how.Network] = p.Handle
	}
	for network, name := range p.Accounts {
		accounts[network] = name
	}
	for network, name := range accounts {
		if err := oncall.BindAccount(ctx, tx, how.Now, id, oncall.Account{Network: network, Name: name}); err != nil {
			return err
		}
	}
	options := []contact.Option{contact.By(audit.By{Network: operator})}
	if how.Vouched || how.Agreed {
		options = append(options, contact.Vouched())
	}
	for _, one := range p.addresses() {
		if _, err := contact.Add(ctx, tx, how.Now, id, one[0], secret.New(one[1]), options...); err != nil {
			return err
		}
	}
	for _, role := range p.Roles {
		r, err := oncall.FindRole(ctx, tx, role)
		if err != nil {
			return err
		}
		if !how.Agreed {
			continue
		}
		if _, err := tx.Exec(ctx, sqlAgree, pgx.NamedArgs{"role": r.Name, "person": id, "now": how.Now}); err != nil {
			return err
		}
	}
	return nil
}

// minutes reads waking hours as minutes after midnight; "" is 07:00 to 23:00.
func minutes(awake string) (wakes, sleeps int, err error) {
	if awake == "" {
		return 7 * 60, 23 * 60, nil
	}
	return oncall.ParseHours(awake)
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(strings.ReplaceAll(err.Error(), "yaml: unmarshal errors:\n  ", ""), "\n")
	return line
}
