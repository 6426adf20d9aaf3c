package main

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"batsignal/oncall/when"
)

// season is one telling of how somebody becomes part of an organisation: an admin invites,
// a volunteer says yes in chat, sets hours and a vacation, swaps the shift that falls into
// it, and coverage names the gap that this made. All days are whole ones in UTC.
type season struct {
	*installation
	t      *testing.T
	script bool // of the browsers

	role, title, schedule     string
	volunteer, partner, third string
	zone                      string // of the volunteer, who is awake from 22:00 to 18:00 UTC
	wakes, sleeps             string // the same on their clock

	admin, self *visitor
	code        string
	first       time.Time // of the schedule: the partner's, then the volunteer's, and so on
	given, back time.Time // the shift that is given away, and the one taken in return
}

// TestTheSeasonOfAVolunteer plays it in a real browser, without script and with it.
func TestTheSeasonOfAVolunteer(t *testing.T) {
	t.Parallel()
	in := newInstallation(t, "root", "noor", "jan", "li", "ines", "tom", "ada")
	in.minimumByFile()
	first := time.Now().UTC().Truncate(24 * time.Hour)
	seasons := []*season{{
		role: "package-fixing", title: "package fixing", schedule: "fixers", volunteer: "noor", partner: "jan", third: "li",
		zone: "Asia/Tokyo", wakes: "07:00", sleeps: "03:00",
	}, {
		role: "quality-assurance", title: "quality assurance", schedule: "checkers", volunteer: "ines", partner: "tom", third: "ada", script: true,
		zone: "Asia/Kolkata", wakes: "03:30", sleeps: "23:30",
	}}
	for _, s := range seasons {
		s.installation, s.first, s.given, s.back = in, first, after(first, 5), after(first, 8)
		name := map[bool]string{false: "script off", true: "script on"}[s.script]
		if !t.Run(name, func(t *testing.T) { s.play(t) }) {
			return
		}
	}
	in.warnsByItself(seasons)
	in.orderly()
}

func (s *season) play(t *testing.T) {
	s.t = t
	s.admin = s.enters(t, "root", s.script)
	s.admin.runsScript(s.script)
	s.theAdminInvites()
	s.theVolunteerSaysYes()
	s.self = s.enters(t, s.volunteer, s.script)
	s.setsHours()
	s.notesAVacation()
	s.theAdminMakesASchedule()
	s.theThirdGoesAway()
	s.coverageBefore()
	s.swaps()
	s.everySurfaceAgrees()
	s.coverageNamesTheGap()
	s.theRecordHasIt()
	s.aProgramAsks()
	for _, v := range []*visitor{s.admin, s.self} {
		v.noComplaints()
	}
}

func (s *season) theAdminInvites() {
	s.t.Helper()
	v := s.admin
	v.open("/invitations")
	v.does(chromedp.Click(chromedp.CSS(`input[name="role"][value="` + s.role + `"]`)))
	v.fill("#note", "met "+s.volunteer+" at the conference")
	v.press(`form[action="/invitations"] button`)
	v.shoot("invited")
	says := v.value("#made")
	found := regexp.MustCompile(`!roster accept ([A-Z2-9]{8}) yes, ring me`).FindStringSubmatch(says)
	if found == nil {
		s.t.Fatalf("the invitation says: %s", says)
	}
	s.code = found[1]
	v.open("/invitations")
	if strings.Contains(v.source(), s.code) {
		s.t.Error("the code is shown again")
	}
}

// theVolunteerSaysYes accepts in chat, in words of their own.
func (s *season) theVolunteerSaysYes() {
	s.t.Helper()
	p := s.irc[s.volunteer]
	p.Tell(botNick, "!roster accept "+s.code+" yes, ring me when builds burn")
	p.Expect("", "Welcome, "+s.volunteer+". You can be rung for "+s.role+" now.")
	s.irc["root"].Expect("", s.volunteer+" accepted your invitation")
	p.Tell(botNick, "!roster accept "+s.code+" yes, again")
	p.Expect("", "That invitation is wrong, used, taken back or too old.")
}

// setsHours finds the own page, mistypes the zone, and is told beside the field.
func (s *season) setsHours() {
	s.t.Helper()
	v := s.self
	v.press("header .self a")
	v.fill("#profile-zone", "Mars/Olympus", "#profile-wakes", s.wakes, "#profile-sleeps", s.sleeps)
	v.refused("#profile .save", http.StatusBadRequest)
	v.reads("#profile-zone-problem", "is not a time zone I know")
	v.fill("#profile-zone", s.zone)
	v.press("#profile .save")
	v.reads("main", "in "+s.zone, s.wakes, s.sleeps)
}

// notesAVacation types days as people do, looks at how they are understood, and notes
// them.
func (s *season) notesAVacation() {
	s.t.Helper()
	v, zone := s.self, location(s.t, s.zone)
	y, m, d := s.given.Date()
	from, until := time.Date(y, m, d, 0, 0, 0, 0, zone), time.Date(y, m, d+2, 0, 0, 0, 0, zone)
	v.fill("#away-when", typedDay(s.given)+" to "+typedDay(after(s.given, 1)), "#away-note", "skiing")
	v.press(`form[action$="absences#absences"] button`)
	v.reads("#absences .made", "That is "+when.EchoSpan(from, until, s.zone))
	v.shoot("vacation-look")
	if n := one[int](s.world, `select count(*)::int from absence a join person p on p.id = a.person_id where p.handle = $1`, s.volunteer); n != 0 {
		s.t.Error("looking at a vacation has noted it")
	}
	v.press(`form[action$="absences#absences"] button`)
	v.reads("#absences .things", from.UTC().Format("Mon 2 Jan 15:04")+" UTC", "skiing")
}

// theAdminMakesASchedule looks at it first: the vacation is seen there.
func (s *season) theAdminMakesASchedule() {
	s.t.Helper()
	v := s.admin
	v.open("/schedules/new")
	v.fill("#name", s.schedule, "#title", "Who does "+s.title, "#role", s.role, "#zone", "UTC",
		"#l0-starts", s.first.Format(time.DateOnly+" 15:04"), "#l0-turns", "1", "#l0-unit", "day", "#l0-m0", s.partner, "#l0-m1", s.volunteer)
	v.press(`#form button[value="look"]:not(.unseen)`)
	v.reads("#look", "Nothing is saved yet.", "Nobody is on "+s.given.Format("Mon 2 Jan"))
	v.shoot("schedule-look")
	v.press(`#form button[value="save"]`)
	v.reads(".outcome", "The schedule is saved.")
	v.reads("#now-head + p", " is on by first")
}

// theThirdGoesAway does so in chat, where it takes a yes too.
func (s *season) theThirdGoesAway() {
	s.t.Helper()
	p := s.irc[s.third]
	p.Tell(botNick, "!away "+typedDay(s.back))
	asked, day := p.Expect("", "With this, you are away, ").Text(), when.EchoSpan(s.back, after(s.back, 1))
	if !strings.Contains(withoutYear(asked), withoutYear(day)) {
		s.t.Errorf("%q is understood as: %s", typedDay(s.back), asked)
	}
	p.Tell(botNick, regexp.MustCompile(`!yes [A-Z2-9]+`).FindString(asked))
	p.Expect("", "To take it back: !away remove A")
}

// coverageBefore has the gap of the vacation, and no other.
func (s *season) coverageBefore() {
	s.t.Helper()
	s.admin.open("/coverage")
	day, next := s.given.Format("Mon 2 Jan"), after(s.given, 1).Format("Mon 2 Jan")
	s.admin.reads("main",
		s.title+": nobody is on shift "+day+" 00:00 to "+next+" 00:00 UTC, since "+s.volunteer+" is away.",
		s.title+": only 1 of 2 awake "+day+" 02:00–06:00 UTC, since "+s.volunteer+" is away.")
	s.admin.not("main", s.title+": only 1 of 2 awake "+s.back.Format("Mon 2 Jan"))
}

// swaps gives the shift in the vacation for a later one, on the web; the other says yes in
// chat, or on the web.
func (s *season) swaps() {
	s.t.Helper()
	v := s.self
	v.open("/people/" + s.volunteer)
	v.reads("#shifts", s.schedule)
	v.open("/schedules/" + s.schedule)
	v.choose("#shift", " "+s.given.Format(time.RFC3339)+" ")
	v.choose("#return", " "+s.back.Format(time.RFC3339)+" ")
	v.fill("#of", s.partner, "#cover-note", "mountains")
	v.press("#cover form button")
	v.reads(".outcome", "It is asked.")
	v.reads("#requests", s.volunteer+" asks "+s.partner+" to come", "in return they take "+when.EchoSpan(s.back, after(s.back, 1), s.zone), "mountains")
	v.shoot("asked")
	partner := s.irc[s.partner]
	ref := regexp.MustCompile(`Swap (C\d+): can you be on instead of ` + s.volunteer).FindStringSubmatch(partner.Expect("", "Swap C").Text())
	if ref == nil {
		s.t.Fatal("the request has no name")
	}
	if s.script {
		other := s.enters(s.t, s.partner, true)
		other.open("/schedules/" + s.schedule)
		other.press(`#requests form[action$="/accept"] button`)
		other.reads(".outcome", "The shift is yours. Thank you.")
		other.noComplaints()
	} else {
		partner.Tell(botNick, "!swap accept "+ref[1])
		partner.Expect("", "Thank you")
	}
	s.irc[s.volunteer].Expect("", s.partner+" said yes to "+ref[1])
	v.open("/schedules/" + s.schedule)
	v.reads("#decided",
		s.partner+" comes instead of "+s.volunteer+" in layer first", s.volunteer+" comes instead of "+s.partner+" in layer first",
		when.EchoSpan(s.given, after(s.given, 1), s.zone), "by a request for cover")
	v.reads("#requests", "Nobody does.")
	v.shoot("swapped")
}

// everySurfaceAgrees asks chat and the page for each of the next days.
func (s *season) everySurfaceAgrees() {
	s.t.Helper()
	p := s.irc[s.volunteer]
	for i := 1; i <= 9; i++ {
		day := after(s.first, i)
		want := []string{s.partner, s.volunteer}[i%2]
		switch {
		case day.Equal(s.given):
			want = s.partner
		case day.Equal(s.back):
			want = s.volunteer
		}
		p.Forget()
		p.Tell(botNick, "!oncall "+s.title+" at "+day.Format(time.DateOnly)+" 12:00 UTC")
		said := p.Expect("", s.title+": ").Text()
		if !strings.Contains(said, s.title+": "+want+" ") || !strings.Contains(said, "is on by "+s.schedule) {
			s.t.Errorf("!oncall on %s: %s, want %s", day.Format(time.DateOnly), said, want)
		}
		s.self.open("/schedules/" + s.schedule + "?zone=UTC&days=1&from=" + day.Format(time.DateOnly))
		if table := s.self.content("#plan table tbody"); !strings.Contains(table, want) {
			s.t.Errorf("the page on %s: %s, want %s", day.Format(time.DateOnly), table, want)
		}
	}
}

// coverageNamesTheGap finds what the swap made: on the day that is taken in return, the
// third is away and the partner sleeps, which was no harm as long as they were on.
func (s *season) coverageNamesTheGap() {
	s.t.Helper()
	for _, path := range []string{"/coverage", "/coverage/" + s.role} {
		s.admin.open(path)
		s.admin.reads("main", s.gap()+".")
		s.admin.not("main", "since "+s.volunteer+" is away")
		s.admin.shoot("gap" + strings.ReplaceAll(path, "/", "-"))
	}
	s.admin.reads("main ul.gaps", s.gap())
	s.self.open("/coverage/" + s.role)
	zone := location(s.t, s.zone)
	local := func(hour int) string { return s.back.Add(time.Duration(hour) * time.Hour).In(zone).Format("15:04") }
	s.self.reads("main ul.gaps", s.title+": only 1 of 2 awake "+s.back.Format("Mon 2 Jan")+" 02:00–06:00 UTC ("+local(2)+"–"+local(6)+" your time), since "+s.third+" is away.")
}

func (s *season) gap() string {
	return s.title + ": only 1 of 2 awake " + s.back.Format("Mon 2 Jan") + " 02:00–06:00 UTC, since " + s.third + " is away"
}

// theRecordHasIt reads who did what and from where: all of it as an admin, what concerns
// them as somebody else.
func (s *season) theRecordHasIt() {
	s.t.Helper()
	s.admin.open("/audit")
	s.admin.shoot("audit")
	record := strings.Join(strings.Fields(s.admin.content("main ul.lines")), " ")
	for _, line := range s.record() {
		if !regexp.MustCompile(line).MatchString(record) {
			s.t.Errorf("the record does not have %q:\n%s", line, record)
		}
	}
	s.self.open("/audit")
	own := s.self.content("main ul.lines")
	if strings.Contains(own, "conference") || !strings.Contains(own, s.volunteer) {
		s.t.Errorf("the volunteer's part of the record:\n%s", own)
	}
	if strings.Contains(record+own, s.code) {
		s.t.Error("the record has the code of the invitation")
	}
}

// record is the story as the record of changes has it.
func (s *season) record() []string {
	day := func(t time.Time) string { return t.Format("Mon 2 Jan 15:04") + " UTC" }
	swapped := "instead of " + s.volunteer + " for " + s.schedule + " from " + day(s.given) + " until " + day(after(s.given, 1)) +
		"; in return " + s.volunteer + " is on instead of " + s.partner + " from " + day(s.back) + " until " + day(after(s.back, 1))
	return []string{
		"role " + s.role + " the operator changed the minimum on cli",
		`invitation \d root invited somebody to ` + s.role + " on web",
		`invitation \d ` + s.volunteer + " accepted the invitation to " + s.role + " on " + netID,
		"roster " + s.role + " " + s.volunteer + " said yes to being rung for " + s.title + ", as invited on " + netID,
		"person " + s.volunteer + " " + s.volunteer + " changed their own profile on web",
		"absence " + s.volunteer + " " + s.volunteer + " noted: " + s.volunteer + " is away from [A-Za-z0-9: ]{20,45} on web",
		"schedule " + s.schedule + " root made the schedule " + s.schedule + " on web",
		"absence " + s.third + " " + s.third + " noted: " + s.third + " is away from " + day(s.back) + " until " + day(after(s.back, 1)) + " on " + netID,
		`cover C\d ` + s.volunteer + " asked for cover: " + swapped + " on web",
		`cover C\d ` + s.partner + " said yes: " + swapped + " on " + map[bool]string{false: netID, true: "web"}[s.script],
	}
}

// aProgramAsks makes a token, asks with it who is on, and revokes it.
func (s *season) aProgramAsks() {
	s.t.Helper()
	v := s.self
	v.open("/account")
	v.does(chromedp.Click(chromedp.CSS("#tokens summary")), chromedp.WaitVisible(chromedp.CSS("#title")))
	v.fill("#title", "nightly look")
	v.does(chromedp.Click(chromedp.CSS(`#tokens input[name="scope"][value="read"]`)))
	v.press(`#tokens form[action^="/account/tokens#"] button`)
	token := v.value("#made-token")
	for _, day := range []time.Time{s.given, s.back} {
		status, body := s.api(token, "/oncall?role="+s.role+"&at="+day.Add(12*time.Hour).Format(time.RFC3339))
		var answer struct {
			Items []struct {
				On []struct{ Handle, Schedule string }
			}
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK || len(answer.Items) != 1 || len(answer.Items[0].On) != 1 {
			s.t.Fatalf("the interface: %d %s %v", status, body, err)
		}
		want := map[bool]string{true: s.partner, false: s.volunteer}[day.Equal(s.given)]
		if on := answer.Items[0].On[0]; on.Handle != want || on.Schedule != s.schedule {
			s.t.Errorf("the interface on %s: %+v, want %s", day.Format(time.DateOnly), on, want)
		}
	}
	v.open("/account")
	if strings.Contains(v.source(), token) {
		s.t.Error("the token is shown again")
	}
	v.press(`#tokens form[action$="/revoke"] button`)
	if status, body := s.api(token, "/oncall"); status != http.StatusUnauthorized {
		s.t.Errorf("with a revoked token: %d %s", status, body)
	}
}

// minimumByFile asks for two people at any time, in the file that has all rules: by
// export, a change, plan and apply.
func (in *installation) minimumByFile() {
	t := in.t
	t.Helper()
	before := in.must("export")
	wanted := regexp.MustCompile(`(?m)^    minimum: 1$`).ReplaceAllString(before, "    minimum: 2")
	if strings.Count(before, "minimum: 1") != 2 || wanted == before {
		t.Fatalf("the export:\n%s", before)
	}
	file := writeFile(t, in.dir, "wanted.yaml", wanted, 0o600)
	if r := in.cli("plan", file); r.status != exitDifferent || !strings.Contains(r.stdout, "2 differences") {
		t.Fatalf("plan: %s", r)
	}
	if r := in.cli("apply", file); r.status != exitUsage {
		t.Fatalf("apply without a yes: %s", r)
	}
	if got := in.must("export"); got != before {
		t.Fatalf("plan changed something:\n%s", got)
	}
	in.must("apply", "--yes", file)
	if said := in.must("plan", file); !strings.Contains(said, "Nothing is different.") {
		t.Errorf("plan after apply: %s", said)
	}
	if got := one[int](in.world, `select count(*)::int from role where minimum = 2`); got != 2 {
		t.Errorf("%d roles ask for two people", got)
	}
}

// warnsByItself waits until the bot says in its home room what nobody asked for.
func (in *installation) warnsByItself(seasons []*season) {
	t := in.t
	t.Helper()
	const found = `select count(*)::int from coverage_gap where closed_at is null and warned_at is null and kind = 'awake' and starts_at = $1`
	ripe := seasons[0].back.Add(2 * time.Hour)
	// It looks a minute after the last change at the earliest.
	in.within(3*patience, "the bot to find the gaps", func() bool {
		rows, err := tryAsk[int](in.world, found, ripe)
		return err == nil && slices.Equal(rows, []int{len(seasons)})
	})
	// A gap must last for five minutes to be told of. They pass in the rows only.
	ask[bool](in.world, `update coverage_gap set found_at = (select looked_at from coverage_check) - interval '299 seconds' where closed_at is null returning true`)
	for _, s := range seasons {
		in.irc["root"].Expect(home, "Too few people ahead for "+s.gap())
	}
}

func after(day time.Time, days int) time.Time { return day.AddDate(0, 0, days) }

// withoutYear leaves out the years of dates, which are written where another one comes near.
func withoutYear(text string) string {
	return regexp.MustCompile(`( \d{1,2} [A-Z][a-z]{2}) 20\d\d`).ReplaceAllString(text, "$1")
}

func typedDay(t time.Time) string { return strings.ToLower(t.Format("2 Jan")) }

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}
