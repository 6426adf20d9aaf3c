package civil

import "time"

// Earlier is whichever of two instants comes first.
func Earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Later is whichever of two instants comes last.
func Later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
