package slackfake_test

import (
	"context"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"batsignal/bot/slack/slackfake"
)

func Example() {
	fake, err := slackfake.Start(slackfake.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fake.Close()
	fake.AddUser(slackfake.User{Name: "maria"})
	room := fake.AddChannel("ops", "maria", "@bot")

	// The program under test, with a button.
	api := slack.New(fake.BotToken(), slack.OptionAPIURL(fake.APIURL()))
	label := slack.NewTextBlockObject(slack.PlainTextType, "Take the baton", false, false)
	_, ts, err := api.PostMessage(room, slack.MsgOptionText("It burns", false),
		slack.MsgOptionBlocks(slack.NewActionBlock("acts", slack.NewButtonBlockElement("take", "K7QX", label))))
	if err != nil {
		fmt.Println(err)
		return
	}

	// A person, and what is remembered.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	click := fake.Click("maria", "ops", ts, "Take the baton")
	_, _, err = api.PostMessage(room, slack.MsgOptionText("maria has it", false), slack.MsgOptionReplaceOriginal(click.ResponseURL))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := fake.Await(ctx, func() bool { return fake.Spoken("ops")[0].Edited }); err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range fake.Spoken("ops") {
		fmt.Println(m.Text, m.Edits)
	}
	// Output: maria has it [It burns]
}
