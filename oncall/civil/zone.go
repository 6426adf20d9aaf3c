package civil

import (
	"sync"
	"time"

	"batsignal/oncall/fault"
)

// zones remembers what was loaded: a page asks for the same few thousands of times,
// and each is a file.
var zones sync.Map // string -> *time.Location

// Zone loads a time zone by its IANA name. "Local" is none, since it would be another
// on each machine. The error is fault.Invalid.
func Zone(name string) (*time.Location, error) {
	if known, ok := zones.Load(name); ok {
		return known.(*time.Location), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fault.New(fault.Invalid, "There is no time zone called %q. Write it like Europe/Berlin.", name)
	}
	zones.Store(name, zone)
	return zone, nil
}
