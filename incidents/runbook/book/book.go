// Package book owns what a runbook is: named steps in a file that can be reviewed, what is
// wrong with such a file, line by line, and the machine that says which step comes next.
//
// All of it is pure: text in, a [Book] out; a book and what people did in, a [State] out. It
// keeps no rows, asks for no jobs and knows no rooms; batsignal/incidents/runbook does.
package book

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// Book is one runbook.
type Book struct {
	Name  string // "vault-failover"
	Title string // one plain line
	About string // when to use it, and when not; "" says nothing
	Steps []Step
	// Text is the file that it was read from, byte by byte.
	Text []byte
}

// Kind is what sort of step one is.
type Kind string

// The kinds of step.
const (
	Sentence     Kind = "sentence"     // to be read
	Confirmation Kind = "confirmation" // to be done by people, who say so
	Decision     Kind = "decision"     // people choose, and each choice leads to a step
	Job          Kind = "job"          // the bot does it when somebody says so
)

// Step is one step. Steps are numbered from 1 for people, and from 0 here.
type Step struct {
	Name string // "tls-off"
	Kind Kind
	Say  string // what is to be done, as an order
	Why  string // "" where it is plain

	// Guard must be found true by two different people before the step begins; "" is none.
	Guard string
	// Undo says how to take back what the step did, when the runbook is aborted; "" leaves
	// nothing behind.
	Undo string
	// Settles names earlier steps whose Undo is needless once this one is done.
	Settles []string

	Two  bool   // a confirmation by two different people
	Who  string // "admin", the name of a role, or "" for everybody who was let in
	Must bool   // only admins may skip it

	Choices []Choice // of a decision

	Job     string            // the name of a job
	With    map[string]string // its parameters
	Fill    []Blank           // parameters that whoever starts it says
	Without string            // what people do where there is no such job; "" has no way without

	Next int // the step after it; as many as there are steps is the end
	Line int // where it begins in the file
}

// Choice is one answer to a decision.
type Choice struct {
	Name  string // "yes"
	Means string // a few words; "" where the name says it
	To    int    // the step that it leads to; as many as there are steps is the end
	Loop  bool   // it leads back, on purpose
}

// Blank is a parameter of a job that is known only when the job is started.
type Blank struct {
	Name string
	Help string // a few words
}

// Admin is the Who of a step that is for admins.
const Admin = "admin"

// Hash names a version of a book: the SHA-256 of its text, in hex.
func (b Book) Hash() string {
	sum := sha256.Sum256(b.Text)
	return hex.EncodeToString(sum[:])
}

// Find is the step of a name, counted from 0.
func (b Book) Find(name string) (at int, found bool) {
	at = slices.IndexFunc(b.Steps, func(s Step) bool { return s.Name == name })
	return at, at >= 0
}

// Jobs are the names of the jobs that steps ask for, each once, sorted.
func (b Book) Jobs() []string {
	seen := map[string]bool{}
	for _, s := range b.Steps {
		if s.Kind == Job {
			seen[s.Job] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// Bind gives the jobs of a book the names that they have in an installation. A step whose
// job is not there (nothing, or "", stands for it) becomes a confirmation of what people do
// in its place.
func (b Book) Bind(jobs map[string]string) Book {
	b.Steps = slices.Clone(b.Steps)
	for i, s := range b.Steps {
		if s.Kind != Job {
			continue
		}
		if name := jobs[s.Job]; name != "" {
			b.Steps[i].Job = name
			continue
		}
		if s.Without == "" {
			continue // it stays, and cannot be started: that was a problem of the file
		}
		s.Kind, s.Say = Confirmation, s.Without
		s.Job, s.With, s.Fill, s.Without = "", nil, nil, ""
		b.Steps[i] = s
	}
	return b
}

// WithWords are the parameters that a job is given, as "name=value", sorted.
func (s Step) WithWords() string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(s.With)) {
		words = append(words, name+"="+s.With[name])
	}
	return strings.Join(words, " ")
}
