package write_test

import (
	"fmt"
	"strings"
	"time"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/write"
)

var evening = time.Date(2026, 11, 28, 22, 30, 0, 0, time.UTC)

// heard makes a document of events: the first begins the meeting.
func heard(s minutes.Setting, events []minutes.Event) write.Doc {
	if s.Dialect == nil {
		s.Dialect = minutes.Batsignal()
	}
	var log minutes.Log
	m, _ := minutes.Start(s, events[0])
	log.Hear(m, events[0])
	for _, e := range events[1:] {
		log.Hear(m, e)
		m.Hear(e)
	}
	return write.Doc{Meeting: m, Lines: log.Lines}
}

// told reads a story: a line a minute, "nick: what is said". What stands in brackets
// before it is another kind of event, and a number there names the line that it is
// about: "[did] anna: waves", "[edited 4] anna: #info otherwise".
func told(story string) (events []minutes.Event) {
	n := 0
	for line := range strings.Lines(strings.TrimSpace(story)) {
		line = strings.TrimSpace(line)
		e := minutes.Event{At: evening.Add(time.Duration(len(events)) * time.Minute)}
		of := 0
		if rest, ok := strings.CutPrefix(line, "["); ok {
			var mark string
			mark, line, _ = strings.Cut(rest, "] ")
			word, number, _ := strings.Cut(mark, " ")
			fmt.Sscan(number, &of)
			e.Kind, _ = minutes.EventKindOf(word)
		}
		nick, text, _ := strings.Cut(line+" ", ": ")
		text = strings.TrimSuffix(text, " ")
		e.Who.Nick, e.Text = nick, strings.ReplaceAll(text, `\n`, "\n")
		if n++; of == 0 {
			of = n
		}
		e.ID = fmt.Sprintf("C1/%d", of)
		if e.Kind.IsLine() {
			e.Link = fmt.Sprintf("https://acme.example.com/archives/C1/p%d", of)
		}
		events = append(events, e)
	}
	return events
}

// evenings is a meeting with everything in it that minutes can show.
func evenings() write.Doc {
	events := told(`
anna: #startmeeting OpenSSL fire
bert: #info the first report came by mail, see https://example.org/reports/7 (private)
[joined] cleo: 
cleo: #here aka Cleopatra
anna: #topic What we know
bert: #info the bug is remote
cleo: #info this was a mistake
[edited 6] bert: #info the bug is local
[deleted 7] cleo: 
cleo: [off] do not tell anybody
[did] bert: looks at the diff
bert: this is what it says:\n  if (len > 16)\n    return -1;
bert: אני חושב שזה בסדר
[renamed] bert: bert_
bert_: #action bert writes the advisory by 2026-12-04
anna: #action somebody will ask the mirrors
cleo: #action the <b>build</b> of @everyone needs a look
cleo: a typo in #acton
anna: #startvote Which day? monday, tuesday
cleo: #vote monday
bert_: #vote tuesday
anna: #vote monday
anna: #endvote
cleo: #motion we tell the press
cleo: -1 not before Monday
anna: -1
anna: #endvote
bert_: #link https://example.org/diff?a=1&b=2 the diff
cleo: #idea fuzz the parser
cleo: #help somebody with an old Sparc
anna: #agreed the embargo ends on Monday at noon
cleo: and a long line of talk, which goes on and on so that it has to be wrapped wherever it is shown, be it on a telephone or on a wide screen, without anybody having to scroll sideways
cleo: averyveryverylongwordwithoutanyblankinitaveryveryverylongwordwithoutanyblankinitaveryveryverylongwordwithoutanyblankinit
anna: #topic Next steps
anna: #restrictlogs
`)
	for i := range events {
		if events[i].Text == "[off] do not tell anybody" {
			events[i].Thread = "C1/6"
		}
	}
	after := told(`
anna: #agreed packages are built tonight
bert_: #rejected never mind
anna: #rejected waiting for the other distributions
cleo: #action cleo, bert: tell the mirrors tomorrow
[left] cleo: 
`)
	for i, e := range after {
		e.At = time.Date(2026, 11, 29, 0, 10+i, 0, 0, time.UTC)
		e.ID = fmt.Sprintf("C1/after%d", i)
		events = append(events, e)
	}
	events = append(events, minutes.Event{At: time.Date(2026, 11, 29, 1, 4, 0, 0, time.UTC), Kind: minutes.Ended, Text: "nobody had said anything for 50 minutes"})
	s := minutes.Setting{Room: "#inc-7-openssl", Network: "acme", Incident: "INC-7", Files: minutes.Naming{URLPrefix: "https://minutes.example.org/"}}
	return heard(s, events)
}
