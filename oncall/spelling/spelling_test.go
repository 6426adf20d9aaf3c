package spelling

import "testing"

func TestDistance(t *testing.T) {
	for _, x := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"ack", "ack", 0}, {"akc", "ack", 1}, {"ac", "ack", 1}, {"aack", "ack", 1}, {"ask", "ack", 1},
		{"tkae", "take", 1}, {"batsignl", "batsignal", 1}, {"take", "bake", 1}, {"ca", "abc", 3}, {"größe", "grosse", 3},
	} {
		if got := Distance(x.a, x.b); got != x.want {
			t.Errorf("%s to %s: %d, want %d", x.a, x.b, got, x.want)
		}
		if got := Distance(x.b, x.a); got != x.want {
			t.Errorf("%s to %s: %d, want %d", x.b, x.a, got, x.want)
		}
	}
}
