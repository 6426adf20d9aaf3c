package irc

import (
	"slices"
	"strings"

	"github.com/lrstanley/girc"

	"batsignal/oncall/fault"
)

// errListens is what a line ends with that somebody could read.
var errListens = fault.New(fault.Forbidden, "This connection only listens: nothing is said by it.")

// silent are the commands of the protocol that a connection may send that only listens.
// What is not among them could be read by somebody.
var silent = []string{
	"CAP", girc.PING, girc.PONG, girc.JOIN, girc.NICK, girc.MODE, "NAMES", girc.WHO, girc.WHOIS, girc.QUIT,
}

// speaks tells whether a line is more than listening takes. It is asked of each line on
// its way out, whoever made it.
func speaks(line string) bool {
	command, _, _ := strings.Cut(line, " ")
	return !slices.Contains(silent, command)
}
