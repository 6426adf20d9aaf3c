package switchboard

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode"

	"batsignal/oncall"
)

// decode reads one JSON object and nothing behind it. A field that is not known here is an
// error: half a page is worse than one that is told to be repeated. Its errors may quote
// what they read, and are not to be shown.
func decode(text []byte, into any) error {
	if first := bytes.TrimLeft(text, " \t\r\n"); len(first) == 0 || first[0] != '{' {
		return errors.New("no JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON object")
	}
	return nil
}

// longestSentence is the longest that the other side's sentences may be, in letters.
const longestSentence = 600

// tame has the other side's sentence be one line of ordinary letters.
func tame(say string) string {
	say = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, say)
	if say = strings.TrimSpace(say); say == "" {
		return "It was refused without a reason."
	}
	return oncall.Clip(say, longestSentence)
}

// sentence begins one with a name for a side.
func sentence(who string) string { return oncall.UpperFirst(who) }
