package restic

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"batsignal/integrations/argv"
	"batsignal/integrations/place"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

var _ place.Keyed = (*Place)(nil)

// Keys names the keys of the repository, as restic lists them: each has a password of its own,
// and opens everything. We have one of the passwords; that the others are known to somebody,
// only those people can show.
func (p *Place) Keys(ctx context.Context) ([]string, error) {
	var out bytes.Buffer
	if _, err := p.run(ctx, argv.Command{Args: []string{"key", "list", "--json", "--no-lock"}, Stdout: &out}); err != nil {
		return nil, err
	}
	var list []struct {
		ID      string `json:"id"`
		User    string `json:"userName"`
		Host    string `json:"hostName"`
		Created string `json:"created"`
	}
	if err := json.Unmarshal(out.Bytes(), &list); err != nil {
		return nil, fault.Wrap(fault.Internal, err, "What restic answers cannot be read: it may be of a version that we do not know.")
	}
	var names []string
	for _, k := range list {
		day, _, _ := strings.Cut(k.Created, " ")
		name := "restic key " + k.ID
		if who := strings.Trim(k.User+"@"+k.Host, "@"); who != "" {
			name += " of " + who
		}
		names = append(names, oncall.Clip(name+" from "+day, 100))
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
