package book

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const good = `runbook: small
title: A small one
steps:
  - name: read
    say: Read this first.
  - name: off
    say: Turn it off.
    guard: Nobody uses it.
    undo: Turn it on.
    confirm: two
  - name: ask
    say: Is it off?
    decide:
      - {choice: yes, means: it is dark, go: work}
      - {choice: no, go: off, loop: true}
  - name: work
    say: Have it repaired.
    job: repair
    with: {node: a1}
    fill: {part: which part}
    without: Repair it by hand.
  - name: on
    say: >
      Turn it
      on.
    who: admin
    must: true
    settles: [off]
    confirm: one
`

func TestABookIsRead(t *testing.T) {
	b, problems := Parse([]byte(good))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := []Step{
		{Name: "read", Kind: Sentence, Say: "Read this first.", Next: 1, Line: 4},
		{Name: "off", Kind: Confirmation, Say: "Turn it off.", Guard: "Nobody uses it.", Undo: "Turn it on.", Two: true, Next: 2, Line: 6},
		{Name: "ask", Kind: Decision, Say: "Is it off?", Choices: []Choice{{Name: "yes", Means: "it is dark", To: 3}, {Name: "no", To: 1, Loop: true}}, Next: 3, Line: 11},
		{Name: "work", Kind: Job, Say: "Have it repaired.", Job: "repair", With: map[string]string{"node": "a1"}, Fill: []Blank{{"part", "which part"}}, Without: "Repair it by hand.", Next: 4, Line: 16},
		{Name: "on", Kind: Confirmation, Say: "Turn it on.", Who: "admin", Must: true, Settles: []string{"off"}, Next: 5, Line: 22},
	}
	if diff := cmp.Diff(want, b.Steps); diff != "" {
		t.Error(diff)
	}
	if b.Name != "small" || b.Title != "A small one" || string(b.Text) != good || len(b.Hash()) != 64 {
		t.Errorf("%+v", b)
	}
	// Where there is no such job, people do it.
	if s := b.Bind(map[string]string{"repair": ""}).Steps[3]; s.Kind != Confirmation || s.Say != "Repair it by hand." || s.Job != "" {
		t.Errorf("%+v", s)
	}
	if s := b.Bind(map[string]string{"repair": "mend-all"}).Steps[3]; s.Kind != Job || s.Job != "mend-all" || b.Steps[3].Job != "repair" {
		t.Errorf("%+v", s)
	}
}

// Each mistake is told with the line in which it is.
func TestWhatIsWrongIsToldWithItsLine(t *testing.T) {
	known := Known{Jobs: []string{"repair"}, Roles: []string{"coordination"}}
	for name, x := range map[string]struct {
		old, new string
		want     string
	}{
		"unknown key":          {"    guard: Nobody", "    gaurd: Nobody", `8: A step has no key "gaurd". Did you mean guard?`},
		"strange key":          {"title: A small one", "title: A small one\ncolour: red", `3: A runbook has no key "colour". Its keys are about, runbook, steps and title.`},
		"key twice":            {"    undo: Turn it on.", "    undo: Turn it on.\n    undo: Again.", "10: The key undo is there twice."},
		"no name":              {"  - name: read\n    say", "  - say", "4: A step needs the key name."},
		"no text":              {"say: Is it off?", "say:", "12: Here should be a text."},
		"name twice":           {"name: on", "name: off", "22: The step off is there twice, first in line 6."},
		"called end":           {"name: on\n", "name: end\n", "22: No step may be called end: it is where a runbook ends."},
		"bad name":             {"name: read", "name: Read it", "4: A name has 1 to 48 small letters, digits and dashes, and begins with a letter."},
		"dangling":             {"go: work", "go: wrok", "14: There is no step wrok to go to."},
		"back without loop":    {", loop: true", "", "15: The choice no leads back. If it is meant so, add loop: true to it."},
		"loop that leads on":   {"go: work}", "go: work, loop: true}", "14: The choice yes leads on, so loop: true is wrong there."},
		"next leads back":      {"    say: Have it repaired.", "    say: Have it repaired.\n    next: read", "18: Only a choice of a decision may lead back, and says loop: true."},
		"unreachable":          {"    say: Turn it off.", "    say: Turn it off.\n    next: end", "11: nothing"},
		"choice twice":         {"choice: no", "choice: yes", "15: The choice yes is there twice."},
		"one choice":           {"      - {choice: no, go: off, loop: true}\n", "", "14: A decision has at least two choices."},
		"two kinds":            {"    job: repair", "    job: repair\n    confirm: one", "16: A step is one thing: of job, confirm only one may stand here."},
		"with without job":     {"    who: admin", "    who: admin\n    with: {a: b}", "27: The key with belongs to a step with a job."},
		"guard of a sentence":  {"    say: Read this first.", "    say: Read this first.\n    guard: It is day.", "4: A guard stands before something that is done: a step with confirm or job."},
		"undo of a decision":   {"    say: Is it off?", "    say: Is it off?\n    undo: Decide again.", "11: Only what is done can be undone: undo belongs to a step with confirm or job."},
		"next of a decision":   {"    say: Is it off?", "    say: Is it off?\n    next: on", "13: Where a decision leads is said by its choices, not by next."},
		"must of a decision":   {"    say: Is it off?", "    say: Is it off?\n    must: true", "11: A decision is never skipped, so must is needless."},
		"settles nothing":      {"settles: [off]", "settles: [read]", "28: What a step settles is an earlier step with undo, and read is none."},
		"given and asked":      {"with: {node: a1}", "with: {part: a1}", "16: The parameter part is given and asked for at once."},
		"three confirm":        {"confirm: two", "confirm: three", "10: How many people confirm it: write one or two."},
		"not yes or no":        {"must: true", "must: very", "27: Here should be true or false."},
		"too long":             {"say: Turn it off.", "say: " + strings.Repeat("Turn it off. ", 50), "7: This text has 649 letters, and at most 400 are read under stress. Say it shorter, or make two steps of it."},
		"unseen":               {"say: Turn it off.", "say: Turn it \u202eoff.", "7: There are signs in this text that nobody sees. Take them out."},
		"reference":            {"say: Turn it off.", "say: &a Turn it off.", "7: References (& and *) are not followed here: write it out."},
		"no YAML":              {"  - name: on\n", "  - name: [on\n", "23: This is not YAML: found character that cannot start any token."},
		"two documents":        {"    confirm: one\n", "    confirm: one\n---\nrunbook: more\n", "30: Only one runbook may stand in a file."},
		"unknown job":          {"job: repair", "job: mend", ""}, // it says what to do without
		"unknown job, no help": {"job: repair\n    with: {node: a1}\n    fill: {part: which part}\n    without: Repair it by hand.", "job: mend", "16: There is no job mend here. The jobs are repair. Say with without: what to do where there is none."},
		"unknown role":         {"who: admin", "who: cook", "22: There is no role cook here. Who may be admin or a role: coordination."},
		"no steps":             {good[strings.Index(good, "  - name: read"):], "", "3: Here should be a list, each step after a hyphen."},
		"nothing":              {good, "", "0: The file is empty. It begins with runbook: and a name."},
		"a list":               {good, "- a\n", "1: Here should be a runbook, as keys and values."},
		"not UTF-8":            {"Turn it off.", "Turn it \xff.", "0: The file is not UTF-8."},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(good, x.old, x.new, 1)
			if text == good && x.old != x.new {
				t.Fatalf("%q is not there", x.old)
			}
			_, problems := Check([]byte(text), known)
			var got []string
			for _, p := range problems {
				got = append(got, p.String())
			}
			want := []string{x.want}
			switch {
			case x.want == "":
				want = nil
			case name == "unreachable":
				want = []string{
					"12: Nothing leads to the step ask.", "17: Nothing leads to the step work.", "23: Nothing leads to the step on.",
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A loop that nobody gets out of is found.
func TestALoopWithoutAWayOut(t *testing.T) {
	_, problems := Parse([]byte(`runbook: round
title: Round and round
steps:
  - name: a
    say: Go on.
  - name: b
    say: And now?
    decide:
      - {choice: back, go: a, loop: true}
      - {choice: here, go: b, loop: true}
`))
	if len(problems) != 2 || problems[0].String() != "4: From the step a nothing leads to the end." {
		t.Errorf("%v", problems)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("runbook: a\ntitle: b\nsteps:\n  - {name: c, say: d}\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		b, problems := Parse(text)
		for _, p := range problems {
			if p.Say == "" || strings.ContainsAny(p.Say, "\n\x00") || p.Line < 0 || p.Line > 1+strings.Count(string(text), "\n")+strings.Count(string(text), "\r")+strings.Count(string(text), "\u2028")+strings.Count(string(text), "\u2029")+strings.Count(string(text), "\u0085") {
				t.Errorf("%d: %q", p.Line, p.Say)
			}
		}
		if len(problems) > 0 {
			return
		}
		if len(b.Steps) == 0 || b.Name == "" || b.Title == "" {
			t.Fatalf("%+v has no problems", b)
		}
		// Whoever answers anything gets somewhere, and nothing panics.
		s, err := b.Apply(State{}, Event{What: Started})
		for i := 0; err == nil && s.Over == "" && i < 200; i++ {
			step := b.Steps[s.At]
			e := Event{What: b.Answer(s), Step: s.At, Person: int64(1 + i%2)}
			switch {
			case e.What == Chosen:
				e.Choice = step.Choices[i%len(step.Choices)].Name
			case s.Phase == Running:
				e.What = Succeeded
			case e.What == "":
				e.What = Asked
			}
			if s, err = b.Apply(s, e); err != nil {
				t.Fatalf("%+v at %+v: %v", e, s, err)
			}
		}
		Outline(b.Bind(nil))
	})
}
