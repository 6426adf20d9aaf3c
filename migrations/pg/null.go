package pg

import "time"

// NullID is a number for a column in which 0 is written as null: nobody, none.
func NullID(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

// NullTime is an instant for a column in which the zero time is written as null:
// never, at once.
func NullTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
