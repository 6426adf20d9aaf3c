package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/spf13/cobra"
)

func newNewKeyCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "new-key",
		Short: "Make one more key for this host's half, for the following keyring",
		Long: `New-key makes a key beside the ones that are here; nothing is removed, and nothing uses
it before a keyring names it. It prints the line for the ceremony (batsignal custody next).
Restart the process of this host before the flip: it reads its keys when it starts. Once the
old wraps are dropped, the file of the old key can go (shred -u).`,
		Example: "  batsignal custody new-key --config /etc/batsignal/batsignal.yaml > bot.txt",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := harden(); err != nil {
				return err
			}
			c, err := a.load(cmd)
			if err != nil {
				return err
			}
			home := homeOf(c)
			if _, err := home.unwrapKeys(); err != nil { // the first one is made if there is none
				return err
			}
			name, err := home.nextKeyFile()
			if err != nil {
				return err
			}
			if err := home.newUnwrapKey(name); err != nil {
				return err
			}
			fmt.Fprintf(a.stderr, "There is one more key of the %s: %s. Restart its process before the flip.\n", home.side, filepath.Join(home.dir, name))
			return a.printHost(c)
		},
	}
}

var unwrapFile = regexp.MustCompile(`^unwrap-([0-9]+)\.key$`)

// nextKeyFile is the name after the highest one.
func (h keyHome) nextKeyFile() (string, error) {
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		return "", err
	}
	highest := 0
	for _, e := range entries {
		if found := unwrapFile.FindStringSubmatch(e.Name()); found != nil {
			if n, err := strconv.Atoi(found[1]); err == nil {
				highest = max(highest, n)
			}
		}
	}
	return fmt.Sprintf("unwrap-%d.key", highest+1), nil
}
