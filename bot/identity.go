package bot

import (
	"context"
	"slices"
	"strings"

	"batsignal/bot/command"
	"batsignal/migrations/pg"
	"batsignal/oncall"
)

// Policy says who may do what. Fire and Confirm list handles, "role:NAME" (who
// can be rung for that role), "@roster" (who can be rung for any) and "@known"
// (everybody bound to a person). Admins lists accounts as "network/account", since
// the first admin exists before any person does.
type Policy struct {
	Fire    []string
	Confirm []string
	Admins  []string
}

// Identity turns an account that a network vouches for into a caller with rights.
// A nick proves nothing and is never looked at.
type Identity struct {
	DB     pg.DB
	Policy Policy
}

// Caller says who spoke.
func (i *Identity) Caller(ctx context.Context, h Heard) (command.Caller, error) {
	c := command.Caller{
		Network: h.Network, Room: h.Room, Nick: h.Nick, Account: h.Account, Shown: h.Shown, MessageID: h.MessageID,
		Addressed: h.Addressed, Unseen: h.Unseen,
	}
	if h.Account == "" {
		return c, nil
	}
	c.Rights |= command.Proven
	if slices.Contains(i.Policy.Admins, h.Network+"/"+h.Account) {
		c.Rights |= command.Admin | command.LetIn
	}
	p, known, err := oncall.PersonByAccount(ctx, i.DB, h.Network, h.Account)
	if err != nil || !known {
		return c, err
	}
	return i.Known(ctx, c, p)
}

// ForPerson says what somebody may do who is proven without a chat network, by a session
// of the web or by a token. network says from where they come: "web" or "api". They are an
// admin if any of their accounts is one.
func (i *Identity) ForPerson(ctx context.Context, p oncall.Person, network string) (command.Caller, error) {
	c := command.Caller{Network: network, Nick: p.Handle}
	accounts, err := oncall.AccountsOf(ctx, i.DB, p.ID)
	if err != nil {
		return c, err
	}
	if slices.ContainsFunc(accounts, func(a oncall.Account) bool { return slices.Contains(i.Policy.Admins, a.Network+"/"+a.Name) }) {
		c.Rights |= command.Admin | command.LetIn
	}
	return i.Known(ctx, c, p)
}

// Known adds what a person's own standing gives to a caller.
func (i *Identity) Known(ctx context.Context, c command.Caller, p oncall.Person) (command.Caller, error) {
	c.PersonID, c.Handle, c.Zone = p.ID, p.Handle, p.Zone
	c.Rights |= command.Known | command.Proven
	roles, err := oncall.ActiveRoles(ctx, i.DB, p.ID)
	if err != nil {
		return c, err
	}
	if len(roles) > 0 {
		c.Rights |= command.LetIn
	}
	if allows(i.Policy.Fire, p.Handle, roles) {
		c.Rights |= command.Fire
	}
	if allows(i.Policy.Confirm, p.Handle, roles) {
		c.Rights |= command.Confirm
	}
	return c, nil
}

func allows(list []string, handle string, roles []string) bool {
	return slices.ContainsFunc(list, func(entry string) bool {
		if role, ok := strings.CutPrefix(entry, "role:"); ok {
			return slices.Contains(roles, role)
		}
		switch entry {
		case "@known":
			return true
		case "@roster":
			return len(roles) > 0
		}
		return entry == handle
	})
}
