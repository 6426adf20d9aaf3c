package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"golang.org/x/tools/txtar"

	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// The whole life of two keyrings, as people type it: five custodians, one of whom is
// changed, the exchange of both hosts' keys, and the day on which both hosts are gone. In
// testdata/ceremony.txtar "$" begins a command, "<" what is typed into it, and "seal" is
// somebody who seals an address on their own machine.
func TestTheCeremony(t *testing.T) {
	alone(t)
	path := "testdata/ceremony.txtar"
	story, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	w := newCeremony(t)
	for i, chapter := range story.Files {
		story.Files[i].Data = []byte(w.play(string(chapter.Data)))
		if diff := cmp.Diff(string(chapter.Data), string(story.Files[i].Data)); diff != "" && !*update {
			t.Fatalf("%s: otherwise than before (-want +got); if that is right, run with -update:\n%s", chapter.Name, diff)
		}
	}
	if *update {
		t.Chdir(home)
		if err := os.WriteFile(path, txtar.Format(story), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// ceremony is a folder with what the commands need.
type ceremony struct {
	*testing.T
	db    *pgtest.DB
	words map[string]string
}

func newCeremony(t *testing.T) *ceremony {
	t.Helper()
	t.Setenv(envUnhardened, "1") // other tests of this process are looked into
	w := &ceremony{T: t, db: pgtest.Fresh(t), words: map[string]string{}}
	t.Chdir(t.TempDir())
	pin := "sha256:" + strings.Repeat("0", 64)
	writeFile(t, ".", "bot.yaml", fmt.Sprintf("database: {url: %q}\nstate_dir: bot\n", w.db.BotDSN), 0o600)
	for _, name := range []string{"switchboard", "other"} {
		writeFile(t, ".", name+".yaml", fmt.Sprintf(`database: {url: %q}
state_dir: %s
switchboard:
  run:
    {listen: "127.0.0.1:8375", peer: %q, bots: ["https://127.0.0.1:8376"], pages: "127.0.0.1:8377", pages_url: "https://seal.example.org"}
`, w.db.SwitchboardDSN, name, pin), 0o600)
	}
	// One person runs both hosts, and can read a custodian's safe.
	writeFile(t, ".", "places.txt", "place host of the bot: kim\nplace host of the switchboard: kim, lou\nplace safe in Berlin: Ada, kim\n", 0o600)
	for _, name := range []string{"ada", "bert", "carla", "fritz"} {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, ".", name+".key", id.String()+"\n", 0o600)
		w.words["$"+name] = id.Recipient().String()
	}
	return w
}

// play returns a chapter as it goes now.
func (w *ceremony) play(chapter string) string {
	var out strings.Builder
	defer func() { w.Log(out.String()) }() // seen if something fails
	lines := strings.Split(chapter, "\n")
	for i, line := range lines {
		command, is := strings.CutPrefix(line, "$ ")
		if !is {
			continue
		}
		typed := ""
		fmt.Fprintln(&out, line)
		for _, more := range lines[i+1:] {
			text, is := strings.CutPrefix(more, "< ")
			if !is {
				break
			}
			typed += w.typed(text)
			fmt.Fprintln(&out, more)
		}
		out.WriteString(stable(w.run(command, typed)))
	}
	return out.String()
}

// run is a shell that knows quotes, one pipe and one redirection. It returns what is seen on
// the screen.
func (w *ceremony) run(line, typed string) string {
	line, file, stored := strings.Cut(line, " > ")
	first, second, piped := strings.Cut(line, " | ")
	var screen, out strings.Builder
	var show io.Writer = io.MultiWriter(&screen, &out)
	if stored {
		show = &out
	}
	if piped {
		var pipe strings.Builder
		w.one(first, typed, &pipe, &screen)
		first, typed = second, pipe.String()
	}
	status := w.one(first, typed, show, &screen)
	if stored {
		writeFile(w.T, ".", file, out.String(), 0o600)
	}
	if status != exitOK {
		fmt.Fprintf(&screen, "(status %d)\n", status)
	}
	return screen.String()
}

func (w *ceremony) one(line, typed string, out, errs io.Writer) (status int) {
	args := w.split(line)
	switch args[0] {
	case "seal":
		w.seal(args[1], args[2], args[3])
		return exitOK
	case "chmod":
		mode := os.FileMode(0o600)
		if args[1] == "644" {
			mode = 0o644
		}
		if err := os.Chmod(args[2], mode); err != nil {
			w.Fatal(err)
		}
		return exitOK
	case "batsignal":
		return execute(args[1:], strings.NewReader(typed), out, errs)
	}
	w.Fatalf("no command: %s", line)
	return exitFailed
}

var isWord = regexp.MustCompile(`'[^']*'|\S+`)

// split puts words in: $ada is her recipient, and $fingerprint1 that of keyring-1.txt.
func (w *ceremony) split(line string) (args []string) {
	for _, word := range isWord.FindAllString(line, -1) {
		word = strings.Trim(word, "'")
		for name, value := range w.words {
			word = strings.ReplaceAll(word, name, value)
		}
		if n, is := strings.CutPrefix(word, "$fingerprint"); is {
			text, err := os.ReadFile("stick/keyring-" + n + ".txt")
			if err != nil {
				w.Fatal(err)
			}
			k, err := custody.ParseKeyring(string(text))
			if err != nil {
				w.Fatal(err)
			}
			word = k.Fingerprint()
		}
		args = append(args, word)
	}
	return args
}

// seal is what somebody does on their own machine, and the bot with what they send it.
func (w *ceremony) seal(handle, kind, address string) {
	w.Helper()
	ctx := context.Background()
	k, err := custody.Current(ctx, w.db.Pool)
	if err != nil {
		w.Fatal(err)
	}
	who, err := oncall.PersonByHandle(ctx, w.db.Pool, handle)
	if fault.KindOf(err) == fault.NotFound {
		who.ID, err = oncall.AddPerson(ctx, w.db.Pool, time.Now(), oncall.Person{Handle: handle, Zone: "Europe/Berlin", Wakes: 8 * 60, Sleeps: 23 * 60})
	}
	if err != nil {
		w.Fatal(err)
	}
	sealed, err := escrow.Seal(k.Keys(), who.ID, kind, escrow.DefaultPolicy(), secret.New(address))
	if err != nil {
		w.Fatal(err)
	}
	if _, err := contact.AddSealed(ctx, w.db.Pool, time.Now(), who.ID, sealed); err != nil {
		w.Fatal(err)
	}
}

// typed is what somebody types: "sheet FILE" is the letters of a sheet.
func (w *ceremony) typed(text string) string {
	file, is := strings.CutPrefix(text, "sheet ")
	if !is {
		return text + "\n"
	}
	page, err := os.ReadFile(file)
	if err != nil {
		w.Fatal(err)
	}
	var letters strings.Builder
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "batsignal") {
			letters.WriteString(strings.ToLower(line))
		}
	}
	return letters.String()
}

// unstable is what is otherwise in each run, and what stands for it.
var unstable = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(?m)^Warning: this machine is on a network .*\n`), ""},
	{regexp.MustCompile(`(?m)^\{"time":.*\n`), ""}, // the log
	{regexp.MustCompile(`/\S*/TestTheCeremony\d+/\d+`), "."},
	{regexp.MustCompile(`(bsig1\.[a-z]+\.\d+\.\d+\.)[\w-]+`), "${1}SIGNATURE"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "WHOLE-FINGERPRINT"},
	{regexp.MustCompile(`\b[0-9a-f]{4}( [0-9a-f]{4}){3}\b`), "FING ERPR INT. ...."},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\d\b`), "YYYY-MM-DD"},
	{regexp.MustCompile(`"key":"[^"]*"`), `"key":"PUBLIC-KEY"`},
}

func stable(text string) string {
	for _, u := range unstable {
		text = u.what.ReplaceAllString(text, u.with)
	}
	return text
}

// Whoever stands before one of these at night reads what it does, and how it is typed.
func TestEveryCommandOfCustodyHasHelpAndAnExample(t *testing.T) {
	var look func(c *cobra.Command)
	look = func(c *cobra.Command) {
		if c.Short == "" || len(c.Long) < 60 || !strings.Contains(c.Example, "batsignal ") {
			t.Errorf("%s: Short, Long and Example are needed", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			look(sub)
		}
	}
	for _, c := range []*cobra.Command{newCustodyCommand(&app{}), newLedgerCommand(&app{}), newConfirmerCommand(&app{})} {
		look(c)
	}
}
