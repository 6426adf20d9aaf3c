package command_test

import (
	"context"
	"strings"
	"testing"

	"batsignal/bot/command"
)

// Words are everything up to an option, wherever that stands.
func TestWordsEndAtAnOption(t *testing.T) {
	var got string
	set, err := command.NewSet(command.Options{}, []*command.Command{{
		Name: "away", Summary: "Says when you are away.", Example: "away tomorrow",
		Params: []command.Param{{Name: "note", Kind: command.Option}, {Name: "yes", Kind: command.Flag}, {Name: "time", Kind: command.Words}},
		Run: func(_ context.Context, c *command.Call) (command.Reply, error) {
			got = c.Text("time") + "|" + c.Text("note") + "|" + c.Text("yes")
			return command.Reply{}, nil
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"!away tomorrow 18:00 for 4h":                     "tomorrow 18:00 for 4h||",
		`!away tomorrow 18:00 --note "the 5th, at --yes"`: "tomorrow 18:00|the 5th, at --yes|",
		"!away --yes tomorrow   18:00 - 20:00":            "tomorrow   18:00 - 20:00||yes",
		"!away tomorrow –yes --note=x":                    "tomorrow|x|yes",
		"!away -- --yes":                                  "--yes||",
	} {
		got = ""
		if _, err := set.Run(t.Context(), command.Caller{Account: "maria"}, line); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", line, got, err, want)
		}
	}
	for line, want := range map[string]string{
		"!away":                      "What is missing is <time>",
		"!away --yes":                "What is missing is <time>",
		"!away monday --yes tuesday": "I did not expect “tuesday” there",
		"!away monday --note":        "--note needs a value",
	} {
		if _, err := set.Run(t.Context(), command.Caller{Account: "maria"}, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}
