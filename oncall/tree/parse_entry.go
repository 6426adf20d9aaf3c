package tree

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
)

// The limits of what only this package reads; the others check their own.
const (
	mostMinimum = 50
	mostRepeats = 100
	mostNeeds   = 50
)

func (r *reader) role(n *yaml.Node) (x Role) {
	x.line = n.Line
	d := oncall.DefaultRoles()[0]
	x.Patience, x.PatienceSev1, x.Minimum = d.Patience, d.PatienceSev1, 1
	r.mapping(n, "a role", fields{
		"name": r.into(&x.Name), "title": r.into(&x.Title), "leads": r.flag(&x.Leads),
		"patience": r.wait(&x.Patience), "patience_sev1": r.wait(&x.PatienceSev1),
		"minimum": func(n *yaml.Node) { x.Minimum = r.number(n, 0, mostMinimum) },
		"prefers": func(n *yaml.Node) {
			for _, item := range r.items(n, "combination of labels") {
				if together := r.texts(item, "label"); len(together) > 0 {
					x.Prefers = append(x.Prefers, together)
				}
			}
		},
		"policies": func(n *yaml.Node) {
			set := func(severity int) func(*yaml.Node) {
				return func(n *yaml.Node) {
					if name := r.text(n); name != "" {
						if x.Policies == nil {
							x.Policies = map[int]string{}
						}
						x.Policies[severity] = name
					}
				}
			}
			r.mapping(n, "the policies of a role", fields{"every": set(0), "1": set(1), "2": set(2), "3": set(3), "4": set(4)})
		},
		"members": r.handles(&x.Members, false),
	}, "name")
	if x.Title == "" {
		x.Title = strings.ReplaceAll(x.Name, "-", " ")
	}
	return x
}

func (r *reader) schedule(n *yaml.Node) (x Schedule) {
	x.line, x.Zone = n.Line, "UTC"
	r.mapping(n, "a schedule", fields{
		"name": r.into(&x.Name), "title": r.into(&x.Title), "role": r.into(&x.Role), "zone": r.into(&x.Zone),
		"layers": func(n *yaml.Node) {
			for _, item := range r.items(n, "layer") {
				x.Layers = append(x.Layers, r.layer(item))
			}
		},
	}, "name")
	if x.Title == "" {
		x.Title = x.Name
	}
	return x
}

func (r *reader) layer(n *yaml.Node) (x Layer) {
	x.line = n.Line
	moment := func(to *string) func(*yaml.Node) {
		return func(n *yaml.Node) {
			text := r.text(n)
			d, err := civil.Parse(text)
			if err != nil && text != "" {
				r.add(n, "%s", fault.Say(err))
			}
			*to = d.String()
		}
	}
	r.mapping(n, "a layer", fields{
		"name": r.into(&x.Name), "zone": r.into(&x.Zone), "starts": moment(&x.Starts), "ends": moment(&x.Ends),
		"every": func(n *yaml.Node) {
			unit, turns, err := parseEvery(r.texts(n, "length of a turn"))
			if err != nil {
				r.add(n, "%s.", sentenceCase(err.Error()))
			}
			x.Every = writeEvery(unit, turns)
		},
		"members": r.handles(&x.Members, true),
		"only": func(n *yaml.Node) {
			for _, text := range r.texts(n, "time") {
				w, err := parseOnly(text)
				if err != nil {
					r.add(n, "%s.", sentenceCase(err.Error()))
				}
				x.Only = append(x.Only, writeOnly(w))
			}
		},
		"shadow": r.flag(&x.Shadow),
	}, "name", "starts", "every")
	return x
}

func (r *reader) policy(n *yaml.Node) (x Policy) {
	x.line = n.Line
	r.mapping(n, "a policy", fields{
		"name": r.into(&x.Name), "title": r.into(&x.Title),
		"repeats": func(n *yaml.Node) { x.Repeats = r.number(n, 0, mostRepeats) },
		"needs":   func(n *yaml.Node) { x.Needs = r.number(n, 0, mostNeeds) },
		"steps": func(n *yaml.Node) {
			for _, item := range r.items(n, "step") {
				x.Steps = append(x.Steps, r.step(item))
			}
		},
	}, "name", "steps")
	if x.Title == "" {
		x.Title = x.Name
	}
	return x
}

func (r *reader) step(n *yaml.Node) (x Step) {
	x.line = n.Line
	r.mapping(n, "a step", fields{
		"notify": func(n *yaml.Node) {
			for _, text := range r.texts(n, "target") {
				t, err := parseTarget(text)
				if err != nil {
					r.add(n, "%s.", sentenceCase(err.Error()))
				}
				x.Notify = append(x.Notify, string(t.Kind)+" "+t.Name)
			}
		},
		"wait": r.wait(&x.Wait), "all": r.flag(&x.All),
	}, "notify")
	return x
}

func (r *reader) label(n *yaml.Node) (x Label) {
	x.line = n.Line
	r.mapping(n, "a label", fields{"name": r.into(&x.Name), "title": r.into(&x.Title), "self": r.flag(&x.Self)}, "name")
	if x.Title == "" {
		x.Title = strings.ReplaceAll(x.Name, "-", " ")
	}
	return x
}

func (r *reader) component(n *yaml.Node) (x Component) {
	x.line = n.Line
	r.mapping(n, "a component", fields{
		"name": r.into(&x.Name), "aliases": r.handles(&x.Aliases, false),
		"owners": r.handles(&x.Owners, false), "co_owners": r.handles(&x.CoOwners, false), "knows": r.handles(&x.Knows, false),
	}, "name")
	x.Name = strings.ToLower(x.Name)
	seen := map[string]bool{}
	for _, list := range [][]string{x.Owners, x.CoOwners, x.Knows} {
		for _, name := range list {
			if seen[name] {
				r.add(n, "%s is there twice for %s. The nearest rank is enough.", oncall.Clip(name, 40), oncall.Clip(x.Name, 40))
			}
			seen[name] = true
		}
	}
	return x
}

func (r *reader) person(n *yaml.Node) (x Person) {
	x.line = n.Line
	r.mapping(n, "a person", fields{
		"handle": r.into(&x.Handle), "name": r.into(&x.Name), "zone": r.into(&x.Zone), "awake": r.into(&x.Awake),
		"work": r.into(&x.Work), "languages": r.into(&x.Languages), "region": r.into(&x.Region),
		"labels": func(n *yaml.Node) {
			x.Labels = []string{}
			r.handles(&x.Labels, false)(n)
		},
	}, "handle")
	if x.Awake != "" {
		if _, _, err := oncall.ParseHours(x.Awake); err != nil {
			r.add(n, "%s", fault.Say(err))
		}
	}
	if x.Work != "" && x.Work != None {
		if days, from, until, err := parseWork(x.Work); err != nil {
			r.add(n, "%s.", sentenceCase(err.Error()))
		} else {
			x.Work = oncall.WriteDays(days) + " " + oncall.Minutes(from) + "-" + oncall.Minutes(until)
		}
	}
	written := x.Handle
	if x.Handle = strings.ToLower(strings.TrimPrefix(x.Handle, "@")); x.Handle == "" && written != "" {
		r.add(n, "A person needs the key handle.")
	}
	return x
}
