package schedule

import "batsignal/oncall/fault"

// FieldError is a refusal by Check that is about one field, so that a form can say it
// there. Its sentence is the fault's.
type FieldError struct {
	Layer int // which one, from 0; -1 is the schedule itself
	// Field is "name", "title", "zone", "layers", "starts", "ends", "unit", "turns",
	// "members" or "windows".
	Field string
	Item  int // which member or window, from 0; -1 is all of them
	Fault *fault.Error
}

// Error is the fault's.
func (e *FieldError) Error() string { return e.Fault.Error() }

// Unwrap returns the fault.
func (e *FieldError) Unwrap() error { return e.Fault }
