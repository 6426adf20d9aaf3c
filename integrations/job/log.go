package job

import (
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
)

const (
	longestLine = 2000   // letters of a line of a log
	mostLines   = 20_000 // of a run; what the engine itself notes comes on top
)

const (
	sqlAppendLog = `
		insert into job_log (run_id, n, attempt, at, text)
		select @run, (select coalesce(max(n), 0) from job_log where run_id = @run) + l.place, @attempt, l.at, l.text
		from unnest(@at::timestamptz[], @text::text[]) with ordinality as l (at, text, place)`
	sqlCountLog = `select count(*) from job_log where run_id = @run`
)

// log adds lines of the engine's own to the log of a run that this transaction has locked.
func (c *change) log(r Row, texts ...string) error {
	lines := make([]Line, 0, len(texts))
	for _, text := range texts {
		lines = append(lines, Line{At: c.now, Text: c.clean(text, longestLine)})
	}
	return c.appendLog(r, lines)
}

func (c *change) appendLog(r Row, lines []Line) error {
	if len(lines) == 0 {
		return nil
	}
	at, text := make([]time.Time, len(lines)), make([]string, len(lines))
	for i, l := range lines {
		at[i], text[i] = l.At, l.Text
	}
	_, err := c.tx.Exec(c.ctx, sqlAppendLog, pgx.NamedArgs{"run": r.ID, "attempt": r.Attempt, "at": at, "text": text})
	return err
}

// clean makes one line of a text for people: without what looks like a secret, without what
// moves a cursor, and no longer than so many letters.
func (s *Service) clean(text string, most int) string {
	if s.Redact != nil {
		text = s.Redact(text)
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return oncall.Clip(strings.TrimSpace(text), most)
}

// lines are the lines of a text that a kind logs. It is redacted as a whole first: a secret
// may be several lines long.
func (s *Service) lines(at time.Time, text string) []Line {
	if s.Redact != nil {
		text = s.Redact(text)
	}
	var lines []Line
	for part := range strings.SplitSeq(strings.TrimRight(text, "\r\n"), "\n") {
		part = strings.Map(func(r rune) rune {
			if r != '\t' && unicode.IsControl(r) {
				return -1
			}
			return r
		}, strings.ToValidUTF8(part, "\uFFFD"))
		lines = append(lines, Line{At: at, Text: oncall.Clip(part, longestLine)})
	}
	return lines
}
