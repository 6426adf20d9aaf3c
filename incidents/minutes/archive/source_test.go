package archive_test

import (
	"testing"
	"time"

	"batsignal/incidents/minutes/archive"
)

func TestNamesOfLogsTellWhatTheyAre(t *testing.T) {
	for file, want := range map[string][3]string{
		"ops/2026/ops.2026-11-22-03.03.log.txt":      {"ops.2026-11-22-03.03", "#ops", "2026-11-22"},
		"/a/ops/2026/ops.2026-11-22-03.03-2.log.txt": {"ops.2026-11-22-03.03-2", "#ops", "2026-11-22"},
		"team.ops.2026-11-22-03.03.log.txt":          {"team.ops.2026-11-22-03.03", "#team.ops", "2026-11-22"},
		"lightning-dev-2021-04-12.log.txt":           {"lightning-dev-2021-04-12", "#lightning-dev", "2021-04-12"},
		"#ops.2026-11-22.log":                        {"#ops.2026-11-22", "#ops", "2026-11-22"},
		"logs/#ops/2026-11-22.log":                   {"2026-11-22", "#ops", "2026-11-22"},
		"logs/ops/2026/2026-11-22.txt":               {"2026-11-22", "#ops", "2026-11-22"},
		"2026-11-22.txt":                             {"2026-11-22", "", "2026-11-22"},
		"../2026-11-22.txt":                          {"2026-11-22", "", "2026-11-22"},
		"meetbot-test/meetbot-test.log.txt":          {"meetbot-test", "#meetbot-test", ""},
		"s01-commands-all.log.txt":                   {"s01-commands-all", "#s01-commands-all", ""},
		"x.2026-13-99-03.03.log.txt":                 {"x.2026-13-99-03.03", "#x.2026-13-99-03.03", ""},
		"##big.log":                                  {"##big", "##big", ""},
		".log.txt":                                   {"", "", ""},
		"plain":                                      {"plain", "#plain", ""},
	} {
		s := archive.SourceOf(file)
		date := ""
		if !s.Date.IsZero() {
			date = s.Date.Format(time.DateOnly)
		}
		if got := [3]string{s.Name, s.Room, date}; got != want {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
	}
}

func TestPathsDoNotDependOnWhereOneLooks(t *testing.T) {
	for _, c := range []struct{ whole, below, want string }{
		{"/a/ops/2026/ops.2026-11-22-03.03.log.txt", "ops/2026/ops.2026-11-22-03.03.log.txt", "ops/2026/ops.2026-11-22-03.03"},
		{"/a/ops/2026/ops.2026-11-22-03.03.log.txt", "2026/ops.2026-11-22-03.03.log.txt", "ops/2026/ops.2026-11-22-03.03"},
		{"/a/ops/2026/ops.2026-11-22-03.03.log.txt", "ops.2026-11-22-03.03.log.txt", "ops/2026/ops.2026-11-22-03.03"},
		{"/a/libera/ops/2026/ops.2026-11-22-03.03.log.txt", "libera/ops/2026/ops.2026-11-22-03.03.log.txt", "libera/ops/2026/ops.2026-11-22-03.03"},
		{"/a/old/chat.log", "old/chat.log", "old/chat"},
		{"/a/old/chat.log", "chat.log", "chat"},
		{"/x.log.txt", "../../x.log.txt", "x"},
		{"/etc/x.log.txt", "/etc/x.log.txt", "etc/x"},
		{"/tmp/ops.2026-11-22-03.03.log.txt", "ops.2026-11-22-03.03.log.txt", "ops.2026-11-22-03.03"},
	} {
		if got := archive.PathOf(c.whole, c.below); got != c.want {
			t.Errorf("%s, %s: %q, want %q", c.whole, c.below, got, c.want)
		}
	}
}
