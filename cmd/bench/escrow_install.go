package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/bot/irc/irctest"
	"batsignal/integrations/twilio"
	"batsignal/integrations/twilio/twiliofake"
	"batsignal/integrations/webhook/webhooktest"
	"batsignal/migrations/pg"
	"batsignal/migrations/pglocal"
	"batsignal/oncall"
	"batsignal/oncall/custody"
	"batsignal/oncall/rosterfile"
	"batsignal/oncall/secret"
	"batsignal/oncall/switchboard"
)

// exchange is a whole installation with sealed addresses: the bot and the switchboard, two
// processes with a database, an IRC network and phones.
type exchange struct {
	config     exchangeConfig
	bot, board *program
	db         *pgxpool.Pool
	asker      *client
	confirmers []*registered // who confirm, in turn
	turn       int
	asked      int // challenges of the switchboard that runs
	fires      int
	volunteers volunteers
	byNumber   map[string]int // the role of whom a number is
}

// registered is somebody whose authenticator the switchboard knows.
type registered struct {
	*client
	seed secret.Bytes
	used int64 // the last step of which a code was given
}

// exchangeAt installs both in a directory of that name, with sealed volunteers.
func (b *bench) exchangeAt(ctx context.Context, name string, v volunteers) (_ *exchange, err error) {
	x := &exchange{config: exchangeConfig{dir: filepath.Join(b.dir, name)}, volunteers: v, byNumber: map[string]int{}}
	defer func() {
		if err != nil {
			err = x.withLogs(err)
		}
	}()
	nicks := []string{asker}
	for i := range 18 { // with as many, nobody waits for the next code of theirs
		nicks = append(nicks, fmt.Sprintf("%s%02d", confirmer, i))
	}
	accounts := map[string]string{botNick: password(botNick), earNick: password(earNick)}
	for _, nick := range nicks {
		accounts[nick] = password(nick)
	}
	if x.config.irc, err = irctest.Start(irctest.Options{Accounts: accounts}); err != nil {
		return nil, err
	}
	b.later(func() error { x.config.irc.Close(); return nil })
	if x.config.phones, err = twiliofake.Open(twiliofake.Options{}); err != nil {
		return nil, err
	}
	b.later(func() error { x.config.phones.Close(); return nil })
	sink, err := webhooktest.Open(secret.New(signing), false)
	if err != nil {
		return nil, err
	}
	b.later(func() error { sink.Close(); return nil })
	x.volunteers.webhook = fmt.Sprintf("http://127.0.0.1:%d%s", sink.Port(), sinkPath)
	keyring, err := x.configure(ctx, b, name)
	if err != nil {
		return nil, err
	}
	b.later(func() error { return x.stop() })
	if err := x.startBot(ctx, b); err != nil {
		return nil, err
	}
	if err := x.fill(ctx, b, keyring, nicks); err != nil {
		return nil, err
	}
	for i, nick := range nicks {
		c, err := enter(ctx, x.config.irc, nick)
		if err != nil {
			return nil, err
		}
		b.later(c.conn.Close)
		if i == 0 {
			x.asker = c
		} else {
			x.confirmers[i-1].client = c
			go c.drop()
		}
	}
	return x, errors.Join(x.asker.sees(ctx, botNick), x.fresh(ctx, b))
}

// configure writes both configurations, makes the database, and holds the ceremony.
func (x *exchange) configure(ctx context.Context, b *bench, name string) (k custody.Keyring, err error) {
	c := &x.config
	for _, at := range []*string{&c.web, &c.botAt, &c.boardAt, &c.pagesAt, &c.inboundAt} {
		if *at, err = freeAddress(); err != nil {
			return k, err
		}
	}
	c.phones.Number("http://"+c.inboundAt+twilio.PathSMS, "http://"+c.inboundAt+twilio.PathCall)
	server, err := b.sealedDatabase(ctx, name)
	if err != nil {
		return k, err
	}
	c.bot, c.owner, c.board = server.DSN(pglocal.BotRole, name), server.DSN(pglocal.OwnerRole, name), server.DSN(pglocal.SwitchboardRole, name)
	if x.db, err = pg.Open(ctx, c.bot, pg.Options{MaxConns: 2}); err != nil {
		return k, err
	}
	b.later(func() error { x.db.Close(); return nil })
	bot, board, err := c.keys(ctx, b)
	if err != nil {
		return k, err
	}
	now := time.Now()
	made, err := custody.Init(custody.Params{Bot: bot, Switchboard: board, K: 3, Now: now, Custodians: fiveCustodians()})
	if err != nil {
		return k, err
	}
	_, err = custody.Store(ctx, x.db, now, made.Keyring)
	return made.Keyring, err
}

// fill makes the volunteers, and those who ask and confirm. Whoever is dialled picks up and
// acknowledges.
func (x *exchange) fill(ctx context.Context, b *bench, keyring custody.Keyring, nicks []string) error {
	var f rosterfile.File
	for _, nick := range nicks {
		f.People = append(f.People, rosterfile.Person{Handle: nick, Zone: "UTC", Accounts: map[string]string{networkName: nick}})
		seed, err := switchboard.OpenConfirmers(x.config.boardDir()).Add(time.Now(), nick, []string{networkName + "/" + nick}, true)
		if err != nil {
			return err
		}
		if nick != asker {
			x.confirmers = append(x.confirmers, &registered{seed: seed})
		}
	}
	if _, err := rosterfile.Apply(ctx, x.db, f, rosterfile.How{Now: time.Now(), Agreed: true}); err != nil {
		return err
	}
	b.say("sealing %d addresses", x.volunteers.records())
	for _, r := range oncall.DefaultRoles() {
		x.volunteers.roles = append(x.volunteers.roles, r.Name)
	}
	if err := x.volunteers.fill(ctx, x.db, keyring.Keys(), time.Now()); err != nil {
		return err
	}
	if err := x.prove(ctx); err != nil {
		return err
	}
	for nth := range x.volunteers.people {
		x.config.phones.Phone(numberOf(nth)).Calls(twiliofake.Acknowledges())
		x.byNumber[numberOf(nth)] = nth % len(x.volunteers.roles)
	}
	return asOwner(ctx, x.config.owner, `vacuum analyze`)
}

// prove writes into the ledger, in the switchboard's place and before it begins, that a
// code went to each address.
func (x *exchange) prove(ctx context.Context) error {
	key, err := secret.FromFile(filepath.Join(x.config.boardDir(), "ledger.key"))
	if err != nil {
		return err
	}
	db, err := pg.Open(ctx, x.config.board, pg.Options{MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close()
	w, err := newWriter(db, key.Lines()[0], filepath.Join(x.config.boardDir(), "head"))
	if err != nil {
		return err
	}
	return w.prove(ctx)
}

// startBot starts the bot; it is ready then.
func (x *exchange) startBot(ctx context.Context, b *bench) (err error) {
	if x.bot, err = b.begin(x.config.botDir(), x.config.web, "serve", "--config", x.config.botFile()); err != nil {
		x.bot = nil
		return err
	}
	return x.bot.ready(ctx)
}

// restart starts both anew, with what the configuration says now.
func (x *exchange) restart(ctx context.Context, b *bench) error {
	if err := x.stop(); err != nil {
		return err
	}
	for _, nick := range []string{botNick, earNick} {
		if err := x.asker.missesOut(ctx, nick); err != nil {
			return err
		}
	}
	if err := x.startBot(ctx, b); err != nil {
		return err
	}
	return errors.Join(x.asker.sees(ctx, botNick), x.fresh(ctx, b))
}

// fresh starts the switchboard, anew if it runs. What it remembers of challenges and codes is
// left behind: it makes six challenges an hour.
func (x *exchange) fresh(ctx context.Context, b *bench) (err error) {
	if x.board != nil {
		if err := x.board.stop(); err != nil {
			return err
		}
		x.board = nil
		if err := x.asker.missesOut(ctx, earNick); err != nil {
			return err
		}
	}
	if err := os.Remove(filepath.Join(x.config.boardDir(), "state.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if x.board, err = b.begin(x.config.boardDir(), "", "switchboard", "--config", x.config.boardFile()); err != nil {
		x.board = nil
		return err
	}
	x.asked = 0
	if err := x.asker.sees(ctx, earNick); err != nil {
		return fmt.Errorf("%w\n%s", err, x.board.tail())
	}
	return nil
}

// stop stops both.
func (x *exchange) stop() (err error) {
	for _, p := range []**program{&x.board, &x.bot} {
		if *p != nil {
			err = errors.Join(err, (*p).stop())
			*p = nil
		}
	}
	return err
}

// sees waits until somebody is in the home room.
func (c *client) sees(ctx context.Context, nick string) error { return c.looks(ctx, nick, true) }

// missesOut waits until somebody is not.
func (c *client) missesOut(ctx context.Context, nick string) error { return c.looks(ctx, nick, false) }

func (c *client) looks(ctx context.Context, nick string, want bool) error {
	for deadline := time.Now().Add(patience); ; {
		if _, err := c.write("NAMES " + homeRoom); err != nil {
			return err
		}
		there := false
		_, err := c.hear(ctx, func(line string) bool {
			there = there || strings.Contains(line, " 353 ") && strings.Contains(line, nick)
			return strings.Contains(line, " 366 ")
		})
		if err != nil || there == want {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s in %s: still %t", nick, homeRoom, there)
		}
		if err := rest(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// drop reads what a client hears and lets it go.
func (c *client) drop() {
	for range c.lines { //nolint:revive // nobody listens
	}
}
