package switchboard

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"batsignal/oncall/fault"
	"batsignal/oncall/switchboard/totp"
	"batsignal/oncall/wholefile"
)

func TestWhoMayConfirmIsChangedWhileWeRun(t *testing.T) {
	w := start(t)
	cli := OpenConfirmers(w.dir) // the command line, another process
	c := w.asked("ada", "openssl")
	if err := cli.Remove("@Ben"); err != nil {
		t.Fatal(err)
	}
	w.confirm("ben", c.Code, w.fresh("ben"))
	w.refused(c.Code, "does not know the account ben")
	wantKind(t, cli.Remove("ben"), fault.NotFound, "Nobody here is called")
	w.add("dora", true, "Libera/Dora")
	w.confirm("dora", c.Code, w.fresh("dora"))
	w.live(c.Code, 1)

	// Who asked and is known no more asked nothing.
	d := w.asked("ada", "glibc")
	if err := cli.Remove("ada"); err != nil {
		t.Fatal(err)
	}
	w.add("ada2", true, "libera/ada-phone") // the same person, by another name
	w.confirm("ada-phone", d.Code, w.fresh("ada2"))
	w.refused(d.Code, "knows ada no more")
	w.confirm("dora", d.Code, w.fresh("dora"))
	w.refused(d.Code, "knows ada no more")

	people, err := w.a.Confirmers().List()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, p := range people {
		list = append(list, fmt.Sprint(p.Handle, p.Accounts, p.MayConfirm))
	}
	if got := strings.Join(list, " "); got != "ada2[libera/ada-phone] true cleo[acme/cleo libera/cleo] false dora[libera/dora] true" {
		t.Error(got)
	}
	if _, has := reflect.TypeFor[Confirmer]().FieldByName("seed"); has {
		t.Error("a list with seeds")
	}
}

func TestNobodyCountsAsTwo(t *testing.T) {
	w := start(t)
	cli := OpenConfirmers(w.dir)
	for _, one := range []struct {
		handle, account, words string
		kind                   fault.Kind
	}{
		{"zoe", "LIBERA/Ada", "is ada's already", fault.Conflict},
		{"Ada", "libera/zoe", "ada is there already", fault.Conflict},
		{"zo e", "libera/zoe", "A handle has", fault.Invalid},
		{"zoe", "libera", "network/name", fault.Invalid},
		{"zoe", "libera/z oe", "network/name", fault.Invalid},
		{"zoe", "libera/\u212aoe", "network/name", fault.Invalid},
	} {
		_, err := cli.Add(noon, one.handle, []string{one.account}, true)
		wantKind(t, err, one.kind, one.words)
	}
	// Neither by a file that somebody wrote by hand.
	name := filepath.Join(w.dir, confirmersName)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	c := w.asked("ada", "openssl")
	for what, bad := range map[string]string{
		"an account twice": strings.Replace(string(text), `"libera/ben"`, `"libera/ada"`, 1),
		"a handle twice":   strings.Replace(string(text), `"ben"`, `"ada"`, 1),
		"capitals":         strings.Replace(string(text), `"libera/ben"`, `"libera/Ben"`, 1),
		"no seed":          strings.Replace(string(text), totp.Text(w.seeds["ben"]).Reveal(), "", 1),
		"half":             string(text[:len(text)/2]),
	} {
		if bad == string(text) {
			t.Fatal(what)
		}
		if err := wholefile.Replace(name, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		w.confirm("ben", c.Code, w.fresh("ben"))
		if w.granted(c.Code) {
			t.Fatal(what, "granted")
		}
		_, err := w.a.Confirm(t.Context(), c.Code, "ben", w.digits("ben"))
		wantKind(t, err, fault.Unready, "I cannot read who may confirm")
		if strings.Contains(err.Error(), totp.Text(w.seeds["ada"]).Reveal()) {
			t.Fatal("the error holds a seed")
		}
	}
	if err := wholefile.Replace(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, 0o640); err != nil {
		t.Fatal(err)
	}
	_, err = OpenConfirmers(w.dir).List()
	wantKind(t, err, fault.Unready, "I cannot read who may confirm")
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	w.confirm("ben", c.Code, w.fresh("ben"))
	w.live(c.Code, 1)
}

// Two operators at once lose nobody.
func TestConfirmersAreEditedUnderALock(t *testing.T) {
	dir := folder(t)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			if _, err := OpenConfirmers(dir).Add(noon, fmt.Sprint("p", n), []string{fmt.Sprint("libera/p", n)}, true); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	list, err := OpenConfirmers(dir).List()
	if err != nil || len(list) != 8 {
		t.Errorf("%d people, %v", len(list), err)
	}
	info, err := os.Stat(filepath.Join(dir, confirmersName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func FuzzConfirmersFile(f *testing.F) {
	w := newWorld(f)
	text, err := os.ReadFile(filepath.Join(w.dir, confirmersName))
	w.end()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"confirmers":[]}`))
	f.Add([]byte(`{"confirmers":[{"handle":"ada","accounts":["libera/ada","libera/ada"],"seed":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}]}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := parseConfirmers(text)
		if err != nil {
			return
		}
		owners := map[string]string{}
		for _, p := range list {
			if p.seed.Len() != 20 || !validHandle.MatchString(p.Handle) {
				t.Fatalf("%+v", p)
			}
			for _, account := range p.Accounts {
				if other, taken := owners[account]; taken && other != p.Handle {
					t.Fatalf("%s is %s's and %s's", account, other, p.Handle)
				}
				owners[account] = p.Handle
			}
		}
		if _, err := json.Marshal(list); err != nil {
			t.Fatal(err)
		}
	})
}
