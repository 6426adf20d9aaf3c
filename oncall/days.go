package oncall

import (
	"strings"

	"batsignal/oncall/fault"
)

// Sets of days of the week: Monday is 1, Tuesday 2, Sunday 64.
const (
	everyDay    = 127
	workingWeek = 31
)

var dayNames = [...]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// ParseDays reads days of the week like "mon-fri", "mon,wed" or "daily" as a set in
// which Monday is 1, Tuesday 2 and Sunday 64.
func ParseDays(text string) (days int, err error) {
	for _, part := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == ',' || r == ' ' }) {
		first, last, span := strings.Cut(part, "-")
		from, until := dayNumber(first), dayNumber(last)
		switch {
		case part == "daily":
			days = everyDay
		case from < 0 || span && until < 0:
			return 0, fault.New(fault.Invalid, "Write days like mon-fri, mon,wed or daily.")
		case !span:
			days |= 1 << from
		default:
			for d := from; ; d = (d + 1) % 7 {
				if days |= 1 << d; d == until {
					break
				}
			}
		}
	}
	if days == 0 {
		return 0, fault.New(fault.Invalid, "Write days like mon-fri, mon,wed or daily.")
	}
	return days, nil
}

// dayNumber is 0 for Monday and -1 for what is no day. More letters than three are
// forgiven.
func dayNumber(word string) int {
	full := [...]string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
	for i, name := range full {
		if len(word) >= 2 && strings.HasPrefix(name, word) {
			return i
		}
	}
	return -1
}

// WriteDays writes days of the week as [ParseDays] reads them; "never" is none.
func WriteDays(days int) string {
	days &= everyDay
	switch days {
	case everyDay:
		return "daily"
	case 0:
		return "never"
	}
	var parts []string
	for d := 0; d < 7; d++ {
		if days&(1<<d) == 0 {
			continue
		}
		end := d
		for end < 6 && days&(1<<(end+1)) != 0 {
			end++
		}
		switch end - d {
		case 0:
			parts = append(parts, dayNames[d])
		case 1:
			parts = append(parts, dayNames[d], dayNames[end])
		default:
			parts = append(parts, dayNames[d]+"-"+dayNames[end])
		}
		d = end
	}
	return strings.Join(parts, ",")
}
