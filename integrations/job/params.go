package job

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"batsignal/oncall"
	"batsignal/oncall/fault"
)

var (
	idShape   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	hostLabel = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
	numShape  = regexp.MustCompile(`^[0-9]{1,16}$`)
)

const (
	longestText   = 200
	longestHost   = 253
	largestNumber = 1_000_000_000_000_000
)

// check reads the values that somebody gave for a job: each by its type, and none that the
// job does not take. What is left out has its default.
func (d Definition) check(given Params) (Params, error) {
	for name := range given {
		if !slices.ContainsFunc(d.Params, func(p Param) bool { return p.Name == name }) {
			return nil, fault.New(fault.Invalid, "%s takes no %s. %s", d.Name, quoted(name), d.takes())
		}
	}
	values := Params{}
	for _, p := range d.Params {
		value := given[p.Name]
		if value == "" {
			value = p.Default
		}
		if value == "" {
			return nil, fault.New(fault.Invalid, "%s needs %s=%s.", d.Name, p.Name, p.shape())
		}
		if !p.fits(value) {
			return nil, fault.New(fault.Invalid, "%s=%s does not do: it must be %s.", p.Name, quoted(value), p.must())
		}
		values[p.Name] = value
	}
	return values, nil
}

// takes says what a job takes.
func (d Definition) takes() string {
	if len(d.Params) == 0 {
		return "It takes nothing."
	}
	var names []string
	for _, p := range d.Params {
		names = append(names, p.Name)
	}
	return "It takes " + oncall.JoinNames(names) + "."
}

// fits tells whether a value is of the parameter's type. Whatever fits can be an argument of
// a program: none begins with a dash or holds a line end.
func (p Param) fits(value string) bool {
	switch p.Type {
	case ParamID:
		return idShape.MatchString(value)
	case ParamHost:
		return isHost(value)
	case ParamNumber:
		n, err := strconv.ParseInt(value, 10, 64)
		return err == nil && numShape.MatchString(value) && n <= largestNumber
	case ParamDuration:
		d, err := time.ParseDuration(value)
		return err == nil && d > 0 && !strings.HasPrefix(value, "+")
	case ParamChoice:
		return slices.Contains(p.Choices, value)
	case ParamText:
		return utf8.ValidString(value) && utf8.RuneCountInString(value) <= longestText && !strings.HasPrefix(value, "-") &&
			!strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
	}
	return false
}

func isHost(value string) bool {
	if a, err := netip.ParseAddr(value); err == nil {
		return a.Zone() == ""
	}
	if len(value) > longestHost {
		return false
	}
	for label := range strings.SplitSeq(value, ".") {
		if !hostLabel.MatchString(label) {
			return false
		}
	}
	return true
}

// must says what a value has to be.
func (p Param) must() string {
	switch p.Type {
	case ParamID:
		return "1 to 64 small letters, digits and dashes, not beginning with a dash"
	case ParamHost:
		return "a host name or an address"
	case ParamNumber:
		return "a whole number from 0 on"
	case ParamDuration:
		return "a time like 90s or 2h30m"
	case ParamChoice:
		return oncall.JoinOr(p.Choices)
	case ParamText:
		return "one line of at most 200 letters that does not begin with a dash"
	}
	return "something else"
}

// shape is what stands for a value where one is missing.
func (p Param) shape() string {
	if p.Type == ParamChoice {
		return strings.Join(p.Choices, "|")
	}
	return "<" + string(p.Type) + ">"
}

// quoted is a word of somebody's in a sentence of ours: short, and with nothing that acts.
func quoted(text string) string { return strconv.Quote(oncall.Clip(text, 40)) }
