package switchboard

import (
	"cmp"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/switchboard/totp"
)

// Confirmer is a person whom the switchboard knows.
type Confirmer struct {
	Handle     string
	Accounts   []string // "libera/ada", in small letters
	MayConfirm bool     // what somebody else asked for; else they can only ask
	AddedAt    time.Time
}

// known is a person with their seed.
type known struct {
	Confirmer
	seed secret.Bytes
}

// Confirmers are the people of a folder, as its file has them. The process and the command
// line use it at the same time: whoever changes it has the file locked, and whoever reads
// sees each change at once.
type Confirmers struct {
	dir string
	log *slog.Logger // of what cannot be read; nil says nothing

	mu   sync.Mutex
	seen os.FileInfo // of the file that list was read from; nil is none
	list []known
}

// OpenConfirmers reads nothing yet: the file is looked at with each use.
func OpenConfirmers(dir string) *Confirmers { return &Confirmers{dir: dir} }

var validHandle = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,31}$`)

// Add makes a person known, and returns the seed of their authenticator, which nobody can
// be shown again. An account belongs to one person only.
func (c *Confirmers) Add(now time.Time, handle string, accounts []string, mayConfirm bool) (secret.Bytes, error) {
	p := known{Confirmer{Handle: strings.ToLower(strings.TrimPrefix(handle, "@")), MayConfirm: mayConfirm, AddedAt: now.UTC().Truncate(time.Second)}, totp.NewSeed()}
	if !validHandle.MatchString(p.Handle) {
		return secret.Bytes{}, fault.New(fault.Invalid, "A handle has up to 32 letters a-z, digits, dots, dashes or underscores, as on the roster.")
	}
	for _, text := range accounts {
		account, err := parseAccount(text)
		if err != nil {
			return secret.Bytes{}, err
		}
		p.Accounts = append(p.Accounts, account)
	}
	slices.Sort(p.Accounts)
	p.Accounts = slices.Compact(p.Accounts)
	err := c.edit(func(list []known) ([]known, error) { return append(list, p), checkKnown(append(list, p)) })
	if err != nil {
		return secret.Bytes{}, err
	}
	return p.seed, nil
}

// Remove forgets a person: no code of theirs counts from now on.
func (c *Confirmers) Remove(handle string) error {
	handle = strings.ToLower(strings.TrimPrefix(handle, "@"))
	return c.edit(func(list []known) ([]known, error) {
		at := slices.IndexFunc(list, func(p known) bool { return p.Handle == handle })
		if at < 0 {
			return nil, fault.New(fault.NotFound, "Nobody here is called %q. See: batsignal switchboard confirmer list", handle)
		}
		return slices.Delete(list, at, at+1), nil
	})
}

// List is everybody, by handle.
func (c *Confirmers) List() ([]Confirmer, error) {
	list, err := c.read()
	if err != nil {
		return nil, err
	}
	people := make([]Confirmer, len(list))
	for i, p := range list {
		people[i] = p.Confirmer
	}
	slices.SortFunc(people, func(a, b Confirmer) int { return cmp.Compare(a.Handle, b.Handle) })
	return people, nil
}

// byAccount finds whose account it is.
func (c *Confirmers) byAccount(network, account string) (known, bool, error) {
	name, err := parseAccount(network + "/" + account)
	if err != nil {
		return known{}, false, nil
	}
	return c.find(func(p known) bool { return slices.Contains(p.Accounts, name) })
}

func (c *Confirmers) byHandle(handle string) (known, bool, error) {
	handle = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(handle), "@"))
	return c.find(func(p known) bool { return p.Handle == handle })
}

func (c *Confirmers) find(is func(known) bool) (known, bool, error) {
	list, err := c.read()
	if err != nil {
		if c.log != nil {
			c.log.Error("who may confirm cannot be read", "file", filepath.Join(c.dir, confirmersName), "error", err)
		}
		return known{}, false, err
	}
	at := slices.IndexFunc(list, is)
	if at < 0 {
		return known{}, false, nil
	}
	return list[at], true, nil
}

// checkKnown holds for every file, whoever wrote it: who has two handles would be two people.
func checkKnown(list []known) error {
	handles, accounts := map[string]bool{}, map[string]string{}
	for _, p := range list {
		if handles[p.Handle] {
			return fault.New(fault.Conflict, "%s is there already. To give a new authenticator, remove them first: batsignal switchboard confirmer remove %s", p.Handle, p.Handle)
		}
		handles[p.Handle] = true
		for _, account := range p.Accounts {
			if other, taken := accounts[account]; taken {
				return fault.New(fault.Conflict, "The account %s is %s's already: one person who counts as two could open everything alone.", account, other)
			}
			accounts[account] = p.Handle
		}
	}
	return nil
}

// parseAccount reads "network/name" and folds it.
func parseAccount(text string) (string, error) {
	network, name, ok := strings.Cut(text, "/")
	network, name = fold(network), fold(name)
	if !ok || network == "" || name == "" || len(text) > 200 {
		return "", fault.New(fault.Invalid, "An account is written as network/name, as in libera/ada, without spaces.")
	}
	return network + "/" + name, nil
}

// fold lowers a name as the doors do. "" is one that cannot be: with spaces or control
// characters, or a letter that would become an ASCII one (the Kelvin sign becomes k), which
// would let two names be one.
func fold(name string) string {
	if !utf8.ValidString(name) {
		return ""
	}
	for _, r := range name {
		if unicode.IsSpace(r) || unicode.IsControl(r) || r >= utf8.RuneSelf && unicode.ToLower(r) < utf8.RuneSelf {
			return ""
		}
	}
	return strings.ToLower(name)
}
