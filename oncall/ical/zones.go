package ical

import (
	"strings"
	"time"

	"batsignal/oncall/civil"
)

// zoneOf finds the zone that a TZID means: an IANA name, with or without somebody's
// prefix before it, or a name of Windows. locations are the X-LIC-LOCATION that the file
// gives for its own names.
func zoneOf(id string, locations map[string]string) (*time.Location, bool) {
	id = strings.TrimSpace(id)
	if zone, ok := ianaZone(id); ok {
		return zone, true
	}
	if name, ok := windows[strings.ToLower(id)]; ok {
		return ianaZone(name)
	}
	if zone, ok := ianaZone(locations[id]); ok {
		return zone, true
	}
	// "/freeassociation.sourceforge.net/Europe/Berlin" ends with a name.
	parts := strings.Split(id, "/")
	for i := max(1, len(parts)-3); i < len(parts)-1; i++ {
		if zone, ok := ianaZone(strings.Join(parts[i:], "/")); ok {
			return zone, true
		}
	}
	return nil, false
}

// ianaZone refuses the abbreviations that the library also loads, like EST: those of a
// calendar file may be of another continent.
func ianaZone(name string) (*time.Location, bool) {
	if name != "UTC" && name != "GMT" && !strings.Contains(name, "/") || len(name) > 64 {
		return nil, false
	}
	zone, err := civil.Zone(name)
	return zone, err == nil
}

// windows are the names that Outlook and Exchange write, in small letters.
var windows = map[string]string{
	"utc": "UTC", "coordinated universal time": "UTC", "greenwich standard time": "Atlantic/Reykjavik", "gmt standard time": "Europe/London",
	"w. europe standard time": "Europe/Berlin", "central europe standard time": "Europe/Budapest", "romance standard time": "Europe/Paris",
	"central european standard time": "Europe/Warsaw", "e. europe standard time": "Europe/Chisinau", "fle standard time": "Europe/Kyiv",
	"gtb standard time": "Europe/Bucharest", "turkey standard time": "Europe/Istanbul", "russian standard time": "Europe/Moscow",
	"belarus standard time": "Europe/Minsk", "israel standard time": "Asia/Jerusalem", "egypt standard time": "Africa/Cairo",
	"south africa standard time": "Africa/Johannesburg", "e. africa standard time": "Africa/Nairobi", "w. central africa standard time": "Africa/Lagos",
	"morocco standard time": "Africa/Casablanca", "arab standard time": "Asia/Riyadh", "arabian standard time": "Asia/Dubai", "iran standard time": "Asia/Tehran",
	"pakistan standard time": "Asia/Karachi", "india standard time": "Asia/Kolkata", "sri lanka standard time": "Asia/Colombo", "nepal standard time": "Asia/Kathmandu",
	"bangladesh standard time": "Asia/Dhaka", "se asia standard time": "Asia/Bangkok", "china standard time": "Asia/Shanghai", "singapore standard time": "Asia/Singapore",
	"taipei standard time": "Asia/Taipei", "tokyo standard time": "Asia/Tokyo", "korea standard time": "Asia/Seoul",
	"w. australia standard time": "Australia/Perth", "aus central standard time": "Australia/Darwin", "cen. australia standard time": "Australia/Adelaide",
	"e. australia standard time": "Australia/Brisbane", "aus eastern standard time": "Australia/Sydney", "tasmania standard time": "Australia/Hobart",
	"new zealand standard time": "Pacific/Auckland", "hawaiian standard time": "Pacific/Honolulu", "alaskan standard time": "America/Anchorage",
	"pacific standard time": "America/Los_Angeles", "us mountain standard time": "America/Phoenix", "mountain standard time": "America/Denver",
	"central standard time": "America/Chicago", "central america standard time": "America/Guatemala", "central standard time (mexico)": "America/Mexico_City",
	"canada central standard time": "America/Regina", "eastern standard time": "America/New_York", "us eastern standard time": "America/Indiana/Indianapolis",
	"atlantic standard time": "America/Halifax", "newfoundland standard time": "America/St_Johns", "sa pacific standard time": "America/Bogota",
	"venezuela standard time": "America/Caracas", "e. south america standard time": "America/Sao_Paulo", "argentina standard time": "America/Argentina/Buenos_Aires",
	"pacific sa standard time": "America/Santiago", "montevideo standard time": "America/Montevideo", "sa western standard time": "America/La_Paz",
	"azores standard time": "Atlantic/Azores", "ekaterinburg standard time": "Asia/Yekaterinburg", "west asia standard time": "Asia/Tashkent",
	"georgian standard time": "Asia/Tbilisi", "caucasus standard time": "Asia/Yerevan", "azerbaijan standard time": "Asia/Baku",
	"jordan standard time": "Asia/Amman", "middle east standard time": "Asia/Beirut", "arabic standard time": "Asia/Baghdad",
}
