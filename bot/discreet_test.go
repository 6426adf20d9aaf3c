package bot_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/oncall/unseal"
)

// Whatever somebody has the bot repeat in a room: the code of a challenge stands in the
// switchboard's own line only.
func TestACodeIsSaidInTheSwitchboardsWordsOnly(t *testing.T) {
	t.Parallel()
	const line = `K7QX opens sealed contacts of up to 3 people, for a new incident: "openssl". Asked for by ada. Somebody else: !confirm K7QX and a code, until 12:15 UTC.`
	d := &door{}
	away := false
	n := &bot.Discreet{Network: d, Log: slog.New(slog.DiscardHandler), Challenges: func(_ context.Context, on, room string) ([]unseal.Challenge, error) {
		switch {
		case away:
			return nil, errors.New("the database is away")
		case on != network || room != home:
			return nil, nil
		}
		return []unseal.Challenge{{Code: "K7QX", Line: line}}, nil
	}}
	reply := func(to bot.Heard, blocks ...command.Block) {
		t.Helper()
		if err := n.Reply(ctx, to, command.Reply{Blocks: blocks}); err != nil {
			t.Fatal(err)
		}
	}
	say := func(room, text string) {
		t.Helper()
		if err := n.Say(ctx, room, bot.Message{Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	say(home, line)
	say(home, line+" It is a drill.")
	say(home, "ada asked already: type !confirm k7qx.")
	say(home, "A colour: K7\x0304QX\u200b")
	say(home, "An escape: \x1b[SK7QX now, and a K7QX\vb")
	say("#elsewhere", "Somebody else: !confirm K7QX.")
	items := []string{"K7QX", "others"}
	reply(bot.Heard{Room: home}, command.Line(line), command.List{Title: "K7QX", Items: items}, command.Facts{{"title", "K7QX"}},
		command.Table{Head: []string{"What"}, Rows: [][]string{{"K7QX is a drill"}}}, command.Code("K7QX\n  K7QX"), command.Link{Text: "K7QX", URL: "https://example.org"},
		command.Link{Text: "k7qx", URL: "https://example.org/k7qx"}, command.Facts{{"K7QX", "a name"}}, command.Verbatim(line), command.Verbatim("K7QX is none"))
	reply(bot.Heard{Nick: "bea"}, command.Line("To you alone: K7QX."))
	away = true
	say(home, "I cannot reach my database.")
	want := []string{
		home + " " + line,
		home + ` CODE opens sealed contacts of up to 3 people, for a new incident: "openssl". Asked for by ada. Somebody else: !confirm CODE and a code, until 12:15 UTC. It is a drill.`,
		home + " ada asked already: type !confirm CODE.",
		home + " A colour: CODE",
		home + " An escape: CODE now, and a CODE b",
		"#elsewhere Somebody else: !confirm K7QX.",
		home + " " + line + " / CODE / - CODE / - others / title: CODE / What / CODE is a drill /   CODE CODE / CODE: https://example.org / CODE / CODE: a name / " + line + " / CODE is none",
		"@bea To you alone: K7QX.",
		home + " I cannot reach my database.",
	}
	if said := d.take(); !slices.Equal(said, want) {
		t.Errorf("said\n%q\nand not\n%q", said, want)
	}
	if items[0] != "K7QX" {
		t.Error("the reply of whoever made it was changed")
	}
}
