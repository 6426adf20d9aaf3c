package write

import (
	"bufio"
	"io"
	"strconv"
	"time"
)

// pen writes through a buffer. The buffer keeps its first error and writes nothing
// after it, so it is enough to look at it once, in done.
type pen struct {
	out     *bufio.Writer
	scratch [32]byte
	day     int64 // the day that date is of, in days since 1970
	date    string
}

func newPen(w io.Writer) *pen { return &pen{out: bufio.NewWriterSize(w, 64<<10)} }

func (p *pen) done() error { return p.out.Flush() }

func (p *pen) put(parts ...string) {
	for _, s := range parts {
		_, _ = p.out.WriteString(s) // see pen
	}
}

func (p *pen) bytes(b []byte) { _, _ = p.out.Write(b) } // see pen

func (p *pen) number(n int) { p.bytes(strconv.AppendInt(p.scratch[:0], int64(n), 10)) }

// instant writes a time as programs read it: "2006-01-02T15:04:05Z". A log has one in
// each line, so its day is drawn when it changes only.
func (p *pen) instant(t time.Time) {
	if day := dayOf(t); p.date == "" || day != p.day {
		p.day, p.date = day, t.UTC().Format(time.DateOnly)
	}
	p.put(p.date, "T")
	p.clock(t)
	p.put("Z")
}

// clock writes a time of day: "15:04:05".
func (p *pen) clock(t time.Time) {
	second := int(t.Unix() - dayOf(t)*daySeconds)
	b := twoDigits(p.scratch[:0], second/3600)
	b = twoDigits(append(b, ':'), second/60%60)
	p.bytes(twoDigits(append(b, ':'), second%60))
}

func twoDigits(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

const daySeconds = 24 * 60 * 60

// dayOf counts the days in UTC since 1970.
func dayOf(t time.Time) int64 {
	second := t.Unix()
	if second < 0 {
		second -= daySeconds - 1 // a day before that one is rounded down, too
	}
	return second / daySeconds
}

// Layouts of times in UTC.
const (
	atInstant = "2006-01-02T15:04:05Z"
	atMinute  = "15:04"
	onDay     = "Monday 2 January 2006"
)
