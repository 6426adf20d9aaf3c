package oncall

import (
	"errors"

	"batsignal/oncall/fault"
)

// FieldError is what is wrong with one field of a form, so that it can be said beside
// it. It wraps a fault, whose sentence is for people.
type FieldError struct {
	Field string
	Fault *fault.Error
}

func (e *FieldError) Error() string { return e.Fault.Error() }

// Unwrap returns the fault.
func (e *FieldError) Unwrap() error { return e.Fault }

// Fields returns the sentences of every [FieldError] in an error, by field; of several
// for one field, the first. It is nil where there is none.
func Fields(err error) map[string]string {
	var found map[string]string
	var walk func(error)
	walk = func(err error) {
		if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the walk is what errors.As cannot do: it finds all
			for _, one := range joined.Unwrap() {
				walk(one)
			}
			return
		}
		var e *FieldError
		if !errors.As(err, &e) {
			return
		}
		if found == nil {
			found = map[string]string{}
		}
		if _, there := found[e.Field]; !there {
			found[e.Field] = e.Fault.Say
		}
	}
	if err != nil {
		walk(err)
	}
	return found
}

func newFieldError(field string, kind fault.Kind, format string, args ...any) *FieldError {
	return &FieldError{Field: field, Fault: fault.New(kind, format, args...)}
}

// fieldErrors collects what is wrong, so that a form tells all of it at once.
type fieldErrors []error

func (all *fieldErrors) add(field, format string, args ...any) {
	*all = append(*all, newFieldError(field, fault.Invalid, format, args...))
}

func (all *fieldErrors) unless(good bool, field, format string, args ...any) {
	if !good {
		all.add(field, format, args...)
	}
}

// err joins them; of one alone it is that one.
func (all fieldErrors) err() error {
	if len(all) == 1 {
		return all[0]
	}
	return errors.Join(all...)
}
