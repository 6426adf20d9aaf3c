package command

import (
	"encoding/json"
	"slices"
	"testing"
)

func everyBlock() Reply {
	return Reply{Blocks: []Block{
		Line("Incident 7 is open."),
		Facts{{"lead", "maria"}, {"room", ""}},
		List{Title: "Roles", Items: []string{"coordination: maria", ""}},
		List{Items: []string{"no title"}},
		Table{Head: []string{"page", "person", "state"}, Rows: [][]string{{"P12", "maria", "open"}, {"P13", "", "sent\nQUIT"}}},
		Code("!op badguy\n  indented\r\n\nend\n"),
		Link{"Incident 7", "https://example.org/7"},
		Link{"", "https://example.org/8"},
		Line("two\nlines\x00 and a bell\a"),
		Line("\u202e"),
	}}
}

func TestPlainText(t *testing.T) {
	want := []string{
		"Incident 7 is open.",
		"lead: maria",
		"room: -",
		"Roles",
		"- coordination: maria",
		"- -",
		"- no title",
		"page · person · state",
		"P12 · maria · open",
		"P13 · - · sent QUIT",
		"  !op badguy",
		"    indented",
		"  ",
		"  end",
		"Incident 7: https://example.org/7",
		"https://example.org/8",
		"two lines and a bell",
	}
	if got := PlainText(everyBlock()); !slices.Equal(got, want) {
		t.Errorf("got:\n%q", got)
	}
	if got := PlainText(Reply{}); got != nil {
		t.Errorf("the zero reply should say nothing, not %q", got)
	}
}

func TestJSON(t *testing.T) {
	for _, x := range []struct {
		r    Reply
		want string
	}{
		{Reply{}, `{"private":false,"blocks":[]}`},
		{Reply{Private: true, Blocks: []Block{Line("a <b>"), Facts{{"k", "v"}}}},
			`{"private":true,"blocks":[{"type":"line","text":"a \u003cb\u003e"},{"type":"facts","facts":[{"name":"k","value":"v"}]}]}`},
		{Reply{Blocks: []Block{Facts(nil), List{}, Table{Rows: [][]string{nil}}, Code("x\ny"), Link{"t", "u"}}},
			`{"private":false,"blocks":[{"type":"facts","facts":[]},{"type":"list","title":"","items":[]},{"type":"table","head":[],"rows":[[]]},{"type":"code","text":"x\ny"},{"type":"link","text":"t","url":"u"}]}`},
	} {
		got, err := json.Marshal(x.r)
		if err != nil || string(got) != x.want {
			t.Errorf("%v\n got: %s\nwant: %s", err, got, x.want)
		}
	}
}
