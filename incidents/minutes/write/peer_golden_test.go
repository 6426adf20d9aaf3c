package write_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/chatlog"
	"batsignal/incidents/minutes/corpustest"
	"batsignal/incidents/minutes/replay"
	"batsignal/incidents/minutes/write"
)

func peers() []*minutes.Dialect {
	return []*minutes.Dialect{minutes.Debian(), minutes.OpenStack(), minutes.Fedora()}
}

// replayed are the meetings of a log, by the name of their files.
func replayed(t testing.TB, m corpustest.Meeting, d *minutes.Dialect) (names []string, docs []write.Doc) {
	t.Helper()
	setting := minutes.Setting{Dialect: d, Room: m.Room, Files: minutes.Naming{URL: m.URL}}
	for i, one := range replay.Run(setting, chatlog.Parse(m.Log(t), chatlog.Options{Date: m.Date(t)})) {
		name := ""
		if i > 0 {
			name = fmt.Sprintf("m%d.", i+1)
		}
		names, docs = append(names, name), append(docs, write.Doc{Meeting: one.Meeting, Lines: one.Log.Lines})
	}
	return names, docs
}

func written(t testing.TB, f write.Format, d write.Doc) string {
	t.Helper()
	var out strings.Builder
	if err := f.Write(&out, d); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var goldensTo = flag.String("goldens-to", "", "a folder to put every file of the golden test in, for other graders")

// TestPeerGoldens holds every file of every meeting against what the peers wrote. All are
// the same, byte for byte, and so they shall stay; the grade says how bad it is if not.
func TestPeerGoldens(t *testing.T) {
	for _, d := range peers() {
		counts := map[string]*[differs + 1]int{}
		for _, f := range write.PeerFormats() {
			counts[f.Ext] = new([differs + 1]int)
		}
		for _, m := range corpustest.All(t) {
			names, docs := replayed(t, m, d)
			for i, doc := range docs {
				for _, f := range write.PeerFormats() {
					got := written(t, f, doc)
					if *goldensTo != "" {
						save(t, filepath.Join(*goldensTo, d.Name, m.Name+"."+names[i]+f.Ext), got)
					}
					want, ok := m.Golden(d.Name, names[i]+f.Ext)
					if !ok {
						continue
					}
					g := gradeOf(got, want, f.Ext)
					if counts[f.Ext][g]++; g != same {
						t.Errorf("%s: %s.%s%s: %s, %s", d.Name, m.Name, names[i], f.Ext, g, firstDifference(got, want))
					}
				}
			}
		}
		for _, f := range write.PeerFormats() {
			c := counts[f.Ext]
			t.Logf("%-10s %-9s same %3d  ties %3d  content %3d  DIFF %3d", d.Name, f.Ext, c[same], c[ties], c[content], c[differs])
			if minutesOrLog := f.Ext == "txt" || f.Ext == "html" || f.Ext == "log.html"; minutesOrLog && c[same] < 14 {
				t.Errorf("%s: only %d files of .%s were held against the peer", d.Name, c[same], f.Ext)
			}
		}
	}
}

func save(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		var x, y string
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return fmt.Sprintf("line %d\n got %q\nwant %q", i+1, x, y)
		}
	}
	return "no line differs"
}
