package archive

import (
	"path"
	"regexp"
	"strings"
	"time"
)

// Source is what the name of a log tells of the meetings in it.
type Source struct {
	Name string    // of the file, without what says that it is a log
	Room string    // a guess; "" if the name tells none
	Date time.Time // of its first line; zero if the name tells none
}

// endings say that a file is a log.
var endings = []string{".log.txt", ".txt", ".log"}

// pattern is how logs are called that have a date in their name: by MeetBot, with a
// time ("ops.2026-11-22-03.03"), or by others without one ("#ops_2026-11-22").
var pattern = regexp.MustCompile(`^(.*?)[._-]?(\d{4}-\d{2}-\d{2})(?:[-T_.](\d{2})[.:](\d{2})(-\d+)?)?$`)

// SourceOf reads the name of a log. The room is what stands before the date, or what
// the folder is called where nothing does; a name without a date is the room itself.
func SourceOf(file string) (s Source) {
	s.Name = path.Base(file)
	for _, ending := range endings {
		if name, cut := strings.CutSuffix(s.Name, ending); cut {
			s.Name = name
			break
		}
	}
	room := s.Name
	if m := pattern.FindStringSubmatch(s.Name); m != nil {
		if day, err := time.Parse(time.DateOnly, m[2]); err == nil && day.Year() >= 1970 {
			s.Date = day
			if room = m[1]; room == "" {
				room = folder(file)
			}
		}
	}
	s.Room = RoomNamed(room)
	return s
}

// folder is the name of the first folder above a file that is not a year.
func folder(file string) string {
	for dir := path.Dir(file); dir != "." && dir != "/"; dir = path.Dir(dir) {
		name := path.Base(dir)
		if name == ".." {
			return ""
		}
		if len(name) != 4 || strings.Trim(name, "0123456789") != "" {
			return name
		}
	}
	return ""
}

// RoomNamed is a room by its name, with the sign that most networks write before it.
func RoomNamed(name string) string {
	if name == "" || strings.ContainsRune("#&+!", rune(name[0])) {
		return name
	}
	return "#" + name
}

// PathOf is where a log is in an archive: below what it was found in, without what says
// that it is a log. One that was found in a folder inside of what MeetBot wrote, by its
// whole path, is where it is seen from outside: in its room's folder.
func PathOf(whole, below string) string {
	dirs := strings.Split(path.Dir(path.Clean(whole)), "/")
	name := SourceOf(below).Name
	if n, m := len(dirs), pattern.FindStringSubmatch(name); strings.Count(path.Clean(below), "/") < 2 && n >= 2 && m != nil && m[3] != "" {
		if year := m[2][:4]; dirs[n-1] == year && dirs[n-2] == m[1] {
			return path.Join(m[1], year, name)
		}
	}
	return strings.TrimPrefix(path.Join("/", path.Dir(path.Clean("/"+below)), name), "/")
}
