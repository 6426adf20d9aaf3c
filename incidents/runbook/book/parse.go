package book

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// End is where a choice or a next leads that ends the runbook.
const End = "end"

// draft is a step as it is read: what it names is looked for when all are read.
type draft struct {
	Step
	kinds   []string // the keys that say its kind
	two     string
	next    goTo
	choices []goTo // of each choice
	settles []goTo
	jobOnly []goTo // keys that only a job has
}

// goTo is a name that was read, and where.
type goTo struct {
	name string
	line int
}

// Parse reads a runbook. With problems the book is not to be used.
func Parse(file []byte) (Book, []Problem) {
	r := &reader{}
	b := Book{Text: slices.Clone(file)}
	root := r.document(file)
	if root == nil {
		return b, r.problems
	}
	var drafts []draft
	r.mapping(root, "a runbook", fields{
		"runbook": r.name(&b.Name, aName),
		"title":   r.text(&b.Title, longestTitle),
		"about":   r.text(&b.About, longestAbout),
		"steps": func(n *yaml.Node) {
			for _, one := range r.items(n, mostSteps, "step") {
				drafts = append(drafts, r.step(one))
			}
			if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
				r.add(n.Line, "A runbook has at least one step.")
			}
		},
	}, "runbook", "title", "steps")
	if len(r.problems) == 0 {
		b.Steps = r.link(drafts)
		r.judge(b)
	}
	slices.SortStableFunc(r.problems, func(x, y Problem) int { return x.Line - y.Line })
	return b, r.problems
}

func (r *reader) step(n *yaml.Node) draft {
	d := draft{Step: Step{Line: n.Line, Kind: Sentence}}
	kind := func(key string, k Kind, read func(*yaml.Node)) func(*yaml.Node) {
		return func(n *yaml.Node) {
			d.kinds, d.Kind = append(d.kinds, key), k
			read(n)
		}
	}
	ofJob := func(key string, read func(*yaml.Node)) func(*yaml.Node) {
		return func(n *yaml.Node) {
			d.jobOnly = append(d.jobOnly, goTo{key, n.Line})
			read(n)
		}
	}
	r.mapping(n, "a step", fields{
		"name":    r.name(&d.Name, aName),
		"say":     r.text(&d.Say, longestSay),
		"why":     r.text(&d.Why, longestWhy),
		"guard":   r.text(&d.Guard, longestWhy),
		"undo":    r.text(&d.Undo, longestWhy),
		"who":     r.name(&d.Who, aName),
		"must":    r.yes(&d.Must),
		"next":    r.to(&d.next),
		"settles": r.settles(&d),
		"confirm": kind("confirm", Confirmation, func(n *yaml.Node) {
			if d.two = n.Value; n.Kind != yaml.ScalarNode || n.Value != "one" && n.Value != "two" {
				r.add(n.Line, "How many people confirm it: write one or two.")
			}
		}),
		"decide":  kind("decide", Decision, r.choices(&d)),
		"job":     kind("job", Job, r.name(&d.Job, aName)),
		"with":    ofJob("with", r.with(&d)),
		"fill":    ofJob("fill", r.fill(&d)),
		"without": ofJob("without", r.text(&d.Without, longestSay)),
	}, "name", "say")
	d.Two = d.two == "two"
	switch {
	case len(d.kinds) > 1:
		r.add(n.Line, "A step is one thing: of %s only one may stand here.", strings.Join(d.kinds, ", "))
	case d.Kind != Job && len(d.jobOnly) > 0:
		r.add(d.jobOnly[0].line, "The key %s belongs to a step with a job.", d.jobOnly[0].name)
	case d.Guard != "" && d.Kind != Confirmation && d.Kind != Job:
		r.add(n.Line, "A guard stands before something that is done: a step with confirm or job.")
	case d.Undo != "" && d.Kind != Confirmation && d.Kind != Job:
		r.add(n.Line, "Only what is done can be undone: undo belongs to a step with confirm or job.")
	case d.Must && d.Kind == Decision:
		r.add(n.Line, "A decision is never skipped, so must is needless.")
	case d.next.name != "" && d.Kind == Decision:
		r.add(d.next.line, "Where a decision leads is said by its choices, not by next.")
	}
	return d
}

func (r *reader) to(g *goTo) func(*yaml.Node) {
	return func(n *yaml.Node) {
		g.line = n.Line
		r.name(&g.name, aName)(n)
	}
}

func (r *reader) settles(d *draft) func(*yaml.Node) {
	return func(n *yaml.Node) {
		for _, one := range r.items(n, mostSteps, "name of a step") {
			var g goTo
			r.to(&g)(one)
			d.settles = append(d.settles, g)
		}
	}
}

func (r *reader) choices(d *draft) func(*yaml.Node) {
	return func(n *yaml.Node) {
		items := r.items(n, mostChoices, "choice")
		if n.Kind == yaml.SequenceNode && len(n.Content) < 2 {
			r.add(n.Line, "A decision has at least two choices.")
		}
		for _, one := range items {
			var c Choice
			var g goTo
			r.mapping(one, "a choice", fields{
				"choice": r.name(&c.Name, aName), "means": r.text(&c.Means, longestMeans), "go": r.to(&g), "loop": r.yes(&c.Loop),
			}, "choice", "go")
			if c.Name != "" && slices.ContainsFunc(d.Choices, func(o Choice) bool { return o.Name == c.Name }) {
				r.add(one.Line, "The choice %s is there twice.", c.Name)
			}
			d.Choices, d.choices = append(d.Choices, c), append(d.choices, g)
		}
	}
}

// params reads names with a text each, in their order.
func (r *reader) params(n *yaml.Node, what string, keep func(name, text string)) {
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 || len(n.Content) > 2*mostParams {
		r.add(n.Line, "Here should be %s, as 1 to %d names and values.", what, mostParams)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		var name, text string
		r.name(&name, aParam)(n.Content[i])
		r.text(&text, longestValue)(n.Content[i+1])
		if seen[name] {
			r.add(n.Content[i].Line, "The parameter %s is there twice.", name)
		}
		seen[name] = true
		keep(name, text)
	}
}

func (r *reader) with(d *draft) func(*yaml.Node) {
	return func(n *yaml.Node) {
		d.With = map[string]string{}
		r.params(n, "parameters of the job", func(name, value string) { d.With[name] = value })
	}
}

func (r *reader) fill(d *draft) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.params(n, "parameters that are asked for", func(name, help string) { d.Fill = append(d.Fill, Blank{name, help}) })
	}
}
