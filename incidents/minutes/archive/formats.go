package archive

import (
	"slices"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/write"
)

// FormatsFor are the files that minutes in a dialect have.
func FormatsFor(d *minutes.Dialect) []write.Format {
	if d.Own {
		return write.OurFormats()
	}
	return write.PeerFormats()
}

// Select are those of the formats that have one of these endings, in their own order;
// with no endings, all of them. An ending that none has is left out: dialects differ.
func Select(all []write.Format, endings []string) []write.Format {
	if len(endings) == 0 {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(f write.Format) bool { return !slices.Contains(endings, f.Ext) })
}
