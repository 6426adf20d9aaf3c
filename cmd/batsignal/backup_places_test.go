package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/snapshot"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/secret"
)

// A place is taken out of the configuration: the doctor tells what is noted there, until somebody
// says that it will not come back. One that is configured is not given up.
func TestAPlaceIsGivenUp(t *testing.T) {
	alone(t)
	ctx, fresh := context.Background(), pgtest.Fresh(t)
	at := time.Date(2026, 11, 29, 2, 30, 0, 0, time.UTC)
	id, _, err := snapshot.Begin(ctx, fresh.Pool, at, "backup-wiki", 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"attic", "cellar"} {
		c := snapshot.Copy{Member: snapshot.Whole, Place: place, Key: "backup-wiki/x.age", SHA256: strings.Repeat("ab", 32), StoredAt: at}
		if err := snapshot.AddCopy(ctx, fresh.Pool, id, c); err != nil {
			t.Fatal(err)
		}
	}
	if err := snapshot.Complete(ctx, fresh.Pool, id, "", nil); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := writeFile(t, dir, "batsignal.yaml", fmt.Sprintf(`database: {url: %q}
log: {level: warn}
jobs:
  places: [{name: cellar, disk: %q}]
`, fresh.BotDSN, dir), 0o600)
	visit := func() string {
		db, err := openForeign(ctx, secret.New(fresh.BotDSN))
		if err != nil {
			t.Fatal(err)
		}
		defer db.close()
		var out bytes.Buffer
		d := doctor{app: &app{stdout: &out}, c: Config{}, db: db}
		d.c.Jobs.Places = []placeConfig{{Name: "cellar"}}
		d.outOfReach(ctx)
		return out.String()
	}
	if said := visit(); !strings.HasPrefix(said, "note     place attic: 1 copy at attic noted, and jobs.places does not name it") || strings.Contains(said, "cellar") {
		t.Error(said)
	}
	give := func(status int, want string, args ...string) {
		t.Helper()
		got, stdout, stderr := cli(t, append([]string{"backup", "--config", config, "forget-place"}, args...)...)
		if got != status || !strings.Contains(stdout+stderr, want) {
			t.Errorf("%v: status %d, %s%s, want %s", args, got, stdout, stderr, want)
		}
	}
	give(exitFailed, "cellar is one of jobs.places. Take it out of the configuration first", "--yes", "cellar")
	give(exitFailed, "No copy is noted at a place called shed.", "--yes", "shed")
	give(exitUsage, "Nothing was changed.", "attic")
	if said := visit(); said == "" {
		t.Error("it was given up though nobody agreed")
	}
	give(exitOK, "The place attic is given up, with 1 copy.\n", "--yes", "attic")
	if said := visit(); said != "" {
		t.Error(said)
	}
	if s, err := snapshot.Get(ctx, fresh.Pool, id); err != nil || s.State != snapshot.Kept || s.Copies[0].GoneAt.IsZero() || !s.Copies[1].GoneAt.IsZero() {
		t.Errorf("%+v %v", s, err)
	}
}
