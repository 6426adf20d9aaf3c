package main

import (
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"strings"

	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// longestPrivate is in bytes: a share, or an identity of age.
const longestPrivate = 1 << 18

// privateText reads a file that holds a secret. One that others can read is refused: it
// would be no secret any more.
func privateText(path string) (secret.Text, error) {
	f, err := os.Open(path) // #nosec G304 -- the operator names it, who runs the program
	if err != nil {
		return secret.Text{}, fault.Wrap(fault.Invalid, err, "The file %s cannot be read: %s.", path, whyNot(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return secret.Text{}, fault.Wrap(fault.Invalid, err, "The file %s cannot be read: %s.", path, whyNot(err))
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return secret.Text{}, fault.New(fault.Forbidden, "Others can read the file %s (mode %04o), so it is not used. If nobody did yet: chmod 600 %s. If somebody did, the share counts as lost.", path, mode, path)
	}
	text, err := io.ReadAll(io.LimitReader(f, longestPrivate+1))
	if err != nil || len(text) > longestPrivate {
		return secret.Text{}, fault.Wrap(fault.Invalid, err, "The file %s cannot be read, or is too long for a share.", path)
	}
	return secret.New(string(text)), nil
}

// writeNew writes a file that is not there yet: no ceremony writes over another one.
func writeNew(path, text string, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode) // #nosec G304 -- the operator names it, who runs the program
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The file %s cannot be written: %s.", path, whyNot(err))
	}
	_, err = f.WriteString(text)
	for _, end := range []func() error{f.Sync, f.Close} {
		if failed := end(); err == nil {
			err = failed
		}
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The file %s cannot be written: %s.", path, whyNot(err))
	}
	return nil
}

// replaceText replaces a file as a whole: whoever reads it sees the old one or the new one,
// and so does whoever comes after a power cut.
func replaceText(path, text string, mode os.FileMode) error {
	fresh := path + "." + rand.Text() + ".new"
	if err := writeNew(fresh, text, mode); err != nil {
		return err
	}
	defer func() { _ = os.Remove(fresh) }() // renamed or linked by then, or of no use
	if err := os.Rename(fresh, path); err != nil {
		return fault.Wrap(fault.Invalid, err, "The file %s cannot be written: %s.", path, whyNot(err))
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
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
		return custody.Host{}, fault.New(fault.Invalid, "The file %s must hold the line that \"batsignal custody identity\" prints with the configuration of the %s, and nothing else.", path, side)
	}
	return custody.ParseHost(lines[0], side)
}
