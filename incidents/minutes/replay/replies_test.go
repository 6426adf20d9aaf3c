package replay_test

import (
	"strings"
	"testing"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/chatlog"
	"batsignal/incidents/minutes/corpustest"
	"batsignal/incidents/minutes/replay"
)

func run(t testing.TB, m corpustest.Meeting, d *minutes.Dialect) []*replay.Meeting {
	t.Helper()
	setting := minutes.Setting{Dialect: d, Room: m.Room, Files: minutes.Naming{URL: m.URL}}
	return replay.Run(setting, chatlog.Parse(m.Log(t), chatlog.Options{Date: m.Date(t)}))
}

// TestReplies holds what the peers' dialects say against what the peers said.
func TestReplies(t *testing.T) {
	for _, d := range []*minutes.Dialect{minutes.Debian(), minutes.OpenStack(), minutes.Fedora()} {
		held := 0
		for _, m := range corpustest.All(t) {
			want, ok := m.Golden(d.Name, "replies")
			if !ok {
				continue
			}
			held++
			t.Run(d.Name+"/"+m.Name, func(t *testing.T) {
				var got strings.Builder
				for _, meeting := range run(t, m, d) {
					if err := replay.WriteReplies(&got, meeting.Said); err != nil {
						t.Fatal(err)
					}
				}
				if got.String() != want {
					t.Errorf("replies differ, got:\n%s\nwant:\n%s", got.String(), want)
				}
			})
		}
		if held < 10 {
			t.Errorf("%s: only %d meetings were held against the peer", d.Name, held)
		}
	}
}
