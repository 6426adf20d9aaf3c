package switchboard

import (
	"net/http"
	"strings"
)

// box is one field of a form, with what is wrong with it beside it.
type box struct {
	Name, Label string
	Value       string
	Problem     string // what is wrong with it; "" is nothing
	Help        string
	Type        string // of the input; "" is text
	Mode        string // of the keyboard on a telephone; "" is the usual one
	List        string // id of what it offers; "" is nothing
	Most        int    // letters; 0 does not say
	Wide        bool
}

// Kind is the type of the input.
func (b box) Kind() string {
	if b.Type == "" {
		return "text"
	}
	return b.Type
}

// digitsBox and handleBox are on every page that takes codes of an authenticator. The
// digits that were typed are not shown again: they are good once.
func digitsBox(problem string) box {
	return box{Name: "digits", Label: "Six digits of your authenticator", Problem: problem, Mode: "numeric", Most: 10}
}

func handleBox(value, problem string) box {
	return box{Name: "handle", Label: "Your handle", Value: value, Problem: problem, Most: 40}
}

// typed is what was typed in a field, on one line.
func typed(r *http.Request, name string) string {
	return strings.Join(strings.Fields(r.PostForm.Get(name)), " ")
}

// isDigits tells whether somebody typed six digits, with or without spaces.
func isDigits(text string) bool {
	text = strings.ReplaceAll(text, " ", "")
	return len(text) == 6 && strings.Trim(text, "0123456789") == ""
}

// checkSigner says what is wrong with a handle and digits before anybody is asked.
func checkSigner(handle, digits string) (wrong map[string]string) {
	wrong = map[string]string{}
	if handle == "" || len(handle) > 40 {
		wrong["handle"] = "Type your handle, as it is on the roster."
	}
	if !isDigits(digits) {
		wrong["digits"] = "A code is the 6 digits that your authenticator shows."
	}
	return wrong
}
