package web

import (
	"net/http"
	"reflect"

	"batsignal/oncall/access"
)

// apiPath is where programs ask. What is below it is only ever added to.
const apiPath = "/api/v1"

// mostBody is how many bytes a request may have, unless its operation says otherwise.
const mostBody = 256 << 10

// operation is one thing that programs can ask for. Its route, its part of the OpenAPI
// document and its lines on the page for people are all made of it, so that they cannot
// come to differ.
type operation struct {
	Name    string // "listPeople": for generators of clients; it never changes
	Method  string
	Path    string // below apiPath
	Group   string // the heading on the page
	Summary string // one plain sentence
	Scope   access.Scope
	Admin   bool // for administrators only
	LetIn   bool // for people whom an administrator has let into a role
	Public  bool // asks for no token
	Query   []param
	Guard   guard
	Keyed   bool  // obeys Idempotency-Key
	Most    int64 // bytes of a body; 0 is mostBody
	Status  int   // of success; 0 is 200, or 204 where there is nothing to say

	in, out reflect.Type // of the body and of the answer; nil has none
	run     func(a *asked, o *operation) (any, error)
	// current reads what a guarded operation changes, for whoever had an older version.
	current func(a *asked) (any, error)
}

// guard says how an operation keeps one program from overwriting what another has saved.
type guard int

const (
	unguarded guard = iota
	tagged          // the answer carries its version as an ETag
	guarded         // needs that version in If-Match
	creating        // the same, or If-None-Match: * for what is not there yet
)

// NeedsVersion tells whether an operation must say which version it changes.
func (g guard) NeedsVersion() bool { return g == guarded || g == creating }

// nothing is the body, or the answer, that there is none of.
type nothing struct{}

// define joins an operation with what does it. The types of its body and its answer are
// those of the function.
func define[In, Out any](o operation, run func(*asked, In) (Out, error)) operation {
	return o.does(reflect.TypeFor[In](), reflect.TypeFor[Out](), func(a *asked, o *operation) (any, error) {
		var in In
		if err := a.read(o, &in); err != nil {
			return nil, err
		}
		return run(a, in)
	})
}

// does is the part of define that is the same for all types.
func (o operation) does(in, out reflect.Type, run func(*asked, *operation) (any, error)) operation {
	o.in, o.out, o.run = something(in), something(out), run
	if o.Status == 0 {
		o.Status = http.StatusOK
		if o.out == nil {
			o.Status = http.StatusNoContent
		}
	}
	return o
}

// defineGuarded is define for what needs If-Match; current reads what is there.
func defineGuarded[In, Out, Now any](o operation, run func(*asked, In) (Out, error), current func(*asked, nothing) (Now, error)) operation {
	if o.Guard == unguarded {
		o.Guard = guarded
	}
	o = define(o, run)
	o.current = func(a *asked) (any, error) { return current(a, nothing{}) }
	return o
}

// something is a type, or nil if there is nothing of it.
func something(t reflect.Type) reflect.Type {
	if t == reflect.TypeFor[nothing]() {
		return nil
	}
	return t
}

// versioned is an answer of which there are versions.
type versioned interface{ version() int }

// apiList is how every list comes.
type apiList[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Give it as ?after= to read on; where it is missing, this is the end."`
}

// listOf makes a list, which is never null.
func listOf[T any](items []T) apiList[T] {
	if items == nil {
		items = []T{}
	}
	return apiList[T]{Items: items}
}

// cut ends a list after so many, and says where it goes on.
func cut[T any](items []T, most int, key func(T) string) apiList[T] {
	l := listOf(items)
	if len(items) > most {
		l.Items, l.Next = items[:most], key(items[most-1])
	}
	return l
}
