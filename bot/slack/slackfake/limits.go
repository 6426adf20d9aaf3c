package slackfake

import "time"

// bucket is a limit: so much at once, and refilled in time.
type bucket struct {
	left float64
	at   time.Time
}

// perMinute are Slack's tiers; the special tier of auth.test allows hundreds.
func perMinute(tier int) float64 {
	return map[int]float64{1: 1, 2: 20, 3: 50, 4: 100}[tier]
}

const (
	channelRate  = 1 // messages a second in one channel
	channelBurst = 3
	teamRate     = 20 // messages a second in all channels: "several hundred per minute"
	teamBurst    = 60
)

// limit tells how long a call has to wait; 0 is not at all. It counts it if it may go.
func (s *Server) limit(name string, m method, a args) time.Duration {
	if name == "chat.postMessage" {
		return max(s.take("team", teamRate, teamBurst), s.take("to "+a.Get("channel"), channelRate, channelBurst))
	}
	rate := perMinute(m.tier)
	if rate == 0 {
		return 0
	}
	return s.take(name, rate/60, max(rate, 2))
}

func (s *Server) take(key string, rate, burst float64) time.Duration {
	now := time.Now()
	b := s.buckets[key]
	if b == nil {
		b = &bucket{burst, now}
		s.buckets[key] = b
	}
	b.left, b.at = min(burst, b.left+now.Sub(b.at).Seconds()*rate), now
	if b.left < 1 {
		return time.Duration((1 - b.left) / rate * float64(time.Second))
	}
	b.left--
	return 0
}
