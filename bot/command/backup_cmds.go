package command

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"batsignal/integrations/snapshot"
	"batsignal/oncall/fault"
)

// backupVerb does what "!backup status", "hold" and "release" ask for; done is false where the
// word is none of them, or something is backed up that is called so.
func (s Services) backupVerb(ctx context.Context, c *Call, text string) (r Reply, done bool, err error) {
	word := token(text)
	verb, rest := strings.ToLower(word), strings.TrimSpace(text[len(word):])
	if _, err := s.Jobs.Definition("backup-" + verb); err == nil {
		return Reply{}, false, nil
	}
	switch verb {
	case "status", "list":
		if rest != "" {
			return Reply{}, false, nil
		}
		r, err = s.backupStatus(ctx, c)
	case "hold":
		r, err = s.holdBackup(ctx, c, rest)
	case "release":
		r, err = s.releaseBackup(ctx, c, rest)
	default:
		return Reply{}, false, nil
	}
	return r, true, err
}

// snapshotOf finds the snapshot that a word means: its number, or the newest that is kept of a
// backup by its name.
func (s Services) snapshotOf(ctx context.Context, c *Call, verb, word string) (snapshot.Snapshot, error) {
	digits := strings.TrimPrefix(word, "#")
	if id, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return snapshot.Get(ctx, s.DB, id)
	}
	if word == "" || strings.Contains(word, "=") {
		return snapshot.Snapshot{}, fault.New(fault.Invalid, "Which one? Example: %s", c.Typed("backup "+verb+" 12 evidence of INC7"))
	}
	name, err := s.shortJob(c, "backup-", "backup", "backup "+verb, strings.ToLower(word))
	if err != nil {
		return snapshot.Snapshot{}, err
	}
	list, err := snapshot.List(ctx, s.DB, snapshot.Query{Job: name, States: []snapshot.State{snapshot.Kept}})
	if err != nil {
		return snapshot.Snapshot{}, err
	}
	for _, one := range list {
		if !one.Found() { // whoever means one that was only found, says its number
			return one, nil
		}
	}
	return snapshot.Snapshot{}, fault.New(fault.NotFound, "There is no backup of %s.", word)
}

// holdBackup keeps a backup from being deleted.
func (s Services) holdBackup(ctx context.Context, c *Call, rest string) (Reply, error) {
	word := token(rest)
	one, err := s.snapshotOf(ctx, c, "hold", word)
	if err != nil {
		return Reply{}, err
	}
	if err := snapshot.Hold(ctx, s.DB, c.Now, c.Actor(), one.ID, rest[len(word):]); err != nil {
		return Reply{}, err
	}
	said := fmt.Sprintf("Snapshot %d of %s, taken %s, is not deleted until somebody says %s.", one.ID, strings.TrimPrefix(one.Job, "backup-"),
		stamp(one.TakenAt, c), c.Typed(fmt.Sprintf("backup release %d", one.ID)))
	if one.Hold != "" {
		said += fmt.Sprintf(" Before, %s held it: %s", one.HoldBy, one.Hold)
	}
	return s.withPath(sentence(said), "Snapshot", fmt.Sprintf("/backups/%d", one.ID)), nil
}

// releaseBackup lets a backup be deleted again. Who may ask for more to be deleted than the rule
// does by itself may do that.
func (s Services) releaseBackup(ctx context.Context, c *Call, rest string) (Reply, error) {
	one, err := s.snapshotOf(ctx, c, "release", token(rest))
	if err != nil {
		return Reply{}, err
	}
	purge, err := s.Jobs.Definition("purge-" + strings.TrimPrefix(one.Job, "backup-"))
	if err == nil && purge.Policy.Admin && !c.Rights.Has(Admin) {
		return Reply{}, fault.New(fault.Forbidden, "Only those who may ask for %s let go of it.", purge.Name)
	}
	if err := snapshot.Release(ctx, s.DB, c.Now, c.Actor(), one.ID); err != nil {
		return Reply{}, err
	}
	return s.withPath(sentence(fmt.Sprintf("Snapshot %d of %s may be deleted again. %s held it: %s", one.ID, strings.TrimPrefix(one.Job, "backup-"), one.HoldBy, one.Hold)),
		"Snapshot", fmt.Sprintf("/backups/%d", one.ID)), nil
}

// backupStatus says of each backup whether it is what it should be: raptor proof, documented,
// duplicated, and proven by a restore.
func (s Services) backupStatus(ctx context.Context, c *Call) (Reply, error) {
	if len(s.Backups) == 0 {
		return sentence("Nothing is backed up here. docs/backups.md says how."), nil
	}
	var r Reply
	for _, name := range slices.Sorted(maps.Keys(s.Backups)) {
		st, err := snapshot.StatusOf(ctx, s.DB, c.Now, name, s.Backups[name])
		if err != nil {
			return Reply{}, err
		}
		r.Blocks = append(r.Blocks, Line(strings.TrimPrefix(st.Says(), "backup-")))
	}
	return s.withPath(r, "Backups", "/backups"), nil
}
