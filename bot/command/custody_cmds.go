package command

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/custody"
	"batsignal/oncall/custody/quorum"
	"batsignal/oncall/fault"
)

// statusBudget is how long the switchboard may take to say how it is.
const statusBudget = 5 * time.Second

func (s Services) custody(ctx context.Context, c *Call) (Reply, error) {
	h, err := custody.Stand(ctx, s.DB, c.Now)
	if err != nil {
		return Reply{}, err
	}
	k := h.Keyring
	plan, err := custody.PlanOf(k, quorum.Plan{})
	if err != nil {
		return Reply{}, err
	}
	r := sentence(h.Sentence)
	var keepers, keys []string
	for _, one := range h.Standings {
		keepers = append(keepers, standingWords(one))
	}
	for _, e := range custody.Inventory(h, plan, c.Now)[len(h.Standings):] { // the shares are told above
		keys = append(keys, keyWords(e))
	}
	if late := h.Overdue(); len(late) > 0 {
		r.Blocks = append(r.Blocks, Line("A drill is overdue: "+oncall.JoinNames(late)+". On the machine with the share: batsignal custody drill."))
	}
	r.Blocks = append(r.Blocks,
		List{Title: fmt.Sprintf("Keyring %d, fingerprint %s, made on %s, is kept by", k.Epoch, k.Short(), k.Made), Items: keepers},
		List{Title: "Other keys, and what breaks without them", Items: keys})
	return s.withPath(r, "Custody", "/custody"), nil
}

func standingWords(s custody.Standing) string {
	said := fmt.Sprintf("%d %s: %s; ", s.Custodian.N, s.Custodian.Name, s.Custodian.Place)
	if s.Drilled != nil {
		said += "last drilled on " + s.Drilled.UTC().Format(time.DateOnly)
	} else {
		said += "not drilled since the ceremony"
	}
	switch due := s.Due.UTC().Format(time.DateOnly); {
	case !s.Live:
		return said + ", counts as lost since it was due on " + due
	case s.Overdue:
		return said + ", overdue since " + due
	default:
		return said + ", next due on " + due
	}
}

func keyWords(e custody.Entry) string {
	said := fmt.Sprintf("%s, at %s, %s", e.Key, oncall.JoinNames(e.Places), e.Purpose)
	if e.Due != nil {
		said += "; to be made anew by " + e.Due.UTC().Format(time.DateOnly)
		if e.Overdue {
			said += ", which is over"
		}
	}
	return said + ". " + e.Without
}

func (s Services) switchboard(ctx context.Context, _ *Call) (Reply, error) {
	if s.Incidents == nil || s.Incidents.Switchboard == nil {
		return Reply{}, fault.New(fault.Unready, "I have no line to a switchboard, so nothing sealed is opened. See switchboard.url in the configuration.")
	}
	ctx, cancel := context.WithTimeout(ctx, statusBudget)
	defer cancel()
	is, err := s.Incidents.Switchboard.Status(ctx)
	if err != nil {
		return Reply{}, fault.Wrap(fault.Unready, err, "The switchboard does not answer, so nothing sealed rings now; open addresses do. On its host: journalctl -u batsignal-switchboard.")
	}
	trouble := "It answers, and finds no trouble."
	if len(is.Trouble) > 0 {
		trouble = "It answers, and says: " + strings.Join(is.Trouble, " ")
	}
	var facts Facts
	for _, network := range slices.Sorted(maps.Keys(is.Ears)) {
		facts = append(facts, [2]string{"listens on " + network, is.Ears[network]})
	}
	if len(is.Ears) == 0 {
		facts = append(facts, [2]string{"listens", "nowhere, so two people must confirm with codes"})
	}
	var routes []string
	for _, t := range is.Routes {
		routes = append(routes, t.Name)
	}
	facts = append(facts,
		[2]string{"dials by", oncall.JoinNames(orNothing(routes))},
		[2]string{"can confirm", oncall.Plural(is.Confirmers, "person", "people")},
		[2]string{"openings by others", fmt.Sprint(is.Openings)},
		[2]string{"head of its ledger", is.Head})
	return s.withPath(Reply{Blocks: []Block{Line(trouble), facts}}, "Ledger", "/ledger"), nil
}

// orNothing keeps a list of things from reading as a list of people.
func orNothing(names []string) []string {
	if len(names) == 0 {
		return []string{"nothing"}
	}
	return names
}
