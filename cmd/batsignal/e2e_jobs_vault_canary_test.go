package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"batsignal/integrations/vault/vaulttest"
	"batsignal/oncall/access"
)

// nothingLeaked looks for every share, whole or in part, in each way in which one is written,
// for the root token and the tokens of the API, and for keys of age: in all that the
// installation said, showed, logged and keeps, and in what its processes were started with.
func (v *vaultNight) nothingLeaked() {
	t := v.t
	t.Helper()
	core := (&canaryNight{sealedWorld: v.sealedWorld}).coreOfBot() // before what follows stirs it
	for pid, text := range processTable(v.bot.cmd.Process.Pid) {
		v.seen["the second process, "+pid] = text
	}
	v.seen["the log"] = v.bot.output()
	v.seen["the dump"] = string(v.dump())
	if !strings.Contains(v.seen["the dump"], "unseal-main") || !strings.Contains(v.seen["the log"], `"level":"DEBUG"`) {
		t.Error("dump or log lack what must be in them, so the search proves little")
	}
	v.seen["the chat"] = v.talk()
	v.seesPages()
	for _, args := range [][]string{{"doctor"}, {"config", "show"}, {"export"}, {"do", "--as", "anna", "job show 1"}, {"do", "--as", "anna", "job log 1"}, {"do", "--as", "zoe", "rotation list"}} {
		r := v.cli(args...)
		v.seen["batsignal "+strings.Join(args, " ")] = r.stdout + r.stderr
	}
	files := 0
	searched(t, v.state(), func(name string, content []byte) { // the files of Postgres are in it
		files++
		v.seen["the file "+name] = string(content)
	})
	if files < 100 {
		t.Errorf("only %d files were searched", files)
	}
	search := v.search()
	for _, where := range slices.Sorted(maps.Keys(v.seen)) {
		for _, found := range search.scan([]byte(v.seen[where])) {
			t.Errorf("%s holds %s", where, found)
		}
		if secretKey.MatchString(v.seen[where]) {
			t.Errorf("%s holds a key of age", where)
		}
	}
	v.memory(core)
}

var secretKey = regexp.MustCompile(`AGE-SECRET-KEY-(PQ-)?1[0-9A-Z]{40,}`)

// canaries are what is looked for, by what it is. The root token has a spelling of its own:
// the whole of it is what opens something.
func (v *vaultNight) canaries() map[string]string {
	all := map[string]string{"the root token": v.vault.Root, "dora's damaged share": v.has["dora"], "ben's wrong share": vaulttest.Wrong(v.t, v.has["ben"])}
	for i, share := range v.vault.Shares {
		all[fmt.Sprintf("the share of %s", holders[i])] = share
	}
	for i, token := range v.tokens {
		all[fmt.Sprintf("token %d of the API", i+1)] = token
	}
	return all
}

// search looks for all of them at once, in every spelling.
func (v *vaultNight) search() *canaries {
	c := &canaries{}
	for what, value := range v.canaries() {
		for i, form := range vaulttest.Spellings(v.t, value) {
			c.forms = append(c.forms, canaryForm{what, spellings[i], []byte(form)})
			c.begin[binary.LittleEndian.Uint16([]byte(form))] = true
		}
	}
	return c
}

// spellings names what vaulttest.Spellings gives.
var spellings = [...]string{"as a text", "as bytes", "in hex", "in HEX", "in base64 of addresses", "as numbers"}

// talk is what the room was shown, but for the lines in which somebody said a secret herself.
func (v *vaultNight) talk() string {
	v.t.Helper()
	var said strings.Builder
	own := 0
	for _, p := range v.people {
		for _, l := range everythingShown(p) {
			if l.Nick == "zoe" && (strings.Contains(l.Raw, v.has["eve"]) || strings.Contains(l.Raw, v.vault.Root)) {
				own++
				continue
			}
			said.WriteString(p.Nickname() + ": " + l.Raw + "\n")
		}
	}
	if own == 0 || !strings.Contains(said.String(), "1 of 3, by anna") {
		v.t.Error("what was said was not kept, so the search proves little")
	}
	return said.String()
}

// seesPages looks at all pages and at all that the API answers.
func (v *vaultNight) seesPages() {
	v.t.Helper()
	from := []string{"/", "/jobs", "/jobs/runs/1", "/vaults", "/vaults/shares/1", "/backups", "/minutes", "/audit", "/people", "/people/anna", "/account", "/metrics", "/export", "/status"}
	pages := map[string]string{}
	v.surfer(nil).crawl("everybody", "", pages, from...)
	v.surfer(v.people["anna"]).crawl("anna", "", pages, from...)
	s := v.surfer(nil)
	s.token = v.token(v.db, "zoe", access.Read)
	answered := 0
	for _, path := range []string{"/openapi.json", "/jobs", "/jobs/runs", "/jobs/runs/1", "/jobs/runs/1/log", "/shares", "/people", "/incidents"} {
		status, body := s.get("/api/v1" + path)
		if status == 200 {
			answered++
		}
		pages["a program at "+path] = body
	}
	if len(pages) < 40 || answered < 7 {
		v.t.Errorf("only %d pages were seen, %d of them by programs: %q", len(pages), answered, slices.Sorted(maps.Keys(pages)))
	}
	maps.Copy(v.seen, pages)
}

// memory looks into the process that took the shares, after its run ended. What a run was given
// is overwritten when it ends, and so are the texts of requests to Vault. That is as much as
// the program can do: copies that libraries made stay where they are until the memory is used
// again. So nothing may be there that the bot was never given; what is left of all else is
// logged. On the day on which this was written that was, a second after the end of the run:
//
//   - of shares that came sealed, the 33 bytes twice (the buffer of age that decrypts, and a
//     copy on the stack of who read it), and sometimes the request to Vault in hex (the buffer
//     of net/http);
//   - of shares that came by the form, the body of the request as a text as well, most times;
//   - of what somebody said in chat, the line as IRC brought it;
//   - of tokens of the API, the headers of requests.
//
// The process that was killed had no time to overwrite anything; its memory went with it.
// Hardened, as it runs in production, no other process of the same account can look, and it
// leaves no core dump.
func (v *vaultNight) memory(core []byte) {
	t := v.t
	t.Helper()
	if core == nil {
		return
	}
	if !bytes.Contains(core, []byte(v.passwords["irc"])) {
		t.Error("the core does not even have the password that the bot holds, so the search of it proves little")
	}
	text := string(core)
	const never = "the share of dora" // as Vault made it; she has another one
	left := map[string][]string{}
	for what, value := range v.canaries() {
		for i, form := range vaulttest.Spellings(t, value) {
			if n := strings.Count(text, form); n > 0 {
				left[what] = append(left[what], fmt.Sprintf("%s %d times", spellings[i], n))
			}
		}
	}
	for _, what := range slices.Sorted(maps.Keys(left)) {
		t.Logf("left in memory, of %s: %s", what, strings.Join(left[what], ", "))
	}
	if len(left[never]) > 0 {
		t.Errorf("the memory has what nobody ever gave to the bot: %q", left[never])
	}
	if found := secretKey.FindString(text); found != "" {
		t.Log("left in memory: the text of a key of age")
	}
}

// TestTheSearchForSharesFindsThem plants what the search above looks for.
func TestTheSearchForSharesFindsThem(t *testing.T) {
	t.Parallel()
	const share = "pEWvtPAWTrD0dkf1IUvWNmHhxxhxVzUOSG9Lk4hYBAQB"
	for _, form := range vaulttest.Spellings(t, share) {
		if found := vaulttest.Leaks(t, map[string]string{"here": "x" + form + "y"}, share); len(found) == 0 {
			t.Errorf("%q is not found", form)
		}
	}
}
