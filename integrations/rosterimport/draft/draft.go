// Package draft owns what every importer of another system's schedules does: giving
// people handles and things names, and writing down what could not be carried over.
//
// Addresses of people are used to guess handles and go no further: neither the tree nor
// a note holds one.
package draft

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/tree"
)

// Options say how an export is read.
type Options struct {
	// People says who is who: what the export calls somebody (their id, e-mail or
	// name), and their handle here; "-" leaves them out.
	People map[string]string
	Role   string    // that the schedules serve; "" is none
	Now    time.Time // what is over by then is left out
}

// Note is one thing that was not carried over, or that somebody should look at.
type Note struct {
	About string // "schedule Primary, layer Nights"
	Says  string // a sentence
}

func (n Note) String() string { return n.About + ": " + n.Says }

// Draft is a tree that is being made of an export.
type Draft struct {
	Options
	File  tree.File
	Notes []Note

	users   map[string]user
	names   map[string]string // kind and id to the name here
	taken   map[string]bool   // kind and name
	guessed []string
}

// user is somebody of the export; "-" is left out.
type user struct{ handle string }

// New begins a draft.
func New(o Options) *Draft {
	d := &Draft{Options: o, users: map[string]user{}, names: map[string]string{}, taken: map[string]bool{}}
	people := map[string]string{}
	for who, handle := range o.People {
		people[strings.ToLower(strings.TrimSpace(who))] = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(handle), "@"))
	}
	d.Options.People = people
	return d
}

// Note writes down what somebody has to know.
func (d *Draft) Note(about, format string, args ...any) {
	n := Note{About: about, Says: fmt.Sprintf(format, args...)}
	if !slices.Contains(d.Notes, n) {
		d.Notes = append(d.Notes, n)
	}
}

// AddUser makes somebody known of whom schedules and policies speak by id.
func (d *Draft) AddUser(id, name, login, mail string) {
	if id == "" || d.users[id] != (user{}) {
		return
	}
	for _, called := range []string{id, mail, login, name} {
		if handle := d.People[strings.ToLower(strings.TrimSpace(called))]; handle != "" && called != "" {
			d.users[id] = user{handle}
			return
		}
	}
	local, _, _ := strings.Cut(mail, "@")
	local, _, _ = strings.Cut(local, "+")
	base := cmp.Or(handleOf(login), handleOf(local), handleOf(name), "person")
	handle := base
	for n := 2; d.taken["person "+handle]; n++ {
		handle = fmt.Sprintf("%s-%d", base, n)
	}
	d.taken["person "+handle] = true
	d.users[id] = user{handle}
	d.guessed = append(d.guessed, oncall.Clip(cmp.Or(Line(name), Line(login), id), 60)+" is "+handle)
}

// Handle finds somebody by id. Somebody who is not in the export, or is left out, is
// not found, and noted.
func (d *Draft) Handle(about, id, name string) (handle string, found bool) {
	u, known := d.users[id]
	if !known {
		if handle := cmp.Or(d.People[strings.ToLower(id)], d.People[strings.ToLower(name)]); handle != "" {
			u, known = user{handle}, true
		}
	}
	who := oncall.Clip(cmp.Or(Line(name), id), 60)
	switch {
	case !known:
		d.Note(about, "%s is not among the users of the export and is left out. Add the list of users, or say who it is with --people.", who)
		return "", false
	case u.handle == "-":
		d.Note(about, "%s is left out, as you said.", who)
		return "", false
	}
	return u.handle, true
}

// Handles finds several people, in order.
func (d *Draft) Handles(about string, ids []string) (handles []string) {
	for _, id := range ids {
		if h, found := d.Handle(about, id, ""); found {
			handles = append(handles, h)
		}
	}
	return handles
}

// Name gives a thing of the export a name of its own here.
func (d *Draft) Name(kind, id, title string) string {
	if name := d.names[kind+" "+id]; name != "" {
		return name
	}
	base := Slug(title, 40)
	if base == "" || base[0] < 'a' {
		base = strings.Trim(kind+"-"+base, "-")
	}
	name := base
	for n := 2; d.taken[kind+" "+name]; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	d.taken[kind+" "+name], d.names[kind+" "+id] = true, name
	return name
}

// Named is the name that a thing has been given; "" is none.
func (d *Draft) Named(kind, id string) string { return d.names[kind+" "+id] }

// Finish ends a draft: what is true of every import is noted.
func (d *Draft) Finish() (tree.File, []Note) {
	if len(d.guessed) > 0 {
		d.Note("people", "handles were guessed (%s). Look at them, and say otherwise with --people. Addresses are not taken over: people tell theirs themselves (!me).",
			strings.Join(d.guessed, ", "))
	}
	if d.Role == "" && len(d.File.Schedules) > 0 {
		d.Note("schedules", "they serve no role yet. Write role: beside each, or convert with --role.")
	}
	return d.File, d.Notes
}

var notHandle = regexp.MustCompile(`[^a-z0-9._-]+`)

// handleOf makes a handle of what somebody is called elsewhere; "" if nothing is left.
func handleOf(text string) string {
	h := strings.TrimLeft(notHandle.ReplaceAllString(strings.ToLower(strings.Join(strings.Fields(text), ".")), ""), "._-")
	return strings.TrimRight(h[:min(len(h), 28)], "._-")
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// Slug makes a name of a title: small letters, digits and hyphens.
func Slug(title string, longest int) string {
	s := strings.Trim(notSlug.ReplaceAllString(strings.ToLower(title), "-"), "-")
	return strings.TrimRight(s[:min(len(s), longest)], "-")
}

// Line is a text of an export as one line.
func Line(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// Title is a title as there may be here.
func Title(text, name string) string { return cmp.Or(oncall.Clip(Line(text), 80), name) }

// longestExport is in bytes.
const longestExport = 32 << 20

// Read reads one file of an export into what it should look like.
func Read(text []byte, into any) error {
	if len(text) > longestExport {
		return fault.New(fault.Limited, "The export is larger than %d MiB, which I do not read.", longestExport>>20)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fault.Wrap(fault.Invalid, err, "The export is not the JSON that it should be: %s. docs/imports.md says what to fetch.", oncall.Clip(err.Error(), 160))
	}
	return nil
}
