package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"batsignal/integrations/webhook"
	"batsignal/integrations/webhook/webhooktest"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// nameServer answers every question for an address with the next of its list,
// over and over the last one.
type nameServer struct {
	conn    net.PacketConn
	serving sync.WaitGroup

	mu      sync.Mutex
	answers []netip.Addr
	asked   int
}

func startNameServer(t *testing.T, answers ...string) *nameServer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &nameServer{conn: conn}
	for _, a := range answers {
		n.answers = append(n.answers, netip.MustParseAddr(a))
	}
	n.serving.Go(n.serve)
	t.Cleanup(func() {
		conn.Close()
		n.serving.Wait()
	})
	return n
}

// resolver asks this name server whatever the machine is set up to ask.
func (n *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", n.conn.LocalAddr().String())
	}}
}

func (n *nameServer) serve() {
	buf := make([]byte, 1500)
	for {
		size, from, err := n.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		if reply, err := n.reply(buf[:size]); err == nil {
			_, _ = n.conn.WriteTo(reply, from)
		}
	}
}

func (n *nameServer) reply(query []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return nil, err
	}
	m.Response, m.Authoritative, m.Additionals = true, true, nil
	q := m.Questions[0]
	head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 0}
	n.mu.Lock()
	defer n.mu.Unlock()
	a := n.answers[0]
	switch {
	case q.Type == dnsmessage.TypeA && a.Is4():
		m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: a.As4()}}}
	case q.Type == dnsmessage.TypeAAAA && !a.Is4():
		m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}}}
	default:
		return m.Pack() // the name exists, with no address of this kind
	}
	n.asked++
	if len(n.answers) > 1 {
		n.answers = n.answers[1:]
	}
	return m.Pack()
}

func TestANameOfAPrivateAddressIsRefused(t *testing.T) {
	sink := webhooktest.Start(t, shared())
	for _, address := range []string{"127.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "169.254.169.254", "10.0.0.1"} {
		for _, scheme := range []string{"http", "https"} {
			names := startNameServer(t, address)
			r := route(t, webhook.Config{Resolver: names.resolver()})
			target := fmt.Sprintf("%s://hostcanary.example:%d/hook", scheme, sink.Port())
			_, err := r.Send(t.Context(), page(secret.New(target)))
			if !errors.Is(err, paging.ErrPermanent) || !strings.Contains(err.Error(), "network where pages may not go") {
				t.Errorf("%s by %s: %v", address, scheme, err)
			}
		}
	}
	if n := sink.Connections(); n != 0 {
		t.Errorf("%d connections reached the loopback", n)
	}
}

// The name leads to an allowed address when it is first asked for, and elsewhere
// the next time: what is judged must be what is dialled, every time.
func TestANameThatChangesItsMindGainsNothing(t *testing.T) {
	sink := webhooktest.Start(t, shared())
	names := startNameServer(t, "127.0.0.1", "127.0.0.2")
	r := route(t, webhook.Config{Resolver: names.resolver(), AllowNetworks: sink.Networks()})
	target := secret.New(fmt.Sprintf("http://hostcanary.example:%d/hook", sink.Port()))

	sink.Script(webhooktest.Answer{Header: http.Header{"Connection": {"close"}}}) // so that the next page needs a new dial
	if _, err := r.Send(t.Context(), page(target)); err != nil {
		t.Fatalf("while the name leads to an allowed address: %v", err)
	}
	_, err := r.Send(t.Context(), page(target))
	if !errors.Is(err, paging.ErrPermanent) {
		t.Errorf("after the name changed: %v", err)
	}
	names.mu.Lock()
	defer names.mu.Unlock()
	if names.asked < 2 || len(sink.Arrivals()) != 1 {
		t.Errorf("the name was asked for %d times, %d pages arrived", names.asked, len(sink.Arrivals()))
	}
}

func TestWrittenAddressesAreJudgedToo(t *testing.T) {
	sink := webhooktest.Start(t, shared())
	r := route(t, webhook.Config{Timeout: 5 * time.Second})
	for _, host := range []string{"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "0.0.0.0", "[::]"} {
		_, err := r.Send(t.Context(), page(secret.New(fmt.Sprintf("http://%s:%d/hook", host, sink.Port()))))
		if !errors.Is(err, paging.ErrPermanent) {
			t.Errorf("%s: %v", host, err)
		}
	}
	// Other spellings of 127.0.0.1: whether they resolve is up to the machine, and
	// they must not get through either way.
	for _, host := range []string{"2130706433", "0x7f000001", "0177.0.0.1", "127.1"} {
		if _, err := r.Send(t.Context(), page(secret.New(fmt.Sprintf("http://%s:%d/hook", host, sink.Port())))); err == nil {
			t.Errorf("%s got through", host)
		}
	}
	if n := sink.Connections(); n != 0 {
		t.Errorf("%d connections reached the loopback", n)
	}
}

func TestAProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	sink, proxy := webhooktest.Start(t, shared()), webhooktest.Start(t, shared())
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, strings.TrimSuffix(proxy.URL().Reveal(), "/hook"))
	}
	names := startNameServer(t, "127.0.0.1")
	r := route(t, webhook.Config{Resolver: names.resolver(), AllowNetworks: sink.Networks()})
	if _, err := r.Send(t.Context(), page(secret.New(fmt.Sprintf("http://hostcanary.example:%d/hook", sink.Port())))); err != nil {
		t.Error(err)
	}
	if proxy.Connections() != 0 || len(sink.Arrivals()) != 1 {
		t.Errorf("%d connections to the proxy, %d pages at the sink", proxy.Connections(), len(sink.Arrivals()))
	}
}
