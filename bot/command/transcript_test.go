package command_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"batsignal/bot/console"
	"batsignal/bot/play"
	"batsignal/incidents"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/rosterfile"
)

var update = flag.Bool("update", false, "rewrite the transcripts with what the bot says now")

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestTranscripts plays every story in testdata: lines that people say, and what
// the bot answered. Read them: they are the manual.
func TestTranscripts(t *testing.T) {
	stories, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, path := range stories {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			story, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := tell(t, story)
			for i, f := range story.Files {
				if f.Name != "story" {
					continue
				}
				if *update {
					story.Files[i].Data = []byte(got)
					if err := os.WriteFile(path, txtar.Format(story), 0o644); err != nil {
						t.Fatal(err)
					}
					return
				}
				if diff := cmp.Diff(string(f.Data), got); diff != "" {
					t.Errorf("the bot says something else now (-then +now); if it should, run make golden\n%s", diff)
				}
			}
		})
	}
}

// tell plays one story on a stage of its own. It begins at 03:14 UTC on a Sunday,
// with the example roster unless the story brings its own.
func tell(t *testing.T, story *txtar.Archive) string {
	ctx := context.Background()
	files := map[string]string{}
	for _, f := range story.Files {
		files[f.Name] = string(f.Data)
	}
	settings := map[string]string{}
	for line := range strings.Lines(files["settings"]) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		settings[key] = value
	}

	var transcript play.Transcript
	codes := 0
	stage, err := play.New(ctx, pgtest.Fresh(t).Pool, play.Options{
		Start: time.Date(2026, 3, 1, 3, 14, 0, 0, time.UTC), Roles: oncall.DefaultRoles(),
		Admins: []string{"maria"}, Guard: incidents.DefaultGuard(),
		Prefix: settings["prefix"], Emergency: settings["emergency"], OpenDoor: settings["door"] == "open",
		NewCode: func() string { codes++; return fmt.Sprintf("KQX%d", codes+1) },
		Show:    func(_ time.Time, l console.Line) { transcript.Hear(l) },
		Log:     slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	transcript.Stage = stage
	roster := rosterfile.Example
	if files["roster.yaml"] != "" {
		roster = []byte(files["roster.yaml"])
	}
	f, err := rosterfile.Parse(roster)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rosterfile.Apply(ctx, stage.DB, f, rosterfile.How{Now: stage.Now(), Agreed: true, Network: "console"}); err != nil {
		t.Fatal(err)
	}
	got, err := transcript.Play(ctx, files["story"])
	if err != nil {
		t.Fatalf("%v\nso far:\n%s", err, got)
	}
	return got
}
