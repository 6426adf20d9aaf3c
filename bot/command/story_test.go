package command

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/fault"
)

// vocabulary is a small set of verbs that answer with what they understood.
func vocabulary() []*Command {
	echo := func(_ context.Context, c *Call) (Reply, error) {
		said := c.Path
		for _, name := range slices.Sorted(maps.Keys(c.values)) {
			said += fmt.Sprintf(" %s=%s", name, c.Text(name))
		}
		return Reply{Blocks: []Block{Line(said)}}, nil
	}
	incident := Param{Name: "incident", Kind: Number, Optional: true, Prefix: "INC", Help: "which one"}
	return []*Command{
		{Group: "Emergency", Name: "batsignal", Summary: "Asks to wake the people on the roster.", Needs: Known | Fire,
			Params: []Param{
				{Name: "sev", Kind: Option, Choices: []string{"1", "2", "3"}, Help: "how bad, 1 is worst"},
				{Name: "what", Kind: Rest, Help: "what is on fire"},
			},
			Example: "batsignal remote code execution in openssl", Run: echo},
		{Name: "ack", Aliases: []string{"here"}, Summary: "Says that you are up and on it.", Needs: Known,
			Params: []Param{
				{Name: "all", Kind: Flag, Help: "every page that you have"},
				{Name: "page", Kind: Number, Optional: true, Prefix: "P"},
			},
			Example: "ack P12", Run: echo},
		{Group: "Incident", Name: "incident", Aliases: []string{"inc"}, Summary: "Shows and changes incidents.", Default: "show",
			Subs: []*Command{
				{Name: "show", Summary: "Shows one.", Params: []Param{incident}, Example: "incident show 7", Run: echo},
				{Name: "note", Summary: "Writes into the timeline.", Needs: Proven,
					Params:  []Param{incident, {Name: "text", Kind: Rest}},
					Example: "incident note the patch is ready", Run: echo},
				{Name: "sev", Summary: "Changes how bad it is.",
					Params:  []Param{incident, {Name: "severity", Kind: Number, Choices: []string{"1", "2", "3"}}},
					Example: "incident sev 7 2", Run: echo},
			}},
		{Name: "baton", Summary: "Says who leads, and hands it on.", Default: "who",
			Subs: []*Command{
				{Name: "who", Summary: "Says who leads.", Example: "baton who", Run: echo},
				{Name: "take", Summary: "Takes the baton.", Example: "baton take", Needs: Known, Run: echo},
				{Name: "pass", Summary: "Offers it to somebody.", Needs: Known, Example: "baton pass maria",
					Params: []Param{{Name: "person", Kind: Word}}, Run: echo},
			}},
		{Group: "People", Name: "page", Summary: "Rings one person or role.", Needs: Known,
			Params:  []Param{{Name: "whom", Kind: Word, Help: "a person or a role"}, {Name: "why", Kind: Rest}},
			Example: "page maria the build is broken", Run: echo},
		{Name: "link", Summary: "Joins this account to you.", Private: true, Needs: Proven,
			Params: []Param{{Name: "code", Kind: Word}}, Example: "link ABCD-1234", Run: echo},
		{Name: "remove", Summary: "Takes somebody off the roster.", Needs: Admin,
			Params: []Param{{Name: "person", Kind: Word}}, Example: "remove maria", Run: echo},
		{Name: "boom", Summary: "Breaks.", Example: "boom",
			Run: func(context.Context, *Call) (Reply, error) { panic("a mistake") }},
	}
}

func newSet(t testing.TB, opts Options) *Set {
	t.Helper()
	if opts.Now == nil {
		opts.Now = func() time.Time { return time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC) }
	}
	s, err := NewSet(opts, vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var (
	maria    = Caller{Network: "libera", Room: "#home", Nick: "maria", Account: "maria", PersonID: 1, Handle: "maria", Rights: Known | Proven | Fire}
	admin    = Caller{Network: "libera", Room: "#home", Nick: "ada", Account: "ada", PersonID: 2, Handle: "ada", Rights: Known | Proven | Fire | Confirm | Admin}
	stranger = Caller{Network: "libera", Room: "#home", Nick: "zed", Account: "zed", Rights: Proven}
	borrowed = Caller{Network: "libera", Room: "#home", Nick: "maria"}
)

func private(c Caller) Caller { c.Room = ""; return c }

// say is what people see: the lines of the reply or of the refusal.
func say(s *Set, c Caller, line string) string {
	r, err := s.Run(context.Background(), c, line)
	if err != nil {
		r = Refusal(err)
	}
	return strings.Join(PlainText(r), "\n")
}

type exchange struct{ line, want string }

func play(t *testing.T, s *Set, c Caller, story []exchange) {
	t.Helper()
	for _, x := range story {
		if got := say(s, c, x.line); got != x.want {
			t.Errorf("%s\n got: %s\nwant: %s", x.line, got, x.want)
		}
	}
}

func TestWhatPeopleType(t *testing.T) {
	s := newSet(t, Options{Aliases: map[string]string{"pass": "baton pass", "notruf": "batsignal"}})
	play(t, s, admin, []exchange{
		{"!batsignal remote code execution in openssl", "batsignal what=remote code execution in openssl"},
		{"!batsignal --sev 2 openssl  rce", "batsignal sev=2 what=openssl  rce"},
		{"!batsignal --sev=1 openssl", "batsignal sev=1 what=openssl"},
		{"!batsignal —sev 1 openssl", "batsignal sev=1 what=openssl"},
		{"!batsignal --sev=“2” openssl", "batsignal sev=2 what=openssl"},
		{"!batsignal --SEV sev2 openssl", "batsignal sev=2 what=openssl"},
		{"!batsignal -- --sev is what it prints", "batsignal what=--sev is what it prints"},
		{"!batsignal - no idea yet", "batsignal what=- no idea yet"},
		{"!batsignal -5 degrees in the server room", "batsignal what=-5 degrees in the server room"},
		{"!BatSignal openssl", "batsignal what=openssl"},
		{"  !batsignal openssl  ", "batsignal what=openssl"},
		{"! batsignal openssl", "batsignal what=openssl"},
		{"!notruf openssl", "batsignal what=openssl"},
		{"!ack", "ack"},
		{"!ack 12", "ack page=12"},
		{"!ack P12", "ack page=12"},
		{"!ack p-012.", "ack page=12"},
		{"!ack #12 --all", "ack all=yes page=12"},
		{"!here 12", "ack page=12"},
		{"!incident", "incident show"},
		{"!incident 7", "incident show incident=7"},
		{"!inc show INC-7", "incident show incident=7"},
		{"!incident sev 2", "incident sev severity=2"},
		{"!incident sev 7 2", "incident sev incident=7 severity=2"},
		{"!incident sev INC-7 2", "incident sev incident=7 severity=2"},
		{"!incident note 3 servers are down", "incident note text=3 servers are down"},
		{"!incident note INC-7 they are back", "incident note incident=7 text=they are back"},
		{"!incident note #7 they are back", "incident note incident=7 text=they are back"},
		{"!baton", "baton who"},
		{"!baton take", "baton take"},
		{"!baton pass maria", "baton pass person=maria"},
		{"!pass maria", "baton pass person=maria"},
		{`!page "Maria Lopez" the build is broken`, "page whom=Maria Lopez why=the build is broken"},
		{"!page “Maria Lopez” the “build” is broken", "page whom=Maria Lopez why=the “build” is broken"},
		{"!page ma\u202eria\u200b \x0304,05red\x03 alert\x1b[31m", "page whom=maria why=red alert"},
	})
}

func TestWhatIsWrongIsSaidInOneLineWithAnExample(t *testing.T) {
	s := newSet(t, Options{})
	play(t, s, admin, []exchange{
		{"!batsignal", "What is missing is <what> (what is on fire). Example: !batsignal remote code execution in openssl"},
		{"!batsignal --sev", "The option --sev needs a value. Example: !batsignal remote code execution in openssl"},
		{"!batsignal --sev 9 openssl", "The value of --sev should be 1, 2 or 3, not “9”. Example: !batsignal remote code execution in openssl"},
		{"!batsignal --sve 2 openssl", "I know no option “--sve” here: did you mean --sev? Example: !batsignal remote code execution in openssl"},
		{"!batsignal openssl rce --sev 1", "Put --sev before the text; if it is meant as text, begin the text with the word --. Example: !batsignal remote code execution in openssl"},
		{"!batsignal --sev 1 --sev 2 x", "The option --sev is there twice. Example: !batsignal remote code execution in openssl"},
		{"!ack --all=no", "The option --all takes no value. Example: !ack P12"},
		{"!ack twelve", "The page should be a number such as 12 or P12, not “twelve”. Example: !ack P12"},
		{"!ack INC-7", "The page should be a number such as 12 or P12, not “INC-7”. Example: !ack P12"},
		{"!ack 1 2", "I did not expect “2” there. Example: !ack P12"},
		{"!ack " + strings.Repeat("7 ", 200), "I did not expect “7” there. Example: !ack P12"},
		{"!ack " + strings.Repeat("7 ", 300), "That line has 603 bytes and I read at most 512: say it shorter. Example: !ack P12"},
		{"!ack \xff\xfe", "That line is not UTF-8, so I might misread it: send it again as UTF-8. Example: !ack P12"},
		{"!page maria", "What is missing is <why>. Example: !page maria the build is broken"},
		{`!page "maria the build`, "In that line a quote is opened but never closed. Example: !page maria the build is broken"},
		{`!page "" why`, "What is missing is <whom> (a person or a role). Example: !page maria the build is broken"},
		{"!baton pass -f", "I know no option “-f” here; a word that begins with a dash goes into double quotes. Example: !baton pass maria"},
		{"!incident sev 4", "The severity should be 1, 2 or 3, not “4”. Example: !incident sev 7 2"},
		{"!baton tkae", "Did you mean !baton take? Example: !baton take"},
		{"!baton juggle", "I did not expect “juggle” there. Example: !baton who"},
	})
}

func TestInARoomOnlyNearMissesAreAnswered(t *testing.T) {
	s := newSet(t, Options{Aliases: map[string]string{"notruf": "batsignal"}})
	play(t, s, maria, []exchange{
		{"!", ""}, {"!!", ""}, {"!?", ""}, {"! ", ""}, {"!!! ack", ""}, {"", ""}, {"ack", ""}, {"hello there", ""},
		{"!important: the meeting moved", ""},
		{"!nb this is prose", ""},
		{"! important", ""},
		{"! akc", ""},
		{"!" + strings.Repeat("x", 5000), ""},
		{"!bzz \xff", ""},
		{"!akc", "I know no command “akc”: did you mean !ack? Example: !ack P12"},
		{"!batsignl openssl", "I know no command “batsignl”: did you mean !batsignal? Example: !batsignal remote code execution in openssl"},
		{"!batsignal: openssl", "I know no command “batsignal:”: did you mean !batsignal? Example: !batsignal remote code execution in openssl"},
		{"!bat", "I know no command “bat”: did you mean !batsignal or !baton? Example: !batsignal remote code execution in openssl"},
		{"!take", "I know no command “take”: did you mean !baton take? Example: !baton take"},
		{"!notruff", "I know no command “notruff”: did you mean !batsignal? Example: !batsignal remote code execution in openssl"},
	})
}

func TestInPrivateEverythingIsAnswered(t *testing.T) {
	s := newSet(t, Options{})
	play(t, s, private(maria), []exchange{
		{"ack 12", "ack page=12"},
		{"!ack 12", "ack page=12"},
		{"Ack 12", "ack page=12"},
		{"", ""}, {"   ", ""},
		{"what is this", "I know no command “what”. Say !help for the list. Example: !batsignal remote code execution in openssl"},
		{"!!", "I know no command “!!”. Say !help for the list. Example: !batsignal remote code execution in openssl"},
		{"link ABCD-1234", "link code=ABCD-1234"},
		{"link ABCD 1234", "I did not expect “…” there. Example: !link ABCD-1234"},
	})
}

func TestWhoMay(t *testing.T) {
	var refused []string
	s := newSet(t, Options{
		WhoMay: map[Right]string{Fire: "core developers"},
		Refused: func(_ context.Context, c Caller, verb string, _ error) {
			refused = append(refused, c.Nick+" "+verb)
		},
	})
	const unproven = "I only trust accounts that the network proves, since anybody can borrow a name: log in to services (on IRC), or ask as a full member (on Slack), then try again."
	const unknown = "I do not know yet which person this account belongs to: use !link CODE if I know you on another network, or !roster join ROLE to join."
	play(t, s, borrowed, []exchange{
		{"!ack", unproven}, {"!batsignal openssl", unproven}, {"!incident note x", unproven}, {"!baton", "baton who"},
	})
	play(t, s, stranger, []exchange{
		{"!ack", unknown}, {"!incident note x", "incident note text=x"},
	})
	guest := maria
	guest.Rights = Known | Proven
	play(t, s, guest, []exchange{
		{"!batsignal openssl", "You may not use !batsignal: it is for core developers. Ask one of them to do it, or an administrator for the right."},
		{"!remove maria", "You may not use !remove: it is for administrators. Ask one of them to do it, or an administrator for the right."},
	})
	want := []string{"maria ack", "maria batsignal", "maria incident note", "zed ack", "maria batsignal", "maria remove"}
	if !slices.Equal(refused, want) {
		t.Errorf("refusals: %q", refused)
	}
}

func TestAPrivateCommandInARoomIsRefusedBeforeAnythingElse(t *testing.T) {
	s := newSet(t, Options{Recorder: recorderFunc(func(Caller, string) (bool, error) {
		t.Error("it was recorded")
		return true, nil
	})})
	for _, line := range []string{"!link SECRET-1", "!link", "!link SECRET-1 SECRET-2", "!link \xff", "!link " + strings.Repeat("SECRET", 100)} {
		got := say(s, borrowed, line)
		if got != "Send !link to me in a private message, never in a room. I did nothing; treat what you typed here as seen by everybody." {
			t.Errorf("%.40q: %s", line, got)
		}
	}
}

type recorderFunc func(Caller, string) (bool, error)

func (f recorderFunc) Finish(context.Context, Caller, time.Time) {}

func (f recorderFunc) Record(_ context.Context, c Caller, verb string, _ time.Time) (bool, error) {
	return f(c, verb)
}

func TestEachLineHasItsEffectOnce(t *testing.T) {
	seen := map[string]bool{}
	var verbs []string
	s := newSet(t, Options{Recorder: recorderFunc(func(c Caller, verb string) (bool, error) {
		if c.Nick == "unlucky" {
			return false, errors.New("the database is away")
		}
		fresh := c.MessageID == "" || !seen[c.MessageID]
		seen[c.MessageID] = true
		verbs = append(verbs, verb)
		return fresh, nil
	})})
	c := maria
	c.MessageID = "m1"
	play(t, s, c, []exchange{{"!baton take", "baton take"}, {"!baton take", ""}})
	play(t, s, borrowed, []exchange{{"!page maria x", say(s, borrowed, "!ack")}})
	if !slices.Equal(verbs, []string{"baton take", "baton take"}) {
		t.Errorf("recorded: %q", verbs)
	}
	c.Nick = "unlucky"
	play(t, s, c, []exchange{{"!baton take", "I could not write this command down, so I did not run it. Please try again."}})
}

func TestAPanicIsOneSentenceAndTheLogKnowsMore(t *testing.T) {
	s := newSet(t, Options{})
	_, err := s.Run(context.Background(), maria, "!boom")
	if fault.KindOf(err) != fault.Internal || !strings.Contains(err.Error(), "panic in boom: a mistake") {
		t.Errorf("error: %v", err)
	}
	if got := PlainText(Refusal(err)); len(got) != 1 || strings.Contains(got[0], "mistake") {
		t.Errorf("said: %q", got)
	}
}

func TestARefusalNeverBeginsWithASign(t *testing.T) {
	for err, want := range map[error]string{
		fault.New(fault.NotFound, "!op badguy\r\nQUIT"): "Refused: !op badguy  QUIT",
		fault.New(fault.NotFound, "There is no zed."):   "There is no zed.",
		errors.New("dial tcp: secret"):                  "Something broke on our side. It is in the log; please try again.",
	} {
		if got := PlainText(Refusal(err)); len(got) != 1 || got[0] != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
