package irc

import (
	"strings"
	"testing"
	"time"

	"batsignal/bot"
	"batsignal/bot/irc/irctest"
	"batsignal/oncall/secret"
)

func TestServersThatDoNotLogUsIn(t *testing.T) {
	t.Parallel()
	login := func(c *Config) { c.Account, c.Password = "batsignal", secret.New("canary") }
	cases := []struct {
		name, says string
		script     func(*fakeServer)
	}{
		{"does not offer sasl", "did not offer a login", func(f *fakeServer) { f.greets("account-tag message-tags") }},
		{"knows no capabilities", "did not offer a login", func(f *fakeServer) {
			f.reads("USER")
			f.say(":fake 421 * CAP :Unknown command", ":fake 001 batsignal :welcome")
		}},
		{"refuses all capabilities", "did not offer a login", func(f *fakeServer) {
			f.reads("CAP LS")
			f.say(":fake CAP * LS :sasl=PLAIN account-tag")
			f.reads("CAP REQ")
			f.say(":fake CAP * NAK :sasl account-tag")
			f.reads("CAP END")
			f.say(":fake 001 batsignal :welcome")
		}},
		{"welcomes without an answer to the login", "did not offer a login", func(f *fakeServer) {
			f.reads("CAP LS")
			f.say(":fake CAP * LS :sasl=PLAIN")
			f.reads("CAP REQ")
			f.say(":fake CAP * ACK :sasl")
			f.reads("AUTHENTICATE PLAIN")
			f.say(":fake 001 batsignal :welcome")
		}},
		{"offers another way", "it offers EXTERNAL", func(f *fakeServer) {
			f.reads("CAP LS")
			f.say(":fake CAP * LS :sasl=EXTERNAL")
			f.reads("CAP REQ")
			f.say(":fake CAP * ACK :sasl")
			f.reads("AUTHENTICATE PLAIN")
			f.say(":fake 908 * EXTERNAL :are available SASL mechanisms")
		}},
		{"bans us", "The server refused us: You are banned.", func(f *fakeServer) { f.say("ERROR :You are banned") }},
		{"bans us without a word", "it gave no reason", func(f *fakeServer) { f.say("ERROR") }},
		{"wants a password", "Password incorrect", func(f *fakeServer) { f.say(":fake 464 * :Password incorrect") }},
		{"hangs up", "closed the connection before it welcomed us", func(*fakeServer) {}},
		{"has every nick taken", "and 9 others like it are taken", func(f *fakeServer) {
			f.reads("CAP LS")
			f.say(":fake CAP * LS :")
			for f.reads("NICK") != "" {
				f.say(":fake 433 * x :Nickname is already in use.")
			}
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := openFake(t, fake(t, c.script), login)
			until(t, c.says, func() bool { return contains(w.Check(), c.says) })
			if strings.Contains(w.Check().Error(), "canary") {
				t.Fatalf("the password shows: %v", w.Check())
			}
		})
	}
}

// malformed are lines of which some panic in girc, and none must matter.
var malformed = []string{
	":s 353 bot", ":s 353", "353", ":s 354 a 152", ":s 005", ":s 001", ":s 332 x", ":s 330 x", "JOIN", ":x JOIN", ":x!y@z JOIN :",
	"PART", "KICK", ":x KICK #ops", "NICK", ":x NICK", "QUIT", ":x QUIT", "ACCOUNT", ":x!y@z ACCOUNT", "BATCH", "BATCH +", "BATCH -",
	"BATCH -x", "@batch=none PING :x", "@label=none PONG :x", "@label PRIVMSG", "PRIVMSG", ":x PRIVMSG #ops", ":x!y@z PRIVMSG #ops",
	":x!y@z PRIVMSG #ops :", ":x!y@z PRIVMSG  :text", ":batsignal!b@h NICK", "TOPIC", ":s TOPIC #ops", "CAP", "CAP * ", "CAP * NEW",
	":", "@", "@ ", "@a", "@a ", ": ", ":a ", "\x00\x01\x02", "\xff\xfe\xfd", "@time=nonsense :x!y@z PRIVMSG #ops :\xff", ":s 401", ":s 716",
	":s 900", "PONG", "PING", strings.Repeat("x", 100_000), "@" + strings.Repeat("a=b;", 5000) + " PING :x", "",
}

func TestMalformedLinesDoNotMatter(t *testing.T) {
	t.Parallel()
	addr := fake(t, func(f *fakeServer) {
		f.say(malformed...) // before the welcome
		f.greets("account-tag message-tags batch server-time echo-message labeled-response")
		f.say(malformed...)
		f.serves(func(l string) {
			if strings.Contains(l, "PRIVMSG #ops :still here") {
				f.say("@account=maria :maria!m@h PRIVMSG #ops :so I see")
			}
		})
	})
	w := openFake(t, addr)
	w.ready()
	go func() { _ = w.Say(t.Context(), "#ops", bot.Message{Text: "still here"}) }() // this server never confirms
	if h := w.hears("so I see"); h.Account != "maria" {
		t.Fatalf("heard %+v", h)
	}
}

func TestAServerThatFallsSilentIsLeft(t *testing.T) {
	t.Parallel()
	addr := fake(t, func(f *fakeServer) {
		f.greets("account-tag message-tags")
		for f.reads("") != "" { // as if the cable were pulled: nothing comes back
		}
	}, func(f *fakeServer) {
		f.greets("account-tag message-tags")
		f.serves(nothing)
	})
	w := openFake(t, addr, func(c *Config) { c.Silence = 300 * time.Millisecond })
	until(t, "the silence to be noticed", func() bool { return contains(w.Check(), "stopped answering") })
	w.ready()
}

func TestALineThatIsNeverConfirmed(t *testing.T) {
	t.Parallel()
	addr := fake(t, func(f *fakeServer) {
		f.greets("account-tag message-tags batch labeled-response")
		f.serves(nothing)
	})
	w := openFake(t, addr, func(c *Config) { c.Silence = 300 * time.Millisecond })
	w.ready()
	wantSay(t, w.Say(w.ctx(), "#ops", bot.Message{Text: "into the void"}), "did not confirm")
}

func TestAcknowledgedWithoutEcho(t *testing.T) {
	t.Parallel()
	addr := fake(t, func(f *fakeServer) {
		f.greets("account-tag message-tags batch labeled-response")
		f.serves(func(l string) {
			label, text, _ := strings.Cut(l, " ")
			switch {
			case strings.Contains(text, "alone"):
				f.say(label + " :fake ACK")
			case strings.Contains(text, "together"):
				f.say(label+" :fake BATCH +r labeled-response", "@batch=r :fake 301 batsignal #ops :away", "@batch=r :fake 404 batsignal #ops :No", ":fake BATCH -r")
			}
		})
	})
	w := openFake(t, addr)
	w.ready()
	w.must(w.Say(w.ctx(), "#ops", bot.Message{Text: "alone"}))
	wantSay(t, w.Say(w.ctx(), "#ops", bot.Message{Text: "together"}), "The network refused it: No.")
}

func TestNothingIsProvenWithoutTheServersWord(t *testing.T) {
	t.Parallel()
	// It sends tags that were not agreed on: anybody could have sent them.
	addr := fake(t, func(f *fakeServer) {
		f.greets("message-tags")
		f.say("@account=maria :maria!m@h PRIVMSG batsignal :believe me")
		f.serves(nothing)
	})
	w := openFake(t, addr)
	if h := w.hears("believe me"); h.Account != "" {
		t.Fatalf("heard %+v", h)
	}
	until(t, "the warning", func() bool { return contains(w.Check(), "does not tell accounts") })
}

func TestOldAndBatchedLinesAreHistory(t *testing.T) {
	t.Parallel()
	const form = "2006-01-02T15:04:05.000Z"
	now := time.Now().UTC()
	behind := now.Add(-10 * time.Minute) // the server's clock is slow
	cases := []struct {
		name, line string
		clock      time.Time
		replayed   bool
	}{
		{"no time", ":m!m@h PRIVMSG #ops :text", now, false},
		{"now", "@time=" + now.Format(form) + " :m!m@h PRIVMSG #ops :text", now, false},
		{"old", "@time=" + now.Add(-2*time.Minute).Format(form) + " :m!m@h PRIVMSG #ops :text", now, true},
		{"slow clock", "@time=" + behind.Format(form) + " :m!m@h PRIVMSG #ops :text", behind, false},
		{"old by a slow clock", "@time=" + behind.Add(-2*time.Minute).Format(form) + " :m!m@h PRIVMSG #ops :text", behind, true},
		{"znc", "@batch=z :m!m@h PRIVMSG #ops :text", now, true},
		{"chathistory", "@batch=c :m!m@h PRIVMSG #ops :text", now, true},
		{"chathistory inside", "@batch=i :m!m@h PRIVMSG #ops :text", now, true},
		{"unknown batch", "@batch=unknown :m!m@h PRIVMSG #ops :text", now, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			addr := fake(t, func(f *fakeServer) {
				f.greets("account-tag message-tags batch server-time")
				f.reads("JOIN")
				f.say(":batsignal!b@h JOIN #ops", "@time="+c.clock.Format(form)+" :fake PONG fake :x",
					"BATCH +z znc.in/playback #ops", "BATCH +c chathistory #ops", "@batch=c BATCH +i labeled-reply-of-tomorrow", c.line)
				f.serves(nothing)
			})
			w := openFake(t, addr)
			if h := w.hears("text"); h.Replayed != c.replayed {
				t.Fatalf("heard %+v", h)
			}
		})
	}
}

func TestASlowEarDoesNotStopTheReading(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts})
	w := open(t, n, func(c *Config) { c.Silence = 200 * time.Millisecond })
	maria := n.Person(t, "maria", "maria", "maria-pass")
	w.ready()
	maria.Join("#ops")
	const lines = 11_000 // more than the test takes off the ear before it looks
	for range lines / 100 {
		maria.Raw(strings.TrimSuffix(strings.Repeat("PRIVMSG #ops :a line\r\n", 100), "\r\n"))
	}
	maria.Say("#ops", "the last line")
	w.must(w.Say(w.ctx(), "#ops", bot.Message{Text: "still here"})) // read, answered and confirmed meanwhile
	maria.Expect("#ops", "still here")
	for count := 0; ; count++ {
		if h := <-w.heard; h.Text == "the last line" {
			if count != lines {
				t.Fatalf("heard %d of %d lines before the last", count, lines)
			}
			return
		}
	}
}
