package custody

import (
	"fmt"
	"slices"
	"time"

	"batsignal/oncall/custody/quorum"
)

// Entry is one key of the inventory.
type Entry struct {
	Key     string
	Purpose string
	Holders []string // people who can get at it
	Places  []string
	Last    *time.Time // last drilled, or made; nil is not known here
	Due     *time.Time // when it is to be drilled, or made anew; nil is never by itself
	Overdue bool
	Without string // what breaks without it, and what brings it back
}

// hostKeysLast is how long keys of hosts are used, in months: then old backups' wraps of
// them are worth nothing any more.
const hostKeysLast = 3

// hostKeys are those that are not custodians', and what they are for.
func hostKeys() []Entry {
	return []Entry{
		{Key: itemBotKey, Purpose: "opens the bot's half of each sealed address",
			Without: "Nothing sealed rings. Custodians make the half anew for a new host: batsignal custody restore-half."},
		{Key: itemSwitchboardKey, Purpose: "opens the switchboard's half of each sealed address",
			Without: "Nothing sealed rings. Custodians make the half anew for a new host: batsignal custody restore-half."},
		{Key: itemLedgerKey, Purpose: "signs the heads of the ledger",
			Without: "Nothing can be written into the ledger, so nothing is opened. A new one comes with the next keyring."},
		{Key: itemIndexKey, Purpose: "finds the same address given by two people",
			Without: "Duplicates are not found until each address was opened once more. A new one is made by itself."},
		{Key: itemSeeds, Purpose: "check the codes of those who confirm",
			Without: "Nobody can confirm. Each enrols anew: batsignal switchboard confirmer add."},
		{Key: itemBotTLS, Purpose: "shows the switchboard that it is the bot",
			Without: "The two do not speak, so nothing sealed rings. A new one comes with its pin in the configuration."},
		{Key: itemSwitchboardTLS, Purpose: "shows the bot that it is the switchboard",
			Without: "The two do not speak, so nothing sealed rings. A new one comes with its pin in the configuration."},
	}
}

// Inventory lists every key: the shares first, by what their drills say, then those of the
// hosts, by what the plan says ([PlanOf]).
func Inventory(h Health, p quorum.Plan, now time.Time) []Entry {
	k := h.Keyring
	var list []Entry
	for _, s := range h.Standings {
		e := Entry{
			Key:     itemShare(s.Custodian.N),
			Purpose: fmt.Sprintf("one of %d, of which %d open everything from a backup, show an address, and sign the next keyring", k.N, k.K),
			Last:    s.Drilled, Due: &s.Due, Overdue: s.Overdue,
			Without: fmt.Sprintf("%d of the others must be there. Lost or seen by others: make a new keyring.", k.K),
		}
		e.Places, e.Holders = kept(p, e.Key)
		list = append(list, e)
	}
	made, _ := time.Parse(time.DateOnly, k.Made) // checked when it was parsed
	for _, e := range hostKeys() {
		e.Places, e.Holders = kept(p, e.Key)
		if e.Key == itemBotKey || e.Key == itemSwitchboardKey {
			due := made.AddDate(0, hostKeysLast, 0)
			e.Last, e.Due, e.Overdue = &made, &due, now.After(due)
		}
		list = append(list, e)
	}
	return list
}

// kept tells where an item is and who gets at it.
func kept(p quorum.Plan, item string) (places, holders []string) {
	i := slices.IndexFunc(p.Items, func(x quorum.Item) bool { return x.Name == item })
	if i < 0 {
		return nil, nil
	}
	places = p.Items[i].Places
	for _, place := range p.Places {
		if !slices.Contains(places, place.Name) {
			continue
		}
		for _, r := range place.Readers {
			if !slices.Contains(holders, r) {
				holders = append(holders, r)
			}
		}
	}
	return places, holders
}
