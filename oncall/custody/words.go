package custody

import (
	"strings"

	"batsignal/oncall/fault"
)

// list says "a, b and c".
func list(words []string, last string) string {
	switch len(words) {
	case 0:
		return "nobody"
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}

// sentences puts what errors say behind another sentence.
func sentences(errs []error) string {
	var b strings.Builder
	for _, err := range errs {
		b.WriteString(" " + fault.Say(err))
	}
	return b.String()
}
