package main

import (
	"errors"
	"strings"

	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/wholefile"
)

// longestPrivate is in bytes: a share, or an identity of age.
const longestPrivate = 1 << 18

// privateText reads a file that holds a secret. One that others can read is refused: it
// would be no secret any more.
func privateText(path string) (secret.Text, error) {
	text, err := wholefile.ReadPrivate(path, longestPrivate)
	var shared wholefile.SharedError
	switch {
	case errors.As(err, &shared):
		return secret.Text{}, fault.New(fault.Forbidden, "Others can read the file %s (mode %04o), so it is not used. If nobody did yet: chmod 600 %s. If somebody did, the share counts as lost.", path, shared.Mode, path)
	case err != nil:
		return secret.Text{}, fault.Wrap(fault.Invalid, err, "The file %s cannot be read: %s.", path, whyNot(err))
	}
	return secret.New(string(text)), nil
}

// unwritten says why a file could not be written; nil if it was.
func unwritten(path string, err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(fault.Invalid, err, "The file %s cannot be written: %s.", path, whyNot(err))
}

// readKeyring reads a keyring from a file. Whether it is the right one, its fingerprint and
// its signatures tell.
func (a *app) readKeyring(path string) (custody.Keyring, error) {
	text, err := a.readFile(path)
	if err != nil {
		return custody.Keyring{}, err
	}
	return custody.ParseKeyring(string(text))
}

// readHost reads what batsignal escrow keys prints on a host. Lines with # are for people.
func (a *app) readHost(path string, side custody.Side) (custody.Host, error) {
	text, err := a.readFile(path)
	if err != nil {
		return custody.Host{}, err
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	if len(lines) != 1 {
		return custody.Host{}, fault.New(fault.Invalid, "The file %s must hold the line that \"batsignal escrow keys\" prints with the configuration of the %s, and nothing else.", path, side)
	}
	return custody.ParseHost(lines[0], side)
}
