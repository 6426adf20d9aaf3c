package write_test

import (
	"testing"

	"batsignal/incidents/minutes/write"
)

// fuzzPeer tells any words in every place, and has what each dialect makes of them in
// one format checked.
func fuzzPeer(f *testing.F, check func(t *testing.T, d write.Doc, f write.Format, text string), exts ...string) {
	f.Helper()
	for i, text := range harm {
		f.Add(text, harm[len(harm)-1-i], "#ops")
		f.Add(text, "bert", text)
	}
	f.Fuzz(func(t *testing.T, text, nick, room string) {
		for _, d := range peers() {
			doc := tellEverywhere(d, text, nick, room)
			for _, format := range write.PeerFormats() {
				for _, ext := range exts {
					if format.Ext == ext {
						out := written(t, format, doc)
						checkLetters(t, format, out)
						check(t, doc, format, out)
					}
				}
			}
		}
	})
}

func FuzzPeerHTML(f *testing.F) {
	fuzzPeer(f, func(t *testing.T, _ write.Doc, f write.Format, text string) { checkPage(t, f.Ext, text) }, "html")
}

func FuzzPeerLogHTML(f *testing.F) {
	fuzzPeer(f, func(t *testing.T, _ write.Doc, f write.Format, text string) { checkPage(t, f.Ext, text) }, "log.html")
}

func FuzzPeerLogText(f *testing.F) {
	fuzzPeer(f, func(t *testing.T, d write.Doc, _ write.Format, text string) { checkLog(t, d, text) }, "log.txt")
}

func FuzzPeerText(f *testing.F) {
	fuzzPeer(f, func(*testing.T, write.Doc, write.Format, string) {}, "txt")
}

func FuzzPeerRST(f *testing.F) {
	fuzzPeer(f, func(t *testing.T, _ write.Doc, _ write.Format, text string) { checkRST(t, text) }, "rst")
}

func FuzzPeerWiki(f *testing.F) {
	fuzzPeer(f, func(t *testing.T, _ write.Doc, f write.Format, text string) { checkWiki(t, f.Ext, text) }, "mw", "pmw")
}
