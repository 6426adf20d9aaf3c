package escrow_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

func TestPoliciesAreWrittenInOneWay(t *testing.T) {
	p := escrow.Policy{Lanes: []unseal.Lane{unseal.LaneReveal, unseal.LaneDial, unseal.LaneDial}, PerQuarter: 6, Quiet: "22:00-07:00 Europe/Berlin"}
	const want = `{"v":1,"lanes":["B","D"],"per_quarter":6,"quiet":"22:00-07:00 Europe/Berlin"}`
	if got := p.Text(); got != want {
		t.Errorf("%s\nnot %s", got, want)
	}
	read, err := escrow.ParsePolicy(want)
	if err != nil || read.Text() != want || !slices.Equal(read.Lanes, []unseal.Lane{"B", "D"}) {
		t.Errorf("%+v, %v", read, err)
	}
	if err := escrow.DefaultPolicy().Check(); err != nil || escrow.DefaultPolicy().Allows(unseal.LaneReveal) {
		t.Error("what is proposed cannot be agreed to, or shows numbers to people:", err)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		text := p.Text()
		read, err := escrow.ParsePolicy(text)
		if err != nil || read.Text() != text {
			t.Fatalf("%s: %v", text, err)
		}
		for _, lane := range []unseal.Lane{"A", "B", "C", "D", "E", "F", ""} {
			if got, want := read.Allows(lane), lane == "F" || slices.Contains(p.Lanes, lane); got != want {
				t.Fatalf("%s: lane %q is allowed: %v", text, lane, got)
			}
		}
	})
}

func drawPolicy(t *rapid.T) escrow.Policy {
	return escrow.Policy{
		Lanes:      rapid.SliceOfN(rapid.SampledFrom([]unseal.Lane{"B", "D"}), 1, 3).Draw(t, "lanes"),
		PerQuarter: rapid.IntRange(1, escrow.MostPerQuarter).Draw(t, "per quarter"),
		Quiet:      rapid.SampledFrom([]string{"", "22:00-07:00 Europe/Berlin", "00:00-23:59 UTC", "12:30-13:00 America/Argentina/Buenos_Aires"}).Draw(t, "quiet"),
	}
}

// What means the same and is written otherwise is not what the owner agreed to.
func TestPoliciesThatAreNotRead(t *testing.T) {
	const good = `{"v":1,"lanes":["B","D"],"per_quarter":6,"quiet":""}`
	if _, err := escrow.ParsePolicy(good); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing":            "",
		"no JSON":            "B, D",
		"a list":             "[]",
		"null":               "null",
		"an unknown field":   `{"v":1,"lanes":["B","D"],"per_quarter":6,"quiet":"","anyone":true}`,
		"a field twice":      `{"v":1,"lanes":["B","D"],"per_quarter":6,"quiet":"","per_quarter":7}`,
		"in capitals":        strings.Replace(good, "lanes", "Lanes", 1),
		"another order":      `{"lanes":["B","D"],"v":1,"per_quarter":6,"quiet":""}`,
		"with a space":       strings.Replace(good, ",", ", ", 1),
		"a space at the end": good + " ",
		"something after":    good + good,
		"escaped":            strings.Replace(good, `"B"`, `"\u0042"`, 1),
		"another version":    strings.Replace(good, `"v":1`, `"v":2`, 1),
		"no version":         strings.Replace(good, `"v":1,`, "", 1),
		"lanes in disorder":  strings.Replace(good, `"B","D"`, `"D","B"`, 1),
		"a lane twice":       strings.Replace(good, `"B","D"`, `"B","B"`, 1),
		"no lane":            strings.Replace(good, `"B","D"`, ``, 1),
		"lane A":             strings.Replace(good, `"B","D"`, `"A"`, 1),
		"lane C":             strings.Replace(good, `"B","D"`, `"B","C"`, 1),
		"lane F":             strings.Replace(good, `"B","D"`, `"F"`, 1),
		"a long lane":        strings.Replace(good, `"B","D"`, `"`+strings.Repeat("x", 300)+`"`, 1),
		"no openings":        strings.Replace(good, "6", "0", 1),
		"fewer than none":    strings.Replace(good, "6", "-1", 1),
		"without a limit":    strings.Replace(good, "6", "101", 1),
		"half an opening":    strings.Replace(good, "6", "6.5", 1),
		"six as 6.0":         strings.Replace(good, "6", "6.0", 1),
		"quiet without zone": strings.Replace(good, `""`, `"22:00-07:00"`, 1),
		"quiet nowhere":      strings.Replace(good, `""`, `"22:00-07:00 Europe/Gotham"`, 1),
		"quiet locally":      strings.Replace(good, `""`, `"22:00-07:00 Local"`, 1),
		"quiet in a file":    strings.Replace(good, `""`, `"22:00-07:00 ../../etc/passwd"`, 1),
		"quiet at 24:00":     strings.Replace(good, `""`, `"22:00-24:00 UTC"`, 1),
		"quiet at 7:00":      strings.Replace(good, `""`, `"22:00-7:00 UTC"`, 1),
		"quiet for no time":  strings.Replace(good, `""`, `"22:00-22:00 UTC"`, 1),
		"quiet, two spaces":  strings.Replace(good, `""`, `"22:00-07:00  UTC"`, 1),
		"quiet on two lines": strings.Replace(good, `""`, `"22:00-07:00 UTC\n"`, 1),
		"too long":           good + strings.Repeat(" ", 500),
	} {
		if p, err := escrow.ParsePolicy(text); fault.KindOf(err) != fault.Invalid || p.PerQuarter != 0 {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}
