package main

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"batsignal/oncall/fault"
)

var update = flag.Bool("update", false, "rewrite the generated files")

// alone makes a test independent of the machine: none of our variables, a home
// of its own, no credentials.
func alone(t *testing.T) {
	t.Helper()
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, envPrefix) || name == "CREDENTIALS_DIRECTORY" {
			t.Setenv(name, "") // so that the test's end restores it
			os.Unsetenv(name)
		}
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_STATE_HOME", t.TempDir())
}

// writeFile puts a file into dir and returns its path.
func writeFile(t *testing.T, dir, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask says
		t.Fatal(err)
	}
	return path
}

// loadText reads a configuration from the text of a file.
func loadText(t *testing.T, text string) (loaded, error) {
	t.Helper()
	return loadConfig(writeFile(t, t.TempDir(), "batsignal.yaml", text, 0o600), nil)
}

func TestWithoutAFileTheDefaultsAreGood(t *testing.T) {
	alone(t)
	l, err := loadConfig("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if l.Web.PublicURL != "http://127.0.0.1:8373" || l.Guard.Confirmations != 1 || len(l.Roles) != 5 {
		t.Errorf("unexpected defaults: %+v", l.Config)
	}
	if !filepath.IsAbs(l.StateDir) {
		t.Errorf("the state directory is %q", l.StateDir)
	}
	var leads []string
	for _, role := range l.Roles {
		if role.Leads {
			leads = append(leads, role.Name)
		}
		if role.PatienceSev1 != 90*time.Second || role.Patience != 5*time.Minute {
			t.Errorf("%s waits %s and %s", role.Name, role.PatienceSev1, role.Patience)
		}
	}
	if !reflect.DeepEqual(leads, []string{"coordination"}) {
		t.Errorf("leading roles: %v", leads)
	}
}

func TestFlagsWinOverEnvironmentOverFile(t *testing.T) {
	alone(t)
	file := writeFile(t, t.TempDir(), "batsignal.yaml", `
log: {level: warn, format: json}
web: {listen: "127.0.0.1:1"}
guard: {per_person: 7, may_fire: [maria, "role:coordination"]}
commands:
`, 0o600)
	t.Setenv("BATSIGNAL_WEB_LISTEN", "127.0.0.1:2")
	t.Setenv("BATSIGNAL_LOG_LEVEL", "error")
	t.Setenv("BATSIGNAL_GUARD_PER_ORGANISATION", "9")
	t.Setenv("BATSIGNAL_GUARD_WINDOW", "20m")
	t.Setenv("BATSIGNAL_GUARD_MAY_CONFIRM", "maria, @known")
	t.Setenv("BATSIGNAL_LOG_FORMAT", "") // empty is not given
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	flags.String("log-level", "", "")
	flags.String("state-dir", "", "")
	bindFlag(flags, "log-level", "log.level")
	bindFlag(flags, "state-dir", "state_dir")
	if err := flags.Parse([]string{"--log-level", "debug"}); err != nil {
		t.Fatal(err)
	}

	l, err := loadConfig(file, flags)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key       string
		got, want any
		from      string
	}{
		{"log.level", l.Log.Level, "debug", "--log-level"},
		{"log.format", l.Log.Format, "json", file + ":2"},
		{"web.listen", l.Web.Listen, "127.0.0.1:2", "BATSIGNAL_WEB_LISTEN"},
		{"web.public_url", l.Web.PublicURL, "http://127.0.0.1:2", ""},
		{"guard.per_person", l.Guard.PerPerson, 7, file + ":4"},
		{"guard.per_organisation", l.Guard.PerOrganisation, 9, "BATSIGNAL_GUARD_PER_ORGANISATION"},
		{"guard.window", l.Guard.Window, 20 * time.Minute, "BATSIGNAL_GUARD_WINDOW"},
		{"guard.may_fire", l.Guard.MayFire, []string{"maria", "role:coordination"}, file + ":4"},
		{"guard.may_confirm", l.Guard.MayConfirm, []string{"maria", "@known"}, "BATSIGNAL_GUARD_MAY_CONFIRM"},
		{"guard.period", l.Guard.Period, 24 * time.Hour, ""},
		{"commands.prefix", l.Commands.Prefix, "!", ""},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: %s", c.key, diff)
		}
		if from := l.origin(c.key); from != c.from {
			t.Errorf("%s comes from %q, want %q", c.key, from, c.from)
		}
	}
}

func TestEntriesKeepTheirCaseAndBeginWithTheirOwnDefaults(t *testing.T) {
	alone(t)
	l, err := loadText(t, `
irc:
  - {id: libera, server: "irc.libera.chat:6697", home: '#Security', rooms: ['#Infra', '#inc.ops'], sasl: }
  - {id: here, server: "127.0.0.1:6667", tls: false, home: '#a', lines_per_second: 20, incident_room: ""}
admins: [libera/Maria]
commands: {aliases: [{alias: sos, means: batsignal --sev 1 SOS}]}
roles:
  - {name: coordination, leads: true, patience: 2m}
  - {name: cats-and-dogs}
`)
	if err != nil {
		t.Fatal(err)
	}
	libera, here := defaultIRC(), defaultIRC()
	libera.ID, libera.Server, libera.Home, libera.Rooms = "libera", "irc.libera.chat:6697", "#Security", []string{"#Infra", "#inc.ops"}
	here.ID, here.Server, here.TLS, here.Home, here.LinesPerSecond, here.IncidentRoom = "here", "127.0.0.1:6667", false, "#a", 20, ""
	secrets := cmp.Comparer(func(a, b ircConfig) bool { return reflect.DeepEqual(a, b) })
	if diff := cmp.Diff([]ircConfig{libera, here}, l.IRC, secrets); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"libera/Maria"}, l.Admins); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]aliasConfig{{"sos", "batsignal --sev 1 SOS"}}, l.Commands.Aliases); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]roleConfig{
		{"coordination", "coordination", true, 90 * time.Second, 2 * time.Minute},
		{"cats-and-dogs", "cats and dogs", false, 90 * time.Second, 5 * time.Minute},
	}, l.Roles); diff != "" {
		t.Error(diff)
	}
}

func TestNamesOfFilesAreReadFromWhereTheyWereWritten(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	file := writeFile(t, dir, "batsignal.yaml", "state_dir: state\n", 0o600)
	l, err := loadConfig(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "state"); l.StateDir != want {
		t.Errorf("from a file: %s, want %s", l.StateDir, want)
	}

	t.Setenv("BATSIGNAL_STATE_DIR", "~/bat")
	if l, err = loadConfig(file, nil); err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(os.Getenv("HOME"), "bat"); l.StateDir != want {
		t.Errorf("from a variable: %s, want %s", l.StateDir, want)
	}

	t.Setenv("BATSIGNAL_STATE_DIR", "bat")
	if l, err = loadConfig(file, nil); err != nil {
		t.Fatal(err)
	}
	here, _ := os.Getwd()
	if want := filepath.Join(here, "bat"); l.StateDir != want {
		t.Errorf("a short name from a variable: %s, want %s", l.StateDir, want)
	}
}

func TestAFileThatIsNotThereSaysHowToMakeOne(t *testing.T) {
	alone(t)
	_, err := loadConfig(filepath.Join(t.TempDir(), "nowhere.yaml"), nil)
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), "batsignal config example > ") {
		t.Errorf("got: %v", err)
	}
}
