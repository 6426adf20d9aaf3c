package place

import (
	"strings"

	"batsignal/oncall/fault"
)

const (
	mostKey  = 512 // bytes
	mostName = 200 // bytes of one name in it; disks take 255, and temporary names add to it
)

// CheckKey tells why something cannot be a key: each place asks it first, so that a key does
// the same everywhere and reaches nothing outside of the place. Names in it begin with no
// dash, since programs would take it for an option.
func CheckKey(key string) error {
	if err := checkLetters(key, mostKey); err != nil {
		return err
	}
	for name := range strings.SplitSeq(key, "/") {
		if name == "" || name == "." || name == ".." || name[0] == '-' || len(name) > mostName {
			return fault.New(fault.Invalid, "%q cannot be the key of a file: each name between the slashes must be of 1 to %d letters, not begin with a dash, and not be . or ..", brief(key), mostName)
		}
	}
	return nil
}

// CheckPrefix tells why something cannot be the beginning of keys. "" is of all.
func CheckPrefix(prefix string) error {
	if err := checkLetters(prefix, mostKey); err != nil {
		return err
	}
	names := strings.Split(prefix, "/")
	for i, name := range names {
		last := i == len(names)-1
		if name == "" && !last || !last && (name == "." || name == "..") {
			return fault.New(fault.Invalid, "No key of a file begins with %q.", brief(prefix))
		}
	}
	return nil
}

func checkLetters(key string, most int) error {
	if len(key) > most {
		return fault.New(fault.Invalid, "%q cannot be the key of a file: it has more than %d letters.", brief(key), most)
	}
	for i := range len(key) {
		if !letter(key[i]) && key[i] != '/' {
			return fault.New(fault.Invalid, "%q cannot be the key of a file: only letters, digits, dots, dashes, underscores and slashes can be in it.", brief(key))
		}
	}
	return nil
}

// letter tells whether a byte may stand in the names of a key.
func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-'
}

// brief is as much of a key as fits a sentence.
func brief(key string) string {
	const most = 60
	if len(key) > most {
		return key[:most] + "..."
	}
	return key
}
