package command_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"batsignal/bot/console"
	"batsignal/bot/play"
	"batsignal/bot/play/doortest"
	"batsignal/incidents"
	"batsignal/incidents/retrospective"
	"batsignal/incidents/runbook/book"
	"batsignal/incidents/runbook/shipped"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/rosterfile"
)

var update = flag.Bool("update", false, "rewrite the transcripts with what the bot says now")

func TestMain(m *testing.M) { pgtest.Main(m) }

// opener opens a network of that name with these people on it.
type opener func(t testing.TB, db pg.DB, network string, people []string) play.Theatre

// doors are the networks on which every story must go the same way.
var doors = []struct {
	name   string
	open   opener
	atOnce int // how many networks may run side by side
}{
	{"terminal", func(_ testing.TB, _ pg.DB, network string, _ []string) play.Theatre { return play.NewTerminal(network) }, 2},
	// They mostly wait: for the welcome, and a second between topics.
	{"irc", func(t testing.TB, _ pg.DB, network string, people []string) play.Theatre {
		return doortest.IRC(t, network, people)
	}, 8},
	{"slack", func(t testing.TB, db pg.DB, network string, people []string) play.Theatre {
		return doortest.Slack(t, db, network, people)
	}, 2},
	// Of the story on several networks one is an IRC network, and the other is Slack.
	{bridged, func(t testing.TB, db pg.DB, network string, people []string) play.Theatre {
		if network == "libera" {
			return doortest.IRC(t, network, people)
		}
		return doortest.Slack(t, db, network, people)
	}, 2},
}

// bridged is the door, or rather the two, that only a story on several networks needs.
const bridged = "irc and slack"

// TestTranscripts plays every story in testdata on every door: lines that people
// say, and what the bot answered. Read them: they are the manual.
func TestTranscripts(t *testing.T) {
	stories, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for i, door := range doors {
		t.Run(door.name, func(t *testing.T) {
			if !*update {
				t.Parallel()
			}
			var all sync.WaitGroup
			free := make(chan struct{}, door.atOnce)
			for _, path := range stories {
				if door.name == bridged && filepath.Base(path) != "bridged.txtar" {
					continue
				}
				all.Go(func() {
					free <- struct{}{}
					defer func() { <-free }()
					t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
						compare(t, path, *update && i == 0, i == 0, door.open)
					})
				})
			}
			all.Wait()
		})
	}
}

// homeTopic is what the terminal shows of the home room's topic. On IRC the bot is no
// operator there, and on Slack that topic is the people's: there it leaves it alone.
var homeTopic = regexp.MustCompile(`(?m)^  ` + play.Home + ` topic: .*\n`)

// compare plays a story and says what went differently, or writes it down.
func compare(t *testing.T, path string, write, topics bool, open opener) {
	story, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := tell(t, story, open)
	for i, f := range story.Files {
		if f.Name != "story" {
			continue
		}
		if write {
			story.Files[i].Data = []byte(got)
			if err := os.WriteFile(path, txtar.Format(story), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		want := string(f.Data)
		if !topics {
			want = homeTopic.ReplaceAllString(want, "")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the bot says something else now (-then +now); if it should, run make golden\n%s", diff)
		}
	}
}

// tell plays one story on a stage of its own. It begins at 03:14 UTC on a Sunday,
// with the example roster unless the story brings its own, on one network called
// "console" unless its settings name others.
func tell(t *testing.T, story *txtar.Archive, open opener) string {
	ctx := t.Context()
	files := map[string]string{"roster.yaml": string(rosterfile.Example), "settings": ""}
	for _, f := range story.Files {
		files[f.Name] = string(f.Data)
	}
	settings := map[string]string{"networks": "console"}
	for line := range strings.Lines(files["settings"]) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		settings[key] = value
	}
	roster, err := rosterfile.Parse([]byte(files["roster.yaml"]))
	if err != nil {
		t.Fatal(err)
	}

	fresh := pgtest.Fresh(t)
	db := fresh.Pool
	var theatres []play.Theatre
	for network := range strings.FieldsSeq(settings["networks"]) {
		people := play.Speakers(files["story"], network)
		for _, p := range roster.People {
			if !slices.Contains(people, p.Handle) {
				people = append(people, p.Handle)
			}
		}
		theatres = append(theatres, open(t, db, network, people))
	}
	var transcript play.Transcript
	codes, tokens := 0, 0
	var books []book.Book
	if settings["runbooks"] == "yes" {
		if books, err = shipped.Books(); err != nil {
			t.Fatal(err)
		}
	}
	stage, err := play.New(ctx, db, play.Options{
		Start: time.Date(2026, 3, 1, 3, 14, 0, 0, time.UTC), Theatres: theatres, Relay: settings["relay"] == "yes",
		Roles: oncall.DefaultRoles(), Admins: []string{"maria"}, Guard: incidents.DefaultGuard(),
		Prefix: settings["prefix"], Emergency: settings["emergency"], OpenDoor: settings["door"] == "open",
		PublicURL: settings["url"], Retrospectives: settings["retro"] == "yes",
		Runbooks:    books,
		Jobs:        jobsOf(settings),
		Fetch:       shelf(files),
		NewToken:    func() string { tokens++; return fmt.Sprintf("%0*d", retrospective.TokenLength, tokens) },
		NewCode:     func() string { codes++; return fmt.Sprintf("KQX%d", codes+1) },
		Switchboard: atSwitchboard(settings),
		Show:        func(_ time.Time, l console.Line) { transcript.Hear(l) },
		Log:         slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stage.Close)
	transcript.Stage = stage
	if err := stage.Cast(ctx, roster); err != nil {
		t.Fatal(err)
	}
	plan(ctx, t, stage, files["schedules.yaml"])
	sealFor(ctx, t, db, stage.Now(), strings.Fields(settings["sealed"]))
	keepBook(ctx, t, fresh, stage, settings["opened"])
	if settings["kept"] == "yes" {
		lay(ctx, t, db, stage.Now())
	}
	got, err := transcript.Play(ctx, files["story"])
	if err != nil {
		t.Fatalf("%v\nso far:\n%s", err, got)
	}
	return got
}

// shelf has the files of a story at https://calendar.example.org/.
type shelf map[string]string

func (s shelf) Fetch(_ context.Context, address string) ([]byte, error) {
	name, ours := strings.CutPrefix(address, "https://calendar.example.org/")
	text, found := s[name]
	if !ours || !found {
		return nil, fault.New(fault.Unready, "The list at the address could not be fetched.")
	}
	return []byte(strings.ReplaceAll(text, "\n", "\r\n")), nil
}
