package write

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"batsignal/incidents/minutes"
)

//go:embed css/peer_log.css
var peerLogCSS string

// peerLogBuffer is how much of a log is written at once.
const peerLogBuffer = 64 << 10

// writePeerLogTxt writes the log as text, without an end of its last line, as peers do.
func writePeerLogTxt(w io.Writer, d Doc) error {
	return writeLines(w, d, func(buf []byte, line minutes.Line, zone *time.Location) []byte {
		buf = appendClock(buf, line.At, zone)
		if line.Did {
			buf = append(buf, " * "...)
			buf = append(buf, peerClean(line.Nick)...)
			buf = append(buf, ' ')
		} else {
			buf = append(buf, " <"...)
			buf = append(buf, peerClean(line.Nick)...)
			buf = append(buf, "> "...)
		}
		return append(buf, peerCleanLine(line.Text)...)
	})
}

// writePeerLogHTML writes the log as a page on which each line has an address.
func writePeerLogHTML(w io.Writer, d Doc) error {
	if _, err := fmt.Fprintf(w, peerHead+"<pre>", peerBody(peerClean(d.Room))+" log", peerLogCSS); err != nil {
		return err
	}
	layout := layoutOf(d.Dialect)
	if err := writeLines(w, d, layout.appendLine); err != nil {
		return err
	}
	_, err := io.WriteString(w, "</pre>\n</body></html>\n")
	return err
}

// writeLines writes the numbered lines of a log, one below the other.
func writeLines(w io.Writer, d Doc, add func([]byte, minutes.Line, *time.Location) []byte) error {
	out, zone := bufio.NewWriterSize(w, peerLogBuffer), peerZone(d)
	var buf []byte
	for _, line := range d.Lines {
		if line.Note {
			continue
		}
		if buf = add(buf[:0], line, zone); line.N > 1 {
			if err := out.WriteByte('\n'); err != nil {
				return err
			}
		}
		if _, err := out.Write(buf); err != nil {
			return err
		}
	}
	return out.Flush()
}

func appendClock(buf []byte, t time.Time, zone *time.Location) []byte {
	h, m, s := t.In(zone).Clock()
	return append(buf, byte('0'+h/10), byte('0'+h%10), ':', byte('0'+m/10), byte('0'+m%10), ':', byte('0'+s/10), byte('0'+s%10))
}

// appendLine adds one line of the page.
func (l *peerLayout) appendLine(buf []byte, line minutes.Line, zone *time.Location) []byte {
	if l.timeIsLink {
		buf = append(buf, `<a href="#l-`...)
		buf = strconv.AppendInt(buf, int64(line.N), 10)
		buf = append(buf, `" name="l-`...)
		buf = strconv.AppendInt(buf, int64(line.N), 10)
		buf = append(buf, `"><span class="tm">`...)
	} else {
		buf = append(buf, `<a name="l-`...)
		buf = strconv.AppendInt(buf, int64(line.N), 10)
		buf = append(buf, `"></a><span class="tm">`...)
	}
	buf = appendClock(buf, line.At, zone)
	if line.Did {
		buf = append(buf, ' ')
	}
	buf = append(buf, "</span>"...)
	if l.timeIsLink {
		buf = append(buf, "</a>"...)
	}
	nick, text := peerClean(line.Nick), peerCleanLine(line.Text)
	if line.Did {
		buf = appendPeerBody(append(buf, `<span class="nka">* `...), nick)
		buf = appendPeerBody(append(buf, `</span> <span class="ac">`...), text)
		return append(buf, "</span>"...)
	}
	buf = appendPeerBody(append(buf, `<span class="nk"> &lt;`...), nick)
	return appendMarked(append(buf, `&gt;</span> `...), text)
}

// appendMarked adds what somebody said, with commands and the name of whom it is said to
// set off.
func appendMarked(buf []byte, text string) []byte {
	end := strings.IndexAny(text, " \t")
	if end < 0 {
		end = len(text)
	}
	word, rest := text[:end], strings.TrimLeft(text[end:], " \t")
	switch {
	case len(word) > 1 && word[0] == '#':
		class := "cmd"
		if word == "#topic" {
			class = "topic"
		}
		buf = append(append(append(buf, `<span class="`...), class...), `">`...)
		buf = appendPeerBody(buf, text[:len(text)-len(rest)])
		buf = append(append(append(buf, `</span><span class="`...), class...), `line">`...)
		return append(appendPeerBody(buf, rest), "</span>"...)
	case len(word) > 1 && word[len(word)-1] == ':' && end < len(text):
		buf = appendPeerBody(append(buf, `<span class="hi">`...), word)
		return appendPeerBody(append(buf, "</span>"...), text[end:])
	}
	return appendPeerBody(buf, text)
}

// appendPeerBody adds a text between tags.
func appendPeerBody(buf []byte, text string) []byte {
	from := 0
	for i := 0; i < len(text); i++ {
		var entity string
		switch text[i] {
		case '&':
			entity = "&amp;"
		case '<':
			entity = "&lt;"
		case '>':
			entity = "&gt;"
		default:
			continue
		}
		buf = append(append(buf, text[from:i]...), entity...)
		from = i + 1
	}
	return append(buf, text[from:]...)
}
