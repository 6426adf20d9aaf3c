package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// The kinds of parameters in a query.
const (
	textParam    = "text"
	numberParam  = "number"
	instantParam = "instant"
)

// param is something that may stand in the query of an address.
type param struct {
	Name    string
	Kind    string
	Help    string
	Needed  bool
	Choices []string
}

const (
	usualPage = 100 // entries of a list, unless asked otherwise
	mostPage  = 500
	mostSpan  = 400 * 24 * time.Hour
)

var (
	atParam    = param{Name: "at", Kind: instantParam, Help: "At which instant, in RFC 3339; now if it is missing."}
	spanParams = []param{
		{Name: "from", Kind: instantParam, Help: "The beginning, in RFC 3339; now if it is missing."},
		{Name: "until", Kind: instantParam, Help: "The end, in RFC 3339, at most 400 days later; 28 days later if it is missing."},
	}
	pageParams = []param{
		{Name: "after", Kind: textParam, Help: "Where to read on: next of the page before."},
		{Name: "limit", Kind: numberParam, Help: "How many at most: up to 500, and 100 if it is missing."},
	}
)

// wrong is a refusal that is about one field of the body or one parameter.
func wrong(field, format string, args ...any) error {
	return &oncall.FieldError{Field: field, Fault: fault.New(fault.Invalid, format, args...)}
}

// checkQuery refuses parameters that the operation does not know: a slip in a name would
// otherwise be an answer to another question.
func checkQuery(o operation, r *http.Request) error {
	query := r.URL.Query()
	names := make([]string, 0, len(o.Query))
	for _, p := range o.Query {
		names = append(names, p.Name)
		value := query.Get(p.Name)
		if p.Needed && value == "" {
			return wrong(p.Name, "The parameter %s is missing.", p.Name)
		}
		if value != "" && len(p.Choices) > 0 && !slices.Contains(p.Choices, value) {
			return wrong(p.Name, "The parameter %s is one of %s.", p.Name, strings.Join(p.Choices, ", "))
		}
	}
	for name, values := range query {
		switch {
		case !slices.Contains(names, name):
			known := "There are none here."
			if len(names) > 0 {
				known = "There are " + oncall.JoinNames(names) + "."
			}
			return wrong(oncall.Clip(name, 40), "There is no parameter %q here. %s", oncall.Clip(name, 40), known)
		case len(values) > 1:
			return wrong(name, "The parameter %s can be given once.", name)
		}
	}
	return nil
}

// text is a parameter as it stands, "" if it is missing.
func (a *asked) text(name string) string { return a.r.URL.Query().Get(name) }

// number is a parameter in a range.
func (a *asked) number(name string, least, most, missing int) (int, error) {
	text := a.text(name)
	if text == "" {
		return missing, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, wrong(name, "The parameter %s is a number from %d to %d.", name, least, most)
	}
	return n, nil
}

// instant is a parameter that is an instant.
func (a *asked) instant(name string, missing time.Time) (time.Time, error) {
	text := a.text(name)
	if text == "" {
		return missing, nil
	}
	t, err := readInstant(text)
	if err != nil {
		return t, wrong(name, "The parameter %s is an instant such as 2026-03-29T02:30:00Z. Write a plus sign in an address as %%2B.", name)
	}
	return t, nil
}

// readInstant reads RFC 3339, of the years that there are schedules for.
func readInstant(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err == nil && (t.Year() < 1970 || t.Year() > 9000) {
		err = fault.New(fault.Invalid, "That year is out of reach.")
	}
	return t.UTC(), err
}

// at is the instant that is asked about.
func (a *asked) at() (time.Time, error) { return a.instant(atParam.Name, a.now) }

// span is the time that is asked about.
func (a *asked) span() (from, until time.Time, err error) {
	if from, err = a.instant("from", a.now); err != nil {
		return from, until, err
	}
	if until, err = a.instant("until", from.Add(28*24*time.Hour)); err != nil {
		return from, until, err
	}
	if !until.After(from) || until.Sub(from) > mostSpan {
		return from, until, wrong("until", "The end comes after the beginning, and at most 400 days after it.")
	}
	return from, until, nil
}

// during finds what an address names, and the time that is asked about.
func during[T any](a *asked, find func(*asked) (T, error)) (of T, from, until time.Time, err error) {
	if of, err = find(a); err == nil {
		from, until, err = a.span()
	}
	return of, from, until, err
}

// limit is how many entries of a list are wanted.
func (a *asked) limit() (int, error) { return a.number("limit", 1, mostPage, usualPage) }

// after is where a list goes on that goes by numbers; 0 is its beginning.
func (a *asked) after() (int64, error) {
	text := a.text("after")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, wrong("after", "That is no place in this list. Give next of the page before.")
	}
	return n, nil
}
