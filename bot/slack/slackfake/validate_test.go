package slackfake

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// fill puts long texts where a form says "@n": n letters.
func long(form string) string {
	for {
		before, after, found := strings.Cut(form, "@")
		if !found {
			return before
		}
		n, digits := 0, 0
		for digits < len(after) && after[digits] >= '0' && after[digits] <= '9' {
			n = n*10 + int(after[digits]-'0')
			digits++
		}
		form = before + strings.Repeat("x", n) + after[digits:]
	}
}

// times repeats a form n times with "#" counted.
func times(n int, form string) string {
	var all []string
	for i := range n {
		all = append(all, strings.ReplaceAll(form, "#", fmt.Sprint(i)))
	}
	return strings.Join(all, ",")
}

func section(more string) string { return `{"type":"section"` + more + `}` }
func mrkdwn(t string) string     { return `{"type":"mrkdwn","text":"` + t + `"}` }
func plainText(t string) string  { return `{"type":"plain_text","text":"` + t + `"}` }
func actions(el string) string   { return `{"type":"actions","elements":[` + el + `]}` }
func buttonWith(more string) string {
	return `{"type":"button","text":` + plainText("ok") + more + `}`
}

func static(options string, more string) string {
	return `{"type":"static_select","action_id":"s","options":[` + options + `]` + more + `}`
}

func option(text, value string) string {
	return `{"text":` + plainText(text) + `,"value":"` + value + `"}`
}

func inputOf(el string) string {
	return `{"type":"input","label":` + plainText("Label") + `,"element":` + el + `}`
}

func confirmOf(title, text, yes, no string) string {
	return `,"confirm":{"title":` + plainText(title) + `,"text":` + mrkdwn(text) + `,"confirm":` + plainText(yes) + `,"deny":` + plainText(no) + `}`
}

func TestValidateMessages(t *testing.T) {
	t.Parallel()
	divider := `{"type":"divider"}`
	for _, c := range []struct{ name, fine, wrong, at string }{
		{"blocks", times(50, divider), times(51, divider), "/blocks"},
		{"unknown block", divider, `{"type":"dividr"}`, "/blocks/0"},
		{"unknown field", divider, `{"type":"divider","text":"x"}`, "/blocks/0"},
		{"section", section(`,"text":` + mrkdwn("@3000")), section(`,"text":` + mrkdwn("@3001")), "/blocks/0/text/text"},
		{"section's text", section(`,"text":` + mrkdwn("x")), section(`,"text":` + mrkdwn("")), "/blocks/0/text/text"},
		{"section of something", section(`,"text":` + mrkdwn("x")), section(""), "/blocks/0"},
		{"fields", section(`,"fields":[` + times(10, mrkdwn("@2000")) + `]`), section(`,"fields":[` + times(11, mrkdwn("x")) + `]`), "/blocks/0/fields"},
		{"field", section(`,"fields":[` + mrkdwn("@2000") + `]`), section(`,"fields":[` + mrkdwn("@2001") + `]`), "/blocks/0/fields/0/text"},
		{"header", `{"type":"header","text":` + plainText("@150") + `}`, `{"type":"header","text":` + plainText("@151") + `}`, "/blocks/0/text/text"},
		{"header is plain", `{"type":"header","text":` + plainText("x") + `}`, `{"type":"header","text":` + mrkdwn("x") + `}`, "/blocks/0/text/type"},
		{"context", `{"type":"context","elements":[` + times(10, mrkdwn("x")) + `]}`, `{"type":"context","elements":[` + times(11, mrkdwn("x")) + `]}`, "/blocks/0/elements"},
		{"actions", actions(times(25, buttonWith(`,"action_id":"#"`))), actions(times(26, buttonWith(`,"action_id":"#"`))), "/blocks/0/elements"},
		{"action IDs", actions(times(2, buttonWith(`,"action_id":"#"`))), actions(times(2, buttonWith(`,"action_id":"a"`))), "/blocks/0/elements/1/action_id"},
		{"action ID", actions(buttonWith(`,"action_id":"@255"`)), actions(buttonWith(`,"action_id":"@256"`)), "/blocks/0/elements/0/action_id"},
		{"block IDs", times(2, `{"type":"divider","block_id":"#"}`), times(2, `{"type":"divider","block_id":"a"}`), "/blocks/1/block_id"},
		{"block ID", `{"type":"divider","block_id":"@255"}`, `{"type":"divider","block_id":"@256"}`, "/blocks/0/block_id"},
		{"button", actions(`{"type":"button","text":` + plainText("@75") + `}`), actions(`{"type":"button","text":` + plainText("@76") + `}`), "/blocks/0/elements/0/text/text"},
		{"button is plain", actions(buttonWith("")), actions(`{"type":"button","text":` + mrkdwn("x") + `}`), "/blocks/0/elements/0/text/type"},
		{"button's value", actions(buttonWith(`,"value":"@2000"`)), actions(buttonWith(`,"value":"@2001"`)), "/blocks/0/elements/0/value"},
		{"button's URL", actions(buttonWith(`,"url":"http:@2995"`)), actions(buttonWith(`,"url":"http:@2996"`)), "/blocks/0/elements/0/url"},
		{"style", actions(buttonWith(`,"style":"danger"`)), actions(buttonWith(`,"style":"default"`)), "/blocks/0/elements/0/style"},
		{"confirm's title", actions(buttonWith(confirmOf("@100", "x", "y", "n"))), actions(buttonWith(confirmOf("@101", "x", "y", "n"))), "/blocks/0/elements/0/confirm/title/text"},
		{"confirm's text", actions(buttonWith(confirmOf("x", "@300", "y", "n"))), actions(buttonWith(confirmOf("x", "@301", "y", "n"))), "/blocks/0/elements/0/confirm/text/text"},
		{"confirm's yes", actions(buttonWith(confirmOf("x", "x", "@30", "n"))), actions(buttonWith(confirmOf("x", "x", "@31", "n"))), "/blocks/0/elements/0/confirm/confirm/text"},
		{"confirm's no", actions(buttonWith(confirmOf("x", "x", "y", "@30"))), actions(buttonWith(confirmOf("x", "x", "y", "@31"))), "/blocks/0/elements/0/confirm/deny/text"},
		{"options", actions(static(times(100, option("x", "#")), "")), actions(static(times(101, option("x", "#")), "")), "/blocks/0/elements/0/options"},
		{"no options", actions(static(option("x", "v"), "")), actions(static("", "")), "/blocks/0/elements/0/options"},
		{"option's text", actions(static(option("@75", "v"), "")), actions(static(option("@76", "v"), "")), "/blocks/0/elements/0/options/0/text/text"},
		{"option's value", actions(static(option("x", "@150"), "")), actions(static(option("x", "@151"), "")), "/blocks/0/elements/0/options/0/value"},
		{"initial option", actions(static(option("x", "v"), `,"initial_option":`+option("x", "v"))), actions(static(option("x", "v"), `,"initial_option":`+option("y", "v"))), "/blocks/0/elements/0/initial_option"},
		{"placeholder", actions(static(option("x", "v"), `,"placeholder":`+plainText("@150"))), actions(static(option("x", "v"), `,"placeholder":`+plainText("@151"))), "/blocks/0/elements/0/placeholder/text"},
		{"overflow", section(`,"text":` + mrkdwn("x") + `,"accessory":{"type":"overflow","options":[` + times(5, option("x", "#")) + `]}`), section(`,"text":` + mrkdwn("x") + `,"accessory":{"type":"overflow","options":[` + times(6, option("x", "#")) + `]}`), "/blocks/0/accessory/options"},
		{"image", `{"type":"image","image_url":"https://a","alt_text":"x"}`, `{"type":"image","image_url":"https://a"}`, "/blocks/0"},
		{"input in actions", actions(buttonWith("")), actions(`{"type":"plain_text_input"}`), "/blocks/0/elements/0"},
		{"emoji", section(`,"text":` + mrkdwn("x")), section(`,"text":{"type":"mrkdwn","text":"x","emoji":true}`), "/blocks/0/text"},
	} {
		judged(t, "message", c.name, "["+long(c.fine)+"]", "["+long(c.wrong)+"]", c.at)
	}
}

func judged(t *testing.T, kind, name, fine, wrong, at string) {
	t.Helper()
	if said := Validate(kind, []byte(fine)); len(said) > 0 {
		t.Errorf("%s: refused what is fine: %q", name, said)
	}
	said := Validate(kind, []byte(wrong))
	if len(said) != 1 || !strings.HasSuffix(said[0], "[json-pointer:"+at+"]") {
		t.Errorf("%s: said %q, want one mistake at %s", name, said, at)
	}
}

func TestValidateViews(t *testing.T) {
	t.Parallel()
	modal := func(title, blocks, more string) string {
		return long(`{"type":"modal","title":` + plainText(title) + `,"submit":` + plainText("Go") + more + `,"blocks":[` + blocks + `]}`)
	}
	typed := func(more string) string { return inputOf(`{"type":"plain_text_input","action_id":"a"` + more + `}`) }
	divider := `{"type":"divider"}`
	for _, c := range []struct{ name, fine, wrong, at string }{
		{"blocks", modal("x", times(100, divider), ""), modal("x", times(101, divider), ""), "/blocks"},
		{"title", modal("@24", divider, ""), modal("@25", divider, ""), "/title/text"},
		{"close", modal("x", divider, `,"close":`+plainText("@24")), modal("x", divider, `,"close":`+plainText("@25")), "/close/text"},
		{"metadata", modal("x", divider, `,"private_metadata":"@3000"`), modal("x", divider, `,"private_metadata":"@3001"`), "/private_metadata"},
		{"callback", modal("x", divider, `,"callback_id":"@255"`), modal("x", divider, `,"callback_id":"@256"`), "/callback_id"},
		{"label", modal("x", strings.Replace(typed(""), "Label", "@2000", 1), ""), modal("x", strings.Replace(typed(""), "Label", "@2001", 1), ""), "/blocks/0/label/text"},
		{"hint", modal("x", strings.Replace(typed(""), `"label"`, `"hint":`+plainText("@2000")+`,"label"`, 1), ""), modal("x", strings.Replace(typed(""), `"label"`, `"hint":`+plainText("@2001")+`,"label"`, 1), ""), "/blocks/0/hint/text"},
		{"max_length", modal("x", typed(`,"max_length":3000`), ""), modal("x", typed(`,"max_length":3001`), ""), "/blocks/0/element/max_length"},
		{"focus", modal("x", typed(`,"focus_on_load":true`), ""), modal("x", typed(`,"focus_on_load":true`)+","+typed(`,"focus_on_load":true`), ""), "/blocks"},
		{"submit", modal("x", typed(""), ""), strings.Replace(modal("x", typed(""), ""), `"submit":`+plainText("Go")+`,`, "", 1), ""},
		{"markdown", modal("x", divider, ""), modal("x", `{"type":"markdown","text":"x"}`, ""), "/blocks/0"},
	} {
		judged(t, "modal", c.name, c.fine, c.wrong, first(c.at, "/"))
	}
	home := `{"type":"home","blocks":[` + divider + `]}`
	judged(t, "home", "title", home, `{"type":"home","title":`+plainText("x")+`,"blocks":[]}`, "/")
	judged(t, "home", "type", home, `{"type":"modal","blocks":[]}`, "/type")
	judged(t, "message", "object", `{"text":"x","blocks":[]}`, `{"text":"x","blocks":{}}`, "/blocks")
	if said := Validate("message", []byte("{")); len(said) != 1 {
		t.Errorf("broken JSON: %q", said)
	}
	panics(t, "knows no kind", func() { Validate("telegram", []byte("[]")) })
}

func TestWhatTheLibraryBuildsIsFine(t *testing.T) {
	t.Parallel()
	for kind, v := range map[string]any{"message": buttons(), "modal": form("Light it")} {
		raw, err := json.Marshal(v)
		must(t, err)
		if said := Validate(kind, raw); len(said) > 0 {
			t.Errorf("%s: %q", kind, said)
		}
	}
}

func FuzzValidate(f *testing.F) {
	f.Add("message", `[{"type":"section","text":{"type":"mrkdwn","text":"x"},"accessory":{"type":"overflow","options":[{}]}}]`)
	f.Add("modal", `{"type":"modal","blocks":[{"type":"input","element":{"type":"multi_static_select","option_groups":[1]}}]}`)
	f.Fuzz(func(t *testing.T, kind, raw string) {
		if kind == "message" || kind == "modal" || kind == "home" {
			Validate(kind, []byte(raw))
		}
	})
}
