package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/write"
	"batsignal/oncall/fault"
)

// filePolicy is what a browser may do with a file of minutes: show it. Those that look
// like the peers' have their style inside.
const filePolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// fileKinds are the media types of what is no plain text. Other kinds of text are
// shown as plain text, so that every browser shows them at all.
var fileKinds = map[string]string{
	"html": "text/html; charset=utf-8", "log.html": "text/html; charset=utf-8",
	"json": "application/json", "md": "text/markdown; charset=utf-8", "eml": "message/rfc822",
}

// minutesFile writes a file of the archive anew from the rows of its meeting: those of
// restricted meetings too, for who may read them. What is in minutes.dir is never served.
func (s *site) minutesFile(w http.ResponseWriter, r *http.Request) error {
	by, err := s.reader(r)
	if err != nil {
		return err
	}
	if done, err := s.serveFile(w, r, by); done || err != nil {
		return err
	}
	return s.noMinutes(r, by, "There is no such page among the minutes. Meetings are listed at /minutes by room, name and month; the ends of the addresses of their files are .html, .log.html, .txt and .log.txt, among others.")
}

// serveFile answers if the address is that of a file; done is false if it is not.
func (s *site) serveFile(w http.ResponseWriter, r *http.Request, by meeting.Reader) (done bool, err error) {
	path := strings.TrimPrefix(r.URL.Path, "/minutes/")
	if !utf8.ValidString(path) || strings.ContainsRune(path, 0) {
		return false, nil
	}
	for _, ext := range extensions(path) {
		m, found, err := s.Meetings.AtPath(r.Context(), by, strings.TrimSuffix(path, "."+ext))
		if err != nil {
			return false, err
		}
		if found {
			return true, s.writeFile(w, r, by, m, ext)
		}
	}
	m, found, err := s.Meetings.AtPath(r.Context(), by, path)
	if found {
		http.Redirect(w, r, meetingPath(m.ID), http.StatusSeeOther)
	}
	return found, err
}

// extensions are what may follow the base of a file with this path: the longest first.
func extensions(path string) (list []string) {
	for _, formats := range [][]write.Format{write.OurFormats(), write.PeerFormats()} {
		for _, f := range formats {
			if strings.HasSuffix(path, "."+f.Ext) && !slices.Contains(list, f.Ext) {
				list = append(list, f.Ext)
			}
		}
	}
	slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
	return list
}

// formatsOf are the files that a meeting of a dialect has.
func formatsOf(dialect string) []write.Format {
	if d, ok := minutes.DialectNamed(dialect); ok && d.Own {
		return write.OurFormats()
	}
	return write.PeerFormats()
}

func (s *site) writeFile(w http.ResponseWriter, r *http.Request, by meeting.Reader, m meeting.Summary, ext string) error {
	var exts []string
	for _, f := range formatsOf(m.Dialect) {
		if f.Ext != ext {
			exts = append(exts, "."+f.Ext)
			continue
		}
		// A browser takes these over from the answer that nothing has changed, too.
		kind, ok := fileKinds[ext]
		if !ok {
			kind = "text/plain; charset=utf-8"
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Security-Policy", filePolicy)
		if s.unchanged(w, r, m, ext) || r.Method == http.MethodHead {
			return nil
		}
		d, err := s.doc(r.Context(), by, m)
		if err != nil {
			return err
		}
		if err := f.Write(w, d); err != nil && r.Context().Err() == nil {
			s.Log.Warn("a file of minutes broke off", "meeting", m.ID, "format", ext, "error", err)
		}
		return nil
	}
	return fault.New(fault.NotFound, "This meeting has no file of that kind. It has %s.", strings.Join(exts, ", "))
}

// unchanged answers whoever has the file of a meeting that is over already. What a
// file says depends on the meeting's events and on the program that writes it. Nobody has
// the file of a restricted one: it is not to be stored.
func (s *site) unchanged(w http.ResponseWriter, r *http.Request, m meeting.Summary, ext string) bool {
	if m.EndedAt == nil || m.Restricted {
		return false
	}
	changed := *m.EndedAt
	if m.HeardAt.After(changed) { // a line of it was taken back since
		changed = m.HeardAt
	}
	if m.WrittenAt != nil && m.WrittenAt.After(changed) {
		changed = *m.WrittenAt
	}
	tag := fmt.Sprintf("%q", fmt.Sprintf("%d-%d-%s-%s", m.ID, m.Events, ext, s.Version))
	return fresh(w, r, tag, changed)
}

// fresh tells whether the reader has what there is, and says so if they do.
func fresh(w http.ResponseWriter, r *http.Request, tag string, changed time.Time) bool {
	w.Header().Set("ETag", tag)
	w.Header().Set("Last-Modified", changed.UTC().Format(http.TimeFormat))
	has := false
	if tags := r.Header.Get("If-None-Match"); tags != "" {
		for one := range strings.SplitSeq(tags, ",") {
			one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
			has = has || one == tag || one == "*"
		}
	} else if since, err := http.ParseTime(r.Header.Get("If-Modified-Since")); err == nil {
		has = !changed.Truncate(time.Second).After(since)
	}
	if has {
		w.WriteHeader(http.StatusNotModified)
	}
	return has
}
