package book

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whoever writes a book sees its steps, or what is wrong with it and where.
func TestReport(t *testing.T) {
	for _, x := range []struct {
		text string
		want string
	}{
		{good, `small.yaml: small, without problems. A small one.
1. read: Read this first.
2. off: Turn it off. (two people confirm it; two people look first: Nobody uses it)
3. ask: Is it off? (yes → step 4; no → step 2)
4. work: Have it repaired. (job repair node=a1)
5. on: Turn it on. (for admin)
`},
		{strings.Replace(good, "go: work", "go: wrok", 1), "small.yaml:14: There is no step wrok to go to.\n"},
	} {
		var out strings.Builder
		ok, err := Report(&out, "small.yaml", []byte(x.text), Known{})
		if err != nil || ok != (x.text == good) {
			t.Errorf("%t, %v", ok, err)
		}
		if diff := cmp.Diff(x.want, out.String()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestABookOfOnesOwnTakesThePlaceOfAnother(t *testing.T) {
	books, problems := Join([]Book{{Name: "b", Title: "theirs"}, {Name: "d"}}, []Book{{Name: "c"}, {Name: "b", Title: "ours"}, {Name: "c"}})
	var got []string
	for _, b := range books {
		got = append(got, b.Name+" "+b.Title)
	}
	if diff := cmp.Diff([]string{"b ours", "c ", "d "}, got); diff != "" || len(problems) != 1 {
		t.Error(diff, problems)
	}
}
