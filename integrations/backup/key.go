package backup

import (
	"context"
	"fmt"
	"time"

	"batsignal/integrations/place"
	"batsignal/integrations/seal"
)

// naming is how the file of a run is called: the same for each of its attempts, and such that
// a list of files is in the order of time.
type naming struct {
	Base   string `json:"base"`   // "consul-nightly/20261129T023000Z-12.consul.tgz"
	Sealed string `json:"sealed"` // "age"; "" is not sealed by us
}

func nameOf(job string, asked time.Time, run int64, suffix string, s seal.Sealer) naming {
	n := naming{Base: fmt.Sprintf("%s/%s-%d.%s", job, asked.UTC().Format("20060102T150405Z"), run, suffix)}
	if s != nil {
		n.Sealed = s.Suffix()
	}
	return n
}

// at is the key in a place: one that seals by itself is given what is not sealed.
func (n naming) at(p place.Place) string {
	if _, self := p.(place.SelfSealing); self || n.Sealed == "" {
		return n.Base
	}
	return n.Base + "." + n.Sealed
}

// selfSealing is a place that seals by itself; nil if it does not.
func selfSealing(p place.Named) place.SelfSealing {
	s, _ := p.Place.(place.SelfSealing)
	return s
}

// sealedBy are the keys that open what a place seals by itself, each alone; as one where it does
// not tell.
func sealedBy(ctx context.Context, p place.Named) ([]string, error) {
	if keyed, can := p.Place.(place.Keyed); can {
		keys, err := keyed.Keys(ctx)
		if err != nil || len(keys) > 0 {
			return keys, err
		}
	}
	if self := selfSealing(p); self != nil {
		return []string{self.SealedBy()}, nil
	}
	return []string{}, nil
}

// What stands beside a file.
const (
	noteSuffix = ".json" // what it is, for programs: a [Note]
	textSuffix = ".txt"  // how it is opened and restored by hand, for people
)

func beside(key string) []string { return []string{key + noteSuffix, key + textSuffix} }
