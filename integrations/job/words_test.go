package job_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/integrations/job"
	"batsignal/oncall/fault"
)

func TestParams(t *testing.T) {
	d := job.Definition{Name: "x", Params: []job.Param{
		{Name: "id", Type: job.ParamID, Default: "a"}, {Name: "host", Type: job.ParamHost, Default: "h"}, {Name: "n", Type: job.ParamNumber, Default: "1"},
		{Name: "for", Type: job.ParamDuration, Default: "1s"}, {Name: "how", Type: job.ParamChoice, Choices: []string{"fast", "slow"}, Default: "fast"},
		{Name: "text", Type: job.ParamText, Default: "t"}, {Name: "odd", Type: "odd", Default: ""},
	}}
	d.Params = d.Params[:6]
	good := map[string][]string{
		"id": {"a", "0", "consul-nightly", strings.Repeat("a", 64)}, "host": {"db", "db-1.example.org", "10.0.0.1", "::1", "2001:db8::1", "XN--P1AI"},
		"n": {"0", "17", "1000000000000000"}, "for": {"90s", "2h30m", "1.5h"}, "how": {"fast", "slow"}, "text": {"Grüße an alle", "a -b", strings.Repeat("ü", 200)},
	}
	bad := map[string][]string{
		"id": {"-a", "A", "a_b", "a b", strings.Repeat("a", 65), "ä", "a\n"}, "host": {"-db", "db-", "a..b", "db:80", "fe80::1%eth0", "a b", "$(x)", strings.Repeat("a.", 130) + "a", ".", "db\n"},
		"n": {"-1", "+1", "1e3", "1000000000000001", "0x1", " 1", "99999999999999999999"}, "for": {"90", "-1s", "+1s", "0s", "soon"}, "how": {"FAST", "f"},
		"text": {"-rf", "a\nb", "a\x00b", "\x1b[2J", strings.Repeat("u", 201), "a\u2028b", "\xff"},
	}
	for name, values := range good {
		for _, v := range values {
			got, err := d.Check(job.Params{name: v})
			if err != nil || got[name] != v || len(got) != 6 {
				t.Errorf("%s=%q: %v, %v", name, v, got, err)
			}
		}
	}
	for name, values := range bad {
		for _, v := range values {
			if got, err := d.Check(job.Params{name: v}); err == nil || fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s=%q: %v, %v", name, v, got, err)
			}
		}
	}
	needed := job.Definition{Name: "x", Params: []job.Param{{Name: "how", Type: job.ParamChoice, Choices: []string{"fast", "slow"}}, {Name: "node", Type: job.ParamHost}}}
	for _, c := range []struct {
		given job.Params
		say   string
	}{
		{nil, "x needs how=fast|slow."}, {job.Params{"how": "fast"}, "x needs node=<host>."}, {job.Params{"how": "quick", "node": "a"}, `how="quick" does not do: it must be fast or slow.`},
		{job.Params{"hwo": "fast"}, `x takes no "hwo". It takes how and node.`},
	} {
		if _, err := needed.Check(c.given); err == nil || fault.Say(err) != c.say {
			t.Errorf("%v: %v", c.given, err)
		}
	}
}

// Whatever fits may be an argument of a program and a part of a line.
func FuzzParams(f *testing.F) {
	for _, seed := range []string{"a", "-rf", "db-1.example", "::1", "1", "90s", "a b", "\x00", "a\nb", "\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, kind := range []job.ParamType{job.ParamID, job.ParamHost, job.ParamNumber, job.ParamDuration, job.ParamText} {
			d := job.Definition{Name: "x", Params: []job.Param{{Name: "p", Type: kind, Default: "0"}}}
			got, err := d.Check(job.Params{"p": value})
			if err != nil || value == "" {
				continue
			}
			v := got["p"]
			if v != value || strings.HasPrefix(v, "-") || strings.ContainsAny(v, "\n\r\x00\x1b") || len(v) > 800 {
				t.Errorf("%s takes %q", kind, v)
			}
			if kind != job.ParamText && strings.ContainsAny(v, " $`'\"\\;|&<>()/") {
				t.Errorf("%s takes %q", kind, v)
			}
		}
	})
}

func TestNearest(t *testing.T) {
	names := []string{"consul-nightly", "vault-unseal", "backup-keys", "verify"}
	for word, want := range map[string]string{
		"consul-nigthly": "consul-nightly", "consul": "consul-nightly", "vault-unseel": "vault-unseal", "verfy": "verify", "keys": "", "x": "", "": "",
		strings.Repeat("a", 10_000): "",
	} {
		if got := job.Nearest(word, names); got != want {
			t.Errorf("%.20q: %q, want %q", word, got, want)
		}
	}
}

func TestETA(t *testing.T) {
	for _, c := range []struct {
		done, total int64
		took, left  time.Duration
		ok          bool
	}{
		{50, 100, 10 * time.Second, 10 * time.Second, true}, {1, 4, time.Minute, 3 * time.Minute, true}, {100, 100, time.Minute, 0, true},
		{0, 100, time.Minute, 0, false}, {5, 0, time.Minute, 0, false}, {50, 100, time.Second, 0, false}, {200, 100, time.Minute, 0, false},
		{1, 1 << 62, time.Hour, 0, false},
	} {
		if left, ok := job.ETA(c.done, c.total, c.took); left != c.left || ok != c.ok {
			t.Errorf("%+v: %v, %v", c, left, ok)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64Range(1, 1<<50).Draw(t, "total")
		a, b := rapid.Int64Range(0, total).Draw(t, "a"), rapid.Int64Range(0, total).Draw(t, "b")
		took := time.Duration(rapid.Int64Range(int64(2*time.Second), int64(100*time.Hour)).Draw(t, "took"))
		less, more := min(a, b), max(a, b)
		l, ok1 := job.ETA(less, total, took)
		m, ok2 := job.ETA(more, total, took)
		if ok1 && ok2 && m > l+time.Second { // they are rounded
			t.Errorf("more is done, and more time is left: %v, %v", l, m)
		}
		p, _ := job.Percent(less, total)
		q, _ := job.Percent(more, total)
		if p > q || p < 0 || q > 100 || q == 100 && more < total {
			t.Errorf("%d %%, %d %%", p, q)
		}
	})
}

func TestNumbersInWords(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 1500: "1.5 kB", 9949: "9.9 kB", 9999: "10 kB", 999_499: "999 kB", 999_999: "1.0 MB", 3_100_000_000: "3.1 GB", 1 << 62: "4.6 EB"} {
		if got := job.Bytes(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		-time.Second: "less than a second", 0: "less than a second", 41 * time.Second: "41 s", 3 * time.Minute: "3 min", 185 * time.Second: "3 min 5 s",
		2*time.Hour + 10*time.Minute: "2 h 10 min", 72 * time.Hour: "3 days",
	} {
		if got := job.Spell(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	from, at := start, start.Add(2*time.Minute)
	r := job.Row{State: job.Running, Done: 1_200_000_000, Total: 3_600_000_000, Unit: job.UnitBytes, ProgressFrom: &from, ProgressAt: &at}
	if got := r.Progress(); got != "1.2 GB of 3.6 GB (33 %), about 4 min left" {
		t.Error(got)
	}
	r.Unit, r.Done, r.Total = "files", 7, 0
	if got := r.Progress(); got != "7 files" {
		t.Error(got)
	}
	if got := (job.Row{}).Progress(); got != "" {
		t.Error(got)
	}
}

// Each end of a try leads to one state, and tries end: never more than there are failures and
// crashes for.
func TestTriesEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := job.Row{Tries: rapid.IntRange(1, 5).Draw(t, "tries")}
		ends := rapid.SliceOfN(rapid.SampledFrom([]job.State{job.Succeeded, job.Failed, job.TimedOut, job.Lost, job.Queued}), 0, 40).Draw(t, "ends")
		for i, end := range append(ends, job.Cancelled) {
			var next job.State
			next, r.Failures, r.Crashes = r.Next(end, false)
			if next != job.Queued {
				if next != end {
					t.Fatalf("%s became %s", end, next)
				}
				return
			}
			if r.Failures+r.Crashes/3 >= r.Tries {
				t.Fatalf("another try after %d: %+v", i, r)
			}
		}
	})
	at := start
	if next, _, _ := (job.Row{Tries: 3, CancelAt: &at}).Next(job.Failed, false); next != job.Cancelled {
		t.Errorf("cancelled, failed: %s", next)
	}
	if next, _, _ := (job.Row{Tries: 3}).Next(job.Failed, true); next != job.Failed {
		t.Errorf("failed for good: %s", next)
	}
}

// A log has an end; so have its lines; and no secret is in them.
func TestLimitsOfALog(t *testing.T) {
	s := newScene(t)
	s.Redact = func(text string) string { return strings.ReplaceAll(text, "hvs.SECRET\nPART", "(taken out)") }
	s.kind.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
		r.Logf(ctx, "token hvs.SECRET\nPART of it")
		r.Doing(ctx, "using hvs.SECRET\nPART")
		r.Logf(ctx, "%s", strings.Repeat("ü", 3000)+"\r\n\x1b[2Jclear\x00 \xff")
		for i := range job.MostLines + 100 {
			r.Logf(ctx, "line %d", i)
		}
		if err := r.Say(ctx, "look: hvs.SECRET\nPART"); err != nil {
			return job.Result{}, err
		}
		err := r.Step(ctx, "hvs.SECRET\nPART", "", nil, func(context.Context) error { return fmt.Errorf("bad hvs.SECRET\nPART") })
		return job.Result{Said: "It is hvs.SECRET\nPART.", Evidence: [][2]string{{"it", "hvs.SECRET\nPART"}}, Artifacts: []job.Artifact{{Name: "no sum"}}}, fault.Wrap(fault.Unready, err, "no: hvs.SECRET\nPART")
	}
	r := s.ask(job.Ask{Reason: "for hvs.SECRET\nPART"})
	s.work(r.ID)
	lines, err := s.Lines(ctx, r.ID, 0)
	s.must(err)
	if len(lines) < job.MostLines || len(lines) > job.MostLines+10 || !strings.Contains(s.log(r.ID), "The log is cut here: a run keeps 20000 lines.\n") {
		t.Errorf("%d lines", len(lines))
	}
	for i, l := range lines {
		if l.N != i+1 || len([]rune(l.Text)) > job.LongestLine || strings.ContainsAny(l.Text, "\n\x1b\x00") {
			t.Fatalf("line %d: %q", i, l.Text)
		}
	}
	all := s.log(r.ID) + strings.Join(s.said(), "\n") + get[string](t, s.db, `select string_agg(r::text, ' ') from job_run r`) + get[string](t, s.db, `select string_agg(r::text, ' ') from job_step r`)
	if strings.Contains(all, "SECRET") || !strings.Contains(all, "(taken out)") {
		t.Error("a secret is kept or said")
	}
	more, err := s.Lines(ctx, r.ID, len(lines)-1)
	s.must(err)
	if len(more) != 1 {
		t.Errorf("%d lines after the last but one", len(more))
	}
}

// However often a kind tells its progress, it is written about once a second.
func TestProgressIsWrittenSparingly(t *testing.T) {
	s := newScene(t)
	conn, err := s.db.Acquire(ctx)
	s.must(err)
	defer conn.Release()
	_, err = conn.Exec(ctx, "listen batsignal_job")
	s.must(err)
	var r job.Row
	s.kind.do = func(_ context.Context, run *job.Run) (job.Result, error) {
		for i := range 100_000 {
			run.Progress(int64(i), 100_000, job.UnitBytes)
		}
		s.later(4 * time.Second)
		run.Progress(25_000, 100_000, job.UnitBytes)
		eventually(t, "it is seen", func() bool { return s.row(r.ID).Done == 25_000 })
		if row := s.row(r.ID); !strings.HasPrefix(row.Progress(), "25 kB of 100 kB (25 %)") {
			t.Errorf("%q", row.Progress())
		}
		return job.Result{}, nil
	}
	r = s.ask(job.Ask{})
	began := time.Now()
	s.work(r.ID)
	most := 6 + int(time.Since(began)/time.Second)
	n := 0
	for {
		waiting, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		got, err := conn.Conn().WaitForNotification(waiting)
		cancel()
		if err != nil {
			break
		}
		if got.Payload != "1" {
			t.Errorf("told of %q", got.Payload)
		}
		n++
	}
	if n < 4 || n > most {
		t.Errorf("told %d times, want at most %d", n, most)
	}
}

func TestRecent(t *testing.T) {
	s := newScene(t, job.Definition{Name: "a"}, job.Definition{Name: "b"})
	for _, name := range []string{"a", "b", "a", "b"} {
		s.ask(job.Ask{Job: name, Dry: name == "b"})
	}
	s.work(1)
	for _, c := range []struct {
		q    job.Query
		want string
	}{
		{job.Query{}, "4 3 2 1"}, {job.Query{Job: "a"}, "3 1"}, {job.Query{NoDry: true, Before: 3}, "1"}, {job.Query{Open: true}, "3"},
		{job.Query{States: []job.State{job.Succeeded}, Most: 2}, "4 2"}, {job.Query{Incident: 9}, ""},
	} {
		rows, err := s.Recent(ctx, c.q)
		s.must(err)
		var got []string
		for _, r := range rows {
			got = append(got, fmt.Sprint(r.ID))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %v", c.q, got)
		}
	}
}
