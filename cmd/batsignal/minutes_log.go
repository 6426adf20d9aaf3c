package main

import (
	"io"
	"os"
	"runtime/debug"
	"strings"
	"unsafe"

	"batsignal/incidents/minutes"
	"batsignal/oncall/fault"
)

// mostLog is how large a log may be: all of it is in memory.
const mostLog = 1 << 30

// readLog reads a whole log; "-" is what comes in.
func readLog(file string, stdin io.Reader) (string, error) {
	in, size := stdin, int64(0)
	if file != "-" {
		f, err := os.Open(file) // #nosec G304 -- the operator names it, who runs the program
		if err != nil {
			return "", fault.New(fault.NotFound, "%s cannot be read: %s.", file, fileTrouble(err))
		}
		defer f.Close()
		st, err := f.Stat()
		switch {
		case err != nil:
			return "", fault.New(fault.NotFound, "%s cannot be read: %s.", file, fileTrouble(err))
		case st.IsDir():
			return "", fault.New(fault.Conflict, "%s is a directory. Name the logs in it, such as %s/*.log.txt.", file, strings.TrimRight(file, "/"))
		}
		in, size = f, st.Size()
	}
	var text strings.Builder
	text.Grow(int(min(size, mostLog)) + 1)
	n, err := io.Copy(&text, io.LimitReader(in, mostLog+1))
	switch {
	case err != nil:
		return "", fault.New(fault.NotFound, "%s cannot be read: %s.", file, fileTrouble(err))
	case n > mostLog:
		return "", fault.New(fault.Conflict, "%s has more than 1 GiB, which is more than a log that is read here may have. Cut it into pieces, such as one for each year.", file)
	}
	return text.String(), nil
}

// replayWaste is room for what is made and thrown away while a long log is replayed.
const replayWaste = 16 << 20

// boundMemory keeps the memory of replaying a long log near what its text and lines take:
// by itself, the collector would wait until they take twice as much. It returns what
// ends that.
func boundMemory(text string, lines int) (unbound func()) {
	kept := int64(len(text)) + int64(lines)*int64(unsafe.Sizeof(minutes.Line{}))
	if kept < replayWaste/4 {
		return func() {}
	}
	before := debug.SetMemoryLimit(kept + replayWaste)
	return func() { debug.SetMemoryLimit(before) }
}
