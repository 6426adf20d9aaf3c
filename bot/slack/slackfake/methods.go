package slackfake

import (
	"slices"
	"strings"
)

// method is a method of the Web API.
type method struct {
	scopes string // one of these, with | between
	tier   int    // of the limits; 0 is special: see limits.go
	app    bool   // wants the app token
	run    func(args) (obj, error)
}

func (s *Server) methodTable() map[string]method {
	const (
		read    = "channels:read|groups:read|im:read|mpim:read"
		manage  = "channels:manage|groups:write"
		invite  = "channels:manage|groups:write|channels:write.invites|groups:write.invites"
		topics  = "channels:manage|groups:write|channels:write.topic|groups:write.topic"
		history = "channels:history|groups:history|im:history|mpim:history"
	)
	return map[string]method{
		"api.test":              {tier: 4, run: s.apiTest},
		"auth.test":             {tier: 5, run: s.authTest},
		"apps.connections.open": {scopes: "connections:write", tier: 1, app: true, run: s.connectionsOpen},
		"team.info":             {scopes: "team:read", tier: 3, run: s.teamInfo},
		"bots.info":             {scopes: "users:read", tier: 3, run: s.botsInfo},

		"users.info":          {scopes: "users:read", tier: 4, run: s.usersInfo},
		"users.list":          {scopes: "users:read", tier: 2, run: s.usersList},
		"users.conversations": {scopes: read, tier: 3, run: s.usersConversations},

		"conversations.create":     {scopes: manage, tier: 2, run: s.conversationsCreate},
		"conversations.join":       {scopes: "channels:join", tier: 3, run: s.conversationsJoin},
		"conversations.leave":      {scopes: manage, tier: 3, run: s.conversationsLeave},
		"conversations.info":       {scopes: read, tier: 3, run: s.conversationsInfo},
		"conversations.list":       {scopes: read, tier: 2, run: s.conversationsList},
		"conversations.members":    {scopes: read, tier: 4, run: s.conversationsMembers},
		"conversations.invite":     {scopes: invite, tier: 3, run: s.conversationsInvite},
		"conversations.kick":       {scopes: manage, tier: 3, run: s.conversationsKick},
		"conversations.setTopic":   {scopes: topics, tier: 2, run: s.conversationsSetTopic},
		"conversations.setPurpose": {scopes: topics, tier: 2, run: s.conversationsSetPurpose},
		"conversations.archive":    {scopes: manage, tier: 2, run: s.conversationsArchive},
		"conversations.unarchive":  {scopes: manage, tier: 2, run: s.conversationsUnarchive},
		"conversations.rename":     {scopes: manage, tier: 2, run: s.conversationsRename},
		"conversations.open":       {scopes: "im:write|mpim:write", tier: 3, run: s.conversationsOpen},
		"conversations.history":    {scopes: history, tier: 3, run: s.conversationsHistory},
		"conversations.replies":    {scopes: history, tier: 3, run: s.conversationsReplies},

		"chat.postMessage":   {scopes: "chat:write", run: s.chatPostMessage},
		"chat.postEphemeral": {scopes: "chat:write", tier: 4, run: s.chatPostEphemeral},
		"chat.update":        {scopes: "chat:write", tier: 3, run: s.chatUpdate},
		"chat.delete":        {scopes: "chat:write", tier: 3, run: s.chatDelete},
		"chat.getPermalink":  {tier: 5, run: s.chatGetPermalink},

		"pins.add":         {scopes: "pins:write", tier: 2, run: s.pinsAdd},
		"pins.list":        {scopes: "pins:read", tier: 2, run: s.pinsList},
		"pins.remove":      {scopes: "pins:write", tier: 2, run: s.pinsRemove},
		"bookmarks.add":    {scopes: "bookmarks:write", tier: 2, run: s.bookmarksAdd},
		"bookmarks.list":   {scopes: "bookmarks:read", tier: 3, run: s.bookmarksList},
		"bookmarks.edit":   {scopes: "bookmarks:write", tier: 2, run: s.bookmarksEdit},
		"bookmarks.remove": {scopes: "bookmarks:write", tier: 2, run: s.bookmarksRemove},
		"reactions.add":    {scopes: "reactions:write", tier: 3, run: s.reactionsAdd},
		"reactions.get":    {scopes: "reactions:read", tier: 3, run: s.reactionsGet},
		"reactions.remove": {scopes: "reactions:write", tier: 2, run: s.reactionsRemove},

		"views.open":    {tier: 4, run: s.viewsOpen},
		"views.push":    {tier: 4, run: s.viewsPush},
		"views.update":  {tier: 4, run: s.viewsUpdate},
		"views.publish": {tier: 4, run: s.viewsPublish},
	}
}

// scopes are what the bot's token has, for the header X-OAuth-Scopes.
func (s *Server) scopes() []string {
	if s.opts.Scopes != nil {
		return s.opts.Scopes
	}
	all := []string{"app_mentions:read", "commands", "users:read"}
	for _, m := range s.methods {
		if m.scopes != "" && !m.app {
			all = append(all, strings.Split(m.scopes, "|")...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
