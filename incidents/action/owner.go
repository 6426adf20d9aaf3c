package action

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/minutes"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

const sqlRoster = `
	select handle as name, handle from person
	union select a.name, p.handle from account a join person p on p.id = a.person_id where a.network = @network and a.name !~ '/'
	order by 1`

const (
	mostOwners  = 20
	longestName = 80 // letters
)

// SetOwner says whose an action is: people of the roster by handle or account, anybody
// else by a name. No names at all make it nobody's.
func (s *Service) SetOwner(ctx context.Context, a oncall.Actor, id int64, names string) (Item, error) {
	return s.change(ctx, a, id, func(tx pgx.Tx, _ time.Time, it Item) (string, error) {
		if err := mustBeOpen(ctx, tx, it); err != nil {
			return "", err
		}
		roster, err := rosterOf(ctx, tx, a.Network)
		if err != nil {
			return "", err
		}
		owners, err := ownersNamed(names, a, roster)
		if err != nil {
			return "", err
		}
		if slices.Equal(owners, it.Owners) {
			if len(owners) == 0 {
				return "", fault.New(fault.Conflict, "%s is nobody's already.", Ref(id))
			}
			return "", fault.New(fault.Conflict, "%s belongs to %s already.", Ref(id), it.Whose())
		}
		if err := setOwners(ctx, tx, id, owners); err != nil {
			return "", err
		}
		if _, err := tx.Exec(ctx, sqlSetOwned, pgx.NamedArgs{"id": id}); err != nil {
			return "", err
		}
		if len(owners) == 0 {
			return "owner: nobody", nil
		}
		return "owner: " + strings.Join(namesOf(owners), ", "), nil
	})
}

// Whose names the owners of an action in a sentence; "nobody" if it has none.
func (it Item) Whose() string { return oncall.JoinNames(namesOf(it.Owners)) }

func namesOf(owners []Owner) []string {
	names := make([]string, len(owners))
	for i, o := range owners {
		names[i] = o.Name
		if o.Handle != "" {
			names[i] = o.Handle
		}
	}
	return names
}

// rosterOf is everybody on the roster, by each of their names on a network.
func rosterOf(ctx context.Context, db pg.DB, network string) ([]minutes.Owner, error) {
	rows, err := db.Query(ctx, sqlRoster, pgx.NamedArgs{"network": network})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[minutes.Owner])
}

// ownersNamed reads "maria, bert", "maria and bert", "maria bert", "me", "nobody".
// What names nobody on the roster is a name of its own: "the QA team".
func ownersNamed(names string, a oncall.Actor, roster []minutes.Owner) ([]Owner, error) {
	if word := strings.ToLower(strings.TrimSpace(names)); word == "" || word == "nobody" || word == "none" {
		return nil, nil
	}
	handles := make(map[string]string, len(roster))
	for _, r := range roster {
		handles[minutes.Fold(r.Name)] = r.Handle
	}
	known := func(name string) string {
		switch strings.ToLower(name) {
		case "i", "me", "myself":
			return a.Handle
		}
		return handles[minutes.Fold(strings.TrimPrefix(name, "@"))]
	}
	var owners []Owner
	for part := range strings.SplitSeq(strings.ReplaceAll(names, " and ", ","), ",") {
		words := strings.FieldsFunc(part, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
		if len(words) == 0 {
			continue
		}
		one := []string{strings.Join(words, " ")}
		if known(one[0]) == "" && !slices.ContainsFunc(words, func(w string) bool { return known(w) == "" }) {
			one = words
		}
		for _, name := range one {
			o := Owner{Name: strings.TrimPrefix(name, "@")}
			if handle := known(name); handle != "" {
				o = Owner{Name: handle, Handle: handle}
			}
			if o.Name == "" || utf8.RuneCountInString(o.Name) > longestName {
				return nil, fault.New(fault.Invalid, "The name of an owner has 1 to %d letters.", longestName)
			}
			if !slices.Contains(owners, o) {
				owners = append(owners, o)
			}
		}
	}
	if len(owners) > mostOwners {
		return nil, fault.New(fault.Invalid, "An action has up to %d owners; name those who see to it.", mostOwners)
	}
	return owners, nil
}
