package dial_test

import (
	"errors"
	"net/netip"
	"testing"

	"batsignal/integrations/dial"
)

func TestWhereWeMayGo(t *testing.T) {
	allowed := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00:1::/64")}
	open := dial.Guard{Allow: allowed, Public: true} // https
	closed := dial.Guard{Allow: allowed}             // http
	for _, story := range []struct {
		address     string
		https, http bool
		what        string
	}{
		{"9.9.9.9:443", true, false, "public"},
		{"93.184.216.34:8443", true, false, "public"},
		{"223.255.255.255:443", true, false, "the last before multicast"},
		{"[2600:1901::1]:443", true, false, "public"},
		{"[2a00:1450:4001::1]:443", true, false, "public"},
		{"[::ffff:9.9.9.9]:443", true, false, "public, mapped"},

		{"10.1.2.3:80", true, true, "allowed by the operator"},
		{"[::ffff:10.1.2.3]:80", true, true, "allowed by the operator, mapped"},
		{"[fd00:1::5]:80", true, true, "allowed by the operator"},
		{"10.2.0.1:80", false, false, "private, beside the allowed network"},
		{"[fd00:2::5]:80", false, false, "private, beside the allowed network"},

		{"127.0.0.1:80", false, false, "loopback"},
		{"127.8.8.8:80", false, false, "loopback"},
		{"[::1]:80", false, false, "loopback"},
		{"[::ffff:127.0.0.1]:80", false, false, "loopback, mapped"},
		{"[::127.0.0.1]:80", false, false, "loopback, IPv4-compatible"},
		{"0.0.0.0:80", false, false, "this host"},
		{"[::]:80", false, false, "this host"},
		{"10.0.0.1:80", false, false, "private"},
		{"172.16.0.1:80", false, false, "private"},
		{"172.31.255.255:80", false, false, "private, the last"},
		{"172.32.0.1:80", true, false, "public, just after private"},
		{"192.168.1.1:80", false, false, "private"},
		{"[::ffff:192.168.1.1]:80", false, false, "private, mapped"},
		{"169.254.169.254:80", false, false, "the metadata server"},
		{"[::ffff:169.254.169.254]:80", false, false, "the metadata server, mapped"},
		{"[fd00:ec2::254]:80", false, false, "the metadata server"},
		{"100.64.0.1:80", false, false, "carrier-grade NAT"},
		{"100.127.255.255:80", false, false, "carrier-grade NAT, the last"},
		{"100.128.0.1:80", true, false, "public, just after"},
		{"192.0.0.8:80", false, false, "protocol assignments"},
		{"192.0.2.1:80", false, false, "documentation"},
		{"192.88.99.1:80", false, false, "6to4 relay"},
		{"198.18.0.1:80", false, false, "benchmarks"},
		{"198.19.255.255:80", false, false, "benchmarks, the last"},
		{"198.51.100.1:80", false, false, "documentation"},
		{"203.0.113.1:80", false, false, "documentation"},
		{"224.0.0.1:80", false, false, "multicast"},
		{"239.255.255.250:80", false, false, "multicast"},
		{"240.0.0.1:80", false, false, "reserved"},
		{"255.255.255.255:80", false, false, "broadcast"},

		{"[64:ff9b::7f00:1]:80", false, false, "translated loopback"},
		{"[64:ff9b::a9fe:a9fe]:80", false, false, "translated metadata server"},
		{"[64:ff9b::909:909]:80", false, false, "translated, even of a public address"},
		{"[64:ff9b:1::a00:1]:80", false, false, "local translation"},
		{"[100::1]:80", false, false, "discard"},
		{"[2001::1]:80", false, false, "Teredo"},
		{"[2001:10::1]:80", false, false, "ORCHID"},
		{"[2001:db8::1]:80", false, false, "documentation"},
		{"[2002:7f00:1::]:80", false, false, "6to4 of the loopback"},
		{"[2002:909:909::]:80", false, false, "6to4, even of a public address"},
		{"[3fff::1]:80", false, false, "documentation"},
		{"[5f00::1]:80", false, false, "segment routing"},
		{"[fc00::1]:80", false, false, "unique local"},
		{"[fe80::1]:80", false, false, "link-local"},
		{"[fe80::1%eth0]:80", false, false, "link-local with a zone"},
		{"[fd00:1::5%eth0]:80", true, true, "a zone hides nothing"},
		{"[fec0::1]:80", false, false, "site-local"},
		{"[ff02::1]:80", false, false, "multicast"},

		{"example.org:80", false, false, "a name: the dialer must have resolved it"},
		{"", false, false, "nothing"},
	} {
		network := "tcp4"
		if len(story.address) > 0 && story.address[0] == '[' {
			network = "tcp6"
		}
		for g, want := range map[*dial.Guard]bool{&open: story.https, &closed: story.http} {
			err := g.Control(t.Context(), network, story.address, nil)
			if (err == nil) != want || (err != nil && !errors.Is(err, dial.ErrForbidden)) {
				t.Errorf("%s (%s), https %v: %v, want allowed %v", story.address, story.what, g.Public, err, want)
			}
		}
	}
	for _, network := range []string{"udp4", "unix", "tcp", ""} {
		if open.Control(t.Context(), network, "9.9.9.9:443", nil) == nil {
			t.Errorf("%q is no network to dial", network)
		}
	}
}
