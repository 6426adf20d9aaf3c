package web

// textField is a field of a form, with what is wrong with it.
type textField struct{ Name, Label, Value, Wrong, List string }

// textFieldOf is (textField name label value wrong [list]), where wrong are the sentences
// of a form by the name of their field.
func textFieldOf(name, label, value string, wrong map[string]string, list ...string) textField {
	f := textField{Name: name, Label: label, Value: value, Wrong: wrong[name]}
	if len(list) > 0 {
		f.List = list[0]
	}
	return f
}
