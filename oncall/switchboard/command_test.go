package switchboard

import (
	"strings"
	"testing"
)

func TestConfirmationsAreRead(t *testing.T) {
	a := &Authority{o: Options{Prefix: "!", Names: []string{"batsignal", "bat"}, Confirms: []string{"confirm", "yes"}}}
	for line, want := range map[string]confirmation{
		"!confirm K7QX 492817":                {"K7QX", "492817"},
		"  ! confirm k7qx 492 817 ":           {"K7QX", "492817"},
		"!CONFIRM K7QX 492-817":               {"K7QX", "492817"},
		"batsignal: confirm K7QX 4 9 2 8 1 7": {"K7QX", "492817"},
		"@Batsignal, !confirm K7QX 492817":    {"K7QX", "492817"},
		"bat: yes 2K7Q 492817":                {"2K7Q", "492817"},
		"!confirm 492817":                     {"", "492817"},
		"!confirm 4928 17":                    {"", "492817"},
		"!confirm K7QX 49281":                 {"K7QX", "49281"},
	} {
		name, args, ok := a.command(line)
		got, digits := parseConfirmation(args)
		if !ok || !isNamed(a.o.Confirms, name) || !digits || got != want {
			t.Errorf("%q: %q %+v %v %v", line, name, got, ok, digits)
		}
	}
	for _, line := range []string{
		"", "!", "confirm K7QX 492817", "<ada> !confirm K7QX 492817", "batsignal confirm K7QX 492817", "ada: confirm K7QX 492817",
		"!confirm", "!confirm K7QX", "!confirm K7QX please", "!confirm K7QX 492817 now", "!confirmed K7QX 492817", "!confirm K7QXX 492817", "!confirm K7QX ４９２８１７",
	} {
		if name, args, ok := a.command(line); ok && isNamed(a.o.Confirms, name) {
			if got, ok := parseConfirmation(args); ok {
				t.Errorf("%q: %+v", line, got)
			}
		}
	}
}

func FuzzConfirmLine(f *testing.F) {
	for _, line := range []string{"!confirm K7QX 492817", "bat: ! confirm k7qx 492 817", "batsignal, confirm 492817", "! \x00", "@bat:", "!confirm K7QX " + strings.Repeat("1", 200)} {
		f.Add(line)
	}
	a := &Authority{o: Options{Prefix: "!", Names: []string{"batsignal", "bat"}, Confirms: []string{"confirm"}}}
	f.Fuzz(func(t *testing.T, line string) {
		name, args, ok := a.command(line)
		if !ok {
			return
		}
		if name == "" || strings.Contains(name, " ") {
			t.Fatalf("name %q", name)
		}
		c, ok := parseConfirmation(args)
		if ok && (c.code != "" && (!validCode.MatchString(c.code) || onlyDigits(c.code)) || !onlyDigits(c.digits)) {
			t.Fatalf("%+v", c)
		}
	})
}
