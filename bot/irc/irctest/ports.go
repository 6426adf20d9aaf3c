package irctest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// ports are TCP ports on the loopback that no other network uses, of this process
// or another. A server binds its port some time after it was chosen, so each is
// held meanwhile by the UDP port of the same number.
type ports struct{ held []net.PacketConn }

// Below those that systems give to outgoing connections.
const (
	firstPort = 20000
	lastPort  = 32000
)

func (p *ports) take() (int, error) {
	for range 1000 {
		port := firstPort + rand.N(lastPort-firstPort)
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		hold, err := net.ListenPacket("udp", addr)
		if err != nil {
			continue
		}
		try, err := net.Listen("tcp", addr)
		if err != nil {
			_ = hold.Close()
			continue
		}
		_ = try.Close()
		p.held = append(p.held, hold)
		return port, nil
	}
	return 0, errors.New("no free port on the loopback")
}

func (p *ports) release() {
	for _, h := range p.held {
		_ = h.Close()
	}
}
