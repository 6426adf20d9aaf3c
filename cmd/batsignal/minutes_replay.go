package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"batsignal/incidents/minutes/archive"
	"batsignal/oncall/fault"
)

// repliesExt is the ending of what the bot said.
const repliesExt = "replies"

func newReplayCommand(a *app) *cobra.Command {
	var r replayRun
	cmd := &cobra.Command{
		Use:   "replay [FILE…] --out DIR",
		Short: "Write the minutes of the meetings in a log",
		Long: `Replay reads logs of chat, of any MeetBot or as IRC clients write them, and writes
the minutes of the meetings in them: the same files that the bot would have written
had it been there, and what it would have said (NAME.replies). A second meeting in
a log is NAME.m2. FILE - is what comes in, and needs --name.

It needs no configuration and no database. A file appears whole or not at all, and
one that is there already and right is left alone, so it may be repeated at will.`,
		Example: `  batsignal minutes replay --out minutes ops.2026-11-22-03.03.log.txt
  batsignal minutes replay --dialect openstack --room '#ops' --date 2026-11-22 --format txt,html,log.html --out minutes chat.log
  batsignal minutes replay --url-base https://meetbot.example.org/ops/2026/ --out ops/2026 ops/2026/*.log.txt
  bzcat chat.log.bz2 | batsignal minutes replay --name weekly --room '#ops' --zone Europe/Berlin --out minutes -`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			r.app = a
			return r.run(cmd, files)
		},
	}
	r.flags.add(cmd)
	r.flags.addDate(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&r.out, "out", "o", "", "the directory to write to; it is made if it is not there")
	flags.StringVar(&r.name, "name", "", "what the files are called, without their endings; without it, as the log is")
	flags.StringVar(&r.urlBase, "url-base", "", "the address of the files without their endings; one that ends with / has the name added")
	flags.StringVar(&r.network, "network", "", "the network that the room is on, for minutes that name it")
	flags.StringSliceVar(&r.formats, "format", nil, "which files to write, such as txt,html,log.html; without it, all")
	return cmd
}

// replayRun is one call of the command.
type replayRun struct {
	*app
	flags              logFlags
	out, name, urlBase string
	network            string
	formats            []string

	set     logSetting
	endings []string
	inputs  []fs.FileInfo // which must not be written
}

// logSource is one log to be read, and what its files are called.
type logSource struct {
	file string
	archive.Source
	url string
}

func (r *replayRun) run(cmd *cobra.Command, files []string) (err error) {
	if r.set, err = r.flags.read(); err != nil {
		return err
	}
	if r.endings, err = formatsOf(r.set.dialect, r.formats, repliesExt); err != nil {
		return err
	}
	if r.out == "" {
		return noOut()
	}
	sources, err := r.sources(files)
	if err != nil {
		return err
	}
	root, err := openOut(r.out)
	if err != nil {
		return err
	}
	defer root.Close()
	failed := 0
	for _, s := range sources {
		if err := cmd.Context().Err(); err != nil {
			return fault.Wrap(fault.Unready, err, "Interrupted. What is written is whole; say it again to go on.")
		}
		if err := r.replay(root, s); err != nil {
			failed++
			fmt.Fprintf(r.stderr, "batsignal: %s\n", fault.Say(err))
		}
	}
	switch {
	case failed == 0:
		return nil
	case len(sources) > 1:
		fmt.Fprintf(r.stderr, "batsignal: %d of %d logs could not be replayed.\n", failed, len(sources))
	}
	return said{exitFailed}
}

// sources says what the files of each log are called, and sees to it that no two are
// called the same.
func (r *replayRun) sources(files []string) (list []logSource, err error) {
	if r.name != "" && len(files) > 1 {
		return nil, fault.New(fault.Invalid, "--name is for one log; these are %d. Without it, each is called as its file is.", len(files))
	}
	if r.urlBase != "" && !strings.HasSuffix(r.urlBase, "/") && len(files) > 1 {
		return nil, fault.New(fault.Invalid, "--url-base would give %d logs one address. End it with / and each has its name behind it.", len(files))
	}
	taken := map[string]string{}
	for _, file := range files {
		s := logSource{file: file, Source: archive.SourceOf(file)}
		if r.name != "" {
			s.Name = r.name
		}
		switch other, twice := taken[s.Name]; {
		case file == "-" && r.name == "":
			return nil, fault.New(fault.Invalid, "What comes in has no name. Give it one: --name weekly")
		case s.Name == "" || strings.HasPrefix(s.Name, ".") || strings.ContainsAny(s.Name, "/\x00"):
			return nil, fault.New(fault.Invalid, "%q cannot be what files are called. Say --name with a name that has no / and does not begin with a dot.", s.Name)
		case twice:
			return nil, fault.New(fault.Invalid, "%s and %s would have files of one name, %s. Replay them into different directories.", other, file, s.Name)
		}
		taken[s.Name] = file
		if s.url = s.Name; strings.HasSuffix(r.urlBase, "/") {
			s.url = r.urlBase + s.Name
		} else if r.urlBase != "" {
			s.url = r.urlBase
		}
		if file == "-" {
			s.Source = archive.SourceOf(s.Name)
			s.Name = r.name
		} else if st, err := os.Stat(file); err == nil {
			r.inputs = append(r.inputs, st)
		}
		list = append(list, s)
	}
	return list, nil
}

func noOut() error {
	return fault.New(fault.Invalid, "Where to? Say --out with a directory, such as --out minutes; it is made if it is not there.")
}

// openOut opens the directory that is written to.
func openOut(dir string) (*os.Root, error) {
	err := os.MkdirAll(dir, 0o755) // #nosec G301 -- minutes are made to be read by others
	var root *os.Root
	if err == nil {
		root, err = os.OpenRoot(dir)
	}
	if err != nil {
		return nil, fault.New(fault.Unready, "The directory %s cannot be written to: %s. Choose another --out.", dir, fileTrouble(err))
	}
	return root, nil
}

// fileTrouble is the reason of an error about a file, without its name.
func fileTrouble(err error) string {
	var number syscall.Errno
	var about *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &number):
		return number.Error()
	case errors.As(err, &about):
		return about.Err.Error()
	case errors.As(err, &link):
		return link.Err.Error()
	}
	return err.Error()
}
