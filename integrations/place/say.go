package place

import (
	"batsignal/oncall/fault"
)

// None is the error of a file that is not there: [ErrNone] in words for people.
func None(key string) error {
	return fault.Wrap(fault.NotFound, ErrNone, "There is no file %s in this place. What is there is shown by the list of its files.", brief(key))
}

// Locked is the error of a file that the place does not let go yet: [ErrLocked] in words
// for people.
func Locked(key string) error {
	return fault.Wrap(fault.Conflict, ErrLocked, "The place keeps %s locked and does not let it go yet. It can be deleted when its lock has run out.", brief(key))
}
