package ledger

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"batsignal/oncall/fault"
)

const statementTitle = "batsignal statement of openings, version 1"

// longestStatement is in bytes: some dozens of records.
const longestStatement = 256 << 10

// text is what is signed. There is one way only to write each.
func (s Statement) text() (string, error) {
	var t strings.Builder
	fmt.Fprintf(&t, "%s\nledger: %s\nmade: %s\nperson: %d %s\nopenings: %d\nrecords: %d\n",
		statementTitle, s.Ledger, s.Made.Format(time.RFC3339), s.Person, s.Handle, s.Openings(), len(s.Records))
	for _, r := range s.Records {
		fmt.Fprintf(&t, "record: %s entries %d openings %d\n", r.Record, r.Entries, r.Openings)
		if r.Entries == 0 {
			continue
		}
		body, err := r.Last.Body()
		if err != nil {
			return "", err
		}
		t.WriteString("last: " + body + "\nproof:")
		for _, hash := range r.Proof {
			t.WriteString(" " + hash.String())
		}
		t.WriteString("\n")
	}
	fmt.Fprintf(&t, "head: %d %s\n", s.Head.Size, s.Head.Hash)
	return t.String(), nil
}

var errStatement = errors.New("this is no statement of a ledger")

// Compiled once. Numbers are no longer than int64.
var (
	isPersonLine = regexp.MustCompile(`^person: ([0-9]{1,18}) ([a-z0-9._-]{1,32})$`)
	isRecordLine = regexp.MustCompile(`^record: ([0-9A-Za-z-]{1,64}) entries ([0-9]{1,18}) openings ([0-9]{1,18})$`)
	isHeadLine   = regexp.MustCompile(`^head: ([0-9]{1,18}) ([0-9A-Za-z+/=]{44})$`)
)

// parseStatement reads the text of a statement.
func parseStatement(text string) (Statement, error) {
	var s Statement
	lines := &lines{rest: strings.Split(strings.TrimSuffix(text, "\n"), "\n")}
	if lines.next() != statementTitle {
		return s, errStatement
	}
	s.Ledger = strings.TrimPrefix(lines.next(), "ledger: ")
	made, err := time.Parse(time.RFC3339, strings.TrimPrefix(lines.next(), "made: "))
	if err != nil {
		return s, errStatement
	}
	s.Made = made.UTC()
	person := isPersonLine.FindStringSubmatch(lines.next())
	if person == nil {
		return s, errStatement
	}
	s.Person, s.Handle = integer(person[1]), person[2]
	lines.next() // counts, which the comparison below looks at
	lines.next()
	for strings.HasPrefix(lines.peek(), "record: ") {
		r, err := parseRecord(lines)
		if err != nil {
			return s, err
		}
		s.Records = append(s.Records, r)
	}
	head := isHeadLine.FindStringSubmatch(lines.next())
	if head == nil {
		return s, errStatement
	}
	s.Head.Size = integer(head[1])
	if s.Head.Hash, err = tlog.ParseHash(head[2]); err != nil {
		return s, errStatement
	}
	switch again, err := s.text(); {
	case err != nil:
		return s, err
	case again != text:
		return s, errStatement
	}
	return s, nil
}

func parseRecord(lines *lines) (r RecordStatement, err error) {
	found := isRecordLine.FindStringSubmatch(lines.next())
	if found == nil {
		return r, errStatement
	}
	r.Record, r.Entries, r.Openings = found[1], integer(found[2]), integer(found[3])
	if r.Entries == 0 {
		return r, nil
	}
	if r.Last, err = ParseLeaf(strings.TrimPrefix(lines.next(), "last: ")); err != nil {
		return r, err
	}
	for _, text := range strings.Fields(strings.TrimPrefix(lines.next(), "proof:")) {
		hash, err := tlog.ParseHash(text)
		if err != nil {
			return r, errStatement
		}
		r.Proof = append(r.Proof, hash)
	}
	return r, nil
}

// lines are read one by one; after the last one comes "".
type lines struct{ rest []string }

func (l *lines) peek() string {
	if len(l.rest) == 0 {
		return ""
	}
	return l.rest[0]
}

func (l *lines) next() string {
	line := l.peek()
	l.rest = l.rest[min(1, len(l.rest)):]
	return line
}

// integer reads digits that a pattern found: at most 18.
func integer(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// VerifyStatement checks a statement by the public keys of the ledger, as it was pasted. What it
// proves is what the result [Statement.Says]; that no entry was left out is seen with the
// whole ledger ([Statement.Check]).
func VerifyStatement(pasted string, vkeys ...string) (Statement, error) {
	keys, err := verifiers(vkeys)
	if err != nil {
		return Statement{}, err
	}
	if len(pasted) > longestStatement {
		return Statement{}, fault.New(fault.Invalid, "This is longer than any statement.")
	}
	opened, err := note.Open([]byte(unpaste(pasted)), keys)
	if err != nil {
		return Statement{}, fault.Wrap(fault.Invalid, err,
			"This is no statement that the ledger signed, or it was changed. Paste all of it, from %q to the line that begins with a dash.", statementTitle)
	}
	s, err := parseStatement(opened.Text)
	if err == nil && opened.Sigs[0].Name != s.Ledger {
		err = errStatement
	}
	if err == nil {
		err = s.check()
	}
	if err != nil {
		return Statement{}, fault.Wrap(fault.Invalid, err, "The ledger signed this, but it does not prove what it says. Show it to the custodians.")
	}
	return s, nil
}

// unpaste undoes what forms and mail do to text: ends of lines, and empty space around it.
func unpaste(s string) string {
	list := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, line := range list {
		list[i] = strings.TrimRight(line, " \t\r")
	}
	return strings.Trim(strings.Join(list, "\n"), "\n ") + "\n"
}
