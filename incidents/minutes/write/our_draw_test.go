package write_test

import (
	"bytes"
	"testing"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/chatlog"
	"batsignal/incidents/minutes/corpustest"
	"batsignal/incidents/minutes/replay"
	"batsignal/incidents/minutes/write"
)

// ours replays a log in our dialect.
func ours(s minutes.Setting, log string, o chatlog.Options) (docs []write.Doc) {
	s.Dialect = minutes.Batsignal()
	for _, m := range replay.Run(s, chatlog.Parse(log, o)) {
		docs = append(docs, write.Doc{Meeting: m.Meeting, Lines: m.Log.Lines})
	}
	return docs
}

// oursOf are the meetings in a log of the corpus.
func oursOf(t testing.TB, m corpustest.Meeting) []write.Doc {
	t.Helper()
	setting := minutes.Setting{Room: m.Room, Files: minutes.Naming{URL: m.URL}}
	return ours(setting, m.Log(t), chatlog.Options{Date: m.Date(t)})
}

// drawn is a document in the format with that extension.
func drawn(t testing.TB, d write.Doc, ext string) string {
	t.Helper()
	for _, f := range write.OurFormats() {
		if f.Ext == ext {
			var b bytes.Buffer
			if err := f.Write(&b, d); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
	}
	t.Fatalf("no format has the extension %q", ext)
	return ""
}
