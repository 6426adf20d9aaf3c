package switchboard

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/switchboard/totp"
	"batsignal/oncall/wholefile"
)

const (
	confirmersName = "confirmers.json"
	longestFile    = 4 << 20 // bytes: far more than either file ever has
)

// confirmersFile is what the file holds.
type confirmersFile struct {
	Confirmers []confirmerRow `json:"confirmers"`
}

type confirmerRow struct {
	Handle     string    `json:"handle"`
	Accounts   []string  `json:"accounts"`
	MayConfirm bool      `json:"may_confirm"`
	AddedAt    time.Time `json:"added_at"`
	Seed       string    `json:"seed"` // base32
}

// read returns the people, from the file if it is another one than we have seen.
func (c *Confirmers) read() ([]known, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.readLocked()
}

func (c *Confirmers) readLocked() ([]known, error) {
	info, err := os.Stat(filepath.Join(c.dir, confirmersName))
	if os.IsNotExist(err) {
		c.seen, c.list = nil, nil
		return nil, nil
	}
	if err == nil && c.seen != nil && os.SameFile(info, c.seen) && info.Size() == c.seen.Size() && info.ModTime().Equal(c.seen.ModTime()) {
		return c.list, nil
	}
	var text []byte
	if err == nil {
		text, err = wholefile.ReadPrivate(filepath.Join(c.dir, confirmersName), longestFile)
	}
	var list []known
	if err == nil {
		list, err = parseConfirmers(text)
	}
	if err != nil {
		// The people of before are not good enough: the change may be that one is removed.
		c.seen, c.list = nil, nil
		return nil, fault.Wrap(fault.Unready, err, "I cannot read who may confirm, so nobody may. The operators find why in the log of the switchboard.")
	}
	c.seen, c.list = info, list
	return list, nil
}

// parseConfirmers reads a file, all of it or nothing.
func parseConfirmers(text []byte) ([]known, error) {
	var f confirmersFile
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fault.New(fault.Invalid, "%s is no JSON of ours", confirmersName) // the cause may quote a seed
	}
	var list []known
	for _, row := range f.Confirmers {
		seed, err := totp.Parse(secret.New(row.Seed))
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "%s: the seed of %q", confirmersName, row.Handle)
		}
		if !validHandle.MatchString(row.Handle) {
			return nil, fault.New(fault.Invalid, "%s: %q is no handle", confirmersName, row.Handle)
		}
		for _, account := range row.Accounts {
			if folded, err := parseAccount(account); err != nil || folded != account {
				return nil, fault.New(fault.Invalid, "%s: %q is no account in small letters", confirmersName, account)
			}
		}
		list = append(list, known{Confirmer{row.Handle, row.Accounts, row.MayConfirm, row.AddedAt}, seed})
	}
	return list, checkKnown(list)
}

// edit changes the file. Whoever else wants to waits for the lock.
func (c *Confirmers) edit(change func([]known) ([]known, error)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	lock, err := lockFile(c.dir, "confirmers.lock", true)
	if err != nil {
		return fault.Wrap(fault.Unready, err, "I cannot lock the folder %s: does it belong to the user of the switchboard?", c.dir)
	}
	defer func() { _ = lock.Close() }()
	list, err := c.readLocked()
	if err != nil {
		return err
	}
	if list, err = change(slices.Clone(list)); err != nil {
		return err
	}
	f := confirmersFile{Confirmers: []confirmerRow{}}
	for _, p := range list {
		f.Confirmers = append(f.Confirmers, confirmerRow{p.Handle, p.Accounts, p.MayConfirm, p.AddedAt, totp.Text(p.seed).Reveal()})
	}
	text, err := json.MarshalIndent(f, "", "  ")
	if err == nil {
		err = wholefile.Replace(filepath.Join(c.dir, confirmersName), append(text, '\n'), 0o600)
	}
	if err != nil {
		return fault.Wrap(fault.Unready, err, "I cannot write %s/%s.", c.dir, confirmersName)
	}
	return nil
}
