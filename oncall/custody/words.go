package custody

import (
	"strings"

	"batsignal/oncall/fault"
)

// sentences puts what errors say behind another sentence.
func sentences(errs []error) string {
	var b strings.Builder
	for _, err := range errs {
		b.WriteString(" " + fault.Say(err))
	}
	return b.String()
}
