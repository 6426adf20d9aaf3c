package retrospective_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"batsignal/incidents/retrospective"
	"batsignal/incidents/retrospective/markdown"
	"batsignal/oncall/fault"
)

// section is a part of a document, from its heading to the next one of its level.
func section(t testing.TB, text, title string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "\n## "+title+"\n")
	if !ok {
		t.Errorf("there is no section %q in:\n%s", title, text)
	}
	part, _, _ := strings.Cut(rest, "\n## ")
	return part
}

// TestADraftTellsTheIncident is the draft of a whole incident, section by section.
func TestADraftTellsTheIncident(t *testing.T) {
	s := newScene(t)
	id := s.fire()
	// Before actions had numbers they were lines of the timeline only.
	_, err := s.db.Exec(ctx, `insert into timeline_entry (incident_id, at, kind, person_id, text) values ($1, $2, 'action', $3, 'said long ago')`, id, s.Now(), s.ids["kevin"])
	s.must(err)
	e := s.drafted(id)
	if e.Number != 1 || e.By != "" || e.Letters != len([]rune(e.Text)) {
		t.Errorf("edition %d by %q with %d letters", e.Number, e.By, e.Letters)
	}
	head, _, _ := strings.Cut(e.Text, "\n## ")
	for part, want := range map[string][]string{
		head: {
			"# Retrospective of INC-1: remote code execution in openssl\n",
			"- Opened: Sunday 1 March 2026, 03:14:00 UTC, by maria\n",
			"- Resolved: Sunday 1 March 2026, 03:56:20 UTC, after 42 minutes 20 seconds\n",
			"- Lead: ana (03:16:20 to 03:56:20)\n", "- Roles: coordination: ana; package fixing: li\n",
			"- Worked on in: \\#inc-1 on libera\n", "- Minutes: <https://bat.example/minutes/",
		},
		section(t, e.Text, "Timeline"): {
			"- 03:14:00 kevin confirmed maria's bat-signal: remote code execution in openssl\n",
			"- 03:14:20 li answers P2 and has package fixing.\n",
			"- 03:16:20 **Note** by li: upstream has a fix, see `https://openssl.example/fix_1` for it\n",
			"- 03:16:20 **Decision** by ana: we ship 3.0.9 to everybody\n", "- 03:16:20 **Info** by ana: the embargo ended at noon\n",
			"- 03:16:20 **To do** by kevin: somebody tells the mirrors\n", "- 03:56:20 **Resolved.** ana resolves the incident.",
		},
		section(t, e.Text, "Decisions"): {"- 03:16:20 we ship 3.0.9 to everybody (ana)\n"},
		section(t, e.Text, "Actions"): {
			"- `A1` for li, open, due on 5 March 2026: li rotates the signing key by 2026-03-05\n",
			"- `A2` for nobody, open: somebody tells the mirrors\n", "- without a number, noted by kevin: said long ago\n",
		},
		section(t, e.Text, "Who was reached when"): {
			"3 people were rung: 2 came, 1 declined. The quickest answer took 20 seconds.\n\n**coordination**\n",
			"- maria (P1): rung 03:14:00 by message on libera (mail failed); declined 03:15:50, after 1 minute 50 seconds, on libera\n",
			"- ana (P3): rung 03:15:30 and again until 03:15:50 (round 2) by message on libera; answered 03:16:20, after 50 seconds, on libera\n",
			"\n**package fixing**\n", "- li (P2): rung 03:14:00 by message on libera; answered 03:14:20, after 20 seconds, on libera\n",
		},
		section(t, e.Text, "Sealed contacts opened"): {"None."},
	} {
		for _, line := range want {
			if !strings.Contains(part, line) {
				t.Errorf("%q is not in:\n%s", line, part)
			}
		}
	}
	if got := retrospective.Unwritten(e.Text); len(got) != 5 {
		t.Errorf("to be written by people: %q", got)
	}
	if strings.Contains(e.Text, "canary") || strings.Contains(e.Text, "hidden.example") {
		t.Errorf("an address is in:\n%s", e.Text)
	}
}

// TestRestrictedMinutesAreNotDrafted has minutes of which only their readers may know
// what they say, and where they are.
func TestRestrictedMinutesAreNotDrafted(t *testing.T) {
	s := newScene(t)
	id := s.light("openssl is on fire")
	_, err := s.inc.Ack(ctx, s.as("maria"), 0)
	s.must(err)
	s.says(id, "maria", "#action li calls the vendor, hush")
	s.says(id, "maria", "#agreed we tell nobody, hush")
	s.says(id, "maria", "#restrictlogs")
	s.says(id, "maria", "#action li burns the letter, hush")
	if !get[bool](t, s.db, `select restricted from meeting where incident_id = $1`, id) {
		t.Fatal("the minutes are not restricted")
	}
	_, err = s.inc.Action(ctx, s.as("kevin"), id, "somebody tells the mirrors")
	s.must(err)
	s.must(s.inc.Resolve(ctx, s.as("maria"), id, "", false, true))
	text := s.drafted(id).Text
	if strings.Contains(text, "hush") || strings.Contains(text, "- Minutes:") || strings.Contains(text, "without a number") {
		t.Errorf("restricted minutes are in:\n%s", text)
	}
	if got := section(t, text, "Actions"); !strings.Contains(got, "somebody tells the mirrors") || strings.Count(got, "\n- ") != 1 {
		t.Errorf("actions:\n%s", got)
	}
	if got := section(t, text, "Decisions"); !strings.Contains(got, "None is on record.") {
		t.Errorf("decisions:\n%s", got)
	}
}

// TestTheSameRowsMakeTheSameDraft drafts one incident in two databases that went through
// the same, and in one process and another.
func TestTheSameRowsMakeTheSameDraft(t *testing.T) {
	var texts []string
	for range 2 {
		s := newScene(t)
		id := s.fire()
		s.process()
		s.wait(time.Hour) // when it is drafted does not matter
		texts = append(texts, s.drafted(id).Text)
	}
	if texts[0] != texts[1] {
		t.Errorf("two drafts of one story:\n%s\n%s", texts[0], texts[1])
	}
}

func TestADraftIsMadeOnceAndAnnounced(t *testing.T) {
	s := newScene(t)
	id := s.light("openssl is on fire")
	s.must(s.retro.DraftDue(ctx))
	_, err := s.retro.Get(ctx, id, 0)
	s.refused(err, fault.Conflict, "INC-1 goes on")
	_, err = s.retro.Draft(ctx, id)
	s.refused(err, fault.Conflict, "INC-1 goes on")
	s.end(id, "")
	_, err = s.retro.Get(ctx, id, 0)
	s.refused(err, fault.NotFound, "!retro edit INC-1 drafts it")
	s.said()

	// Several processes look at the same moment.
	failed := make(chan error)
	for range 8 {
		go func() { failed <- s.retro.DraftDue(ctx) }()
	}
	for range 8 {
		s.must(<-failed)
	}
	s.drafted(id)
	said := s.said()
	want := "#inc-1 [INC-1] The retrospective is drafted. !retro edit INC-1 changes it: https://bat.example/incidents/1/retro"
	if len(said) != 1 || said[0] != want {
		t.Errorf("said: %q", said)
	}
	if n := get[int](t, s.db, `select count(*) from retrospective`); n != 1 {
		t.Errorf("%d editions", n)
	}
	if n := get[int](t, s.db, `select count(*) from timeline_entry where kind = 'retrospective'`); n != 1 {
		t.Errorf("%d lines on the timeline", n)
	}
}

func TestAFalseAlarmWithNothingInItIsNotDrafted(t *testing.T) {
	s := newScene(t)
	empty := s.light("the moon is full")
	s.falseAlarm(empty)
	answered := s.light("the sun is out")
	_, err := s.inc.Ack(ctx, s.as("li"), 0)
	s.must(err)
	s.falseAlarm(answered)
	noted := s.light("it rains")
	s.must(s.inc.Note(ctx, s.as("kevin"), noted, "it was the sprinkler"))
	s.falseAlarm(noted)
	s.must(s.retro.DraftDue(ctx))
	for id, want := range map[int64]bool{empty: false, answered: true, noted: true} {
		if got, err := s.retro.Exists(ctx, id); err != nil || got != want {
			t.Errorf("INC-%d: %v, %v", id, got, err)
		}
	}
	// Whoever wants one all the same asks for it.
	e, err := s.retro.Draft(ctx, empty)
	s.must(err)
	if !strings.Contains(e.Text, "as a false alarm") {
		t.Error(e.Text)
	}
}

// What was resolved before this version, or long ago, is drafted without waking rooms
// that nobody is in any more.
func TestWhatIsOldIsDraftedWithoutAWord(t *testing.T) {
	s := newScene(t)
	id := s.light("openssl is on fire")
	s.end(id, "")
	s.wait(48 * time.Hour)
	s.said()
	s.drafted(id)
	if said := s.said(); len(said) != 0 {
		t.Errorf("said: %q", said)
	}
}

// An incident that is opened again keeps what people wrote about it.
func TestReopenedAndOverOnceMore(t *testing.T) {
	s := newScene(t)
	id := s.fire()
	first := s.drafted(id)
	edited, err := s.retro.Save(ctx, s.as("li"), id, 1, first.Text+"\nOur own words.\n")
	s.must(err)

	s.wait(24 * time.Hour)
	s.must(s.inc.Reopen(ctx, s.as("kevin"), id))
	s.wait(time.Minute)
	s.must(s.inc.Note(ctx, s.as("kevin"), id, "the mirrors were stale"))
	if e := s.drafted(id); e.Number != edited.Number {
		t.Errorf("edition %d while it goes on", e.Number)
	}
	s.wait(time.Hour)
	s.end(id, "now it is over")
	s.said()
	s.must(s.retro.DraftDue(ctx))
	e := s.drafted(id)
	if e.Number != 3 || !strings.HasPrefix(e.Text, edited.Text) {
		t.Fatalf("edition %d:\n%s", e.Number, e.Text)
	}
	added := strings.TrimPrefix(e.Text, edited.Text)
	for _, want := range []string{
		"\n## Reopened Monday 2 March 2026, 03:56:20 UTC\n", "- Resolved again: Monday 2 March 2026, 04:57:20 UTC, after 1 hour 1 minute more\n",
		"03:56:20 **Reopened.** kevin opens the incident again.", "**Note** by kevin: the mirrors were stale", "now it is over",
	} {
		if !strings.Contains(added, want) {
			t.Errorf("%q is not in:\n%s", want, added)
		}
	}
	if strings.Contains(added, "we ship 3.0.9") || strings.Contains(added, "(P1)") {
		t.Errorf("what was before is told again:\n%s", added)
	}
	if said := s.said(); countOf(said, "is added to its retrospective. !retro edit INC-1 changes it: https://") != 1 {
		t.Errorf("said: %q", said)
	}
}

// A decision that was taken back is on the timeline, since it was said, but is none.
func TestWhatWasTakenBackIsNoDecision(t *testing.T) {
	s := newScene(t)
	id := s.light("openssl is on fire")
	s.wait(time.Second)
	_, err := s.inc.Take(ctx, s.as("ana"), id)
	s.must(err)
	s.says(id, "ana", "#agreed we give up")
	s.says(id, "ana", "#undo")
	s.says(id, "ana", "#agreed we go on")
	s.end(id, "")
	text := s.drafted(id).Text
	if got := section(t, text, "Decisions"); strings.Contains(got, "give up") || !strings.Contains(got, "we go on (ana)") {
		t.Error(got)
	}
	if got := section(t, text, "Timeline"); !strings.Contains(got, "**Decision** by ana: (taken out of the minutes)\n") || !strings.Contains(got, "**Decision** by ana: we go on\n") {
		t.Error(got)
	}
}

// TestADraftAlwaysFits drafts an incident in which far too much was said and rung.
func TestADraftAlwaysFits(t *testing.T) {
	s := newScene(t)
	id := s.light("openssl is on fire")
	long := strings.Repeat("<&*", 300)
	for range 150 {
		s.must(s.inc.Note(ctx, s.as("li"), id, long))
	}
	s.end(id, "")
	e := s.drafted(id)
	if e.Letters > retrospective.Longest {
		t.Errorf("%d letters", e.Letters)
	}
	if got := section(t, e.Text, "Timeline"); !strings.Contains(got, "There is no room here for") {
		t.Errorf("%d bytes of timeline, and nothing says that it goes on", len(got))
	}
	section(t, e.Text, "Follow-up")
}

// hostile are texts that somebody could type to harm whoever reads them.
var hostile = []string{
	"<script>alert(1)</script>", "</textarea><b>x", "@everyone and @anna", "#12 !3 ~label", "[click](https://evil.example)",
	"![x](https://evil.example/x.png)", "<https://evil.example>", "https://evil.example/", "www.evil.example", "**bold** _em_ `code`",
	"# heading", "- item", "1. item", "> quoted", "---", "```", "| a | b |", "line\none\r\n# two", "\u202emoc.live\u202c", "a\u200bb\x07\x1b[31m",
	"&lt;b&gt; &#x202e;", `\`, "javascript:alert(1)", "[x]: https://evil.example", "\U000e0041\U000e0042",
}

func TestNothingThatSomebodyWroteActs(t *testing.T) {
	s := newScene(t)
	code := regexp.MustCompile("`[^`]*`")
	for i, text := range hostile {
		id := s.light(strings.ReplaceAll(text, "\n", " "))
		s.must(s.inc.Note(ctx, s.as("li"), id, text))
		_, err := s.inc.Action(ctx, s.as("li"), id, text)
		s.must(err)
		s.says(id, "li", "#info "+text)
		s.end(id, text)
		e := s.drafted(id)
		e, _, err = s.retro.Add(ctx, s.as("li"), id, "lucky", text)
		s.must(err)
		for _, r := range e.Text {
			if r != '\n' && r != '\u200b' && (r < ' ' || r >= 0x202a && r <= 0x202e || r >= 0xe0000 && r <= 0xe0fff) {
				t.Errorf("%d: U+%04X is in the document", i, r)
			}
		}
		// What a harmless text makes is all that this one makes.
		blocks := markdown.Parse(e.Text)
		want := []string{"Retrospective", "Summary", "Timeline", "Decisions", "Actions", "Who was reached when", "Sealed contacts opened", "What went well", "What did not", "Where we were lucky", "Follow-up"}
		var got []string
		for _, b := range blocks {
			switch b.Kind {
			case markdown.Heading:
				word, _, _ := strings.Cut(b.Spans[0].Text, " of INC-")
				got = append(got, word)
			case markdown.Quote, markdown.Code, markdown.Rule, markdown.Ordered:
				t.Errorf("%d: %q made a %s", i, text, b.Kind)
			}
			for _, item := range b.Items {
				if len(item.Lists) > 0 {
					t.Errorf("%d: %q made a list in a list", i, text)
				}
				for _, span := range item.Spans {
					if span.Href != "" && !strings.HasPrefix(span.Href, "https://bat.example/minutes/") {
						t.Errorf("%d: %q made a link to %s", i, text, span.Href)
					}
				}
			}
		}
		if strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("%d: %q made the headings %q", i, text, got)
		}
		for _, sign := range []string{"@everyone", "@anna", "#12", "://evil", "www.evil", "<script"} {
			if strings.Contains(code.ReplaceAllString(e.Text, ""), sign) {
				t.Errorf("%d: %q is in the document as it is", i, sign)
			}
		}
	}
}
