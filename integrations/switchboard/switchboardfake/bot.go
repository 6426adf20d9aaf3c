package switchboardfake

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// Heard is what a bot was told, in order: one field is set.
type Heard struct {
	Reply    *paging.Reply
	Receipt  *paging.Receipt
	Grant    *unseal.Grant
	Say      string
	Alarm    string
	Enrolled string // the sealed record, as text
	Token    secret.Text
	Release  *unseal.Release
	LeadOf   string // the key
}

// Bot is a bot for tests. The zero Bot takes everything, and has no halves to give. It is
// safe for many goroutines; set the fields before it is used, or by Script.
type Bot struct {
	// Refuse is asked before anything is done, and kept; its error is the answer.
	Refuse func(h Heard) error
	// Answer is what is said to replies.
	Answer paging.Response
	// Halves are given by Release, by record; Leads by Lead, by key.
	Halves map[string]paging.Sealed
	Leads  map[string]paging.Sealed

	mu    sync.Mutex
	heard []Heard
}

var _ unseal.Bot = (*Bot)(nil)

// Script changes the fields while the bot is in use.
func (b *Bot) Script(change func(b *Bot)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

// Heard is what it was told and took.
func (b *Bot) Heard() []Heard {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.heard)
}

func (b *Bot) take(h Heard) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.Refuse != nil {
		if err := b.Refuse(h); err != nil {
			return err
		}
	}
	b.heard = append(b.heard, h)
	return nil
}

// Reply implements [paging.Ear].
func (b *Bot) Reply(_ context.Context, r paging.Reply) (paging.Response, error) {
	if err := b.take(Heard{Reply: &r}); err != nil {
		return paging.Response{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Answer, nil
}

// Receipt implements [paging.Ear].
func (b *Bot) Receipt(_ context.Context, r paging.Receipt) error { return b.take(Heard{Receipt: &r}) }

// Granted implements [unseal.Bot].
func (b *Bot) Granted(_ context.Context, g unseal.Grant) error { return b.take(Heard{Grant: &g}) }

// Say implements [unseal.Bot].
func (b *Bot) Say(_ context.Context, line string) error { return b.take(Heard{Say: line}) }

// Alarm implements [unseal.Bot].
func (b *Bot) Alarm(_ context.Context, sentence string) error {
	return b.take(Heard{Alarm: sentence})
}

// Enrol implements [unseal.Bot].
func (b *Bot) Enrol(_ context.Context, token secret.Text, sealed string) error {
	return b.take(Heard{Enrolled: sealed, Token: token})
}

// Release implements [unseal.Bot].
func (b *Bot) Release(_ context.Context, r unseal.Release) (paging.Sealed, error) {
	if err := b.take(Heard{Release: &r}); err != nil {
		return paging.Sealed{}, err
	}
	return b.half(func() map[string]paging.Sealed { return b.Halves }, r.Record)
}

// Lead implements [unseal.Bot].
func (b *Bot) Lead(_ context.Context, _ int64, key string) (paging.Sealed, error) {
	if err := b.take(Heard{LeadOf: key}); err != nil {
		return paging.Sealed{}, err
	}
	return b.half(func() map[string]paging.Sealed { return b.Leads }, key)
}

// half gives a copy: who gets it wipes it.
func (b *Bot) half(of func() map[string]paging.Sealed, key string) (paging.Sealed, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, ok := of()[key]
	if !ok {
		return paging.Sealed{}, fault.New(fault.NotFound, "There is no such record here.")
	}
	s.Half = secret.NewBytes(bytes.Clone(s.Half.RevealBytes()))
	return s, nil
}
