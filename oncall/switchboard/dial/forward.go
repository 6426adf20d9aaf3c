package dial

import (
	"context"
	"log/slog"
	"strings"

	"batsignal/migrations/pg"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// Forward is the ear of the switchboard's own listener: what providers send back goes on to
// the bot without any address. Where the address is that of a sealed contact, the bot is
// told which contact. It implements [paging.Ear].
type Forward struct {
	DB    pg.DB
	Ear   paging.Ear // the bot
	Spool *Spool
	Index *Index
	// Address writes an address as it is dialled, as [Board.Address] does.
	Address func(kind string, address secret.Text) (secret.Text, error)
	Log     *slog.Logger
}

var _ paging.Ear = (*Forward)(nil)

// Reply implements [paging.Ear]. If the bot does not answer, it is an error, so that whoever
// replied is told: nothing is acknowledged that nobody knows of.
func (f *Forward) Reply(ctx context.Context, r paging.Reply) (paging.Response, error) {
	from := r.From
	r.From, r.Contact = secret.Text{}, 0
	if !from.Empty() {
		r.Text = strings.ReplaceAll(r.Text, from.Reveal(), "…")
		if clean, err := f.Address(r.Route, from); err == nil {
			id, err := f.Index.Contact(ctx, f.DB, r.Route, clean)
			if err != nil {
				// Which way it came on proves nothing, and is no reason not to hear an answer.
				f.Log.Error("it could not be looked up which contact an answer came from", "route", r.Route, "error", err)
			}
			r.Contact = id
		}
	}
	return f.Ear.Reply(ctx, r)
}

// Receipt implements [paging.Ear].
func (f *Forward) Receipt(ctx context.Context, r paging.Receipt) error {
	return f.Spool.Receipt(ctx, r)
}
