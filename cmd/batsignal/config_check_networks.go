package main

import (
	"net"
	"regexp"
	"slices"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/contact"
)

// consoleNetwork is the name of the network that a terminal is.
const consoleNetwork = "console"

// longestNetworkID is in letters.
const longestNetworkID = 32

// takenIDs are names that mean another way to reach people, or another place from which
// they act.
var takenIDs = append([]string{consoleNetwork, cliNetwork, oncall.Web, oncall.API, "link"}, contact.Kinds()...)

var (
	// One spelling everywhere, in commands, files and rows; it names a queue too.
	networkID   = regexp.MustCompile(`^[a-z0-9]+([_-][a-z0-9]+)*$`)
	nickname    = regexp.MustCompile("^[A-Za-z\\[\\]\\\\`_^{|}][A-Za-z0-9\\[\\]\\\\`_^{|}-]{0,30}$")
	username    = regexp.MustCompile(`^[A-Za-z0-9._-]{1,16}$`)
	roomName    = regexp.MustCompile(`^[#&+][^\x00-\x20,:\x7f]{1,63}$`)
	placeholder = regexp.MustCompile(`\{[^}]*\}?`)
)

func checkIRC(found *problems, networks []ircConfig, seen map[string]bool) {
	for i, n := range networks {
		at := entry("irc", i)
		checkNetworkID(found, at, n.ID, seen)
		n.check(found, at)
	}
}

// checkNetworkID checks what a network is called; seen are those before it.
func checkNetworkID(found *problems, at, id string, seen map[string]bool) {
	switch {
	case !networkID.MatchString(id) || len(id) > longestNetworkID:
		found.add(at+"id", "must be a short name of small letters, digits and hyphens, such as libera")
	case slices.Contains(takenIDs, id):
		found.add(at+"id", "%s means something else here; choose another name", id)
	case seen[id]:
		found.add(at+"id", "%s is there already; choose another name", id)
	}
	seen[id] = true
}

// networkIDs are the networks of the configuration, in their order.
func (c Config) networkIDs() (ids []string) {
	for _, n := range c.IRC {
		ids = append(ids, n.ID)
	}
	for _, n := range c.Slack {
		ids = append(ids, n.ID)
	}
	return ids
}

func (n ircConfig) check(found *problems, at string) {
	if checkHostPort(found, at+"server", n.Server, "irc.libera.chat:6697") {
		host, _, _ := net.SplitHostPort(n.Server)
		switch {
		case host == "":
			found.add(at+"server", "must be a host and a port, such as irc.libera.chat:6697")
		case !n.TLS && !isLoopback(host):
			// Who speaks is proven by what the server says about a line: on an
			// open connection anybody on the way could say it.
			found.add(at+"tls", "false is for servers on this machine only; remove it, and name the TLS port of %s", host)
		}
	}
	if !nickname.MatchString(n.Nick) {
		found.add(at+"nick", "must be a nick: letters, digits and hyphens, at most 31, not beginning with a digit")
	}
	if !username.MatchString(n.User) {
		found.add(at+"user", "must be at most 16 letters and digits")
	}
	if n.RealName == "" || strings.ContainsAny(n.RealName, "\r\n\x00") {
		found.add(at+"real_name", "must be one line of text")
	}
	if (n.CertFile == "") != (n.KeyFile == "") {
		found.add(at+"cert_file", "and key_file belong together; give both or neither")
	}
	n.checkRooms(found, at)
	n.checkLogin(found, at)
	notBelowZero(found, at+"leave_after", n.LeaveAfter)
	if n.Burst < 1 {
		found.add(at+"burst", "must be at least 1")
	}
	if n.LinesPerSecond <= 0 {
		found.add(at+"lines_per_second", "must be more than 0, such as 1")
	}
}

func (n ircConfig) checkRooms(found *problems, at string) {
	if !roomName.MatchString(n.Home) {
		found.add(at+"home", "must be a room, such as '#security' (in quotes: # begins a comment)")
	}
	for _, room := range n.Rooms {
		if !roomName.MatchString(room) {
			found.add(at+"rooms", "%q is no room; write it like '#infra'", room)
		}
	}
	checkIncidentRoom(found, at, n.IncidentRoom)
}

func checkIncidentRoom(found *problems, at, room string) {
	if room == "" {
		return
	}
	for _, p := range placeholder.FindAllString(room, -1) {
		if p != "{id}" && p != "{slug}" {
			found.add(at+"incident_room", "%s means nothing; use {id} and {slug}", p)
		}
	}
	if !strings.Contains(room, "{id}") || !roomName.MatchString(room) {
		found.add(at+"incident_room", "must be a room with {id} in it, such as '#inc-{id}-{slug}', so that no two incidents share one")
	}
}

func (n ircConfig) checkLogin(found *problems, at string) {
	oneOf(found, at+"sasl.mechanism", n.SASL.Mechanism, "plain", "external", "none")
	switch n.SASL.Mechanism {
	case "plain":
		if n.SASL.Account == "" {
			found.add(at+"sasl.account", "must be the services account to log in to")
		}
		if n.SASL.Password.Empty() {
			found.add(at+"sasl.password_file", "must name a file with the password")
		}
	case "external":
		if n.CertFile == "" {
			found.add(at+"cert_file", "must name our certificate: sasl external logs in with it")
		}
	case "none":
		if !n.SASL.Password.Empty() {
			found.add(at+"sasl.mechanism", "must be plain if there is a password")
		}
	}
}
