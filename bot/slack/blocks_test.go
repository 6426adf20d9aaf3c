package slack

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/bot/slack/slackfake"
	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

var update = flag.Bool("update", false, "rewrite the golden files with what is drawn now")

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// painter is a door that only draws; it knows one channel.
func painter(t testing.TB) *Door {
	t.Helper()
	d, err := New(Config{Name: "slack", BotToken: secret.New("xoxb-x"), AppToken: secret.New("xapp-x"), Rooms: []string{"#ops"}})
	if err != nil {
		t.Fatal(err)
	}
	d.rooms.know("#inc-1-openssl", "C0INCIDENT1", true)
	return d
}

func standing() bot.Summary {
	roles := oncall.DefaultRoles()
	return bot.Summary{
		Incident: incidents.Incident{ID: 1, Title: "remote code execution in openssl", Severity: 1, Status: "open", OpenedAt: noon},
		Lead:     "maria", Since: noon.Add(2 * time.Minute),
		Moving: &incidents.Move{Kind: "pass", FromHandle: "maria", ToHandle: "ana", DueAt: noon.Add(5 * time.Minute)},
		Roles: []incidents.RoleState{
			{Role: roles[0], Filled: []incidents.Responder{{Handle: "maria"}}},
			{Role: roles[1], Hunting: true, Rung: []string{"priya", "ana"}, Round: 1},
			{Role: roles[2], Filled: []incidents.Responder{{Handle: "li"}, {Handle: "tunde"}}},
			{Role: roles[3], Hunting: true, Round: 2},
			{Role: roles[4]},
		},
		Last: incidents.Entry{At: noon.Add(3 * time.Minute), Text: "li answers P3 and has package fixing."},
		URL:  "https://batsignal.example.org/incidents/1", At: noon,
	}
}

func resolved() bot.Summary {
	s := standing()
	s.Incident.Status, s.Incident.FalseAlarm, s.Lead, s.Moving = "resolved", true, "", nil
	return s
}

func myHome() home {
	s := standing()
	return home{
		Handle: "li", Roles: []string{"package-fixing (yes)", "quality-assurance (said yes, waits for an admin)"}, Hours: "07:00-23:00 Asia/Shanghai",
		Zone: "Asia/Shanghai", Shifts: []oncall.Shift{{Schedule: "weekly", From: noon, Until: noon.AddDate(0, 0, 7)}},
		Pages: []paging.Page{{ID: 3, Why: "remote code execution in openssl", OpenedAt: noon}},
		Open:  []incidents.Standing{{Incident: s.Incident, Roles: s.Roles, Baton: &incidents.Baton{Handle: "maria"}}},
		URL:   "https://batsignal.example.org/",
	}
}

// screens is everything that people see of us in Slack, drawn.
func screens(d *Door) map[string]any {
	message := func(w drawing) any { return map[string]any{"blocks": w.blocks} }
	return map[string]any{
		"message-request": message(d.drawReply(command.Reply{Blocks: []command.Block{
			command.Line("This rings 3 people at once, severity 1: remote code execution in openssl"),
			command.List{Items: []string{"coordination: maria, then 2 more", "communications: priya, then 2 more", "release engineering: kevin (it is night there), then 2 more"}},
			command.Line("It needs a second person until 03:29 UTC (04:29 your time): !confirm KQX2"),
			command.Actions(incidents.ConfirmActions(incidents.Asked{
				Code: "KQX2", Signal: incidents.Signal{What: "remote code execution in openssl", Severity: 1}, Plan: []incidents.PlanLine{{First: "maria"}, {First: "priya"}, {First: "kevin"}},
			})),
		}})),
		"message-lit": message(d.draw("[INC-1] The bat-signal is lit. Severity 1: remote code execution in openssl. Asked by maria, confirmed by kevin. Ringing maria and li. Nobody can be rung for communications. Come to #inc-1-openssl.",
			[]notice.Action{incidents.TakeRoleAction(1, oncall.DefaultRoles()[1])})),
		"message-page": message(d.draw("[INC-1] Page P3, severity 1: remote code execution in openssl. You are needed for package fixing. Come to #inc-1-openssl. Answer: !ack P3 or !decline P3",
			incidents.PageActions(3))),
		"message-announcement": message(d.draw("[INC-1] li answers P3 and has package fixing. Still empty: communications. See https://batsignal.example.org/incidents/1.", nil)),
		"message-carried":      message(d.draw("[libera] <maria> look at <b>this</b> & #inc-1-openssl", nil)),
		"message-table": message(d.drawReply(command.Reply{Blocks: []command.Block{command.Table{
			Head: []string{"Incident", "Severity", "Status", "Title"}, Rows: [][]string{{"INC-2", "1", "open", "openssl"}, {"INC-1", "3", "resolved", "a full disk"}},
		}}})),
		"message-facts": message(d.drawReply(command.Reply{Blocks: []command.Block{
			command.Line("INC-1, severity 1, open: remote code execution in openssl"), command.Facts{{"Baton", "maria"}, {"Hours", ""}},
			command.List{Title: "Roles", Items: []string{"coordination: maria"}}, command.Code("$ batsignal doctor\nok       configuration"),
			command.Link{Text: "Page", URL: "https://batsignal.example.org/incidents/1"},
		}})),
		"message-refused":          message(d.drawReply(command.Refusal(fault.New(fault.Forbidden, "You asked for it yourself. A second person must confirm, whatever account you use.")))),
		"message-summary":          message(d.drawSummary(standing())),
		"message-summary-resolved": message(d.drawSummary(resolved())),
		"modal-declare":            declareForm("batsignal", "C0INCIDENT1"),
		"modal-update":             updateForm(about{Channel: "C0INCIDENT1", Incident: 1, Severity: 2, Title: "remote code execution in openssl"}),
		"modal-resolve":            resolveForm(about{Channel: "C0INCIDENT1", Incident: 1}),
		"home-mine":                d.drawHome(myHome(), "t0/u0"),
		"home-stranger":            d.drawHome(home{}, "t0/u0"),
		"home-guest":               d.drawHome(home{}, ""),
	}
}

// The golden files can be pasted into Slack's Block Kit Builder.
func TestScreens(t *testing.T) {
	for name, screen := range screens(painter(t)) {
		t.Run(name, func(t *testing.T) {
			got := pretty(t, screen)
			check(t, name, screen)
			path := filepath.Join("testdata", "blocks", name+".json")
			if *update {
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v: make golden writes it", err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("it looks otherwise now (-then +now); if it should, run make golden\n%s", diff)
			}
		})
	}
	files, _ := filepath.Glob("testdata/blocks/*.json")
	if len(files) != len(screens(painter(t))) {
		t.Errorf("%d golden files for %d screens: remove what is drawn no more", len(files), len(screens(painter(t))))
	}
}

// Whatever people write, and however many they are, what is drawn keeps to Slack's
// documented limits.
func TestBlocksKeepToSlacksLimits(t *testing.T) {
	d := painter(t)
	text := rapid.OneOf(rapid.String(), rapid.StringN(0, 3000, -1), rapid.Just(strings.Repeat("ä🔥<!channel> #inc-1-openssl https://example.org/x ", 80)))
	rapid.Check(t, func(t *rapid.T) {
		long := func(name string, most int) string { return clip(text.Draw(t, name), most) }
		s := standing()
		s.Incident.Title = long("title", 300)
		s.Last.Text = long("last", 2000)
		for i := range s.Roles {
			for range rapid.IntRange(0, 60).Draw(t, "people") {
				s.Roles[i].Filled = append(s.Roles[i].Filled, incidents.Responder{Handle: strings.Repeat("h", 32)})
			}
		}
		h, why := myHome(), long("why", 600)
		for range rapid.IntRange(0, 25).Draw(t, "many") {
			h.Pages = append(h.Pages, paging.Page{ID: 1<<40 + int64(len(h.Pages)), Why: why, OpenedAt: noon})
			h.Open = append(h.Open, incidents.Standing{Incident: s.Incident, Roles: s.Roles})
			h.Roles = append(h.Roles, strings.Repeat("role-", 6)+" (yes)")
		}
		one := notice.Action{Label: "L" + long("label", 200), Command: "x" + long("command", 3000), Grave: true}
		actions := slices.Repeat([]notice.Action{one}, rapid.IntRange(0, 30).Draw(t, "actions"))
		items := slices.Repeat([]string{long("item", 3500)}, rapid.IntRange(0, 150).Draw(t, "items"))
		reply := command.Reply{Blocks: []command.Block{
			command.Line(long("line", 4000)), command.List{Title: long("head", 400), Items: items}, command.Code(long("code", 9000)),
			command.Facts{{long("fact", 100), long("value", 4000)}}, command.Table{Head: []string{"a", "b"}, Rows: [][]string{{long("cell", 500), ""}}},
		}}
		if len(actions) > 0 {
			reply.Blocks = append(reply.Blocks, command.Actions(actions))
		}
		drawn := map[string]any{
			"message-summary": d.drawSummary(s), "message-reply": d.drawReply(reply), "message-said": d.draw(long("said", 2000), actions),
			"home": d.drawHome(h, "t0/u0"), "modal-update": updateForm(about{Incident: 1, Severity: 1, Title: s.Incident.Title}),
		}
		for name, screen := range drawn {
			if w, ok := screen.(drawing); ok {
				if n := len([]rune(w.text)); n > 40_000 {
					t.Fatalf("%s: a text of %d letters", name, n)
				}
				screen = map[string]any{"blocks": w.blocks}
				if raw, err := json.Marshal(w.blocks); err != nil || len(shownIn(raw)) > 13_000 {
					t.Fatalf("%s: %d letters in blocks, %v", name, len(shownIn(raw)), err)
				}
			}
			check(t, name, screen)
		}
	})
}

var textOf = regexp.MustCompile(`"text":("(?:[^"\\]|\\.)*")`)

// shownIn is every letter that blocks show.
func shownIn(raw []byte) (all []rune) {
	for _, m := range textOf.FindAllSubmatch(raw, -1) {
		var s string
		if json.Unmarshal(m[1], &s) == nil {
			all = append(all, []rune(s)...)
		}
	}
	return all
}

type failer interface {
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

func check(t failer, name string, screen any) {
	kind, _, _ := strings.Cut(name, "-")
	raw, err := json.Marshal(screen)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if kind == "message" {
		var m struct{ Blocks json.RawMessage }
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		raw = m.Blocks
	}
	for _, wrong := range slackfake.Validate(kind, raw) {
		t.Errorf("%s: %s", name, wrong)
	}
}

func pretty(t *testing.T, screen any) []byte {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(screen); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
