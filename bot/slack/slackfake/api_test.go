package slackfake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

func TestWhoAmI(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{Enterprise: "E0ORG", TeamName: "Bats", Domain: "bats"})
	who, err := api.AuthTest()
	must(t, err)
	equal(t, "user", who.UserID, s.BotUserID())
	equal(t, "bot", who.BotID, s.BotID())
	equal(t, "team", who.TeamID+" "+who.Team, s.TeamID()+" Bats")
	equal(t, "enterprise", who.EnterpriseID, "E0ORG")
	equal(t, "url", who.URL, "https://bats.slack.com/")
	if scopes := who.Header.Get("X-OAuth-Scopes"); !strings.Contains(scopes, "chat:write") {
		t.Errorf("the scopes are %q", scopes)
	}
	team, err := api.GetTeamInfo()
	must(t, err)
	equal(t, "team", team.ID+" "+team.Domain, s.TeamID()+" bats")
	u, err := api.GetUserInfo(s.User("maria").ID)
	must(t, err)
	equal(t, "user", u.Name+" "+u.RealName+" "+u.TZ, "maria Maria Ruiz Europe/Madrid")
	_, err = api.GetUserInfo("U0NOBODY")
	refused(t, err, "user_not_found")
	all, err := api.GetUsers(slack.GetUsersOptionLimit(2))
	must(t, err)
	equal(t, "users", len(all), 4) // with Slackbot and the bot
	bot, err := api.GetBotInfo(slack.GetBotInfoParameters{Bot: s.BotID()})
	must(t, err)
	equal(t, "bot's user", bot.UserID, s.BotUserID())
}

// raw calls a method without the client.
func raw(t *testing.T, req *http.Request) (int, http.Header, map[string]any) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	var out map[string]any
	_ = json.Unmarshal(body, &out)
	return resp.StatusCode, resp.Header, out
}

func TestTokensAndWaysToPassThem(t *testing.T) {
	t.Parallel()
	s, _ := start(t, Options{Scopes: []string{"chat:write"}})
	ask := func(method, query, body, kind, bearer string) map[string]any {
		req, err := http.NewRequest(http.MethodPost, s.APIURL()+method+query, strings.NewReader(body))
		must(t, err)
		req.Header.Set("Content-Type", kind)
		if bearer != "" {
			req.Header.Set("Authorization", "Bearer "+bearer)
		}
		_, _, out := raw(t, req)
		return out
	}
	form, js := "application/x-www-form-urlencoded", "application/json; charset=utf-8"
	equal(t, "no token", ask("auth.test", "", "", form, "")["error"], any("not_authed"))
	equal(t, "wrong token", ask("auth.test", "", "", form, "xoxb-1")["error"], any("invalid_auth"))
	equal(t, "in the header", ask("auth.test", "", "", form, s.BotToken())["ok"], any(true))
	equal(t, "in the form", ask("auth.test", "", "token="+s.BotToken(), form, "")["ok"], any(true))
	equal(t, "in the query", ask("auth.test", "?token="+s.BotToken(), "", form, "")["ok"], any(true))
	equal(t, "in JSON it is not seen", ask("auth.test", "", `{"token":"`+s.BotToken()+`"}`, js, "")["error"], any("not_authed"))
	equal(t, "unknown", ask("chat.postTelegram", "", "", form, s.BotToken())["error"], any("unknown_method"))
	equal(t, "app token", ask("chat.postMessage", "", "", form, s.AppToken())["error"], any("not_allowed_token_type"))
	equal(t, "bot token", ask("apps.connections.open", "", "", form, s.BotToken())["error"], any("not_allowed_token_type"))
	missing := ask("users.list", "", "", form, s.BotToken())
	equal(t, "scope", missing["error"], any("missing_scope"))
	equal(t, "scope", words(missing["needed"], missing["provided"]), "users:read chat:write")
	sent := ask("chat.postMessage", "", `{"channel":"`+s.Channel("ops").ID+`","blocks":[{"type":"divider"}],"unfurl_links":true}`, js, s.BotToken())
	equal(t, "JSON", sent["ok"], any(true))
	equal(t, "broken JSON", ask("chat.postMessage", "", `{"channel`, js, s.BotToken())["error"], any("invalid_json"))
	m := s.Spoken("ops")[0]
	equal(t, "blocks", strings.Contains(string(m.Blocks), "divider"), true)
	equal(t, "unfurling", m.UnfurlLinks, true)
	s.RevokeToken()
	equal(t, "revoked", ask("auth.test", "", "", form, s.BotToken())["error"], any("invalid_auth"))
}

func TestChannelsByTheApp(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	s.AddUser(User{Name: "guest", Guest: true})
	s.AddUser(User{Name: "single", SingleChannelGuest: true})
	s.AddUser(User{Name: "eve", Team: "T0OTHER"})
	for name, code := range map[string]string{
		"":                      "invalid_name_required",
		strings.Repeat("a", 81): "invalid_name_maxlength",
		"Upper":                 "invalid_name_specials",
		"two words":             "invalid_name_specials",
		"---":                   "invalid_name_punctuation",
		"ops":                   "name_taken",
	} {
		_, err := api.CreateConversation(slack.CreateConversationParams{ChannelName: name})
		refused(t, err, code)
	}
	c, err := api.CreateConversation(slack.CreateConversationParams{ChannelName: "inc-heartbleed"})
	must(t, err)
	equal(t, "members", strings.Join(s.Channel(c.ID).Members, ","), s.BotUserID())
	maria, omar := s.User("maria").ID, s.User("omar").ID
	_, err = api.InviteUsersToConversation(c.ID, maria)
	must(t, err)
	invite := func(code string, users ...string) {
		t.Helper()
		_, err := api.InviteUsersToConversation(c.ID, users...)
		refused(t, err, code)
	}
	invite("already_in_channel", maria)
	invite("cant_invite_self", s.BotUserID())
	invite("user_not_found", "U0NOBODY")
	invite("user_is_restricted", s.User("guest").ID)
	invite("ura_max_channels", s.User("single").ID)
	invite("user_team_not_in_channel", s.User("eve").ID)
	invite("already_in_channel", omar, maria)
	equal(t, "nobody came", len(s.Channel(c.ID).Members), 2)
	_, err = api.ForceInviteUsersToConversation(c.ID, omar, maria)
	must(t, err)
	equal(t, "invited", strings.Join(s.Channel(c.ID).Invited, ","), maria+","+omar)
	_, err = api.SetTopicOfConversation(c.ID, strings.Repeat("x", 251))
	refused(t, err, "too_long")
	_, err = api.SetTopicOfConversation(c.ID, "burning")
	must(t, err)
	_, err = api.SetPurposeOfConversation(c.ID, "put it out")
	must(t, err)
	equal(t, "topic and purpose", s.Channel(c.ID).Topic+", "+s.Channel(c.ID).Purpose, "burning, put it out")
	_, err = api.RenameConversation(c.ID, "inc-hb")
	must(t, err)
	equal(t, "name", s.Channel("inc-hb").ID, c.ID)
	members, _, err := api.GetUsersInConversation(&slack.GetUsersInConversationParameters{ChannelID: c.ID})
	must(t, err)
	equal(t, "members", len(members), 3)
	must(t, api.ArchiveConversation(c.ID))
	refused(t, api.ArchiveConversation(c.ID), "already_archived")
	refused(t, api.UnArchiveConversation(c.ID), "not_in_channel")
	_, _, err = api.PostMessage(c.ID, slack.MsgOptionText("x", false))
	refused(t, err, "is_archived")
	info, err := api.GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: c.ID})
	must(t, err)
	equal(t, "archived, and left", words(info.IsArchived, info.IsMember), "true false")
	_, err = api.CreateConversation(slack.CreateConversationParams{ChannelName: "inc-hb"})
	refused(t, err, "name_taken")
}

func TestJoinAndLeaveAndWhatIsHidden(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	open, hidden := s.AddChannel("open", "maria"), s.AddPrivateChannel("hidden", "maria")
	_, _, err := api.PostMessage(open, slack.MsgOptionText("x", false))
	refused(t, err, "not_in_channel")
	_, _, err = api.PostMessage(hidden, slack.MsgOptionText("x", false))
	refused(t, err, "channel_not_found")
	_, err = api.GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: hidden})
	refused(t, err, "channel_not_found")
	_, _, _, err = api.JoinConversation(open)
	must(t, err)
	_, warning, _, err := api.JoinConversation(open)
	must(t, err)
	equal(t, "warning", warning, "already_in_channel")
	_, err = api.LeaveConversation(open)
	must(t, err)
	outside, err := api.LeaveConversation(open)
	must(t, err)
	equal(t, "left twice", outside, true)
	for i := range 5 {
		s.AddChannel(fmt.Sprintf("more-%d", i), "maria", "@bot")
	}
	s.ArchiveChannel("more-4")
	all, err := api.GetAllConversations(slack.GetConversationsOptionLimit(2))
	must(t, err)
	equal(t, "public channels", len(all), 7)
	mine, next, err := api.GetConversationsForUser(&slack.GetConversationsForUserParameters{Limit: 3, ExcludeArchived: true})
	must(t, err)
	rest, last, err := api.GetConversationsForUser(&slack.GetConversationsForUserParameters{Limit: 3, ExcludeArchived: true, Cursor: next})
	must(t, err)
	equal(t, "own channels", words(len(mine), len(rest), last), "3 2")
	_, _, err = api.GetConversations(&slack.GetConversationsParameters{Cursor: "!"})
	refused(t, err, "invalid_cursor")
}

func TestDirectMessages(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	maria := s.User("maria")
	c, _, already, err := api.OpenConversation(&slack.OpenConversationParameters{Users: []string{maria.ID}, ReturnIM: true})
	must(t, err)
	equal(t, "new", already, false)
	equal(t, "with", c.User, maria.ID)
	equal(t, "ID", c.ID, s.IM("maria"))
	_, _, err = api.PostMessage(maria.ID, slack.MsgOptionText("by user ID", false))
	must(t, err)
	equal(t, "text", s.Spoken(c.ID)[0].Text, "by user ID")
	_, _, _, err = api.OpenConversation(&slack.OpenConversationParameters{Users: []string{"U0NOBODY"}})
	refused(t, err, "user_not_found")
	ims, _, err := api.GetConversations(&slack.GetConversationsParameters{Types: []string{"im"}})
	must(t, err)
	equal(t, "direct messages", len(ims), 1)
}

func TestCallsAreRemembered(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	_, _, _ = api.PostMessage(s.Channel("ops").ID, slack.MsgOptionText("one", false))
	_, _, _ = api.PostMessage("C0NOWHERE", slack.MsgOptionText("two", false))
	calls := s.Calls("chat.postMessage")
	equal(t, "calls", len(calls), 2)
	equal(t, "outcomes", calls[0].Outcome+" "+calls[1].Outcome, "ok channel_not_found")
	equal(t, "text", calls[1].Args.Get("text"), "two")
	equal(t, "token", calls[1].Args.Get("token"), "")
	equal(t, "count", s.CallCount("chat.postMessage"), 2)
	equal(t, "count of all", s.CallCount(""), 2)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{})
	ops := s.Channel("ops").ID
	say := func() error {
		_, _, err := api.PostMessage(ops, slack.MsgOptionText("x", false))
		return err
	}
	s.RateLimit("chat.postMessage", 1, 7*time.Second)
	s.FailNext("chat.postMessage", 1, 503)
	s.ErrorNext("chat.postMessage", 1, "internal_error")
	var limit *slack.RateLimitedError
	if err := say(); !as(err, &limit) || limit.RetryAfter != 7*time.Second {
		t.Errorf("got %v, want a limit", err)
	}
	var status slack.StatusCodeError
	if err := say(); !as(err, &status) || status.Code != 503 {
		t.Errorf("got %v, want 503", err)
	}
	refused(t, say(), "internal_error")
	must(t, say())
	equal(t, "said", len(s.Spoken("ops")), 1)
	outcomes := ""
	for _, c := range s.Calls("") {
		outcomes += c.Outcome + ", "
	}
	equal(t, "outcomes", outcomes, "ratelimited, http 503, internal_error, ok, ")
	s.FailNext("", 9, 500)
	s.ClearFaults()
	must(t, say())
	req, err := http.NewRequest(http.MethodPost, s.APIURL()+"chat.postMessage", strings.NewReader(url.Values{"token": {s.BotToken()}}.Encode()))
	must(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	s.RateLimit("", 1, time.Second)
	code, header, body := raw(t, req)
	equal(t, "wire of a limit", words(code, header.Get("Retry-After"), body["error"]), "429 1 ratelimited")
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s, api := start(t, Options{EnforceLimits: true})
	// until calls as often as it may, and tells whether that was as often as it should.
	until := func(what string, burst int, rate float64, call func() error) *slack.RateLimitedError {
		t.Helper()
		begin := time.Now()
		for n := 0; ; n++ {
			err := call()
			if err == nil && n < 1000 {
				continue
			}
			var limit *slack.RateLimitedError
			if most := float64(burst) + 1 + time.Since(begin).Seconds()*rate; !as(err, &limit) || n < burst || float64(n) > most {
				t.Fatalf("%s: %d calls, then %v", what, n, err)
			}
			return limit
		}
	}
	say := func(channel string) func() error {
		return func() error {
			_, _, err := api.PostMessage(channel, slack.MsgOptionText("x", false))
			return err
		}
	}
	limit := until("one channel", channelBurst, channelRate, say(s.Channel("ops").ID))
	equal(t, "wait", limit.RetryAfter, time.Second)
	must(t, say(s.IM("maria"))()) // each channel has its own limit
	req := func() error { _, err := api.GetUsersPaginated().Next(patient(t)); return err }
	if limit = until("tier 2", 20, 20.0/60, req); limit.RetryAfter < time.Second || limit.RetryAfter > 3*time.Second {
		t.Errorf("wait %v", limit.RetryAfter)
	}
	if _, _, err := api.GetConversations(&slack.GetConversationsParameters{}); err != nil {
		t.Error("each method has its own limit")
	}
}
