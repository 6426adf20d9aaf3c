package ntfy

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// place is a topic on one of our servers.
type place struct {
	server server
	first  bool // the server of the configuration, for which the token is
	topic  string
}

// errElsewhere is not [paging.BadAddress]: the operator may allow the server, and then
// nothing is wrong with the address.
var errElsewhere = errors.New("the topic is on a server of ntfy that is not allowed here")

// find reads an address: the name of a topic on the server of the configuration, or the
// whole address of one.
func (r *Route) find(address secret.Text) (place, error) {
	text := strings.TrimSpace(address.Reveal())
	if isTopic(text) {
		return place{server: r.servers[0], first: true, topic: text}, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return place{}, errNoTopic
	}
	cut := strings.LastIndexByte(u.Path, '/')
	if cut < 0 || !isTopic(u.Path[cut+1:]) {
		return place{}, errNoTopic
	}
	at := slices.Index(r.servers, serverOf(u, u.Path[:cut]))
	if at < 0 {
		return place{}, errElsewhere
	}
	return place{server: r.servers[at], first: at == 0, topic: u.Path[cut+1:]}, nil
}

// errNoTopic is for its owner to read.
var errNoTopic = paging.BadAddress{Say: "that is no topic of ntfy: its name has letters, digits, - and _, at most 64"}

// isTopic tells whether ntfy takes a name for a topic.
func isTopic(name string) bool {
	return len(name) >= 1 && len(name) <= 64 && !strings.ContainsFunc(name, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_'
	})
}
