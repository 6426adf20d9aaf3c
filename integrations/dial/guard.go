// Package dial owns the guard that keeps the bot from being sent at machines of its own
// network by an address that somebody else chose: of a webhook, or of a list that is
// fetched. It opens no connection itself.
package dial

import (
	"context"
	"errors"
	"net/netip"
	"syscall"
)

// ErrForbidden is what a dial ends with when the guard refuses the address.
var ErrForbidden = errors.New("the address is in a network where we may not go")

// Guard judges the address of every dial after the name was resolved, so a name
// that resolves differently the second time gains nothing.
type Guard struct {
	Allow  []netip.Prefix // networks that the operator allows by name
	Public bool           // whether public addresses are allowed beside these
}

// Control has the form that net.Dialer wants. address holds a numeric address,
// the one that is about to be connected to.
func (g Guard) Control(_ context.Context, network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || (network != "tcp4" && network != "tcp6") || !g.allows(to.Addr()) {
		return ErrForbidden
	}
	return nil
}

func (g Guard) allows(a netip.Addr) bool {
	// ::ffff:127.0.0.1 is 127.0.0.1, and a zone would hide an address from every prefix.
	a = a.Unmap().WithZone("")
	for _, p := range g.Allow {
		if p.Contains(a) {
			return true
		}
	}
	return g.Public && public(a)
}

// global6 is the only part of IPv6 from which addresses of the public network are
// given out. What is outside need not be listed: loopback, mapped and compatible
// IPv4, 64:ff9b::/96 and 64:ff9b:1::/48 (translation to IPv4, private included),
// fc00::/7, fe80::/10, fec0::/10, ff00::/8.
var global6 = netip.MustParsePrefix("2000::/3")

// special are the parts of the public address space that are not public.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this host
	netip.MustParsePrefix("10.0.0.0/8"),      // private
	netip.MustParsePrefix("100.64.0.0/10"),   // carrier-grade NAT
	netip.MustParsePrefix("127.0.0.0/8"),     // loopback
	netip.MustParsePrefix("169.254.0.0/16"),  // link-local, and the clouds' metadata servers
	netip.MustParsePrefix("172.16.0.0/12"),   // private
	netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation
	netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays
	netip.MustParsePrefix("192.168.0.0/16"),  // private
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("224.0.0.0/4"),     // multicast
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, and broadcast
	netip.MustParsePrefix("2001::/23"),       // protocol assignments, Teredo among them
	netip.MustParsePrefix("2001:db8::/32"),   // documentation
	netip.MustParsePrefix("2002::/16"),       // 6to4: holds an IPv4 address, private included
	netip.MustParsePrefix("3fff::/20"),       // documentation
}

func public(a netip.Addr) bool {
	if a.Is6() && !global6.Contains(a) {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return a.IsValid()
}
