package procedure

import (
	"path/filepath"
	"slices"
	"strings"

	"batsignal/integrations/job"
	"batsignal/oncall/fault"
)

// shells are programs that take their arguments for a command line, here or elsewhere. What
// somebody types freely must not get there.
var shells = []string{"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "fish", "csh", "tcsh", "busybox", "ssh", "mosh", "rsh", "su", "runuser", "watch", "script", "at", "batch",
	"xargs", "parallel", "eval", "make", "pdsh", "clush", "ansible", "salt", "tmux", "screen", "expect"}

// suits tells whether values of a parameter may go where they go.
func (p *Procedure) suits(one job.Param) error {
	for _, value := range append(slices.Clone(one.Choices), one.Default) {
		if value == "" {
			continue
		}
		if err := fits(one.Name, value); err != nil {
			return err
		}
	}
	free := one.Type == job.ParamText
	if one.Type == job.ParamChoice {
		free = slices.ContainsFunc(one.Choices, func(c string) bool { return strings.Trim(c, harmless) != "" })
	}
	if !free {
		return nil
	}
	for _, w := range p.order {
		if !w.param && slices.Contains(shells, filepath.Base(w.text)) {
			return fault.New(fault.Invalid, "%s may hand its arguments to a shell, and %s may hold what a shell would do. Give it another type (id, host, number, duration), or put the call into a script of its own.",
				filepath.Base(w.text), one.Name)
		}
	}
	return nil
}

// harmless means nothing to a shell.
const harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

// placeholder tells whether an argument as a whole stands for a value.
func placeholder(a string) (name string, whole bool) {
	if len(a) < 3 || a[0] != '{' || a[len(a)-1] != '}' {
		return "", false
	}
	name = a[1 : len(a)-1]
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return "", false
		}
	}
	return name, true
}

// longestValue is in bytes; longer ones are no parameters.
const longestValue = 1000

// fits tells whether a value may be an argument. The engine has checked its type; this
// holds whatever a type allows.
func fits(name, value string) error {
	bad := ""
	switch {
	case value == "":
		bad = "is empty"
	case len(value) > longestValue:
		bad = "is too long"
	case value[0] == '-', value[0] == '+':
		bad = "begins with a " + string(value[0]) + ", as options do"
	case value[0] == '@':
		bad = "begins with an @, by which some programs read files"
	case strings.IndexFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) >= 0:
		bad = "holds what is no letter"
	default:
		return nil
	}
	return fault.New(fault.Invalid, "The value of %s %s. Choose another one.", name, bad)
}
