package web

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"batsignal/bot/command"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
)

// apiCommand is one command.
type apiCommand struct {
	Line string `json:"line" doc:"What one would type, with the prefix or without."`
}

// apiAnswered is what the bot answers to a command.
type apiAnswered struct {
	Reply    command.Reply `json:"reply"`
	Repeated bool          `json:"repeated" doc:"This key was used before, so nothing was done now. What was answered then is not kept."`
}

// idempotencyKey is the header by which a command is obeyed once.
const idempotencyKey = "Idempotency-Key"

var validKey = regexp.MustCompile(`^[!-~]{1,120}$`)

// notByToken are commands whose answer lets somebody in as the person: with it a token
// could do anything for ever, whatever its scopes and its end.
var notByToken = []string{"login", "login link", "link"}

func (p *api) commandOperations() []operation {
	return []operation{define(operation{
		Name: "runCommand", Method: http.MethodPost, Path: "/commands", Group: "Commands", Scope: access.Command, Keyed: true, Most: 32 << 10,
		Summary: "Gives a command as in chat, in a private message by whose token it is. What it answers is the same.",
	}, p.runCommand)}
}

func (p *api) runCommand(a *asked, in apiCommand) (apiAnswered, error) {
	if strings.TrimSpace(in.Line) == "" {
		return apiAnswered{}, wrong("line", "There is no command. What there is: %s", p.Commands.Typed("help"))
	}
	if strings.ContainsAny(in.Line, "\r\n\x00") {
		return apiAnswered{}, wrong("line", "A command is one line.")
	}
	if slices.Contains(notByToken, p.Commands.Means(in.Line)) {
		return apiAnswered{}, fault.New(fault.Forbidden, "A token cannot be traded for a way to sign in. Give this command yourself, in a private message.")
	}
	caller := a.Caller
	if key := a.r.Header.Get(idempotencyKey); key != "" {
		if !validKey.MatchString(key) {
			return apiAnswered{}, wrong(idempotencyKey, "%s is up to 120 letters, digits and signs without spaces.", idempotencyKey)
		}
		caller.MessageID = strconv.FormatInt(a.PersonID, 10) + "/" + key // the same key of somebody else is another
	}
	reply, err := p.Commands.Run(a.ctx(), caller, in.Line)
	if err != nil {
		return apiAnswered{}, err
	}
	// Everything that is done here answers something: only a repeat says nothing.
	return apiAnswered{Reply: reply, Repeated: caller.MessageID != "" && len(reply.Blocks) == 0}, nil
}
