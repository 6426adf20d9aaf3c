package quorum

import (
	"fmt"
	"strings"
)

// Sentences say a result to people, the worst first.
func (r Result) Sentences() []string {
	var say []string
	switch r.Open {
	case 0:
		say = append(say, "Nobody can open it, not even all together: something that every way needs is nowhere.")
	case 1:
		say = append(say, fmt.Sprintf("1 person can open it: %s, alone (%s).", r.Who[0], r.How))
	default:
		say = append(say, fmt.Sprintf("%d people can open it together: %s (%s). Fewer cannot.", r.Open, list(r.Who), r.How))
	}
	if len(r.Ways) > 1 {
		for _, w := range r.Ways {
			if w.Open == 0 {
				say = append(say, fmt.Sprintf("By the way %q nobody can.", w.Way))
			} else {
				say = append(say, fmt.Sprintf("By the way %q it takes %d: %s.", w.Way, w.Open, list(w.Who)))
			}
		}
	}
	switch {
	case r.Open == 0:
	case r.More:
		say = append(say, fmt.Sprintf("Losing it for good takes at least %d losses; the plan is too tangled to say more.", r.Lose))
	case r.Lose == 1:
		say = append(say, fmt.Sprintf("1 loss loses it for good: %s.", list(r.Losses)))
	default:
		say = append(say, fmt.Sprintf("%d losses lose it for good: %s. Fewer do not.", r.Lose, list(r.Losses)))
	}
	return say
}

func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
