package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"batsignal/bot/command"
	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/archive"
	"batsignal/incidents/minutes/chatlog"
	"batsignal/incidents/minutes/replay"
	"batsignal/incidents/minutes/write"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// replay writes the files of one log, all of them or none.
func (r *replayRun) replay(root *os.Root, s logSource) error {
	text, err := readLog(s.file, r.stdin)
	if err != nil {
		return err
	}
	lines := strings.Count(text, "\n") + 1
	defer boundMemory(text, lines)()
	set := r.set.of(s.Source)
	meetings, err := r.meetingsIn(text, lines, s, set)
	if err != nil {
		return err
	}
	if set.date.IsZero() && !chatlog.Dated(text) {
		fmt.Fprintf(r.stderr, "batsignal: %s does not say of which day it is, so the minutes are of 1 January 1970. Say --date 2026-11-22 to have them of that day.\n", s.file)
	}
	stage := archive.NewStage(root)
	defer stage.Discard()
	var out []outFile
	var asItIs []string
	for i, m := range meetings {
		of, left, err := r.filesOf(s.called(i), m, meetings)
		if err != nil {
			return err
		}
		out, asItIs = append(out, of...), append(asItIs, left...)
	}
	if err := writeAll(stage, out); err != nil {
		return fault.New(fault.Unready, "%s cannot be written to %s: %s. Choose another --out.", s.Name, r.out, fileTrouble(err))
	}
	outcomes, err := stage.Commit()
	if err != nil {
		return fault.New(fault.Unready, "%s cannot be written to %s: %s.", s.Name, r.out, fileTrouble(err))
	}
	for i, m := range meetings {
		fmt.Fprintln(r.stdout, replayLine(filepath.Join(r.out, s.called(i)), m, out, outcomes))
	}
	for _, name := range asItIs {
		fmt.Fprintf(r.stderr, "batsignal: %s is what was read, so it is left as it is.\n", filepath.Join(r.out, name))
	}
	return nil
}

// called is the name of the files of a meeting of the log.
func (s logSource) called(i int) string {
	if i == 0 {
		return s.Name
	}
	return fmt.Sprintf("%s.m%d", s.Name, i+1)
}

// meetingsIn finds the meetings in a log.
func (r *replayRun) meetingsIn(text string, most int, s logSource, set logSetting) ([]*replay.Meeting, error) {
	setting := minutes.Setting{Dialect: set.dialect, Room: set.room, Network: r.network, Files: minutes.Naming{URL: s.url, Zone: set.zone}}
	heard := 0
	chat := func(yield func(chatlog.Line) bool) {
		for line := range chatlog.Lines(text, chatlog.Options{Date: set.date, Zone: set.zone}) {
			heard++
			if !yield(line) {
				return
			}
		}
	}
	meetings := replay.RunSeq(setting, chat, most)
	switch {
	case len(meetings) > 0:
		return meetings, nil
	case heard == 0:
		return nil, fault.New(fault.Conflict, "%s is no log that can be read here: no line of it is like 09:00:00 <nick> text.", s.file)
	}
	return nil, fault.New(fault.Conflict, "There is no meeting in %s: none of its %s is #startmeeting. If there was one, put a line like 09:00:00 <nick> #startmeeting TOPIC where it began.",
		s.file, oncall.Plural(heard, "line of chat", "lines of chat"))
}

// outFile is one file to be written.
type outFile struct {
	meeting *replay.Meeting
	name    string
	mode    fs.FileMode
	fill    func(io.Writer) error
}

// filesOf are the files of one meeting. The log that was read is none of them, even
// where it is called so: what was said outside of meetings is in no other.
func (r *replayRun) filesOf(name string, m *replay.Meeting, all []*replay.Meeting) (list []outFile, asItIs []string, err error) {
	doc := write.Doc{Meeting: m.Meeting, Lines: m.Log.Lines}
	for _, f := range archive.Select(archive.FormatsFor(m.Dialect), r.endings) {
		list = append(list, outFile{m, name + "." + f.Ext, archive.ModeOf(doc), func(w io.Writer) error { return f.Write(w, doc) }})
	}
	if m == all[0] && (r.endings == nil || slices.Contains(r.endings, repliesExt)) {
		list = append(list, outFile{m, name + "." + repliesExt, archive.ModeOf(doc), func(w io.Writer) error {
			for _, one := range all {
				if err := replay.WriteReplies(w, one.Said); err != nil {
					return err
				}
			}
			return nil
		}})
	}
	kept := list[:0]
	for _, f := range list {
		switch is := r.isInput(f.name); {
		case is && f.name != name+".log.txt":
			return nil, nil, fault.New(fault.Conflict, "%s would be written over the log of that name. Choose another --out or --name.", filepath.Join(r.out, f.name))
		case is:
			asItIs = append(asItIs, f.name)
		default:
			kept = append(kept, f)
		}
	}
	return kept, asItIs, nil
}

// isInput tells whether a file below the directory is one of the logs that are read.
func (r *replayRun) isInput(name string) bool {
	st, err := os.Stat(filepath.Join(r.out, name))
	return err == nil && slices.ContainsFunc(r.inputs, func(in fs.FileInfo) bool { return os.SameFile(in, st) })
}

// writeAll writes files to the stage, as many at once as there are processors.
func writeAll(stage *archive.Stage, list []outFile) error {
	var all sync.WaitGroup
	errs := make([]error, len(list))
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, f := range list {
		free <- struct{}{}
		all.Go(func() {
			errs[i] = stage.Write(f.name, f.mode, f.fill)
			<-free
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// replayLine says in one line what a meeting was, and what became of its files.
func replayLine(name string, m *replay.Meeting, files []outFile, outcomes []archive.Outcome) string {
	written, same := 0, 0
	for _, o := range outcomes {
		switch i := slices.IndexFunc(files, func(f outFile) bool { return f.name == o.Name }); {
		case files[i].meeting != m:
		case o.Same:
			same++
		default:
			written++
		}
	}
	end := ""
	if !m.Over {
		end = ", not ended"
	}
	return fmt.Sprintf("%s: %s, %s%s: %s by %s, %s, %s; %s written, %d as before", name, command.Clean(m.Title()), m.Started.UTC().Format("2006-01-02 15:04"), end,
		oncall.Plural(m.Lines, "line", "lines"), oncall.Plural(len(m.People()), "person", "people"), oncall.Plural(len(m.Items), "item", "items"),
		oncall.Plural(len(m.Actions()), "action", "actions"), oncall.Plural(written, "file", "files"), same)
}
