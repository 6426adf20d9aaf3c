package pgbackup

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/job"
	"batsignal/integrations/job/jobtest"
	"batsignal/migrations"
	"batsignal/migrations/childtest"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Our own database comes back: into a server that is thrown away, and into a new one.
func TestOurOwnDatabaseComesBack(t *testing.T) {
	childtest.Long(t)
	if err := os.Chmod(dirAbove(t), 0o711); err != nil {
		t.Fatal(err)
	}
	db := pgtest.Fresh(t)
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for _, handle := range []string{"maria", "jan"} {
		if _, err := oncall.AddPerson(t.Context(), db.Pool, now, oncall.Person{Handle: handle, Zone: "UTC", Sleeps: 1380}); err != nil {
			t.Fatal(err)
		}
	}
	s := of(secret.New(db.OwnerDSN), Dump)
	s.Own = true
	stream, taken := write(t, s)
	proof, err := prove(t, s, stream, taken)
	if err != nil || proof.Level != 4 || !strings.Contains(proof.Detail, "which this program works with") || fact(proof.Facts, "rows of public.person") != "2" {
		t.Fatalf("%+v, %v", proof, err)
	}

	r, m := jobtest.Run(t, job.About{})
	back, err := Rehearse(t.Context(), r, "", bytes.NewReader(stream))
	if err != nil || fact(back.Facts, "people") != "2" || back.From != back.To || back.To == 0 || len(back.Next) < 3 {
		t.Errorf("%+v, %v", back, err)
	}
	if err := m.UndoAll(t.Context(), kind{s}); err != nil {
		t.Error(err)
	}

	// By hand, with what pg_dump alone writes, as its owner and into an empty database only.
	plain, err := exec.Command("pg_dump", "--format=custom", "--dbname="+db.OwnerDSN).Output()
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"ours": stream, "pg_dump's": plain} {
		into := pgtest.Bare(t)
		target := Target{DSN: secret.New(into.OwnerDSN), Login: "batsignal_bot"}
		back, err := target.Restore(t.Context(), bytes.NewReader(file), func(string) {})
		if err != nil || fact(back.Facts, "people") != "2" {
			t.Errorf("%s: %+v, %v", name, back, err)
			continue
		}
		bot := dial(t, into.BotDSN)
		if err := migrations.Check(t.Context(), bot); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := target.Restore(t.Context(), bytes.NewReader(file), func(string) {}); fault.KindOf(err) != fault.Conflict {
			t.Errorf("%s, a second time: %v", name, err)
		}
	}
	for name, file := range map[string][]byte{"cut off": stream[:len(stream)/2], "nothing": nil, "other things": []byte(strings.Repeat("x", 2000)), "half of pg_dump's": plain[:len(plain)/2]} {
		target := Target{DSN: secret.New(pgtest.Bare(t).OwnerDSN)}
		if _, err := target.Restore(t.Context(), bytes.NewReader(file), func(string) {}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func dirAbove(t *testing.T) string {
	dir := t.TempDir()
	return dir[:strings.LastIndexByte(dir, '/')]
}

func TestWhatFollowsARestoreIsSaidInItsOrder(t *testing.T) {
	var r Restored
	r.next(map[string]int64{"keyring": 2, "ledger entries": 812, "incidents open": 1, "pages open": 3, "job runs not ended": 1})
	text := strings.Join(r.Next, "\n")
	last := -1
	for _, word := range []string{"stopped", "keyring 2", "entry 812", `"deleted"`, "1 incident was", "1 job run was", "revoked", "Start the switchboard"} {
		at := strings.Index(text, word)
		if at <= last {
			t.Errorf("%q is not where it should be:\n%s", word, text)
		}
		last = at
	}
	r = Restored{}
	if r.next(nil); len(r.Next) != 4 {
		t.Errorf("%q", r.Next)
	}
}
