package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// cli runs the program as a shell would.
func cli(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	status = execute(args, strings.NewReader(""), &out, &errs)
	return status, out.String(), errs.String()
}

func TestTheExitStatusTellsWhoseFaultItIs(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	good := writeFile(t, dir, "good.yaml", "log: {level: warn}\n", 0o600)
	bad := writeFile(t, dir, "bad.yaml", "log: {levle: warn}\n", 0o600)
	for _, c := range []struct {
		args   string
		status int
		stdout string // how it begins
		stderr string // in full, but for the last line of hints
	}{
		{"", exitOK, "Batsignal is a chat bot", ""},
		{"help", exitOK, "Batsignal is a chat bot", ""},
		{"config", exitOK, "Write, check and show", ""},
		{"version", exitOK, "batsignal ", ""},
		{"config check --config " + good, exitOK, "The configuration is good.\n", ""},
		{"config show -c " + good + " --log-format json", exitOK, "state_dir: ", ""},
		{"config example", exitOK, "# Batsignal's configuration", ""},
		{"config check --config " + bad, exitUsage, "", "batsignal: Configuration: log.levle: unknown key; did you mean log.level? (" + bad + ":1)\n"},
		{"config check --log-level loud", exitUsage, "", "batsignal: Configuration: log.level: must be one of: debug, info, warn, error (--log-level)\n"},
		{"config exmaple", exitUsage, "", "batsignal: unknown command \"exmaple\" for \"batsignal config\"\nTry: batsignal config --help\n"},
		{"version now", exitUsage, "", "batsignal: unknown command \"now\" for \"batsignal version\"\nTry: batsignal version --help\n"},
		{"version --jsno", exitUsage, "", "batsignal: unknown flag: --jsno\nTry: batsignal version --help\n"},
	} {
		t.Run(c.args, func(t *testing.T) {
			status, stdout, stderr := cli(t, strings.Fields(c.args)...)
			if status != c.status || !strings.HasPrefix(stdout, c.stdout) || stderr != c.stderr {
				t.Errorf("status %d (want %d)\nstdout: %s\nstderr: %s", status, c.status, stdout, stderr)
			}
		})
	}
}

func TestTheFileCanComeFromTheEnvironment(t *testing.T) {
	alone(t)
	t.Setenv(envConfig, writeFile(t, t.TempDir(), "batsignal.yaml", "roster: {join: open}\n", 0o600))
	if _, stdout, stderr := cli(t, "config", "show"); !strings.Contains(stdout, "\n  join: open  # ") {
		t.Errorf("%s%s", stdout, stderr)
	}
}

func TestVersionForMachines(t *testing.T) {
	_, stdout, _ := cli(t, "version", "--json")
	var b build
	if err := json.Unmarshal([]byte(stdout), &b); err != nil || b.Version == "" || b.Go == "" {
		t.Errorf("%v: %s", err, stdout)
	}
}

func TestHealthAsksTheAddressOfTheConfiguration(t *testing.T) {
	alone(t)
	well := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" || !well {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Setenv("BATSIGNAL_WEB_LISTEN", server.Listener.Addr().String())

	if status, stdout, _ := cli(t, "health"); status != exitOK || stdout != "batsignal is well.\n" {
		t.Errorf("well: status %d, %s", status, stdout)
	}
	well = false
	if status, _, stderr := cli(t, "health"); status != exitFailed || !strings.Contains(stderr, "503 Service Unavailable. Its log says why.") {
		t.Errorf("ill: status %d, %s", status, stderr)
	}
	server.Close()
	if status, _, stderr := cli(t, "health"); status != exitFailed || !strings.Contains(stderr, "Nothing answers at ") {
		t.Errorf("gone: status %d, %s", status, stderr)
	}
}

func TestReachable(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:1": "127.0.0.1:1",
		"0.0.0.0:1":   "127.0.0.1:1",
		":1":          "127.0.0.1:1",
		"[::]:1":      "[::1]:1",
		"[fd00::1]:1": "[fd00::1]:1",
		"localhost:1": "localhost:1",
	} {
		if got := reachable(listen); got != want {
			t.Errorf("%s: got %s, want %s", listen, got, want)
		}
	}
}
