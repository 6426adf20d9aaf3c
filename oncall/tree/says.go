package tree

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/component"
	"batsignal/oncall/skill"
)

// field is what somebody reads of an object: which part of it, and what that is.
type field struct{ name, value string }

// differing says which fields are different: "minimum: 1 → 2".
func differing(old, now []field) (says []string) {
	for i, f := range now {
		if old[i].value != f.value {
			says = append(says, fmt.Sprintf("%s: %s → %s", f.name, cmp.Or(old[i].value, "none"), cmp.Or(f.value, "none")))
		}
	}
	return says
}

func saysRole(old, now *Role, active map[string]bool) (says []string) {
	switch {
	case now == nil:
		return []string{"retires the role " + old.Name + ": nobody is rung for it any more"}
	case old == nil:
		says, old = []string{"adds the role " + now.Name}, &Role{}
	default:
		says = differing(roleFields(old), roleFields(now))
	}
	var stay []string
	for _, m := range now.Members {
		switch {
		case slices.Contains(old.Members, m):
			stay = append(stay, m)
		case active[now.Name+"/"+m]:
			says = append(says, fmt.Sprintf("puts %s on %s, who said yes to it before", m, now.Name))
		default:
			says = append(says, fmt.Sprintf("asks %s for %s: nobody is rung before their own yes", m, now.Name))
		}
	}
	was := slices.Clone(old.Members)
	for _, m := range old.Members {
		if !slices.Contains(now.Members, m) {
			says = append(says, fmt.Sprintf("takes %s off %s", m, now.Name))
			was = slices.DeleteFunc(was, func(w string) bool { return w == m })
		}
	}
	if !slices.Equal(was, stay) || len(was) > 0 && !slices.Equal(now.Members[:len(was)], was) {
		says = append(says, fmt.Sprintf("has %s asked in the order %s", now.Name, strings.Join(now.Members, ", ")))
	}
	return says
}

func roleFields(x *Role) []field {
	var policies []string
	for _, severity := range slices.Sorted(maps.Keys(x.Policies)) {
		policies = append(policies, severityWords(severity)+" "+x.Policies[severity])
	}
	prefers := ""
	if len(x.Prefers) > 0 {
		prefers = skill.Order(x.Prefers)
	}
	return []field{
		{"title", x.Title}, {"leads", fmt.Sprint(x.Leads)}, {"patience", writeWait(x.Patience)}, {"patience at severity 1", writeWait(x.PatienceSev1)},
		{"minimum", fmt.Sprint(x.Minimum)}, {"prefers", prefers}, {"policies", strings.Join(policies, ", ")},
	}
}

func severityWords(severity int) string {
	if severity == 0 {
		return "otherwise"
	}
	return fmt.Sprintf("at severity %d", severity)
}

func saysSchedule(old, now *Schedule) (says []string) {
	switch {
	case now == nil:
		return []string{"retires the schedule " + old.Name + ", with what was decided for later"}
	case old == nil:
		return []string{"adds the schedule " + now.Name}
	}
	fields := func(x *Schedule) []field { return []field{{"title", x.Title}, {"role", x.Role}, {"zone", x.Zone}} }
	says = differing(fields(old), fields(now))
	for i := range now.Layers {
		l := &now.Layers[i]
		at := slices.IndexFunc(old.Layers, func(o Layer) bool { return o.Name == l.Name })
		if at < 0 {
			says = append(says, fmt.Sprintf("layer %s: is added (%s)", l.Name, strings.Join(l.Members, ", ")))
			continue
		}
		for _, text := range differing(layerFields(&old.Layers[at]), layerFields(l)) {
			says = append(says, "layer "+l.Name+": "+text)
		}
	}
	var was, is []string
	for _, l := range old.Layers {
		if !slices.ContainsFunc(now.Layers, func(n Layer) bool { return n.Name == l.Name }) {
			says = append(says, "layer "+l.Name+": is removed")
			continue
		}
		was = append(was, l.Name)
	}
	for _, l := range now.Layers {
		if slices.Contains(was, l.Name) {
			is = append(is, l.Name)
		}
	}
	if !slices.Equal(was, is) {
		says = append(says, "layers are asked in the order "+strings.Join(is, ", "))
	}
	return says
}

func layerFields(x *Layer) []field {
	return []field{
		{"zone", x.Zone}, {"starts", x.Starts}, {"ends", x.Ends}, {"every", strings.Join(x.Every, ", ")},
		{"members", strings.Join(x.Members, ", ")}, {"only", strings.Join(x.Only, ", ")}, {"shadow", fmt.Sprint(x.Shadow)},
	}
}

func saysPolicy(old, now *Policy) (says []string) {
	switch {
	case now == nil:
		return []string{"removes the policy " + old.Name}
	case old == nil:
		return []string{"adds the policy " + now.Name}
	}
	repeats := func(x *Policy) string {
		if x.Repeats == 0 {
			return "for ever"
		}
		return oncall.Plural(x.Repeats, "round", "rounds")
	}
	needs := func(x *Policy) string { return oncall.Plural(max(x.Needs, 1), "answer", "answers") }
	says = differing([]field{{"title", old.Title}, {"repeats", repeats(old)}, {"needs", needs(old)}}, []field{{"title", now.Title}, {"repeats", repeats(now)}, {"needs", needs(now)}})
	for i := range max(len(old.Steps), len(now.Steps)) {
		switch {
		case i >= len(old.Steps):
			says = append(says, fmt.Sprintf("step %d: is added (%s)", i+1, now.Steps[i].words()))
		case i >= len(now.Steps):
			says = append(says, fmt.Sprintf("step %d: is removed (%s)", i+1, old.Steps[i].words()))
		case old.Steps[i].words() != now.Steps[i].words():
			says = append(says, fmt.Sprintf("step %d: %s → %s", i+1, old.Steps[i].words(), now.Steps[i].words()))
		}
	}
	return says
}

func (s Step) words() string {
	text := strings.Join(s.Notify, ", ")
	if s.All {
		text += ", all at once"
	}
	if s.Wait > 0 {
		text += ", wait " + writeWait(s.Wait)
	}
	return text
}

func saysLabel(old, now *Label) []string {
	switch {
	case now == nil:
		return []string{"removes the label " + old.Name + ", also from everybody who has it"}
	case old == nil:
		return []string{"adds the label " + now.Name}
	}
	fields := func(x *Label) []field {
		return []field{{"title", x.Title}, {"their own word is enough", fmt.Sprint(x.Self)}}
	}
	return differing(fields(old), fields(now))
}

func saysComponent(old, now *Component) (says []string) {
	switch {
	case now == nil:
		return []string{"forgets what was said by hand about " + old.Name}
	case old == nil:
		says, old = []string{"adds the component " + now.Name}, &Component{}
	}
	if was, is := strings.Join(old.Aliases, ", "), strings.Join(now.Aliases, ", "); was != is {
		says = append(says, fmt.Sprintf("other names: %s → %s", cmp.Or(was, "none"), cmp.Or(is, "none")))
	}
	was, is := old.ranks(), now.ranks()
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if was[name] != is[name] {
			says = append(says, fmt.Sprintf("says that %s %s %s", name, is[name].Verb(), now.Name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(was)) {
		if is[name] == component.Rank("") {
			says = append(says, fmt.Sprintf("says no more that %s %s %s", name, was[name].Verb(), now.Name))
		}
	}
	return says
}

func saysPerson(old, now *Person) []string {
	switch {
	case now == nil:
		return []string{"nobody is removed"}
	case old == nil:
		return []string{"adds " + now.Handle}
	}
	fields := func(x *Person) []field {
		return []field{{"name", x.Name}, {"zone", x.Zone}, {"awake", x.Awake}, {"work", x.Work},
			{"languages", x.Languages}, {"region", x.Region}, {"labels", strings.Join(x.Labels, ", ")}}
	}
	return differing(fields(old), fields(now))
}
