package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/job"
)

// A damaged secret of sessions keeps no bot from starting: the log and doctor say it, and
// people hand in by one that is gone with the process.
func TestADamagedShareStampStopsNothing(t *testing.T) {
	c := Config{StateDir: t.TempDir()}
	var log, out bytes.Buffer
	d := &doctor{app: &app{stdout: &out}, c: c}
	d.shareStamp(t.Context())
	if _, err := os.Stat(stampFile(c)); err == nil || !strings.HasPrefix(out.String(), "note     share-stamp.key: there is none yet") {
		t.Errorf("doctor makes one: %v, %s", err, out.String())
	}
	if err := os.WriteFile(filepath.Join(c.StateDir, "share-stamp.key"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &parts{}
	p.jobs = &job.Service{Log: slog.New(slog.NewTextHandler(&log, nil))}
	one, two := p.shareStamp(t.Context(), c, nil, time.Time{}), p.shareStamp(t.Context(), c, nil, time.Time{})
	if one.Mark() == "" || one.Mark() == two.Mark() || !strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("%q %q %s", one.Mark(), two.Mark(), log.String())
	}
	if d.shareStamp(t.Context()); !d.sick || !strings.Contains(out.String(), "broken   share-stamp.key: ") {
		t.Error(out.String())
	}
}
