// Package civil owns time on the clock on the wall: a date and a time of day without
// a zone, and which instant they mean in one.
//
// A wall time may mean no instant (clocks were put forward) or two (they were put
// back). What is meant then depends on what it is for: a shift that begins there, or
// one that ends there. It knows no schedule.
package civil

import "time"

// DateTime is a date with a time of day, to the minute, as a clock on the wall shows
// it. The zero DateTime is none.
type DateTime struct {
	Year   int
	Month  time.Month
	Day    int
	Hour   int
	Minute int
}
