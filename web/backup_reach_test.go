package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/snapshot"
	"batsignal/web"
)

// Pages tell of a place that the configuration does not name any more, and of a backup that was
// found and not proven.
func TestBackupsOutOfReach(t *testing.T) {
	j := newJobWorld(t, func(o *web.Options) {
		o.Backups = map[string]snapshot.Expect{"backup-git": {Places: []string{"cellar"}}}
	})
	known := j.keeps("backup-git", j.Now().Add(-3*time.Hour), snapshot.Successful)
	found, _, err := snapshot.AddFound(ctx, j.DB, snapshot.NewFound{Job: "backup-git", TakenAt: j.Now().Add(-time.Hour), Why: "found at cellar and not proven yet",
		Copy: snapshot.Copy{Member: snapshot.Whole, Place: "cellar", Key: "backup-git/x.age", SHA256: strings.Repeat("ab", 32), StoredAt: j.Now()}})
	if err != nil {
		t.Fatal(err)
	}
	li := j.enters("li")
	li.read("/backups?job=backup-git").says(t, http.StatusOK, "Out of reach, since no place of the configuration: <bdi>1 copy at attic</bdi>",
		"batsignal backup forget-place attic", "Found in places and not proven", fmt.Sprintf(`href="/backups/%d"`, found), "not raptor proof")
	li.read(fmt.Sprintf("/backups/%d", known)).says(t, http.StatusOK, "Out of reach: no place of the configuration is called so.")
	li.read(fmt.Sprintf("/backups/%d", found)).says(t, http.StatusOK, "Held by <bdi>the bot</bdi>", "found at cellar and not proven yet", "It may be deleted again")
}
