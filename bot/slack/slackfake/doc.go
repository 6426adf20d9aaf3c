// Package slackfake owns a Slack workspace with one app installed in it, made for
// tests and benchmarks of programs that talk to Slack. It has a memory.
//
// It speaks the documented protocol: the Web API (form, query or JSON), Socket Mode
// (tickets, hello, envelopes, acknowledgements, refreshes) or signed HTTP requests,
// interactivity with triggers and response URLs, modals and the App Home, and it
// refuses what Slack refuses, Block Kit included ([Validate]). A real client needs
// another address and nothing else:
//
//	fake := slackfake.Run(t, slackfake.Options{})
//	fake.AddUser(slackfake.User{Name: "maria"})
//	room := fake.AddChannel("ops", "maria", "@bot")
//	api := slack.New(fake.BotToken(), slack.OptionAPIURL(fake.APIURL()),
//		slack.OptionAppLevelToken(fake.AppToken()))
//	// … start the program under test with api …
//	fake.Post("maria", "ops", "hello <@"+fake.BotUserID()+">")
//	err := fake.Await(ctx, func() bool { return len(fake.Spoken(room)) == 2 })
//
// People are controlled by methods of [Server] ([Server.Post], [Server.Click],
// [Server.Submit] …), which do what a person's Slack client would, and produce the
// events that the app would get: also those of its own messages, and two for a
// mention. What these methods are told wrongly, such as a button that is not there,
// is a mistake of the test, and they panic with a sentence. What happened is read
// back as copies ([Server.Messages], [Server.Views], [Server.Calls] …). Instead of
// sleeping or polling, wait with [Server.Settled] and [Server.Await].
//
// Trouble is made on purpose: limits, refusals, lost acknowledgements, repeats,
// disorder, refreshes and cut lines (faults.go, trouble.go).
//
// It is not Slack: search, files, canvases, lists, user groups, group DMs and
// administration are missing, one workspace and one app is all there is, pauses
// before redeliveries are short ([Options.Retries]), and it stores what the app
// wrote as it was written. Nothing is kept after [Server.Close].
package slackfake
