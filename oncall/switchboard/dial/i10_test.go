package dial

import (
	"context"
	"os"
	"strings"
	"testing"

	"batsignal/oncall/contact"
	"batsignal/oncall/unseal"
)

var sealedTables = []string{"contact", "sealed_contact", "sealed_wrap", "sealed_index"}

// dump copies the tables aside, as a backup does; restore brings them back as they were,
// with the database as it was: it does not know of what was deleted since.
func (w *world) dump() {
	for _, table := range sealedTables {
		exec(w.t, w.owner, `create table backup_`+table+` as select * from `+table)
	}
}

func (w *world) restore() {
	exec(w.t, w.owner, `delete from contact`)
	exec(w.t, w.owner, `delete from sealed_gone`)
	for _, table := range sealedTables {
		overriding := ""
		if table == "contact" {
			overriding = " overriding system value"
		}
		exec(w.t, w.owner, `insert into `+table+overriding+` select * from backup_`+table)
	}
	exec(w.t, w.owner, `delete from sealed_gone`)
}

// Whatever backup is restored, a contact that its owner deleted does not come back: not for
// a moment, in which it could be opened, and not for good.
func TestI10ARestoreBringsNobodyBack(t *testing.T) {
	w := newWorld(t)
	maria, jan := w.volunteer("maria", "sms", "+442071838750"), w.volunteer("jan", "sms", "+442071838751")
	incident, hunt := w.fire("release")
	if out := w.dial(w.message(incident, hunt, "release", maria), "sms", false); out.Outcome != "" {
		t.Fatalf("%+v", out)
	}
	w.dump()
	late := w.message(incident, hunt, "release", maria)
	if _, err := contact.Remove(ctx, w.db.Pool, w.clock(), maria.owner, "sms"); err != nil {
		t.Fatal(err)
	}
	must(t, w.board.Journal.Look(ctx))
	must(t, w.board.Journal.Look(ctx))
	if w.leaves("deleted") != 1 {
		t.Errorf("%d leaves", w.leaves("deleted"))
	}
	content, err := os.ReadFile(w.board.Journal.Path)
	if want := maria.record + "\n" + maria.record + " leaf\n"; err != nil || string(content) != want {
		t.Errorf("%q %v", content, err)
	}

	for round := range 2 {
		w.restore()
		if n := get[int](t, w.db.Pool, `select count(*) from sealed_contact`); n != 2 {
			t.Fatalf("%d were restored", n)
		}
		// A switchboard that was not told yet: it has its file.
		w.board = w.newBoard(w.db.Switchboard(t))
		sent := w.sms.count()
		if out := w.dial(late, "sms", false); out.Outcome != unseal.OutcomeRefused || w.sms.count() != sent {
			t.Errorf("before it is deleted again: %+v", out)
		}
		must(t, w.board.Journal.Replay(ctx))
		left := get[string](t, w.db.Pool, `select string_agg(s.record_id::text, ' ') from sealed_contact s join contact c on c.id = s.contact_id`)
		if left != jan.record || get[int](t, w.db.Pool, `select count(*) from contact`) != 1 || get[int](t, w.db.Pool, `select count(*) from sealed_wrap`) != 4 {
			t.Errorf("left are %s", left)
		}
		if len(w.alarms) != round+1 || !strings.Contains(w.alarms[round], "1 sealed contact that its owner had deleted was") {
			t.Errorf("%q", w.alarms)
		}
		must(t, w.board.Journal.Look(ctx)) // deleted again, and taken down long since
		if w.leaves("deleted") != 1 {
			t.Errorf("%d leaves", w.leaves("deleted"))
		}
	}
}

// A deletion is taken down as it happens, and what a crash left undone is done later.
func TestDeletionsAreTakenDown(t *testing.T) {
	w := newWorld(t)
	maria, jan := w.volunteer("maria", "sms", "+442071838750"), w.volunteer("jan", "sms", "+442071838751")
	running, stop := context.WithCancel(ctx)
	done := make(chan error)
	j := w.board.Journal
	go func() { done <- j.Run(running, w.db.SwitchboardDSN) }()
	_, err := contact.Remove(ctx, w.db.Pool, noon, maria.owner, "sms")
	must(t, err)
	waitFor(t, func() bool { return j.Has(maria.record) && w.leaves("deleted") == 1 })
	stop()
	must(t, <-done)

	// Killed after the file and before the leaf, in the middle of a line.
	must(t, os.WriteFile(j.Path, []byte(maria.record+"\n"+maria.record+" leaf\n"+jan.record+"\n"+jan.record+" le"), 0o600))
	must(t, j.Load())
	must(t, j.Look(ctx))
	if w.leaves("deleted") != 2 {
		t.Errorf("%d leaves", w.leaves("deleted"))
	}
	again := &Journal{Path: j.Path}
	must(t, again.Load())
	if got := again.Records(); len(got) != 2 || !again.gone[maria.record] || !again.gone[jan.record] {
		t.Errorf("%v", again.gone)
	}
	must(t, os.WriteFile(j.Path, []byte("no journal\n"), 0o600))
	if err := j.Load(); err == nil {
		t.Error("what is no journal was read as one")
	}
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte("11111111-2222-4333-8444-555555555555\n11111111-2222-4333-8444-555555555555 leaf\n"))
	f.Add([]byte("11111111-2222-4333-8444-555555555555"))
	f.Add([]byte("x\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		gone, err := parseJournal(content)
		if err != nil {
			return
		}
		for record := range gone {
			if !isRecord.MatchString(record) || !strings.Contains(string(content), record+"\n") && !strings.Contains(string(content), record+" leaf\n") {
				t.Errorf("%q is not in %q", record, content)
			}
		}
	})
}
