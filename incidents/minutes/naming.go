package minutes

import (
	"fmt"
	"path"
	"strings"
	"time"
	"unicode/utf8"
)

// Naming is how the files of a meeting are called, and where the world finds them.
type Naming struct {
	// Pattern is the path below the archive, without the extension. It may hold
	// %(channel)s, %(network)s and %(meetingname)s, and, with %% for %, the letters of
	// strftime, which are filled from the meeting's start.
	Pattern string
	// URLPrefix stands before the same path in addresses; "" gives bare file names.
	URLPrefix string
	// URL is the whole address without its extension, where it is known already.
	URL string
	// Suffix stands after the path, where another meeting has that path already.
	Suffix string
	// Zone is the zone of dates in names and texts; nil is UTC.
	Zone *time.Location
}

// DefaultPattern is where the peers put a meeting.
const DefaultPattern = "%(channel)s/%%Y/%(channel)s.%%F-%%H.%%M"

// Path is the path of the meeting's files below the archive, without an extension. It
// never leads out of the archive, whatever the meeting is called.
func (m *Meeting) Path() string {
	pattern := m.Files.Pattern
	if pattern == "" {
		pattern = DefaultPattern
	}
	channel := safeName(strings.ReplaceAll(strings.ToLower(strings.TrimLeft(m.Room, "# ")), "/", ""))
	if channel == "meetbot-test" || channel == "meetbot-test2" {
		pattern = "%(channel)s/%(channel)s"
	}
	name := safeName(m.Name)
	if m.Name == "" {
		name = channel
	}
	text := strings.NewReplacer("%(channel)s", channel, "%(network)s", safeName(m.Network), "%(meetingname)s", name, "%%", "%").Replace(pattern)
	zone := m.Files.Zone
	if zone == nil {
		zone = time.UTC
	}
	return strings.TrimPrefix(path.Clean("/"+strftime(text, m.Started.In(zone))), "/") + m.Files.Suffix
}

// BaseURL is the address of the meeting's files without an extension.
func (m *Meeting) BaseURL() string {
	if m.Files.URL != "" {
		return m.Files.URL
	}
	return m.Files.URLPrefix + m.Path()
}

// BaseName is the last part of that: what links between the files are relative to.
func (m *Meeting) BaseName() string { return path.Base(m.BaseURL()) }

// safeName is a name without what leads elsewhere in a path or a pattern.
func safeName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == '%' || r < ' ' || r == 0x7f {
			return '_'
		}
		return r
	}, name)
	if name == "" || strings.Trim(name, ".") == "" {
		return "_"
	}
	for len(name) > longestName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return name
}

// longestName is how many bytes of a name a path has; file systems take 255 for a part
// of it, with date and ending.
const longestName = 120

// strftime fills in the letters of strftime(3) that name a date or a time of day.
func strftime(text string, t time.Time) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+1 == len(text) {
			out.WriteByte(text[i])
			continue
		}
		i++
		switch text[i] {
		case 'Y':
			out.WriteString(t.Format("2006"))
		case 'y':
			out.WriteString(t.Format("06"))
		case 'm':
			out.WriteString(t.Format("01"))
		case 'd':
			out.WriteString(t.Format("02"))
		case 'H':
			out.WriteString(t.Format("15"))
		case 'M':
			out.WriteString(t.Format("04"))
		case 'S':
			out.WriteString(t.Format("05"))
		case 'F':
			out.WriteString(t.Format("2006-01-02"))
		case 'T':
			out.WriteString(t.Format("15:04:05"))
		case 'j':
			out.WriteString(t.Format("002"))
		case 'b':
			out.WriteString(t.Format("Jan"))
		case 'B':
			out.WriteString(t.Format("January"))
		case 'a':
			out.WriteString(t.Format("Mon"))
		case 'A':
			out.WriteString(t.Format("Monday"))
		case 'Z':
			out.WriteString(t.Format("MST"))
		case 'z':
			out.WriteString(t.Format("-0700"))
		case 's':
			fmt.Fprint(&out, t.Unix())
		case '%':
			out.WriteByte('%')
		default:
			out.WriteByte('%')
			out.WriteByte(text[i])
		}
	}
	return out.String()
}
