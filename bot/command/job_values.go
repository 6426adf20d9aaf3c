package command

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"batsignal/integrations/job"
	"batsignal/oncall/fault"
)

// valuesOf reads "zone=eu depth=3". A value with spaces stands in double quotes, of any kind,
// since phones bend them.
func valuesOf(text string) (job.Params, error) {
	params := job.Params{}
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		name, rest, ok := strings.Cut(token(text), "=")
		if !ok || name == "" || strings.ContainsFunc(name, isQuote) {
			return nil, fault.New(fault.Invalid, "What a job takes is written as name=value, such as zone=eu; %s is not.", quote(token(text)))
		}
		name, text = strings.ToLower(name), text[len(name)+1:]
		value := rest
		if r, size := utf8.DecodeRuneInString(text); rest != "" && isQuote(r) {
			end := strings.IndexFunc(text[size:], isQuote)
			if end < 0 {
				return nil, fault.New(fault.Invalid, "The value of %s begins with a double quote that does not end.", quote(name))
			}
			value = text[size : size+end]
			_, closing := utf8.DecodeRuneInString(text[size+end:])
			text = text[size+end+closing:]
			if next, _ := utf8.DecodeRuneInString(text); text != "" && !unicode.IsSpace(next) {
				return nil, fault.New(fault.Invalid, "After the quote that ends the value of %s I expect a space.", quote(name))
			}
		} else {
			text = text[len(rest):]
		}
		if _, twice := params[name]; twice {
			return nil, fault.New(fault.Invalid, "The value of %s is given twice.", quote(name))
		}
		params[name] = value
	}
	return params, nil
}
