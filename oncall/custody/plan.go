package custody

import (
	"fmt"
	"slices"

	"batsignal/oncall/custody/quorum"
)

// Places and items that our own plan has if the operator's file does not say otherwise.
const (
	placeBot         = "host of the bot"
	placeSwitchboard = "host of the switchboard"
	placeBackups     = "backups"
	rootBot          = "administrator of the bot's host"
	rootSwitchboard  = "administrator of the switchboard's host"

	itemDatabase       = "database"
	itemBotKey         = "bot-key"
	itemSwitchboardKey = "switchboard-key"
	itemLedgerKey      = "ledger-key"
	itemIndexKey       = "index-key"
	itemSeeds          = "confirmer-seeds"
	itemBotTLS         = "bot-tls"
	itemSwitchboardTLS = "switchboard-tls"
)

// Names of the ways of our own plan.
const (
	WayCustody = "custody" // shares and a backup
	WayHosts   = "hosts"   // both hosts: whoever is root on both has everything
)

func itemShare(n int) string { return fmt.Sprintf("share-%d", n) }

// PlanOf is the plan of our own keys: the shares as the keyring says where they are, and the
// rest from the operator's file ([quorum.ParsePart]), which may say otherwise of everything.
// What it does not say is taken for the default: two hosts with an administrator each, the
// database on the bot's host, and backups that custodians can fetch.
//
// Two shares at a place of the same name are at one place.
func PlanOf(k Keyring, rest quorum.Plan) (quorum.Plan, error) {
	p := quorum.Plan{Places: slices.Clone(rest.Places), Items: slices.Clone(rest.Items), Ways: slices.Clone(rest.Ways)}
	for i := range p.Places {
		p.Places[i].Readers = slices.Clone(p.Places[i].Readers)
	}
	place := func(name string, readers ...string) {
		if !slices.ContainsFunc(rest.Places, func(x quorum.Place) bool { return x.Name == name }) {
			p.AddPlace(name, readers...)
		}
	}
	item := func(name string, places ...string) {
		if !p.Has(name) {
			p.Items = append(p.Items, quorum.Item{Name: name, Places: places})
		}
	}
	var custodians, shares []string
	for _, c := range k.Custodians {
		if name := itemShare(c.N); !p.Has(name) {
			p.AddPlace(c.Place, c.Name)
			item(name, c.Place)
		}
		custodians = append(custodians, c.Name)
		shares = append(shares, itemShare(c.N))
	}
	if !p.Has(itemDatabase) {
		place(placeBot, rootBot)
		place(placeBackups, append(custodians, rootBot)...)
		item(itemDatabase, placeBot, placeBackups)
	}
	for _, name := range []string{itemBotKey, itemBotTLS} {
		if !p.Has(name) {
			place(placeBot, rootBot)
			item(name, placeBot)
		}
	}
	for _, name := range []string{itemSwitchboardKey, itemLedgerKey, itemIndexKey, itemSeeds, itemSwitchboardTLS} {
		if !p.Has(name) {
			place(placeSwitchboard, rootSwitchboard)
			item(name, placeSwitchboard)
		}
	}
	p.Ways = append(p.Ways,
		quorum.Way{Name: WayCustody, Needs: []quorum.Need{{K: k.K, Of: shares}, {K: 1, Of: []string{itemDatabase}}}},
		quorum.Way{Name: WayHosts, Needs: []quorum.Need{{K: 3, Of: []string{itemBotKey, itemSwitchboardKey, itemDatabase}}}})
	return p, p.Check()
}
