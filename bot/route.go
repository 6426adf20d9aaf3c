package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"batsignal/incidents"
	"batsignal/oncall/paging"
)

// DirectRoute pages people by private message on a chat network.
type DirectRoute struct {
	Network  Network
	Localize func(string) string // writes commands as they are typed here
}

// Name implements [paging.Route]: the route is called like its network.
func (r DirectRoute) Name() string { return r.Network.Name() }

// Send implements [paging.Route]. Somebody who is not on the network cannot be
// reached by trying again in a second; the next round tries again.
func (r DirectRoute) Send(ctx context.Context, m paging.Message) (paging.Handed, error) {
	err := r.Network.Direct(ctx, m.Account, Message{Text: r.Localize(pageText(m)), Actions: incidents.PageActions(m.Page)})
	if errors.Is(err, ErrAbsent) {
		return paging.Handed{}, fmt.Errorf("%w: %w", paging.ErrPermanent, err)
	}
	return paging.Handed{Note: "received by the network"}, err
}

// pageText is a page as one line that begins with our words and ends with what to
// type.
func pageText(m paging.Message) string {
	var b strings.Builder
	if m.Ref != "" {
		fmt.Fprintf(&b, "[%s] ", m.Ref)
	}
	fmt.Fprintf(&b, "Page P%d, severity %d: %s", m.Page, m.Severity, m.Why)
	if !strings.HasSuffix(m.Why, ".") && !strings.HasSuffix(m.Why, "?") && !strings.HasSuffix(m.Why, "!") {
		b.WriteByte('.')
	}
	if m.Role != "" {
		fmt.Fprintf(&b, " You are needed for %s.", m.Role)
	}
	if len(m.Rooms) > 0 {
		fmt.Fprintf(&b, " Come to %s.", m.Rooms[0])
	}
	if m.Repeat {
		b.WriteString(" (You may have got this before.)")
	}
	fmt.Fprintf(&b, " Answer: !ack P%d or !decline P%d", m.Page, m.Page)
	return b.String()
}
