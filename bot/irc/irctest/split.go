package irctest

import (
	"fmt"
	"time"
)

// Split cuts the link between the two servers: each side sees the other's people
// quit. It returns when the first server has done so.
func (n *Network) Split() error {
	o, err := n.operator()
	if err != nil {
		return err
	}
	if err := o.write("SQUIT %s :a test pulled the cable", n.servers[1].name); err != nil {
		return err
	}
	return n.linked(o, false)
}

// Heal links the two servers again and returns when the first one knows the
// second one's people.
func (n *Network) Heal() error {
	o, err := n.operator()
	if err != nil {
		return err
	}
	var asked time.Time
	return eventually("the servers to be linked", func() (bool, error) {
		// Asked more than once: a link right after a split may be refused.
		if time.Since(asked) > 2*time.Second {
			asked = time.Now()
			if err := o.write("CONNECT %s", n.servers[1].name); err != nil {
				return false, err
			}
		}
		return n.sees(o)
	})
}

func (n *Network) linked(o *Person, want bool) error {
	return eventually(fmt.Sprintf("linked = %v", want), func() (bool, error) {
		got, err := n.sees(o)
		return got == want, err
	})
}

// sees asks the first server whether the second is in its map of the network.
func (n *Network) sees(o *Person) (bool, error) {
	o.forget()
	if err := o.write("LINKS"); err != nil {
		return false, err
	}
	if err := o.sync(); err != nil {
		return false, err
	}
	return o.has(func(l Line) bool { return l.Command == "364" && len(l.Params) > 1 && l.Params[1] == n.servers[1].name }), nil
}

// Oper makes the first server's operator do something, such as "KILL nick :why".
func (n *Network) Oper(format string, args ...any) error {
	o, err := n.operator()
	if err != nil {
		return err
	}
	if err := o.write(format, args...); err != nil {
		return err
	}
	return o.sync()
}

func (n *Network) operator() (*Person, error) {
	n.mu.Lock()
	o := n.oper
	n.mu.Unlock()
	if o != nil {
		return o, nil
	}
	o, err := n.connect(0, "oper", "", "")
	if err != nil {
		return nil, err
	}
	if err := o.write("OPER oper oper"); err != nil {
		return nil, err
	}
	if err := o.wait("to become an operator", func(l Line) bool { return l.Command == "381" }); err != nil {
		return nil, err
	}
	n.mu.Lock()
	n.oper = o
	n.mu.Unlock()
	return o, nil
}
