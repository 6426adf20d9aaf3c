package when

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
	"batsignal/oncall/spelling"
)

// zone is where a clock hangs on the wall.
type zone struct {
	name string // IANA; empty for UTC and for an offset that somebody wrote
	in   *time.Location
}

//go:embed zones.txt
var zoneList string

// zoneNames are what zones are called, in small letters with blanks, to IANA names.
type zoneNames struct {
	full   map[string]string   // "europe/berlin"
	cities map[string][]string // "new york"; more than one name where cities are called alike
}

var knownZones = sync.OnceValue(func() zoneNames {
	names := zoneNames{full: map[string]string{}, cities: map[string][]string{}}
	for line := range strings.Lines(zoneList) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, same, _ := strings.Cut(line, " = ")
		names.full[plain(name)] = name
		area, _, ok := strings.Cut(name, "/")
		if city := lastPart(name); ok && strings.Contains(areas, area+" ") && city != lastPart(same) {
			names.cities[city] = append(names.cities[city], name)
		}
	}
	return names
})

func lastPart(name string) string { return plain(name[strings.LastIndexByte(name, '/')+1:]) }

// areas are the beginnings of names that end with a place; US/Eastern does not.
const areas = "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific "

// plain is a name in small letters, with blanks and without accents.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '_':
			return ' '
		case unicode.Is(unicode.Mn, r):
			return -1
		}
		return r
	}, norm.NFD.String(strings.ToLower(name)))
}

// mostWords is how many words the longest name of a zone has.
const mostWords = 4

// zoneOf finds the zone that words name.
func (r Reader) zoneOf(words []string) (zone, error) {
	name := strings.Join(words, " ")
	if z, ok := offset(name); ok {
		return z, nil
	}
	if len(words) > 1 && words[len(words)-1] == "time" {
		return r.zoneOf(words[:len(words)-1])
	}
	if r.Zones != nil {
		if iana, ok := r.Zones(name); ok {
			return load(iana)
		}
	}
	if may, ambiguous := abbreviations[name]; ambiguous {
		return zone{}, fault.New(fault.Invalid, "%s might be %s. Write the zone by its name or its city, like 18:00 %s.",
			strings.ToUpper(name), oneOf(may), may[0])
	}
	known := knownZones()
	wanted := plain(name)
	if iana, ok := known.full[strings.ReplaceAll(wanted, "zulu", "utc")]; ok {
		return load(iana)
	}
	switch cities := known.cities[wanted]; len(cities) {
	case 0:
		return zone{}, unknownZone(wanted)
	case 1:
		return load(cities[0])
	default:
		return zone{}, fault.New(fault.Invalid, "%s might be %s. Write the whole name of the zone.", quoted(name), oneOf(cities))
	}
}

func load(iana string) (zone, error) {
	in, err := civil.Zone(iana)
	return zone{name: iana, in: in}, err
}

// unknownZone says so, with what is spelled nearly like it. What stands where a zone may
// stand need not be meant as one.
func unknownZone(name string) error {
	best, least := "", 3
	for city, names := range knownZones().cities {
		d := spelling.Distance(name, city)
		if d < least && d*3 <= len(city) || d == least && best != "" && names[0] < best {
			best, least = names[0], d
		}
	}
	if best != "" {
		return fault.New(fault.Invalid, "I do not understand %s in that time. If %s is meant, write it so.", quoted(name), best)
	}
	return fault.New(fault.Invalid, "I do not understand %s in that time. A zone is written by its name or its largest city. %s", quoted(name), examples)
}

var offsets = regexp.MustCompile(`^(?:utc|gmt) ?([+-]) ?(\d{1,2})(?::?([0-5]\d))?$|^([+-])(\d\d):?([0-5]\d)$`)

// offset reads "utc+2", "gmt-03:30" and "+02:00", which mean the same everywhere.
func offset(text string) (zone, bool) {
	m := offsets.FindStringSubmatch(text)
	if m == nil {
		return zone{}, false
	}
	sign, hours, minutes := m[1]+m[4], atoi(m[2]+m[5]), atoi(m[3]+m[6])
	if hours > 14 {
		return zone{}, false
	}
	seconds := hours*3600 + minutes*60
	if sign == "-" {
		seconds = -seconds
	}
	return zone{in: time.FixedZone(strings.ToUpper(text), seconds)}, true
}

// abbreviations of zones that some take for one and some for another, or that hold for
// half of the year only.
var abbreviations = map[string][]string{
	"cet": {"Europe/Berlin", "Africa/Algiers"}, "cest": {"Europe/Berlin", "utc+2"}, "met": {"Europe/Berlin", "utc+1"},
	"eet": {"Europe/Helsinki", "Africa/Cairo", "Africa/Tripoli"}, "eest": {"Europe/Helsinki", "Africa/Cairo"},
	"wet": {"Europe/Lisbon", "utc"}, "west": {"Europe/Lisbon", "Africa/Casablanca"},
	"bst": {"Europe/London", "Asia/Dhaka", "Pacific/Bougainville"},
	"ist": {"Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"}, "idt": {"Asia/Jerusalem", "utc+3"},
	"msk": {"Europe/Moscow", "utc+3"}, "trt": {"Europe/Istanbul", "utc+3"},
	"est": {"America/New_York", "America/Panama", "Australia/Brisbane"}, "edt": {"America/New_York", "utc-4"}, "et": {"America/New_York", "America/Toronto"},
	"cst": {"America/Chicago", "America/Costa_Rica", "Asia/Shanghai", "America/Havana"}, "cdt": {"America/Chicago", "America/Havana"}, "ct": {"America/Chicago", "America/Winnipeg"},
	"mst": {"America/Denver", "America/Phoenix", "Asia/Kuala_Lumpur"}, "mdt": {"America/Denver", "America/Edmonton"}, "mt": {"America/Denver", "America/Edmonton"},
	"pst": {"America/Los_Angeles", "Asia/Manila"}, "pdt": {"America/Los_Angeles", "America/Vancouver"}, "pt": {"America/Los_Angeles", "Europe/Lisbon"},
	"akst": {"America/Anchorage", "utc-9"}, "hst": {"Pacific/Honolulu", "America/Adak"}, "ast": {"America/Halifax", "America/Puerto_Rico", "Asia/Riyadh"},
	"brt": {"America/Sao_Paulo", "utc-3"}, "art": {"America/Argentina/Buenos_Aires", "utc-3"}, "sst": {"Asia/Singapore", "Pacific/Pago_Pago"},
	"jst": {"Asia/Tokyo", "utc+9"}, "kst": {"Asia/Seoul", "utc+9"}, "hkt": {"Asia/Hong_Kong", "utc+8"}, "pkt": {"Asia/Karachi", "utc+5"}, "wib": {"Asia/Jakarta", "utc+7"},
	"aest": {"Australia/Brisbane", "Australia/Sydney"}, "aedt": {"Australia/Sydney", "Australia/Melbourne"}, "acst": {"Australia/Darwin", "Australia/Adelaide"}, "awst": {"Australia/Perth", "utc+8"},
	"nzst": {"Pacific/Auckland", "utc+12"}, "nzdt": {"Pacific/Auckland", "utc+13"}, "sast": {"Africa/Johannesburg", "utc+2"}, "cat": {"Africa/Maputo", "utc+2"}, "eat": {"Africa/Nairobi", "utc+3"}, "wat": {"Africa/Lagos", "utc+1"},
	"eastern": {"America/New_York", "Australia/Sydney"}, "central": {"America/Chicago", "Europe/Berlin"}, "mountain": {"America/Denver", "America/Phoenix"}, "pacific": {"America/Los_Angeles", "America/Tijuana"},
}

func oneOf(names []string) string {
	if n := slices.Clone(names); len(n) > 1 {
		return strings.Join(n[:len(n)-1], ", ") + " or " + n[len(n)-1]
	}
	return strings.Join(names, "")
}
