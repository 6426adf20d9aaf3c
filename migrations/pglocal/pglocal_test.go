package pglocal_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"batsignal/migrations/pglocal"
)

func TestStartUseStopAndStartAgain(t *testing.T) {
	dir := newDir(t)
	begun := time.Now()
	s := start(t, pglocal.Options{Dir: dir})
	t.Logf("first start: %v", time.Since(begun))

	do(t, s.OwnerDSN(), "create table kept (n int); insert into kept values (7)")
	if got := ask[bool](t, s.BotDSN(), "select rolsuper or rolcreaterole or rolcreatedb or rolbypassrls from pg_roles where rolname = current_user"); got {
		t.Error("the bot has powers")
	}
	if got := ask[string](t, s.OwnerDSN(), "select pg_get_userbyid(datdba) from pg_database where datname = current_database()"); got != pglocal.OwnerRole {
		t.Errorf("the database belongs to %s", got)
	}
	if got := ask[string](t, s.OwnerDSN(), "select string_agg(type || ' ' || auth_method || ' ' || options[1], ',') from pg_hba_file_rules"); got != "local peer map=batsignal" {
		t.Errorf("pg_hba: %s", got)
	}
	for name, want := range map[string]string{
		"jit": "off", "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
		"listen_addresses": "", "shared_buffers": "32MB", "data_checksums": "on",
	} {
		if got := ask[string](t, s.OwnerDSN(), "show "+name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, d := range []string{dir, filepath.Join(dir, "run"), filepath.Join(dir, "data")} {
		if st, err := os.Stat(d); err != nil || st.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v %v", d, st.Mode(), err)
		}
	}
	if st, err := os.Stat(filepath.Join("/proc", strconv.Itoa(s.PID()))); err != nil || st.Sys().(*syscall.Stat_t).Uid == 0 {
		t.Errorf("the server runs as root, or not at all: %v", err)
	}

	begun = time.Now()
	if err := s.Stop(ctxFor(t)); err != nil {
		t.Fatal(err)
	}
	t.Logf("stop: %v", time.Since(begun))
	if err := s.Wait(ctxFor(t)); err != nil {
		t.Errorf("Wait after Stop: %v", err)
	}
	if left := servers(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	begun = time.Now()
	again := start(t, pglocal.Options{Dir: dir})
	t.Logf("restart: %v", time.Since(begun))
	if got := ask[int](t, again.OwnerDSN(), "select n from kept"); got != 7 {
		t.Errorf("kept %d", got)
	}
}

func TestNoPortIsOpened(t *testing.T) {
	s := start(t, pglocal.Options{Dir: newDir(t), Fast: true})
	listening := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"} {
		b, err := os.ReadFile(table)
		if err != nil {
			continue // no IPv6 here
		}
		for _, line := range strings.Split(string(b), "\n")[1:] {
			if f := strings.Fields(line); len(f) > 9 {
				listening["socket:["+f[9]+"]"] = true
			}
		}
	}
	fds := filepath.Join("/proc", strconv.Itoa(s.PID()), "fd")
	entries, err := os.ReadDir(fds)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if target, _ := os.Readlink(filepath.Join(fds, e.Name())); listening[target] {
			t.Errorf("the server has an internet socket: %s", target)
		}
	}
}

func TestRecoversWhenThePostmasterIsKilled(t *testing.T) {
	dir := newDir(t)
	s := start(t, pglocal.Options{Dir: dir})
	do(t, s.OwnerDSN(), "create table kept (n int); insert into kept values (7)")
	if err := syscall.Kill(s.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(ctxFor(t)); err == nil || !strings.Contains(err.Error(), "postgres.log") {
		t.Errorf("Wait: %v", err)
	}
	if err := s.Stop(ctxFor(t)); err == nil {
		t.Error("Stop called that clean")
	}
	again := start(t, pglocal.Options{Dir: dir})
	if got := ask[int](t, again.OwnerDSN(), "select n from kept"); got != 7 {
		t.Errorf("kept %d", got)
	}
}

func TestServerEndsWhenWeAreKilled(t *testing.T) {
	need(t)
	dir := newDir(t)
	parent, said := startParent(t, dir)
	pid, err := strconv.Atoi(said())
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	parent.Wait()
	begun := time.Now()
	eventually(t, "no server is left", func() bool { return len(servers(t, dir)) == 0 })
	t.Logf("process %d and its children were gone after %v", pid, time.Since(begun))
	start(t, pglocal.Options{Dir: dir, Fast: true})
}

func TestUnfinishedClusterIsMadeAnew(t *testing.T) {
	need(t)
	dir := newDir(t)
	parent, _ := startParent(t, dir)
	eventually(t, "initdb is at work", func() bool {
		begun, _ := filepath.Glob(filepath.Join(dir, "data.new.*", "PG_VERSION"))
		return len(begun) == 1
	})
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	parent.Wait()
	start(t, pglocal.Options{Dir: dir, Fast: true})
}
