package meeting_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/archive"
	"batsignal/incidents/minutes/chatlog"
	"batsignal/incidents/minutes/corpustest"
	"batsignal/incidents/minutes/replay"
	"batsignal/incidents/minutes/write"
)

func (s *scene) imports(at incidents.Room, set meeting.ImportSetting, lines []chatlog.Line) int {
	s.Helper()
	n, err := s.Import(ctx, at, set, lines)
	s.must(err)
	return n
}

// TestImportedIsReplayed holds the files of what was imported against those of the
// replay of the same log, and imports it again.
func TestImportedIsReplayed(t *testing.T) {
	s := newScene(t)
	s.Policy = meeting.Policy{URLPrefix: "https://example.org/m/", Dialect: "fedora"}
	for _, d := range minutes.Dialects() {
		for _, m := range corpustest.All(t) {
			t.Run(d.Name+"/"+m.Name, func(t *testing.T) {
				s.TB = t
				at := incidents.Room{Network: d.Name, Room: m.Room}
				lines := chatlog.Parse(m.Log(t), chatlog.Options{Date: m.Date(t)})
				set := meeting.ImportSetting{Dialect: d.Name, Path: d.Name + "/" + m.Name}
				setting := minutes.Setting{Dialect: d, Room: m.Room, Network: d.Name, Files: minutes.Naming{URL: "https://example.org/m/" + set.Path}}
				want := replay.Run(setting, lines)
				before := len(s.meetingIDs())
				if n := s.imports(at, set, lines); n != len(want) {
					t.Errorf("%d are new, want %d", n, len(want))
				}
				if n := s.imports(at, set, lines); n != 0 {
					t.Errorf("%d are new the second time", n)
				}
				ids := s.meetingIDs()[before:]
				if len(ids) != len(want) {
					t.Fatalf("%d meetings, want %d", len(ids), len(want))
				}
				for i, id := range ids {
					doc, err := s.Doc(ctx, id)
					s.must(err)
					same(t, doc.Meeting, want[i].Meeting)
					for _, f := range archive.FormatsFor(d) {
						got, want := drawn(t, f, doc), drawn(t, f, write.Doc{Meeting: want[i].Meeting, Lines: want[i].Log.Lines})
						if f.Ext != "json" && got != want { // JSON has our own numbers of lines
							t.Errorf("%s is\n%s\nwant\n%s", f.Ext, got, want)
						}
					}
				}
			})
		}
	}
	s.TB = t
	if n := get[int](t, s.db, `select count(*) from action_item`); n != 0 {
		t.Errorf("%d actions of old meetings are open", n)
	}
	if n := get[int](t, s.db, `select count(*) from meeting where not imported or ended_at is null or write_due`); n != 0 {
		t.Errorf("%d meetings are not over and imported", n)
	}
	if n := get[int](t, s.db, `select count(*) from meeting m where lines <> (select count(*) from meeting_event e where e.meeting_id = m.id and e.line > 0)`); n != 0 {
		t.Errorf("%d meetings have not the lines that they say", n)
	}
	if said := s.said(); len(said) > 0 {
		t.Errorf("something was said in rooms: %q", said)
	}
}

func drawn(t testing.TB, f write.Format, d write.Doc) string {
	t.Helper()
	var out strings.Builder
	if err := f.Write(&out, d); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func parsed(text string) []chatlog.Line { return chatlog.Parse(text, chatlog.Options{}) }

// TestImportedActionsAreOpenedIfAsked has actions with owners and a date.
func TestImportedActionsAreOpenedIfAsked(t *testing.T) {
	lines := parsed(`2026-11-20 09:00:00 <anna> #startmeeting Weekly ops
2026-11-20 09:00:01 <bert> hi
2026-11-20 09:00:02 <anna> #action bert tests the restore by 2026-12-04
2026-11-20 09:00:03 <anna> #action somebody cleans up
2026-11-20 09:00:04 <anna> #action wrong
2026-11-20 09:00:05 <anna> #undo
2026-11-20 09:00:06 <anna> #endmeeting
`)
	for _, d := range []string{"batsignal", "debian"} {
		t.Run(d, func(t *testing.T) {
			s := newScene(t)
			s.imports(ops, meeting.ImportSetting{Dialect: d, Path: "ops/weekly", Actions: true}, lines)
			got := get[string](t, s.db, `
				select string_agg(a.text || '|' || a.state || '|' || coalesce((select string_agg(o.name, '+') from action_owner o where o.action_id = a.id), '') || '|' || a.created_at::date, E'\n' order by a.id)
				from action_item a`)
			if want := "bert tests the restore by 2026-12-04|open|bert|2026-11-20\nsomebody cleans up|open||2026-11-20"; got != want {
				t.Errorf("the actions are\n%s\nwant\n%s", got, want)
			}
			if d == "batsignal" {
				if due := get[string](t, s.db, `select due::text from action_item where due is not null`); due != "2026-12-04" {
					t.Errorf("due %s", due)
				}
			}
		})
	}
}

// TestTwoMeetingsOfOnePath is what a bot does that overwrites its own files.
func TestTwoMeetingsOfOnePath(t *testing.T) {
	s := newScene(t)
	log := func(day int, extra string) []chatlog.Line {
		return parsed(fmt.Sprintf("2026-11-%d 09:00 <anna> #startmeeting\n%s2026-11-%d 09:30 <anna> #endmeeting\n", day, extra, day))
	}
	set := meeting.ImportSetting{Path: "meetbot-test/100%(channel)s%%Y"}
	for range 2 {
		s.imports(ops, set, log(20, ""))
		s.imports(ops, set, log(21, ""))
		s.imports(incidents.Room{Network: "oftc", Room: "#ops"}, set, log(21, ""))
	}
	s.imports(ops, meeting.ImportSetting{Path: "other/folder/100%(channel)s%%Y"}, log(20, ""))
	got := get[string](t, s.db, `select string_agg(path || ' ' || network || ' ' || started_at::date, E'\n' order by id) from meeting`)
	want := "meetbot-test/100%(channel)s%%Y libera 2026-11-20\nmeetbot-test/100%(channel)s%%Y-2 libera 2026-11-21\nmeetbot-test/100%(channel)s%%Y-3 oftc 2026-11-21"
	if got != want {
		t.Errorf("there are\n%s\nwant\n%s", got, want)
	}
	for _, id := range s.meetingIDs() {
		doc, err := s.Doc(ctx, id)
		s.must(err)
		if path := get[string](t, s.db, `select path from meeting where id = $1`, id); doc.Path() != path {
			t.Errorf("the files of %s are at %s", path, doc.Path())
		}
	}
}

// TestALiveMeetingIsNotImportedAgain imports the log that the bot itself wrote.
func TestALiveMeetingIsNotImportedAgain(t *testing.T) {
	s := newScene(t)
	s.advance(17_300_000_000)
	s.says(ops, "anna", "#startmeeting Weekly ops")
	s.says(ops, "anna", "#info one")
	s.says(ops, "anna", "#endmeeting")
	doc, err := s.Doc(ctx, s.meetingIDs()[0])
	s.must(err)
	for _, f := range write.OurFormats() {
		if f.Ext == "log.txt" {
			if n := s.imports(ops, meeting.ImportSetting{Path: doc.Path()}, parsed(drawn(t, f, doc))); n != 0 {
				t.Errorf("%d are new", n)
			}
		}
	}
}

// TestHostileLogsAreImported has what no row can hold.
func TestHostileLogsAreImported(t *testing.T) {
	s := newScene(t)
	long := strings.Repeat("x", 3000)
	text := "2026-11-20 09:00 <an\x00na> #startmeeting " + long + "\n2026-11-20 09:01 <\xff\xfe> #info \x00\xff '; drop table meeting; --\n" +
		"2026-11-20 09:02 <" + long + "> #action " + long + "\n2026-11-20 08:00 <anna> [off] my password\n2026-11-20 08:01 <anna> #endmeeting\n"
	at := incidents.Room{Network: "libera", Room: "#" + long}
	if n := s.imports(at, meeting.ImportSetting{Path: long, Actions: true}, parsed(text)); n != 1 {
		t.Fatalf("%d are new", n)
	}
	if n := s.imports(at, meeting.ImportSetting{Path: long, Actions: true}, parsed(text)); n != 0 {
		t.Errorf("%d are new the second time", n)
	}
	if n := get[int](t, s.db, `select count(*) from meeting_event where text like '%password%'`); n != 0 {
		t.Error("what is not for the record is in the rows")
	}
}

// TestManyLogsAreFoundAndNamed imports a small archive, and finds its meetings.
func TestManyLogsAreFoundAndNamed(t *testing.T) {
	s := newScene(t)
	for day := 1; day <= 30; day++ {
		path := fmt.Sprintf("ops/2026/ops.2026-11-%02d-09.00", day)
		s.imports(ops, meeting.ImportSetting{Path: path}, parsed(fmt.Sprintf("2026-11-%02d 09:00 <anna> #startmeeting\n2026-11-%02d 10:00 <anna> #endmeeting\n", day, day)))
	}
	list, err := s.Shelf(ctx, "OPS", 10)
	s.must(err)
	if len(list) != 10 || list[0].Path != "ops/2026/ops.2026-11-30-09.00" || !list[0].Imported {
		t.Errorf("%d meetings: %+v", len(list), list)
	}
	for _, ref := range []string{list[3].Path, fmt.Sprint(list[3].ID)} {
		if id, err := s.Named(ctx, ref); err != nil || id != list[3].ID {
			t.Errorf("%s is %d, %v", ref, id, err)
		}
	}
	if _, err := s.Named(ctx, "ops/2026/nothing"); err == nil {
		t.Error("a meeting was found that there is not")
	}
	if list, err := s.Shelf(ctx, "#other", 10); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

// TestAnyBatchesAreTheSame has the live service hear one log in batches of any sizes,
// with or without the process lost between them.
func TestAnyBatchesAreTheSame(t *testing.T) {
	s := newScene(t)
	all := corpustest.All(t)
	rounds := 0
	rapid.Check(t, func(r *rapid.T) {
		m := rapid.SampledFrom(all).Draw(r, "log")
		d := rapid.SampledFrom(minutes.Dialects()).Draw(r, "dialect")
		rounds++
		at := incidents.Room{Network: "libera", Room: fmt.Sprintf("#r%d", rounds)}
		lines := chatlog.Parse(m.Log(t), chatlog.Options{Date: m.Date(t)})
		s.Policy = meeting.Policy{Dialect: d.Name}
		before := len(s.meetingIDs())
		for from := 0; from < len(lines); {
			n := min(rapid.IntRange(1, 1+len(lines)).Draw(r, "lines"), len(lines)-from)
			var heard []meeting.Heard
			for _, line := range lines[from : from+n] {
				heard = append(heard, meeting.Heard{Room: at, Event: line.Event, Look: meeting.Look{Topic: replay.OldTopic}})
			}
			_, err := s.Hear(ctx, heard...)
			s.must(err)
			if from += n; rapid.Bool().Draw(r, "killed") {
				s.Service = s.process()
				s.Policy = meeting.Policy{Dialect: d.Name}
			}
		}
		want := replay.Run(minutes.Setting{Dialect: d, Room: at.Room}, lines)
		ids := s.meetingIDs()[before:]
		if len(ids) != len(want) {
			r.Fatalf("%d meetings, want %d", len(ids), len(want))
		}
		for i, id := range ids {
			got, err := s.Doc(ctx, id)
			s.must(err)
			same(t, got.Meeting, want[i].Meeting)
		}
		// What one leaves to do, the next of its name would open with.
		_, err := s.db.Exec(ctx, `update action_item set state = 'done', closed_at = $1 where state = 'open'`, s.Clock())
		s.must(err)
		if t.Failed() {
			r.Fatal("see above")
		}
	})
}

// TestLiveFilesAreReplayedFiles holds the files of meetings that the bot was in against
// those that are made again from the same log.
func TestLiveFilesAreReplayedFiles(t *testing.T) {
	s := newScene(t)
	for _, d := range minutes.Dialects() {
		for i, m := range corpustest.All(t) {
			t.Run(d.Name+"/"+m.Name, func(t *testing.T) {
				s.TB = t
				before := len(s.meetingIDs())
				hear(s, m, d.Name, 1+i%5*20, func() {})
				list := replay.Run(minutes.Setting{Dialect: d, Room: m.Room, Network: "libera", Files: minutes.Naming{URL: "x"}},
					chatlog.Parse(m.Log(t), chatlog.Options{Date: m.Date(t)}))
				for i, id := range s.meetingIDs()[before:] {
					live, err := s.Doc(ctx, id)
					s.must(err)
					list[i].Files.URL = live.BaseURL()
					for _, f := range archive.FormatsFor(d) {
						got, want := drawn(t, f, live), drawn(t, f, write.Doc{Meeting: list[i].Meeting, Lines: list[i].Log.Lines})
						if f.Ext != "json" && got != want { // JSON has the network's numbers of lines
							t.Errorf("%s (-replayed +live):\n%s", f.Ext, cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
						}
					}
				}
				_, err := s.db.Exec(ctx, `update meeting set ended_at = heard_at where ended_at is null`)
				s.must(err)
				_, err = s.db.Exec(ctx, `update action_item set state = 'done', closed_at = $1 where state = 'open'`, s.Clock())
				s.must(err)
				s.Refresh()
			})
		}
	}
}
