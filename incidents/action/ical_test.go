package action_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"batsignal/incidents/action"
)

// property is one content line of a calendar.
type property struct{ name, params, value string }

var (
	content = regexp.MustCompile(`^([A-Z0-9-]+)((?:;[A-Z0-9-]+=[^;:",\x00-\x1f]+)*):(.*)$`)
	moment  = regexp.MustCompile(`^\d{8}T\d{6}Z$`)
	date    = regexp.MustCompile(`^\d{8}$`)
)

// parse reads a calendar by RFC 5545 and believes nothing: line ends, lengths, letters,
// nesting, and what each component must have and may have once.
func parse(text string) (todos []map[string]property, err error) {
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("it is not UTF-8")
	}
	lines, err := unfold(text)
	if err != nil {
		return nil, err
	}
	var inside []string
	var todo map[string]property
	components := 0
	for _, line := range lines {
		m := content.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("no content line: %q", line)
		}
		p := property{m[1], m[2], m[3]}
		switch p.name {
		case "BEGIN":
			if len(inside) == 1 {
				components++
			}
			inside = append(inside, p.value)
			if p.value == "VTODO" {
				todo = map[string]property{}
			}
			continue
		case "END":
			if len(inside) == 0 || inside[len(inside)-1] != p.value {
				return nil, fmt.Errorf("END:%s in %v", p.value, inside)
			}
			inside = inside[:len(inside)-1]
			if p.value == "VTODO" {
				if err := checkTodo(todo); err != nil {
					return nil, err
				}
				todos = append(todos, todo)
			}
			continue
		}
		if len(inside) == 0 || inside[0] != "VCALENDAR" {
			return nil, fmt.Errorf("%q is outside of the calendar", line)
		}
		if inside[len(inside)-1] == "VTODO" {
			if _, twice := todo[p.name]; twice {
				return nil, fmt.Errorf("%s is there twice", p.name)
			}
			todo[p.name] = p
		}
	}
	if len(inside) > 0 || components == 0 || !slices.Contains(lines, "VERSION:2.0") || !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "PRODID:") }) {
		return nil, fmt.Errorf("the calendar is not whole: %v open, %d components", inside, components)
	}
	return todos, nil
}

func unfold(text string) (lines []string, err error) {
	body, ok := strings.CutSuffix(text, "\r\n")
	if !ok {
		return nil, fmt.Errorf("the last line does not end")
	}
	for raw := range strings.SplitSeq(body, "\r\n") {
		switch {
		case len(raw) > 75:
			return nil, fmt.Errorf("a line of %d bytes", len(raw))
		case !utf8.ValidString(raw):
			return nil, fmt.Errorf("a letter is torn: %q", raw)
		case strings.ContainsFunc(raw, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			return nil, fmt.Errorf("a control character: %q", raw)
		}
		if more, folded := strings.CutPrefix(raw, " "); folded && len(lines) > 0 {
			lines[len(lines)-1] += more
			continue
		}
		lines = append(lines, raw)
	}
	return lines, nil
}

func checkTodo(t map[string]property) error {
	for _, name := range []string{"UID", "DTSTAMP", "SUMMARY", "STATUS", "LAST-MODIFIED"} {
		if t[name].value == "" {
			return fmt.Errorf("a to-do without %s", name)
		}
	}
	for name, p := range t {
		switch name {
		case "DTSTAMP", "LAST-MODIFIED", "CREATED", "COMPLETED":
			if !moment.MatchString(p.value) || p.params != "" {
				return fmt.Errorf("%v is no instant", p)
			}
		case "DUE":
			if !date.MatchString(p.value) || p.params != ";VALUE=DATE" {
				return fmt.Errorf("%v is no day", p)
			}
		case "SUMMARY", "DESCRIPTION":
			if _, err := unescape(p.value); err != nil {
				return err
			}
		case "STATUS":
			if !slices.Contains([]string{"NEEDS-ACTION", "COMPLETED", "CANCELLED"}, p.value) {
				return fmt.Errorf("the status %q", p.value)
			}
		case "UID", "URL", "PERCENT-COMPLETE":
		default:
			return fmt.Errorf("%s was not expected", name)
		}
	}
	return nil
}

// unescape reads a text value; a sign that must be marked and is not is an error.
func unescape(value string) (string, error) {
	var b strings.Builder
	marked := false
	for _, r := range value {
		switch {
		case marked && (r == 'n' || r == 'N'):
			b.WriteByte('\n')
		case marked && strings.ContainsRune(`\;,`, r):
			b.WriteRune(r)
		case marked:
			return "", fmt.Errorf("\\%c means nothing", r)
		case r == '\\':
			marked = true
			continue
		case r == ';' || r == ',':
			return "", fmt.Errorf("%q has an unmarked %c", value, r)
		default:
			b.WriteRune(r)
		}
		marked = false
	}
	if marked {
		return "", fmt.Errorf("%q ends in a mark", value)
	}
	return b.String(), nil
}

func calendar(t testing.TB, items []action.Item, base string) []map[string]property {
	t.Helper()
	var b bytes.Buffer
	if err := action.WriteICal(&b, items, base, start); err != nil {
		t.Fatal(err)
	}
	todos, err := parse(b.String())
	if err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	if len(todos) != len(items) {
		t.Fatalf("%d to-dos for %d actions", len(todos), len(items))
	}
	return todos
}

func TestACalendarOfActions(t *testing.T) {
	items := []action.Item{
		{
			ID: 12, Text: "rotate the key; then\\or, as ever, call\r\nmaria\tand bert", State: action.Open, Due: day("2026-12-24"),
			Owners: []action.Owner{{Name: "m", Handle: "maria"}, {Name: "QA"}}, CreatedAt: start, ChangedAt: start.Add(time.Hour),
			Incident: 7, Network: "libera", Room: "#ops", Series: "standup", IssueURL: "https://gitlab.example/g/p/-/issues/3",
		},
		{ID: 13, Text: "done", State: action.Done, CreatedAt: start, ChangedAt: start, ClosedAt: start},
		{ID: 14, Text: "dropped", State: action.Dropped, ClosedAt: start},
	}
	todos := calendar(t, items, "https://bat.example:8443/x/")
	for name, want := range map[string]string{
		"UID": "action-12@bat.example", "DTSTAMP": "20261130T130000Z", "LAST-MODIFIED": "20261130T130000Z", "CREATED": "20261130T120000Z",
		"SUMMARY":     `A12: rotate the key\; then\\or\, as ever\, call\nmaria` + "\t" + `and bert`,
		"DESCRIPTION": `Owner: maria and QA\nNoted: INC-7\, the meeting standup\, in #ops on libera\nTracked: https://gitlab.example/g/p/-/issues/3`,
		"DUE":         "20261224", "STATUS": "NEEDS-ACTION", "URL": "https://bat.example:8443/x/actions/12", "COMPLETED": "", "PERCENT-COMPLETE": "",
	} {
		if got := todos[0][name].value; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{"STATUS": "COMPLETED", "COMPLETED": "20261130T120000Z", "PERCENT-COMPLETE": "100", "DUE": "", "DESCRIPTION": "Owner: nobody"} {
		if got := todos[1][name].value; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := todos[2]; got["STATUS"].value != "CANCELLED" || got["DTSTAMP"].value != "20261130T120000Z" || got["COMPLETED"].value != "" {
		t.Errorf("%v", got)
	}
	calendar(t, nil, "https://bat.example") // one of nothing is a calendar, too
	if got := calendar(t, items, "")[0]; got["UID"].value != "action-12@batsignal.invalid" || got["URL"].value != "" {
		t.Errorf("%v", got)
	}
}

func FuzzACalendarHoldsAnyText(f *testing.F) {
	for _, text := range []string{
		"", "plain", "a;b,c\\d\ne", strings.Repeat("é", 200), strings.Repeat("日本語", 60), strings.Repeat("👩‍🚒", 30), "\xff\xfe", "\x00\x1b\x7f",
		"x\r\nBEGIN:VTODO\r\nEND:VCALENDAR", "END:VTODO", strings.Repeat("x", 63), strings.Repeat("x", 64), strings.Repeat("x", 65), "\u2028\u0085\v", "\t",
	} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		if len(text)+len(name) > 8000 {
			return // no column holds as much
		}
		it := action.Item{ID: 1, Text: text, State: action.Open, Owners: []action.Owner{{Name: name}}, Room: name, Network: "n", Series: text, IssueURL: text, ChangedAt: start}
		got := calendar(t, []action.Item{it, {ID: 2, Text: name, State: action.Done}}, "https://bat.example")
		said, err := unescape(got[0]["SUMMARY"].value)
		if err != nil {
			t.Fatal(err)
		}
		if plain := strings.ContainsFunc(text, func(r rune) bool {
			return r < ' ' || r == utf8.RuneError || 0x7f <= r && r < 0xa0 || r == '\u2028' || r == '\u2029'
		}); !plain && said != "A1: "+text {
			t.Errorf("%q became %q", text, said)
		}
	})
}
