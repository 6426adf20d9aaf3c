package backup

import (
	"slices"
	"testing"
)

func TestSpans(t *testing.T) {
	all := []int64{1, 5, 9, 12, 13, 14, 20}
	for _, one := range []struct {
		some []int64
		want string
	}{
		{nil, ""}, {[]int64{5}, "5"}, {[]int64{1, 5, 9}, "1-9"}, {[]int64{1, 9, 12, 20}, "1,9-12,20"}, {all, "1-20"},
	} {
		got, whole := spansOf(one.some, all)
		if got.String() != one.want || !whole {
			t.Errorf("%v: %s, %v", one.some, got, whole)
		}
		for _, id := range all {
			if got.has(id) != slices.Contains(one.some, id) {
				t.Errorf("%s and %d", got, id)
			}
		}
	}
	var some, many []int64
	for i := range int64(1000) {
		if many = append(many, i); i%2 == 0 {
			some = append(some, i)
		}
	}
	got, whole := spansOf(some, many)
	if text := got.String(); whole || len(text) > mostSpans || len(text) < mostSpans-10 {
		t.Errorf("%s %v", got, whole)
	}
	for _, wrong := range []string{"", "-", "1-", "-1", "3-1", "1,,2", "x", "+1", "1--2", "99999999999999999999"} {
		if got, err := readSpans(wrong); err == nil {
			t.Errorf("%q is %s", wrong, got)
		}
	}
}

// Whatever is read is written such that it is read as the same.
func FuzzSpans(f *testing.F) {
	for _, seed := range []string{"1", "1-4,7", " 3 , 5-6", "0-9223372036854775807"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read, err := readSpans(text)
		if err != nil {
			return
		}
		again, err := readSpans(read.String())
		if err != nil || again.String() != read.String() {
			t.Errorf("%q: %s, %s, %v", text, read, again, err)
		}
	})
}
