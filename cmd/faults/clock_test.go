package faults

import (
	"encoding/binary"
	"os"
	"time"
)

// noon is when every run begins: everybody is awake.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// clock is the time of a run. It is a file, so that every process has the same one.
type clock struct{ file *os.File }

func makeClock(path string) (clock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return clock{}, err
	}
	c := clock{f}
	return c, c.set(noon)
}

func openClock(path string) (clock, error) {
	f, err := os.Open(path)
	return clock{f}, err
}

func (c clock) set(t time.Time) error {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(t.UnixNano()))
	_, err := c.file.WriteAt(b[:], 0)
	return err
}

// Now is what the clock shows; it panics when there is no clock any more, which is the
// end of whoever asks.
func (c clock) Now() time.Time {
	var b [8]byte
	if _, err := c.file.ReadAt(b[:], 0); err != nil {
		panic(err)
	}
	return time.Unix(0, int64(binary.LittleEndian.Uint64(b[:]))).UTC()
}
