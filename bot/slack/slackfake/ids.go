package slackfake

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// obj is a JSON object on the wire.
type obj = map[string]any

// newID makes an ID that looks like Slack's. IDs are counted, so that a test gets
// the same ones every time.
func (s *Server) newID(prefix string) string {
	s.ids++
	n := strings.ToUpper(strconv.FormatInt(int64(s.ids), 36))
	return prefix + "0FAKE" + strings.Repeat("0", max(0, 5-len(n))) + n
}

// stamp makes a timestamp that was not there before and is above all others, so
// that messages are in order even on a clock that stands still.
func (s *Server) stamp() string {
	micros := max(s.opts.ClientTime().UnixMicro(), s.lastStamp+1)
	s.lastStamp = micros
	return fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6)
}

// arrive counts what is said or changed, over all channels.
func (s *Server) arrive() int {
	s.arrivals++
	return s.arrivals
}

func (s *Server) now() time.Time { return s.opts.ClientTime() }
