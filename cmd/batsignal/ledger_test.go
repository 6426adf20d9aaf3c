package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/custody"
	"batsignal/oncall/ledger"
)

// An operator, somebody with a chat log and the owner of an address each check the ledger
// by what they have; then somebody who may write everything changes an entry.
func TestEverybodyChecksTheLedgerByWhatTheyHave(t *testing.T) {
	alone(t)
	ctx := context.Background()
	db := pgtest.Fresh(t)
	t.Chdir(t.TempDir())
	writeFile(t, ".", "bot.yaml", fmt.Sprintf("database: {url: %q}\nstate_dir: bot\n", db.BotDSN), 0o600)
	writeFile(t, ".", "switchboard.yaml", fmt.Sprintf(`database: {url: %q}
state_dir: switchboard
switchboard:
  run: {listen: "127.0.0.1:8375", peer: "sha256:%s", bots: ["https://127.0.0.1:8376"], pages: "127.0.0.1:8377", pages_url: "https://seal.example.org"}
`, db.SwitchboardDSN, strings.Repeat("0", 64)), 0o600)

	private, vkey, err := keyHome{"switchboard", custody.SideSwitchboard}.ledgerKey("seal.example.org")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ledger.SignerOf(private)
	if err != nil {
		t.Fatal(err)
	}
	log := &ledger.Log{Signer: signer, Guard: ledger.FileGuard{Path: filepath.Join("switchboard", "head")}}
	leaf := ledger.Leaf{Type: ledger.TypeRevealAsked, Record: "6f9619ff-8b86-4011-b42d-00c04fc964ff"}
	head, err := log.Write(ctx, db.Switchboard(t), time.Now(), leaf)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := oncall.AddPerson(ctx, db.Pool, time.Now(), oncall.Person{Handle: "jan", Zone: "Europe/Berlin", Wakes: 8 * 60, Sleeps: 23 * 60}); err != nil {
		t.Fatal(err)
	}
	writeFile(t, ".", "ops.log", "[12:00] <batsignal> "+head.Line()+"\n", 0o600)
	writeFile(t, ".", "liar.log", "[12:00] <batsignal> Ledger 1 0000000000000000\n", 0o600)
	writeFile(t, ".", "quiet.log", "[12:00] <jan> good morning\n", 0o600)

	expect := func(want int, says string, args ...string) string {
		t.Helper()
		status, stdout, stderr := cli(t, args...)
		if status != want || !strings.Contains(stdout+stderr, says) {
			t.Errorf("%q: status %d, and not %q: %s%s", args, status, says, stdout, stderr)
		}
		return stdout
	}
	sound := "The ledger seal.example.org is sound: 1 entry, 1 signed head"
	expect(exitFailed, "Or say by which key to check: --key.", "ledger", "verify", "-c", "bot.yaml")
	expect(exitOK, sound, "ledger", "verify", "-c", "bot.yaml", "--key", vkey, "--log", "ops.log")
	expect(exitOK, "1 head from elsewhere found in it", "ledger", "verify", "-c", "switchboard.yaml", "--key", vkey)
	expect(exitFailed, "is not sound", "ledger", "verify", "-c", "bot.yaml", "--key", vkey, "--log", "liar.log")
	expect(exitFailed, "so it proves nothing", "ledger", "verify", "-c", "bot.yaml", "--key", vkey, "--log", "quiet.log")

	expect(exitOK, "", "ledger", "export", "-c", "bot.yaml", "-o", "ledger.txt")
	expect(exitUsage, "cannot be written: file exists", "ledger", "export", "-c", "bot.yaml", "-o", "ledger.txt")
	expect(exitUsage, "Say by which key", "ledger", "verify", "--book", "ledger.txt")
	expect(exitOK, sound, "ledger", "verify", "--book", "ledger.txt", "--log", "ops.log", "--key", vkey)

	expect(exitUsage, "with the configuration of the switchboard", "ledger", "statement", "jan", "-c", "bot.yaml")
	statement := expect(exitOK, "jan", "ledger", "statement", "jan", "-c", "switchboard.yaml")
	writeFile(t, ".", "jan.txt", statement, 0o600)
	expect(exitOK, "stated for jan: 0 openings of 0 sealed addresses", "ledger", "check-statement", "jan.txt", "--key", vkey, "--book", "ledger.txt")
	writeFile(t, ".", "jan.txt", strings.Replace(statement, "jan", "kim", 1), 0o600)
	expect(exitFailed, "", "ledger", "check-statement", "jan.txt", "--key", vkey)

	text, err := os.ReadFile("ledger.txt")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, ".", "ledger.txt", strings.Replace(string(text), "6f9619ff", "6f9619fe", 1), 0o600)
	expect(exitFailed, "is not sound", "ledger", "verify", "--book", "ledger.txt", "--key", vkey)
	// A new host of the switchboard remembers nothing, and opens nothing until it does.
	if err := os.Remove(filepath.Join("switchboard", "head")); err != nil {
		t.Fatal(err)
	}
	expect(exitFailed, "trust-head", "ledger", "verify", "-c", "switchboard.yaml", "--key", vkey)
	expect(exitOK, "goes on from Ledger 1 ", "ledger", "trust-head", head.Line(), "-c", "switchboard.yaml")
	expect(exitOK, sound, "ledger", "verify", "-c", "switchboard.yaml", "--key", vkey)
}
