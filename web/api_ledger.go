package web

import (
	"net/http"
	"strconv"
	"time"

	"batsignal/oncall/access"
	"batsignal/oncall/ledger"
	"batsignal/oncall/unseal"
)

// apiLedger is the ledger at a glance.
type apiLedger struct {
	Openings int64         `json:"openings" doc:"Of sealed addresses, by others than their owners: dialled and shown together."`
	Dialled  int64         `json:"dialled" doc:"Lane B: to be dialled, in an emergency that two people confirmed."`
	Shown    int64         `json:"shown" doc:"Lane D: to be shown to one person, as the custodians allowed."`
	Own      int64         `json:"own" doc:"Lane F: for their owners, who asked for it."`
	Since    *time.Time    `json:"since,omitempty" doc:"Of the first entry; missing in an empty ledger."`
	Head     *apiHead      `json:"head,omitempty" doc:"The latest one; missing in an empty ledger."`
	Anchors  []apiAnchored `json:"anchors" doc:"In which rooms heads were seen, the latest first."`
}

// apiHead is a signed head.
type apiHead struct {
	Size int64  `json:"size" doc:"How many entries it covers."`
	Hash string `json:"hash" doc:"Of the tree's root, base64."`
	Line string `json:"line" doc:"What the bot says in its rooms."`
	Note string `json:"note" doc:"The signed note, a C2SP checkpoint."`
}

// apiAnchored is that a head was seen in a room.
type apiAnchored struct {
	Size    int64     `json:"size"`
	Network string    `json:"network"`
	Room    string    `json:"room"`
	At      time.Time `json:"at"`
}

// apiLeaf is one entry of the ledger.
type apiLeaf struct {
	Seq      int64     `json:"seq" doc:"Its number, from 0 without a gap."`
	At       time.Time `json:"at"`
	Type     string    `json:"type"`
	Says     string    `json:"says" doc:"The entry in words."`
	Record   string    `json:"record,omitempty" doc:"The random id of a sealed address."`
	Incident string    `json:"incident,omitempty" doc:"As INC-7."`
	Lane     string    `json:"lane,omitempty" doc:"B: two people, to be dialled; D: the custodians, to be shown; F: its owner."`
	By       []string  `json:"by,omitempty"`
	Of       *int64    `json:"of,omitempty" doc:"The earlier entry that this one is about."`
	Result   string    `json:"result,omitempty"`
	Body     string    `json:"body" doc:"The bytes that are hashed."`
}

// escrowOperations are there only where addresses can be sealed.
func (p *api) escrowOperations() []operation {
	if p.Switchboard == nil {
		return nil
	}
	return []operation{
		define(operation{
			Name: "getLedger", Method: http.MethodGet, Path: "/ledger", Group: "Sealed addresses", Scope: access.Read,
			Summary: "Tells how often sealed addresses were opened, and the latest head of the ledger.",
		}, p.getLedger),
		define(operation{
			Name: "listLeaves", Method: http.MethodGet, Path: "/ledger/leaves", Group: "Sealed addresses", Scope: access.Read,
			Query:   pageParams,
			Summary: "Lists the entries of the ledger, the latest first; the whole of it as text is at /ledger/leaves.txt.",
		}, p.listLeaves),
		define(operation{
			Name: "getCustody", Method: http.MethodGet, Path: "/custody", Group: "Sealed addresses", Scope: access.Read,
			Summary: "Tells who keeps the shares and the other keys, what was drilled, and what is overdue.",
		}, p.getCustody),
	}
}

func (p *api) getLedger(a *asked, _ nothing) (apiLedger, error) {
	v, err := ledger.Overview(a.ctx(), p.DB, usualPage)
	out := apiLedger{
		Openings: v.Openings, Dialled: v.Lanes[unseal.LaneDial], Shown: v.Lanes[unseal.LaneReveal], Own: v.Lanes[unseal.LaneOwner],
		Anchors: []apiAnchored{},
	}
	if v.Head.Size > 0 {
		out.Since = &v.Since
		out.Head = &apiHead{Size: v.Head.Size, Hash: v.Head.Hash.String(), Line: v.Head.Line(), Note: v.Head.Note}
	}
	for _, one := range v.Anchors {
		out.Anchors = append(out.Anchors, apiAnchored{one.Size, one.Network, one.Room, one.At.UTC()})
	}
	return out, err
}

func (p *api) listLeaves(a *asked, _ nothing) (apiList[apiLeaf], error) {
	var none apiList[apiLeaf]
	most, err := a.limit()
	if err != nil {
		return none, err
	}
	before, err := a.after()
	if err != nil {
		return none, err
	}
	if before == 0 {
		before = ledger.End
	}
	list, err := ledger.Leaves(a.ctx(), p.DB, before, most+1)
	if err != nil {
		return none, err
	}
	page := cut(list, most, func(l ledger.Leaf) string { return strconv.FormatInt(l.Seq, 10) })
	out := apiList[apiLeaf]{Items: []apiLeaf{}, Next: page.Next}
	for _, l := range page.Items {
		body, err := l.Body()
		if err != nil {
			return none, err
		}
		out.Items = append(out.Items, apiLeaf{
			Seq: l.Seq, At: l.At, Type: l.Type, Says: l.Says(), Record: l.Record, Incident: l.Incident, Lane: string(l.Lane), By: l.By,
			Of: l.Of, Result: l.Result, Body: body,
		})
	}
	return out, nil
}
