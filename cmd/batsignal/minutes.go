package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/archive"
	"batsignal/oncall/fault"
)

func newMinutesCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "minutes",
		Short:   "Make minutes again from logs, bring archives in, read what there is",
		GroupID: groupCare,
	}
	cmd.AddCommand(newReplayCommand(a), newImportCommand(a), newListCommand(a), newShowCommand(a), newWriteCommand(a))
	return cmd
}

// logFlags say what logs do not say themselves.
type logFlags struct {
	dialect, room, date, zone string
}

func (f *logFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.dialect, "dialect", minutes.Batsignal().Name, "whose rules and layout: "+strings.Join(dialectNames(), ", "))
	flags.StringVar(&f.room, "room", "", "the room, such as '#ops'; without it, what the file's name tells")
	flags.StringVar(&f.zone, "zone", "UTC", "the time zone of the times in the logs, such as Europe/Berlin")
}

func (f *logFlags) addDate(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.date, "date", "", "the day of the first line, as 2026-11-22; without it, what the log or its name tells")
}

// logSetting is the same, understood.
type logSetting struct {
	dialect *minutes.Dialect
	room    string
	date    time.Time
	zone    *time.Location
}

func (f *logFlags) read() (s logSetting, err error) {
	var ok bool
	if s.dialect, ok = minutes.DialectNamed(f.dialect); !ok {
		return s, fault.New(fault.Invalid, "There is no dialect %q. There are: %s.", f.dialect, strings.Join(dialectNames(), ", "))
	}
	if f.date != "" {
		if s.date, err = time.Parse(time.DateOnly, f.date); err != nil {
			return s, fault.New(fault.Invalid, "%q is no date. It should look like 2026-11-22.", f.date)
		}
	}
	if s.zone, err = time.LoadLocation(f.zone); err != nil {
		return s, fault.New(fault.Invalid, "There is no time zone %q. It should look like Europe/Berlin.", f.zone)
	}
	s.room = archive.RoomNamed(f.room)
	return s, nil
}

// of is the setting of one log: what was not given is what its name tells.
func (s logSetting) of(source archive.Source) logSetting {
	if s.room == "" {
		s.room = source.Room
	}
	if s.date.IsZero() {
		s.date = source.Date
	}
	return s
}

// allFormats is the word for every file that a dialect has.
const allFormats = "all"

// formatsOf are the endings that were asked for, nil if all were. Each must be one of
// those that there are.
func formatsOf(d *minutes.Dialect, asked []string, more ...string) (endings []string, err error) {
	var known []string
	for _, f := range archive.FormatsFor(d) {
		known = append(known, f.Ext)
	}
	known = append(known, more...)
	for _, format := range asked {
		format = strings.TrimPrefix(strings.TrimSpace(format), ".")
		switch {
		case format == allFormats:
			return nil, nil
		case !slices.Contains(known, format):
			return nil, fault.New(fault.Invalid, "There is no format %q in the dialect %s. There are: %s, or %s.", format, d.Name, strings.Join(known, ", "), allFormats)
		}
		endings = append(endings, format)
	}
	return endings, nil
}
