package tree

// Merge puts the entries of one tree into another: in place of those of the same name,
// or after them. Sections that only one of them has are that one's.
func Merge(onto, more File) File {
	return File{
		Roles:      merged(onto.Roles, more.Roles, func(x Role) string { return x.Name }),
		Schedules:  merged(onto.Schedules, more.Schedules, func(x Schedule) string { return x.Name }),
		Policies:   merged(onto.Policies, more.Policies, func(x Policy) string { return x.Name }),
		Labels:     merged(onto.Labels, more.Labels, func(x Label) string { return x.Name }),
		Components: merged(onto.Components, more.Components, func(x Component) string { return x.Name }),
		People:     merged(onto.People, more.People, func(x Person) string { return x.Handle }),
	}.tidy()
}

func merged[T any](onto, more []T, name func(T) string) []T {
	if onto == nil {
		return more
	}
	out := append([]T{}, onto...)
	at := map[string]int{}
	for i, x := range out {
		at[name(x)] = i
	}
	for _, x := range more {
		if i, there := at[name(x)]; there {
			out[i] = x
		} else {
			out = append(out, x)
		}
	}
	return out
}
