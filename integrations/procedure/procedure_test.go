package procedure_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"batsignal/integrations/argv"
	"batsignal/integrations/job"
	"batsignal/integrations/job/jobtest"
	"batsignal/integrations/procedure"
	"batsignal/migrations/childtest"
	"batsignal/oncall/fault"
)

func TestMain(m *testing.M) {
	if is, err := argv.Enter(os.Args, os.Environ()); is {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(argv.NotEntered)
	}
	goleak.VerifyTestMain(m)
}

// script is a program of an operator's.
func script(t testing.TB, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

func made(t testing.TB, c procedure.Config) *procedure.Procedure {
	t.Helper()
	p, err := procedure.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func do(t testing.TB, p *procedure.Procedure, params job.Params) (job.Result, *jobtest.Memory, error) {
	t.Helper()
	r, memory := jobtest.Run(t, job.About{Params: params})
	result, err := p.Do(t.Context(), r)
	return result, memory, err
}

func text(name string) job.Param   { return job.Param{Name: name, Type: job.ParamText} }
func number(name string) job.Param { return job.Param{Name: name, Type: job.ParamNumber} }

func TestAProcedureRunsAndTells(t *testing.T) {
	const canary = "canary-of-the-token"
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(canary+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := made(t, procedure.Config{
		Argv: []string{script(t, `echo "in $PWD with $MODE: $#: $*"; echo careful >&2; test "$(cat $1)" = `+canary+` && echo it knows; tr '\0' ' ' </proc/$$/cmdline; echo
echo '{"said": "3 packages are new.", "evidence": [["packages", "3"]]}'`), "@TOKEN@", "--host", "{host}", "--", "{why}"},
		Params: []job.Param{{Name: "host", Type: job.ParamHost}, text("why")}, Env: []string{"MODE=fast"}, Secrets: map[string]string{"TOKEN": file}, Dir: "/usr", Report: true,
		Timeout: time.Hour, Limits: argv.Limits{Files: 100},
	})
	params := job.Params{"host": "web1", "why": "it's $(slow); really"}
	plan, err := p.Plan(t.Context(), params)
	if err != nil || !strings.Contains(plan[0], `@TOKEN@' --host web1 -- 'it'\''s $(slow); really'`) || !strings.Contains(plan[1], "In /usr") || !strings.Contains(plan[2], "TOKEN") {
		t.Errorf("%q, %v", plan, err)
	}
	result, memory, err := do(t, p, params)
	if err != nil || result.Said != "3 packages are new." || fmt.Sprint(result.Evidence) != "[[packages 3]]" {
		t.Errorf("%+v, %v", result, err)
	}
	for _, want := range []string{"in /usr with fast: 5: /proc/self/fd/3 --host web1 -- it's $(slow); really", "careful", "it knows", "without a sandbox, with limits"} {
		if !strings.Contains(memory.Text(), want) {
			t.Errorf("%q is missing in:\n%s", want, memory.Text())
		}
	}
	if strings.Contains(memory.Text(), canary) || strings.Contains(memory.Text(), `"said"`) {
		t.Error(memory.Text())
	}
}

func TestHowItEnds(t *testing.T) {
	for _, c := range []struct {
		program string
		success []int
		said    string // or the error
		good    bool
	}{
		{"exit 0", nil, "program ended with status 0.", true},
		{"exit 3", nil, "program ended with status 3.", false},
		{"exit 3", []int{0, 3}, "program ended with status 3.", true},
		{"exit 0", []int{3}, "none of those that are good", false},
		{"echo one; echo the disk is full. >&2; exit 1", nil, "program ended with status 1: the disk is full.", false},
		{"kill -9 $$", []int{-1, 9}, "was ended by a signal", false},
	} {
		result, _, err := do(t, made(t, procedure.Config{Argv: []string{script(t, c.program)}, Success: c.success}), nil)
		if c.good != (err == nil) || c.good && result.Said != c.said || !c.good && (!strings.Contains(fault.Say(err), c.said) || fault.KindOf(err) != fault.Conflict) {
			t.Errorf("%s: %q, %v", c.program, result.Said, err)
		}
	}
	_, _, err := do(t, made(t, procedure.Config{Argv: []string{script(t, "sleep 1000")}, Timeout: 50 * time.Millisecond}), nil)
	if fault.KindOf(err) != fault.Limited || !strings.Contains(err.Error(), "took longer") {
		t.Errorf("%v", err)
	}
	why := errors.New("ada cancelled it")
	ctx, cancel := context.WithCancelCause(t.Context())
	r, _ := jobtest.Run(t, job.About{})
	cancel(why)
	if _, err := made(t, procedure.Config{Argv: []string{"/bin/true"}}).Do(ctx, r); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
	missing := made(t, procedure.Config{Argv: []string{"/no/such/program"}})
	if _, err := missing.Plan(t.Context(), nil); fault.KindOf(err) != fault.Unready {
		t.Errorf("%v", err)
	}
	if _, _, err := do(t, missing, nil); fault.KindOf(err) != fault.Unready {
		t.Errorf("%v", err)
	}
	gone := made(t, procedure.Config{Argv: []string{"/bin/cat", "@T@"}, Secrets: map[string]string{"T": "/no/such/file"}})
	if _, _, err := do(t, gone, nil); fault.KindOf(err) != fault.Unready {
		t.Errorf("%v", err)
	}
}

func TestOfMuchThatIsPrintedBothEndsAreKept(t *testing.T) {
	_, memory, err := do(t, made(t, procedure.Config{Argv: []string{script(t, "seq 1 5000")}}), nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := memory.Lines[1:]
	if len(lines) != 601 || lines[0] != "1" || lines[499] != "500" || lines[500] != "(4400 lines are left out here)" || lines[501] != "4901" || lines[600] != "5000" {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
}

func TestWhatIsNoReportIsALine(t *testing.T) {
	for line, want := range map[string]string{
		`plain`: "printf ended", `{"said": 3}`: "printf ended", `{"said": "a"} x`: "printf ended", `{"other": 1}`: "printf ended", `{}`: "printf ended",
		`{"said": "two\nlines\u202e\u0007"}`: "two lines", `{"said": "` + strings.Repeat("x", 900) + `"}`: strings.Repeat("x", 299) + "…",
	} {
		p := made(t, procedure.Config{Argv: []string{"/usr/bin/printf", "%s\n", "before", line}, Report: true})
		result, memory, err := do(t, p, nil)
		if err != nil || !strings.HasPrefix(result.Said, want) {
			t.Errorf("%s: %q, %v", line, result.Said, err)
		}
		if !strings.Contains(memory.Text(), "before\n") {
			t.Errorf("%s: %s", line, memory.Text())
		}
	}
}

func TestWhatIsNoProcedureIsRefused(t *testing.T) {
	host := job.Param{Name: "host", Type: job.ParamHost}
	for want, c := range map[string]procedure.Config{
		"absolute path of a program": {Argv: []string{"ls"}},
		"here it is \"\"":            {},
		"parameter that there is":    {Argv: []string{"/bin/ls", "{file}"}},
		"part of an argument":        {Argv: []string{"/bin/ls", "--host={host}", "{host}"}, Params: []job.Param{host}},
		"nowhere in the arguments":   {Argv: []string{"/bin/ls"}, Params: []job.Param{host}},
		"one that another one has":   {Argv: []string{"/bin/ls", "{host}"}, Params: []job.Param{host, host}},
		"as options do":              {Argv: []string{"/bin/ls", "{c}"}, Params: []job.Param{{Name: "c", Type: job.ParamChoice, Choices: []string{"a", "-l"}}}},
		"ssh may hand":               {Argv: []string{"/usr/bin/ssh", "web1", "restart", "{why}"}, Params: []job.Param{text("why")}},
		"sh may hand":                {Argv: []string{"/usr/bin/env", "sh", "-c", "echo $1", "x", "{why}"}, Params: []job.Param{text("why")}},
		"bash may hand":              {Argv: []string{"/bin/bash", "-c", "{c}"}, Params: []job.Param{{Name: "c", Type: job.ParamChoice, Choices: []string{"a;b"}}}},
		"no variable":                {Argv: []string{"/bin/ls"}, Env: []string{"X"}},
		"The secret T is nowhere":    {Argv: []string{"/bin/ls"}, Secrets: map[string]string{"T": "/t"}},
		"name without @":             {Argv: []string{"/bin/ls", "@T@"}, Secrets: map[string]string{"T": "t"}},
		"an absolute path, not":      {Argv: []string{"/bin/ls"}, Dir: "tmp"},
	} {
		if _, err := procedure.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	made(t, procedure.Config{Argv: []string{"/usr/bin/ssh", "{host}", "uptime"}, Params: []job.Param{host}})
	made(t, procedure.Config{Argv: []string{"/bin/echo", "{}", "{X}", "{a b}", "{\"json\": 1}"}})
}

// hostile are values that have become something else in other programs.
var hostile = []string{"", "-rf", "--", "--help", "+x", "@/etc/passwd", "@TOKEN@", "x@TOKEN@", "a b", "a\tb", "a\nb", "$(id)", "`id`", "$HOME", "${IFS}", "a;b", "a|b", "a&b", ">x", "*", "~", "?",
	"{n}", "{why}", "'", `"`, `\`, "\x00", "a\x00b", "\xff", "ä", "%s", "!x", "#x", "=x", "\u2028", strings.Repeat("x", 2000)}

// check runs a program that counts its arguments: a value is refused, or is the one argument
// that it stands for, letter by letter.
func check(t *testing.T, counts *procedure.Procedure, one, other string) {
	t.Helper()
	_, memory, err := do(t, counts, job.Params{"why": one, "n": other})
	if err != nil {
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q, %q: %v", one, other, err)
		}
		return
	}
	for _, value := range []string{one, other} {
		if value == "" || strings.ContainsAny(value[:1], "-+@") || strings.ContainsAny(value, "\x00\n\r\x1b") {
			t.Errorf("%q was taken", value)
		}
	}
	want := fmt.Sprintf("5 %x", strings.Join([]string{"/proc/self/fd/3", one, "--n", other, "end"}, "\x01"))
	if !strings.Contains(memory.Text(), "\n"+want+"\n") {
		t.Errorf("%q, %q arrive as\n%s and not\n%s", one, other, memory.Text(), want)
	}
}

func counting(t testing.TB) *procedure.Procedure {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("t"), 0o600); err != nil {
		t.Fatal(err)
	}
	return made(t, procedure.Config{
		Argv: []string{script(t, `n=$#; IFS=$(printf '\001'); printf '%s ' $n; printf '%s' "$*" | od -An -v -tx1 | tr -d ' \n'; echo`), "@TOKEN@", "{why}", "--n", "{n}", "end"},
		// Types would refuse most of this; here is what holds without them.
		Params: []job.Param{text("why"), text("n")}, Secrets: map[string]string{"TOKEN": token},
	})
}

func TestAValueIsOneArgumentAndNoOption(t *testing.T) {
	counts := counting(t)
	for _, value := range hostile {
		check(t, counts, value, "x")
		check(t, counts, "x", value)
	}
	for _, p := range []job.Param{text("a"), number("a")} {
		if _, err := made(t, procedure.Config{Argv: []string{"/bin/echo", "{a}"}, Params: []job.Param{p}}).Plan(t.Context(), job.Params{"a": "-1"}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v", err)
		}
	}
}

func FuzzAValueIsOneArgumentAndNoOption(f *testing.F) {
	for _, value := range hostile {
		f.Add(value, "x")
	}
	counts := counting(f)
	f.Fuzz(func(t *testing.T, one, other string) { check(t, counts, one, other) })
}

// One that is to run offline has a network with nobody else in it, or does not run.
func TestAProcedureRunsOffline(t *testing.T) {
	ours, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	c := procedure.Config{Argv: []string{script(t, "readlink /proc/self/ns/net; ulimit -Hn")}, Offline: true, Limits: argv.Limits{Files: 50}, Sandbox: &argv.Sandbox{Writable: []string{"/tmp"}, Tasks: 20}}
	if _, err := procedure.New(c); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
	c.Walls = []string{"/bin/false"}
	p := made(t, c)
	_, _, err = do(t, p, nil)
	_, planned := p.Plan(t.Context(), nil)
	for _, err := range []error{err, planned} {
		if fault.KindOf(err) != fault.Unready || !strings.Contains(fault.Say(err), "set offline: false") {
			t.Errorf("%v", err)
		}
	}
	c.Walls = argv.OurWalls()
	if err := argv.TryWalls(t.Context(), c.Walls); err != nil {
		childtest.Lacks(t, err)
	}
	p = made(t, c)
	_, memory, err := do(t, p, nil)
	if text := memory.Text(); err != nil || !strings.Contains(text, "net:[") || strings.Contains(text, ours) || !strings.Contains(text, "\n50") || !strings.Contains(text, "in a network of its own, with limits") {
		t.Errorf("%s, %v", text, err)
	}
	if plan, err := p.Plan(t.Context(), nil); err != nil || !strings.Contains(plan[1], "in a network of its own") {
		t.Errorf("%q, %v", plan, err)
	}
}
