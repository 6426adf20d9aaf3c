package command

import (
	"context"
	"maps"
	"slices"
	"strings"

	"batsignal/integrations/snapshot"
)

// isBackupStatus tells whether "!backup status" asks how the backups are, and not for a backup
// of something that is called so.
func (s Services) isBackupStatus(name string) bool {
	if name != "status" && name != "list" {
		return false
	}
	_, err := s.Jobs.Definition("backup-" + name)
	return err != nil
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
