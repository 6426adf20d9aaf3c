package rosterimport_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"batsignal/integrations/rosterimport"
	"batsignal/oncall/fault"
	"batsignal/oncall/tree"
)

var update = flag.Bool("update", false, "write the golden files anew")

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) // a Monday

// Exports in their documented formats become trees that say what was left out, and hold
// no address of anybody.
func TestExports(t *testing.T) {
	t.Parallel()
	for _, system := range rosterimport.Systems() {
		t.Run(system, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile("testdata/" + system + ".json")
			if err != nil {
				t.Fatal(err)
			}
			f, notes, err := rosterimport.Convert(system, [][]byte{text}, rosterimport.Options{
				Now: noon, Role: "release-engineering", People: map[string]string{"LI@example.org": "@liwei", "Somebody Gone": "-"},
			})
			if err != nil {
				t.Fatal(err)
			}
			written := tree.Encode(f)
			var b strings.Builder
			b.Write(written)
			b.WriteString("\nnotes:\n")
			for _, n := range notes {
				fmt.Fprintln(&b, n)
			}
			if strings.Contains(b.String(), "@example.org") || strings.Contains(b.String(), "+34") {
				t.Error("an address is in the tree or a note")
			}
			if _, err := tree.Parse(written); err != nil {
				t.Errorf("the tree is none: %v", err)
			}
			golden := "testdata/" + system + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), b.String()); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestFilesThatAreNoExport(t *testing.T) {
	t.Parallel()
	for _, system := range rosterimport.Systems() {
		for _, text := range []string{"", "schedules", `{"schedules": 3}`, `{"data": 3, "schedules": true}`} {
			if _, _, err := rosterimport.Convert(system, [][]byte{[]byte(text)}, rosterimport.Options{Now: noon}); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s %q: %v", system, text, err)
			}
		}
	}
	if _, _, err := rosterimport.Convert("goalert", [][]byte{[]byte(`{"errors": [{"message": "unauthorized"}]}`)}, rosterimport.Options{}); !strings.Contains(fault.Say(err), "unauthorized") {
		t.Errorf("%v", err)
	}
	if _, _, err := rosterimport.Convert("nagios", nil, rosterimport.Options{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
}

// Whatever an export holds, what comes of it is a tree that can be read.
func FuzzConvert(f *testing.F) {
	for i, system := range rosterimport.Systems() {
		text, err := os.ReadFile("testdata/" + system + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(i, string(text))
	}
	f.Fuzz(func(t *testing.T, i int, text string) {
		systems := rosterimport.Systems()
		file, _, err := rosterimport.Convert(systems[uint(i)%uint(len(systems))], [][]byte{[]byte(text)}, rosterimport.Options{Now: noon})
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.Limited {
				t.Fatal(err)
			}
			return
		}
		written := tree.Encode(file)
		again, err := tree.Parse(written)
		if err != nil {
			t.Fatalf("%v in:\n%s", err, written)
		}
		if second := tree.Encode(again); string(second) != string(written) {
			t.Fatalf("written:\n%s\nand again:\n%s", written, second)
		}
	})
}
