// Package inbox owns what comes back by mail: answers to pages, codes that are said back,
// bounces, and our own daily letter. It reads a mailbox over IMAP ([Inbox.Run]) or takes
// one letter that a mail server gives to a program ([Inbox.Deliver]), understands it, and
// tells a [paging.Ear].
//
// It does not know pages or people, and decides nothing: whether a code is one, and whose,
// is the Ear's to say. Who a letter says it is from is never proof and is not passed on:
// anybody can write anybody's name there. What counts is the code, which only whoever read
// the page has. Bounces are believed only for letters whose identity is sealed by us
// (mail.KeyOf), since a forged one would silence an address.
//
// A letter is marked in the mailbox after it was heard. Whoever dies in between hears it
// again, which the Ear knows by its event.
package inbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"time"

	"batsignal/integrations/mail"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// longestLetter is how much of a letter is read, in bytes: answers stand at its beginning.
const longestLetter = 256 << 10

// Config says what is done with letters, and where they are.
type Config struct {
	Ear    paging.Ear
	Secret secret.Text // the one that seals our Message-IDs (mail.Config)
	IMAP   IMAP        // where [Inbox.Run] and [Inbox.Check] look; empty for [Inbox.Deliver] alone

	// Answer sends a letter to whoever answered, with what came of it: mail.Route.Answer.
	// Only those get one who had a letter of ours or knew a code. nil sends none.
	Answer func(ctx context.Context, to secret.Text, id, subject, say string) error

	Log *slog.Logger
	Now func() time.Time
}

// Inbox reads what comes back.
type Inbox struct {
	ear    paging.Ear
	secret secret.Text
	answer func(ctx context.Context, to secret.Text, id, subject, say string) error
	log    *slog.Logger
	now    func() time.Time
	box    mailbox
}

// New makes an inbox. It does not connect: use [Inbox.Check] for that. Its errors are
// plain sentences for the operator.
func New(c Config) (*Inbox, error) {
	b := &Inbox{ear: c.Ear, secret: c.Secret, answer: c.Answer, log: c.Log, now: c.Now}
	if b.ear == nil {
		return nil, errors.New("an inbox needs somebody who hears what comes in")
	}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	if b.now == nil {
		b.now = time.Now
	}
	var err error
	b.box, err = c.IMAP.read()
	return b, err
}

// Deliver hears one letter, as a mail server pipes it to a program. An error means that
// it was not heard and is to be delivered again.
func (b *Inbox) Deliver(ctx context.Context, r io.Reader) error {
	raw, err := io.ReadAll(io.LimitReader(r, longestLetter))
	if err != nil {
		return err
	}
	// A mail server takes a pipe that closes early for a failure.
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	return b.hear(ctx, raw)
}

// hear understands one letter and tells of it.
func (b *Inbox) hear(ctx context.Context, raw []byte) error {
	l := parse(raw, b.secret)
	switch {
	case l.bounce != nil:
		return b.bounced(ctx, l)
	case l.own != "":
		// Our own letter came here: the daily one to ourselves, or one that is forwarded.
		return b.ear.Receipt(ctx, paging.Receipt{
			Route: mail.Name, Event: l.event("arrived"), Key: l.own, News: paging.NewsDelivered, Detail: "it came to our own mailbox", At: b.now(),
		})
	case l.machine, l.says == "" && l.key == "":
		return nil // a holiday note, a list, or nothing to do with us
	}
	out, err := b.ear.Reply(ctx, paging.Reply{Route: mail.Name, Event: l.event("reply " + l.says), Key: l.key, Text: l.says})
	if err != nil {
		return err
	}
	b.tell(ctx, l, out)
	return nil
}

func (b *Inbox) bounced(ctx context.Context, l letter) error {
	if l.bounce.key == "" || l.bounce.news == "" {
		return nil // of a letter that is not ours, or news that says nothing
	}
	return b.ear.Receipt(ctx, paging.Receipt{
		Route: mail.Name, Event: l.event("bounce"), Key: l.bounce.key, News: l.bounce.news, Detail: l.bounce.detail, Bad: l.bounce.bad, At: b.now(),
	})
}

// tell answers whoever answered. A stranger who guesses codes is told nothing, so that
// nobody can have us write to others.
func (b *Inbox) tell(ctx context.Context, l letter, out paging.Response) {
	if b.answer == nil || out.Say == "" || out.Before || l.from.Empty() || l.key == "" && !out.Done {
		return
	}
	if err := b.answer(ctx, l.from, l.id, "Re: "+l.subject, out.Say); err != nil && ctx.Err() == nil {
		b.log.Warn("what came of an answer by mail could not be told", "error", err)
	}
}

// event is what a letter is called among the events of the route. It is made of the
// letter's own name and of what it says: whoever copies a name cannot make another letter
// unheard.
func (l letter) event(what string) string {
	h := sha256.Sum256([]byte(l.id + "\x00" + what))
	return hex.EncodeToString(h[:16])
}
