package escrow

import (
	"encoding/json"
	"slices"
	"strings"

	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

// MostPerQuarter is the highest number of openings that can be agreed to: more is no limit.
const MostPerQuarter = 100

// mostPolicy is how long a policy's text may be, in bytes.
const mostPolicy = 500

// Policy is what an owner agreed to. It is bound to the ciphertext: changed, nothing opens.
type Policy struct {
	// Lanes are who may open it besides its owner, who always may: lane B, lane D or both.
	Lanes []unseal.Lane
	// PerQuarter is how many times it may be opened in lanes B and D in a quarter of the
	// year, from 1.
	PerQuarter int
	// Quiet is when it is not opened in lane B, every day on the clock on the owner's wall:
	// "22:00-07:00 Europe/Berlin"; "" is never.
	Quiet string
}

// policyText is a policy as it is written. A new field is a new version.
type policyText struct {
	Version    int      `json:"v"`
	Lanes      []string `json:"lanes"`
	PerQuarter int      `json:"per_quarter"`
	Quiet      string   `json:"quiet"`
}

const policyVersion = 1

// DefaultPolicy is what is proposed to owners: dialled in an emergency, shown to nobody.
func DefaultPolicy() Policy { return Policy{Lanes: []unseal.Lane{unseal.LaneDial}, PerQuarter: 6} }

// Text is the one way to write a policy. One that [Policy.Check] refuses is not read again.
func (p Policy) Text() string {
	out := policyText{Version: policyVersion, Lanes: []string{}, PerQuarter: p.PerQuarter, Quiet: p.Quiet}
	for _, lane := range p.Lanes {
		out.Lanes = append(out.Lanes, string(lane))
	}
	slices.Sort(out.Lanes)
	out.Lanes = slices.Compact(out.Lanes)
	text, err := json.Marshal(out)
	if err != nil {
		panic(err) // of strings and a number
	}
	return string(text)
}

// Check refuses what nobody can agree to. The error is fault.Invalid.
func (p Policy) Check() error {
	if len(p.Lanes) == 0 {
		return fault.New(fault.Invalid, "Nobody could open this. Allow that it is dialled in an emergency (lane B), or shown if the custodians agree (lane D).")
	}
	for _, lane := range p.Lanes {
		if lane != unseal.LaneDial && lane != unseal.LaneReveal {
			return fault.New(fault.Invalid, "An owner can agree to the lanes B and D. There is no lane %q to agree to.", short(string(lane)))
		}
	}
	if p.PerQuarter < 1 || p.PerQuarter > MostPerQuarter {
		return fault.New(fault.Invalid, "Between 1 and %d openings a quarter can be agreed to, not %d.", MostPerQuarter, p.PerQuarter)
	}
	if p.Quiet == "" {
		return nil
	}
	_, err := parseQuiet(p.Quiet)
	return err
}

// Allows tells whether its owner agreed to a lane. To their own they always did.
func (p Policy) Allows(lane unseal.Lane) bool {
	return lane == unseal.LaneOwner || slices.Contains(p.Lanes, lane)
}

// ParsePolicy reads what [Policy.Text] wrote, and nothing else: what means the same and is
// written otherwise was not what the owner saw. The error is fault.Invalid.
func ParsePolicy(text string) (Policy, error) {
	if len(text) > mostPolicy {
		return Policy{}, fault.New(fault.Invalid, "What the owner agreed to is at most %d bytes long; this is %d.", mostPolicy, len(text))
	}
	var in policyText
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return Policy{}, fault.Wrap(fault.Invalid, err, "What the owner agreed to cannot be read. Its owner can seal the address again.")
	}
	if in.Version != policyVersion {
		return Policy{}, fault.New(fault.Invalid, "What the owner agreed to is written in version %d; this program knows version %d. A newer one may read it.", in.Version, policyVersion)
	}
	p := Policy{PerQuarter: in.PerQuarter, Quiet: in.Quiet}
	for _, lane := range in.Lanes {
		p.Lanes = append(p.Lanes, unseal.Lane(lane))
	}
	if err := p.Check(); err != nil {
		return Policy{}, err
	}
	if p.Text() != text {
		return Policy{}, fault.New(fault.Invalid, "What the owner agreed to was not written by this program. Its owner can seal the address again.")
	}
	return p, nil
}

// short cuts what somebody wrote, so that a sentence stays one.
func short(text string) string {
	if len(text) > 20 {
		return text[:20]
	}
	return text
}
