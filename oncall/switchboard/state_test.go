package switchboard

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/switchboard/totp"
	"batsignal/oncall/wholefile"
)

func TestOneSwitchboardAFolder(t *testing.T) {
	w := start(t)
	_, err := New(w.o)
	wantKind(t, err, fault.Conflict, "another switchboard may run")
	w.restart()
}

// What cannot be written down is not allowed, and a code that was given is used up all the
// same.
func TestADiskThatIsFullAllowsNothing(t *testing.T) {
	w := start(t)
	c := w.asked("ada", "openssl")
	digits := w.fresh("ben")
	full := filepath.Join(w.dir, stateName+".new")
	if err := os.Mkdir(full, 0o700); err != nil { // it cannot be written over
		t.Fatal(err)
	}
	w.confirm("ben", c.Code, digits)
	w.refused(c.Code, "I cannot write down what I decide")
	if _, err := w.a.Challenge(context.Background(), w.ask("ben", "glibc")); fault.KindOf(err) != fault.Unready {
		t.Error(err)
	}
	if err := os.Remove(full); err != nil {
		t.Fatal(err)
	}
	w.confirm("ben", c.Code, digits)
	w.refused(c.Code, "was used before")
	w.confirm("ben", c.Code, w.fresh("ben"))
	w.live(c.Code, 1)
}

func TestADamagedStateIsNotGuessedAt(t *testing.T) {
	w := start(t)
	w.grantOf()
	name := filepath.Join(w.dir, stateName)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	w.close()
	defer func() {
		if err := wholefile.Replace(filepath.Join(w.dir, stateName), text, 0o600); err != nil {
			t.Fatal(err)
		}
		w.open()
	}()
	for what, bad := range map[string]string{
		"half":             string(text[:len(text)/2]),
		"empty":            "",
		"a later version":  strings.Replace(string(text), `"version": 1`, `"version": 2`, 1),
		"a longer grant":   strings.Replace(string(text), `"until": "2026-03-14T13:`, `"until": "2026-03-14T19:`, 1),
		"by one person":    strings.Replace(string(text), `"confirmed": "ben"`, `"confirmed": "ada"`, 1),
		"a code too short": strings.Replace(string(text), `"code": "K001"`, `"code": "K1"`, 1),
	} {
		if bad == string(text) {
			t.Fatal(what)
		}
		if err := wholefile.Replace(filepath.Join(w.dir, stateName), []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := New(w.o)
		wantKind(t, err, fault.Unready, "in which I keep what was allowed")
	}
}

func FuzzStateFile(f *testing.F) {
	w := newWorld(f)
	code := w.grantOf()
	w.live(code, 7)
	w.confirm("ada", w.asked("cleo", "glibc").Code, w.wrong("ada"))
	text, err := os.ReadFile(filepath.Join(w.dir, stateName))
	w.end()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"version":1}`))
	f.Add([]byte(`{"version":1,"challenges":[{"code":"K7QX","span":{"since":"2026-01-01T00:00:00Z","until":"2026-01-01T00:15:00Z","up":-1}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := parseState(text)
		if err != nil {
			return
		}
		r := reading{noon, Uptime{"boot 1", time.Hour}}
		for _, c := range s.Challenges {
			if c.granted() && c.Grant.Span.length() != time.Hour || c.granted() && c.Grant.Declared == c.Grant.Confirmed {
				t.Fatalf("%+v", c)
			}
			_ = c.open(r)
		}
		written, err := json.Marshal(&s)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parseState(written); err != nil || !reflect.DeepEqual(again, s) {
			t.Fatalf("%v: %+v\n%+v", err, again, s)
		}
	})
}

// A child confirms one request after the other and says what it has; it is killed at any
// moment. Whatever it said holds, and no code is good again.
func TestKillLosesNoGrantAndGivesNoCodeBack(t *testing.T) {
	if dir := os.Getenv("SWITCHBOARD_CHILD"); dir != "" {
		child(t, dir)
		return
	}
	w := start(t)
	w.close()
	defer w.open()
	for round := range 8 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKillLosesNoGrantAndGivesNoCodeBack$", "-test.v")
		cmd.Env = append(os.Environ(), "SWITCHBOARD_CHILD="+w.dir)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		// By how many lines it has said, not by time: a slow machine tests the same.
		var said []string
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if line := lines.Text(); strings.HasPrefix(line, "GAVE ") || strings.HasPrefix(line, "GRANTED ") {
				said = append(said, line)
			}
			if len(said) == 3+2*round {
				_ = cmd.Process.Kill()
				break
			}
		}
		_ = cmd.Wait()
		if len(said) == 0 {
			t.Fatal("the child said nothing")
		}
		s, err := loadState(w.dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range said {
			var code string
			var step int64
			if n, _ := fmt.Sscanf(line, "GRANTED %s %d", &code, &step); n < 2 {
				continue
			}
			if c := s.find(code); c == nil || !c.granted() || c.Grant.Incident != 7 {
				t.Fatalf("round %d: %s was granted and bound, and is lost", round, code)
			}
			if s.Burnt["ben"].Step < step {
				t.Fatalf("round %d: the code of step %d is good again", round, step)
			}
		}
		if err := os.Remove(filepath.Join(w.dir, stateName)); err != nil {
			t.Fatal(err)
		}
	}
}

// child confirms until it is killed.
func child(t *testing.T, dir string) {
	w := &world{t: t, dir: dir, wall: noon, up: Uptime{"boot 1", time.Hour}, count: 12}
	w.o = Options{
		Dir: dir, Now: func() time.Time { return w.wall }, Uptime: func() Uptime { return w.up },
		Bots: map[string]string{"libera": "batsignal"}, Ears: []string{"libera"},
		Count: func(context.Context, int64) (int, error) { return 12, nil },
	}
	w.open()
	ben, _, err := w.a.people.byHandle("ben")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 20 { // hours: less than what is remembered
		w.wait(time.Hour)
		c := w.asked("ada", fmt.Sprint("fire ", n))
		fmt.Println("GAVE", c.Code)
		w.confirm("ben", c.Code, totp.Code(ben.seed, w.wall).Reveal())
		w.live(c.Code, 7)
		fmt.Println("GRANTED", c.Code, totp.Step(w.wall))
	}
}
