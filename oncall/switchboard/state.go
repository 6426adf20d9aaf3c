package switchboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
	"batsignal/oncall/wholefile"
)

const (
	stateName    = "state.json"
	stateVersion = 1
	codeLength   = 4
	rememberFor  = 24 * time.Hour // challenges that are over, for the limits and for who confirms late
	mostKept     = 1000           // challenges: 6 an hour on each network are never as many
)

// state is what must survive a kill at any moment.
type state struct {
	Version    int              `json:"version"`
	Challenges []challenge      `json:"challenges"`
	Burnt      map[string]burnt `json:"burnt"` // by handle: codes up to this one are used up
	Wrong      map[string]wrong `json:"wrong"` // by door and handle
}

// burnt is the newest code that somebody gave.
type burnt struct {
	Step int64  `json:"step"`
	For  string `json:"for"` // the challenge, or what else it was given for
}

// wrong counts wrong codes since the last right one.
type wrong struct {
	Count  int  `json:"count"`
	Frozen span `json:"frozen"` // zero: not
}

// challenge is what waits for a second person, or did.
type challenge struct {
	Code     string `json:"code"`
	Line     string `json:"line"`
	Network  string `json:"network"`
	Room     string `json:"room"`
	Account  string `json:"account"`
	What     string `json:"what"`
	Incident int64  `json:"incident"`
	People   int    `json:"people"`
	Heard    bool   `json:"heard"`
	Declared string `json:"declared"` // handle of who asked; "" is nobody whom we know
	Span     span   `json:"span"`
	Shown    bool   `json:"shown"`          // the bot said the line, as it is, in the room
	Void     string `json:"void"`           // why it counts no more; "" it does
	First    string `json:"first"`          // handle of the first of two who confirm
	Grant    grant  `json:"grant,omitzero"` // zero: not confirmed
}

// grant is what two people allowed.
type grant struct {
	Declared  string `json:"declared"`
	Confirmed string `json:"confirmed"`
	Incident  int64  `json:"incident"` // to which it is bound; 0 is none yet
	Span      span   `json:"span"`
	Ended     bool   `json:"ended"`
}

func (c challenge) granted() bool { return c.Grant != grant{} }

// open tells whether codes are taken for it.
func (c challenge) open(r reading) bool { return !c.granted() && c.Void == "" && !c.Span.over(r) }

func (c challenge) challenge() unseal.Challenge {
	return unseal.Challenge{Code: c.Code, Line: c.Line, Expires: c.Span.Until, People: c.People, Heard: c.Heard}
}

func (c challenge) grant() unseal.Grant {
	g := c.Grant
	return unseal.Grant{Code: c.Code, Incident: g.Incident, Declared: g.Declared, Confirmed: g.Confirmed, Since: g.Span.Since, Until: g.Span.Until}
}

func (s *state) clone() state {
	return state{stateVersion, slices.Clone(s.Challenges), maps.Clone(s.Burnt), maps.Clone(s.Wrong)}
}

// find returns the challenge of that code; nil if there is none.
func (s *state) find(code string) *challenge {
	at := slices.IndexFunc(s.Challenges, func(c challenge) bool { return c.Code == code })
	if at < 0 {
		return nil
	}
	return &s.Challenges[at]
}

// prune forgets what neither limits nor allows anything any more.
func (s *state) prune(r reading) {
	s.Challenges = slices.DeleteFunc(s.Challenges, func(c challenge) bool { return c.Span.age(r) > rememberFor })
	if n := len(s.Challenges) - mostKept; n > 0 {
		s.Challenges = slices.Delete(s.Challenges, 0, n)
	}
}

func (s *state) save(dir string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return wholefile.Replace(filepath.Join(dir, stateName), append(text, '\n'), 0o600)
}

// loadState reads the file. One that is not there is a beginning; one that is not as we
// write it is refused, for it may have said which codes are used up.
func loadState(dir string) (state, error) {
	text, err := wholefile.ReadPrivate(filepath.Join(dir, stateName), longestFile)
	if errors.Is(err, fs.ErrNotExist) {
		return state{Version: stateVersion, Burnt: map[string]burnt{}, Wrong: map[string]wrong{}}, nil
	}
	var s state
	if err == nil {
		s, err = parseState(text)
	}
	if err != nil {
		return state{}, fault.Wrap(fault.Unready, err, "I cannot read %s/%s, in which I keep what was allowed. Without it, move it away: open grants are lost, and people wait two minutes before they give a code.", dir, stateName)
	}
	return s, nil
}

var validCode = regexp.MustCompile(`^[A-Z0-9]{4}$`)

func parseState(text []byte) (state, error) {
	var s state
	if err := json.Unmarshal(text, &s); err != nil {
		return state{}, err
	}
	if s.Version != stateVersion {
		return state{}, fmt.Errorf("version %d, not %d", s.Version, stateVersion)
	}
	if len(s.Challenges) > mostKept {
		return state{}, fmt.Errorf("%d challenges, more than %d", len(s.Challenges), mostKept)
	}
	seen := map[string]bool{}
	for _, c := range s.Challenges {
		switch g := c.Grant; {
		case !validCode.MatchString(c.Code) || seen[c.Code]:
			return state{}, fmt.Errorf("%q is no code, or twice", c.Code)
		case !c.Span.right(unseal.ChallengeHolds):
			return state{}, fmt.Errorf("%s holds too long", c.Code)
		case c.granted() && (!g.Span.right(unseal.GrantHolds) || g.Declared == "" || g.Confirmed == "" || g.Declared == g.Confirmed || g.Incident < 0):
			return state{}, fmt.Errorf("the grant of %s is none of ours", c.Code)
		}
		seen[c.Code] = true
	}
	for handle, w := range s.Wrong {
		if w.Frozen != (span{}) && !w.Frozen.right(frozenFor) {
			return state{}, fmt.Errorf("%s is frozen for too long", handle)
		}
	}
	if s.Burnt == nil {
		s.Burnt = map[string]burnt{}
	}
	if s.Wrong == nil {
		s.Wrong = map[string]wrong{}
	}
	return s, nil
}

// right tells whether it is a span of so long, as we write them.
func (s span) right(d time.Duration) bool { return s.length() == d && s.Up >= 0 }
