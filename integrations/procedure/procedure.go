// Package procedure owns the kind of job "run": a program of the operator's, with arguments
// that people may fill in, for whatever has no kind of its own.
//
// It decides nothing about who may ask (package job does), and starts no shell: a value that
// somebody types is one argument, never an option and never a word of a command line.
package procedure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/job"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Config is what a procedure runs.
type Config struct {
	// Argv is the program, by its absolute path, and its arguments. An argument that is
	// {name} as a whole stands for the value of a parameter; "@NAME@" stands for the file of
	// a secret.
	Argv    []string
	Params  []job.Param
	Env     []string          // NAME=value; "@NAME@" as in Argv
	Secrets map[string]string // files that hold them, by name; read anew for each run
	Dir     string            // where it runs; "" is /
	Timeout time.Duration     // 0 is that of the job
	Limits  argv.Limits
	Sandbox *argv.Sandbox
	Offline bool     // it has a network of its own, with nobody else; where that cannot be, it does not run
	Walls   []string // for that, as [argv.OurWalls] gives them
	Success []int    // which ends are good ones; none is 0 alone
	// Report reads the last line of what it prints as what came of it:
	// {"said": "3 packages", "evidence": [["packages", "3"]]}.
	Report bool
}

// Procedure is a configured program.
type Procedure struct {
	c Config
	// order are the arguments: of those that stand for a value, its name.
	order []word
}

var _ job.Kind = (*Procedure)(nil)

type word struct {
	text  string
	param bool
}

// New checks a configuration. Errors are sentences for the operator.
func New(c Config) (*Procedure, error) {
	if len(c.Argv) == 0 || !filepath.IsAbs(c.Argv[0]) || strings.ContainsAny(c.Argv[0], "{}") {
		return nil, fault.New(fault.Invalid, "A procedure begins with the absolute path of a program, as /usr/local/bin/rotate-logs: here it is %q.", first(c.Argv))
	}
	p := &Procedure{c: c, order: []word{{text: c.Argv[0]}}}
	params := map[string]job.Param{}
	for _, one := range c.Params {
		if one.Name == "" || params[one.Name].Name != "" {
			return nil, fault.New(fault.Invalid, "The parameter %q has no name, or one that another one has.", one.Name)
		}
		params[one.Name] = one
	}
	used := map[string]bool{}
	for _, a := range c.Argv[1:] {
		name, whole := placeholder(a)
		switch {
		case whole && params[name].Name != "":
			p.order = append(p.order, word{name, true})
			used[name] = true
			continue
		case whole:
			return nil, fault.New(fault.Invalid, "The argument %s stands for a parameter that there is not. The parameters are: %s.", a, strings.Join(slices.Sorted(maps.Keys(params)), ", "))
		}
		for name := range params {
			if strings.Contains(a, "{"+name+"}") {
				return nil, fault.New(fault.Invalid, "In the argument %q a value would be a part of an argument. Write it as an argument of its own: [\"--host\", \"{host}\"] and not [\"--host={host}\"].", a)
			}
		}
		if strings.ContainsRune(a, 0) {
			return nil, fault.New(fault.Invalid, "An argument of %s holds a byte that arguments cannot hold.", c.Argv[0])
		}
		p.order = append(p.order, word{text: a})
	}
	for _, one := range c.Params {
		if !used[one.Name] {
			return nil, fault.New(fault.Invalid, "The parameter %s is nowhere in the arguments. Add {%s}, or take it away.", one.Name, one.Name)
		}
		if err := p.suits(one); err != nil {
			return nil, err
		}
	}
	for _, e := range c.Env {
		if name, _, ok := strings.Cut(e, "="); !ok || name == "" || strings.ContainsRune(e, 0) {
			return nil, fault.New(fault.Invalid, "%q is no variable: write it as NAME=value.", e)
		}
	}
	for name, file := range c.Secrets {
		if name == "" || strings.Contains(name, "@") || !filepath.IsAbs(file) {
			return nil, fault.New(fault.Invalid, "The secret %q needs a name without @ and the absolute path of its file, not %q.", name, file)
		}
		if !strings.Contains(strings.Join(slices.Concat(c.Argv[1:], c.Env), "\n"), "@"+name+"@") {
			return nil, fault.New(fault.Invalid, "The secret %s is nowhere in the arguments. Add @%s@, or take it away.", name, name)
		}
	}
	if c.Dir != "" && !filepath.IsAbs(c.Dir) {
		return nil, fault.New(fault.Invalid, "A procedure runs in a directory with an absolute path, not %q.", c.Dir)
	}
	if c.Offline && len(c.Walls) == 0 {
		return nil, fault.New(fault.Invalid, "%s is to run offline, and this program has no walls for that.", c.Argv[0])
	}
	return p, nil
}

func first(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// fill gives the arguments for values: as many as configured, whatever the values are.
func (p *Procedure) fill(params job.Params) (args []string, err error) {
	for _, w := range p.order[1:] {
		if !w.param {
			args = append(args, w.text)
			continue
		}
		value := params[w.text]
		if err := fits(w.text, value); err != nil {
			return nil, err
		}
		args = append(args, argv.Literal(value))
	}
	return args, nil
}

func (p *Procedure) command(params job.Params) (argv.Command, error) {
	args, err := p.fill(params)
	c := argv.Command{Path: p.c.Argv[0], Args: args, Dir: p.c.Dir, Env: p.c.Env, Limits: p.c.Limits, Sandbox: p.c.Sandbox}
	if p.c.Offline {
		c.Walls = p.c.Walls
	}
	return c, err
}

// offline tells why it cannot run without a network, if it is to.
func (p *Procedure) offline(ctx context.Context) error {
	if !p.c.Offline {
		return nil
	}
	if err := argv.TryWalls(ctx, p.c.Walls); err != nil {
		return fault.Wrap(fault.Unready, err, "%s is to run offline, and cannot: %s. Let the bot have namespaces of users and networks (docs/backups.md), or set offline: false.",
			filepath.Base(p.c.Argv[0]), strings.TrimSuffix(fault.Say(err), "."))
	}
	return nil
}

// Plan implements [job.Kind]: it shows what would run, as a shell would be told.
func (p *Procedure) Plan(ctx context.Context, params job.Params) ([]string, error) {
	c, err := p.command(params)
	if err != nil {
		return nil, err
	}
	if _, err := argv.Find(c.Path); err != nil {
		return nil, err
	}
	if err := p.offline(ctx); err != nil {
		return nil, err
	}
	words := []string{shown(c.Path)}
	for _, w := range p.order[1:] {
		text := w.text
		if w.param {
			text = params[w.text]
		}
		words = append(words, shown(text))
	}
	dir := c.Dir
	if dir == "" {
		dir = "/"
	}
	lines := []string{"It runs: " + strings.Join(words, " "), fmt.Sprintf("In %s, %s.", dir, c.How())}
	if len(p.c.Secrets) > 0 {
		lines = append(lines, "Secrets that it reads from files which only it can open: "+strings.Join(slices.Sorted(maps.Keys(p.c.Secrets)), ", ")+".")
	}
	if p.c.Timeout > 0 {
		lines = append(lines, "It has "+job.Spell(p.c.Timeout)+".")
	}
	return lines, nil
}

// shown is a word as one would type it in a shell.
func shown(word string) string {
	if word != "" && strings.Trim(word, harmless+"/=:,+%") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// Do implements [job.Kind].
func (p *Procedure) Do(ctx context.Context, r *job.Run) (job.Result, error) {
	c, err := p.command(r.Params)
	if err != nil {
		return job.Result{}, err
	}
	if err := p.offline(ctx); err != nil {
		return job.Result{}, err
	}
	if c.Secrets, err = p.secrets(); err != nil {
		return job.Result{}, err
	}
	if p.c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, p.c.Timeout, fault.New(fault.Limited, "%s took longer than %s, and was ended.", filepath.Base(c.Path), job.Spell(p.c.Timeout)))
		defer cancel()
	}
	r.Doing(ctx, "running "+filepath.Base(c.Path))
	r.Logf(ctx, "Running %s, %s.", filepath.Base(c.Path), c.How())
	heard := &hearing{tell: func(line string) { r.Logf(ctx, "%s", line) }, report: p.c.Report}
	out, errs := &argv.Lines{Tell: heard.out}, &argv.Lines{Tell: heard.line}
	c.Stdout, c.Stderr = out, errs
	_, err = c.Run(ctx)
	out.Flush()
	errs.Flush()
	last := heard.end()
	code := 0
	var ended *argv.ExitError
	if errors.As(err, &ended) {
		if code = ended.Code; p.good(code) {
			err = nil
		} else {
			err = fault.Wrap(fault.Conflict, err, "%s", said(ended.Error()))
		}
	} else if err == nil && !p.good(0) {
		err = fault.New(fault.Conflict, "%s ended with status 0, which is none of those that are good here.", filepath.Base(c.Path))
	}
	if err != nil {
		return job.Result{}, err
	}
	result := job.Result{Said: fmt.Sprintf("%s ended with status %d.", filepath.Base(c.Path), code)}
	if p.c.Report {
		if told, ok := parse(last); ok {
			if told.Said == "" {
				told.Said = result.Said
			}
			return told, nil
		}
		r.Logf(ctx, "The last line is no report, {\"said\": …, \"evidence\": [[…, …]]}: it is left out.")
	}
	return result, nil
}

func (p *Procedure) good(code int) bool {
	if len(p.c.Success) == 0 {
		return code == 0
	}
	return code >= 0 && slices.Contains(p.c.Success, code)
}

// said is what a program said last, as a sentence.
func said(text string) string { return strings.TrimRight(text, ". ") + "." }

func (p *Procedure) secrets() (map[string]secret.Text, error) {
	all := map[string]secret.Text{}
	for name, file := range p.c.Secrets {
		value, err := secret.FromFile(file)
		if err != nil {
			return nil, fault.Wrap(fault.Unready, err, "The secret %s cannot be read. Its file must be there, and readable by us.", name)
		}
		all[name] = value
	}
	return all, nil
}
