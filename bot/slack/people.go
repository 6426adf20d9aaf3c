package slack

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"batsignal/oncall/fault"
)

// people knows who is who in the workspace, as far as Slack tells.
type people struct {
	door *Door

	mu     sync.Mutex
	byID   map[string]member
	listed time.Time         // when everybody was last listed
	ids    map[string]string // by lower-case name, as of then
}

// member is somebody in the workspace.
type member struct {
	id      string
	name    string // unique in the workspace; what people type after @
	account string // what is bound to a person; "" has no rights here
	known   time.Time
}

const (
	// memberFor is how long we believe what Slack told of somebody. It tells us of each
	// change too, and delivers again what we missed; this is for what got lost all the
	// same. Asking more often would use up what Slack allows in a busy channel.
	memberFor = time.Hour
	// memberAtMost is how long it serves while Slack cannot be asked: nobody must lose
	// their rights in an emergency because Slack hiccups.
	memberAtMost = 24 * time.Hour
	// lookupBudget is how long the next line may wait for who said this one.
	lookupBudget = 3 * time.Second
	listEvery    = time.Minute
	// listBudget is how long a command may wait for the list of everybody.
	listBudget = 5 * time.Second
	mostPeople = 20_000
)

func newPeople(d *Door) *people {
	return &people{door: d, byID: map[string]member{}, ids: map[string]string{}}
}

// get finds a member by id.
func (p *people) get(ctx context.Context, id string) (member, error) {
	now := p.door.now()
	p.mu.Lock()
	m, ok := p.byID[id]
	p.mu.Unlock()
	if ok && now.Sub(m.known) < memberFor {
		return m, nil
	}
	var u *slack.User
	asking, cancel := context.WithTimeout(ctx, lookupBudget)
	defer cancel()
	err := p.door.call(asking, page, "users.info", func(ctx context.Context) (err error) {
		u, err = p.door.api.GetUserInfoContext(ctx, id)
		return err
	})
	switch {
	case err == nil:
		return p.learn(*u), nil
	case code(err) == "user_not_found":
		return p.learn(slack.User{ID: id}), nil // nobody; not to be asked for each time
	case ok && now.Sub(m.known) < memberAtMost:
		return m, nil // it was true a while ago, and Slack would have told us of a change
	}
	return member{id: id}, err
}

// forget has somebody asked about anew when they speak next.
func (p *people) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.byID, id)
}

// seen is what is known of somebody without asking.
func (p *people) seen(id string) (member, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, ok := p.byID[id]
	return m, ok
}

// learn takes in what Slack tells of somebody.
func (p *people) learn(u slack.User) member {
	m := member{id: u.ID, name: u.Name, account: p.door.accountOf(u), known: p.door.now()}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.byID) >= mostPeople {
		clear(p.byID)
	}
	p.byID[u.ID] = m
	return m
}

// accountOf is what proves who somebody is: enterprise, workspace and user. Guests,
// people of other workspaces, bots and whoever left have none, and so no rights.
func (d *Door) accountOf(u slack.User) string {
	me, _ := d.me()
	switch {
	case u.ID == "" || u.ID == "USLACKBOT" || u.ID == me.user:
		return ""
	case u.Deleted, u.IsBot, u.IsConnectorBot, u.IsWorkflowBot:
		return ""
	case u.IsRestricted, u.IsUltraRestricted, u.IsStranger, u.IsInvitedUser:
		return ""
	case u.TeamID != me.team && (me.enterprise == "" || u.Enterprise.EnterpriseID != me.enterprise):
		return ""
	}
	return d.account(u.ID)
}

// account writes an id as an account of the network.
func (d *Door) account(id string) string {
	me, _ := d.me()
	parts := []string{me.team, id}
	if me.enterprise != "" {
		parts = []string{me.enterprise, me.team, id}
	}
	return strings.ToLower(strings.Join(parts, "/"))
}

// userOf is the id in an account; false if it is of another workspace.
func (d *Door) userOf(account string) (id string, ok bool) {
	last := strings.ToUpper(account[strings.LastIndexByte(account, '/')+1:])
	return last, last != "" && d.account(last) == strings.ToLower(account)
}

// Account finds the account behind a name that somebody typed, with or without @, or
// behind an account. It is how an admin adds somebody who never spoke to us.
func (d *Door) Account(ctx context.Context, name string) (account, shown string, err error) {
	if id, ok := d.userOf(name); ok {
		m, err := d.people.get(ctx, id)
		return m.account, m.name, err
	}
	asking, cancel := context.WithTimeout(ctx, listBudget)
	defer cancel()
	m, err := d.people.named(asking, name)
	if err != nil {
		err = fault.Wrap(fault.Unready, err, "Slack is slow to tell who is who. Mention the person with @, or try again.")
	}
	return m.account, m.name, err
}

// named finds a member by name; the zero member is nobody.
func (p *people) named(ctx context.Context, name string) (member, error) {
	name = strings.ToLower(strings.TrimPrefix(name, "@"))
	p.mu.Lock()
	id, ok := p.ids[name]
	fresh := p.door.now().Sub(p.listed) < listEvery
	p.mu.Unlock()
	if !ok && !fresh {
		if err := p.list(ctx, reply); err != nil {
			return member{}, err
		}
		p.mu.Lock()
		id, ok = p.ids[name]
		p.mu.Unlock()
	}
	if !ok {
		return member{}, nil
	}
	m, err := p.get(ctx, id)
	if err == nil && strings.ToLower(m.name) != name {
		return member{}, nil // somebody else is called so by now, or nobody
	}
	return m, err
}

// list learns everybody.
func (p *people) list(ctx context.Context, c class) error {
	pages := p.door.api.GetUsersPaginated(slack.GetUsersOptionLimit(pageSize))
	ids := map[string]string{}
	for {
		err := p.door.call(ctx, c, "users.list", func(ctx context.Context) (err error) {
			pages, err = pages.Next(ctx)
			if pages.Done(err) {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
		if len(pages.Users) == 0 {
			break
		}
		for _, u := range pages.Users {
			if m := p.learn(u); m.account != "" {
				ids[strings.ToLower(u.Name)] = u.ID // nobody else can be meant
			}
		}
		if pages.Cursor == "" || len(ids) >= mostPeople {
			break
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ids, p.listed = ids, p.door.now()
	return nil
}
