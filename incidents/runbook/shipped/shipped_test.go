package shipped_test

import (
	"io/fs"
	"strings"
	"testing"

	"batsignal/incidents/runbook/book"
	"batsignal/incidents/runbook/shipped"
	"batsignal/oncall"
)

// What comes along is without problems in an installation that has the usual roles and no
// job at all: each job says what people do without it.
func TestWhatComesAlongWorksWithoutAnyJob(t *testing.T) {
	var roles []string
	for _, r := range oncall.DefaultRoles() {
		roles = append(roles, r.Name)
	}
	names, err := fs.Glob(shipped.Files(), "*.yaml")
	if err != nil || len(names) != 5 {
		t.Fatalf("%q, %v", names, err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(shipped.Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		b, problems := book.Check(text, book.Known{Jobs: []string{}, Roles: roles})
		for _, p := range problems {
			t.Errorf("%s:%v", name, p)
		}
		if b.Name+".yaml" != name {
			t.Errorf("%s is called %s", name, b.Name)
		}
		for _, s := range b.Bind(nil).Steps {
			if s.Kind == book.Job {
				t.Errorf("%s:%d: there is no way without the job %s", name, s.Line, s.Job)
			}
			if strings.Contains(s.Say+s.Why+s.Guard+s.Undo, "! ") {
				t.Errorf("%s:%d: it shouts", name, s.Line)
			}
		}
	}
	if books, err := shipped.Books(); err != nil || len(books) != len(names) {
		t.Errorf("%d books, %v", len(books), err)
	}
}

// TLS is never off without two people who looked, and never left off by an abort.
func TestTLSOffIsGuardedAndTakenBack(t *testing.T) {
	books, err := shipped.Books()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range books {
		if b.Name != "consul-bootstrap" {
			continue
		}
		off, _ := b.Find("tls-off")
		on, found := b.Find("tls-on")
		if s := b.Steps[off]; !found || s.Guard == "" || s.Undo == "" || !b.Steps[on].Must || !b.Steps[on].Two {
			t.Errorf("%+v", s)
		}
		return
	}
	t.Error("there is no consul-bootstrap")
}
