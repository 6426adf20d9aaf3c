package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/bot/command"
	"batsignal/integrations/vault"
	"batsignal/migrations/pg"
	"batsignal/oncall/notice"
	"batsignal/oncall/redact"
	"batsignal/oncall/rota"
	"batsignal/oncall/secret"
)

// Burnt finds secrets in what people say. One that was said is known to everybody: it is
// called so at once, opens a task to make it anew, and is in nothing that we keep or carry.
// What it finds by its shape may be none, so nothing else is refused for it.
type Burnt struct {
	DB    pg.DB
	Queue notice.Queue // nil tells nobody but whoever said it
	Now   func() time.Time
	Log   *slog.Logger
	Home  []rota.Room // who makes secrets anew hears of it here

	mu    sync.Mutex
	keys  map[source]*redact.KeyLines // of those who say a key line by line
	heard map[source]time.Time        // when they last said a line of it
	calls map[source]time.Time        // when somebody was last told of the same
}

const (
	// burntBudget bounds how long one line may hold up those behind it.
	burntBudget = 5 * time.Second
	// mostWords is how many words of a line are looked at as shares.
	mostWords = 8
	// burntEvery is how often somebody is told of the same in one room: who pastes fifty lines
	// is told once. Each opens its task all the same.
	burntEvery = 2 * time.Minute
)

// burnt is what was found in a line.
type burnt struct {
	what   string // "an unseal share", in the words of package redact
	vault  string // of a registered share
	number int
	holder string
	task   int64 // 0: it could not be noted
	fresh  bool  // nobody was told yet
	alone  bool  // the line is talk: nothing in it is to be obeyed
	hush   bool  // who said it was told of the same just now
	body   bool  // it is a further line of a key, which was told when it began
}

// find looks at a line, and takes out of it what it found; nil is nothing.
func (b *Burnt) find(ctx context.Context, h *Heard) *burnt {
	var is burnt
	bare := h.Text
	for _, word := range likeShares(h.Text) {
		vaultName, number, holder, known, err := vault.Recognise(ctx, b.DB, secret.New(word))
		if err != nil {
			b.Log.Warn("whether a share was said could not be looked up", "network", h.Network, "room", h.Room, "error", err)
			break
		}
		if known {
			is = burnt{what: redact.Share, vault: vaultName, number: number, holder: holder}
			bare = strings.ReplaceAll(bare, word, "[taken out: "+redact.Share+"]")
		}
	}
	if what, found := redact.Find(h.Text); found && is.what == "" {
		is.what = what
	}
	goesOn := b.follow(*h)
	if is.what == "" && goesOn {
		h.Text = "[taken out: " + redact.PrivateKey + "]"
		return &burnt{what: redact.PrivateKey, body: true}
	}
	if is.what == "" {
		return nil
	}
	h.Text = redact.Text(bare)
	return &is
}

var shareWord = regexp.MustCompile(`[A-Za-z0-9+/]{43,}=?`)

// likeShares are the words that may be a registered share or key. The shape alone proves
// nothing: a hash has it too, and stays unless somebody registered it.
func likeShares(text string) (words []string) {
	for _, at := range shareWord.FindAllStringIndex(text, -1) {
		switch word := text[at[0]:at[1]]; {
		case len(words) == mostWords:
			return words
		case len(word) == 44, len(word) == 64, len(word) == 66:
			words = append(words, word)
		}
	}
	return words
}

// burn opens the task, once for each line that a network delivers.
func (b *Burnt) burn(ctx context.Context, h Heard, is *burnt) error {
	return pg.InTx(ctx, b.DB, func(tx pgx.Tx) (err error) {
		is.task, is.fresh, err = vault.Burnt(ctx, tx, vault.Burn{
			Key: lineKey(h), What: is.called(), Vault: is.vault, Number: is.number, By: speaker(h), In: where(h), At: h.At,
		})
		if err != nil || !is.fresh || is.hush || b.Queue == nil {
			return err
		}
		var told []notice.Notice
		for _, r := range b.Home {
			if h.Room != "" && !h.Unseen && (rota.Room{Network: h.Network, Room: h.Room}) == r {
				continue // it is answered there
			}
			told = append(told, notice.Notice{
				Network: r.Network, Kind: notice.Say, Room: r.Room,
				Text: fmt.Sprintf("%s said what %s %s%s. Treat it as known to everybody, and make it anew: rotation %d.",
					speaker(h), is.looks(), is.name(), inWhere(h), is.task),
			})
		}
		return notice.Post(ctx, tx, b.Queue, b.Now(), told...)
	})
}

// called is what a task calls it.
func (b burnt) called() string {
	if b.what == redact.Share {
		return "a share of a Vault"
	}
	return b.what
}

// name says which one it is, as well as is known.
func (b burnt) name() string {
	switch {
	case b.vault == "":
		return b.called()
	case b.number == 0:
		return "the only share of Vault " + b.vault
	}
	return fmt.Sprintf("share %d of Vault %s, which %s keeps", b.number, b.vault, b.holder)
}

func (b burnt) looks() string {
	if b.vault != "" {
		return "is"
	}
	return "looks like"
}

// answer tells whoever said it. It repeats nothing of what was said.
func (b burnt) answer(c *command.Set) command.Reply {
	was := "That looked like " + b.name()
	if b.vault != "" {
		was = "That is " + b.name()
	}
	anew := "make it anew"
	if b.what == redact.Share {
		anew = "make it anew by a rekey, and hand shares in with \"batsignal share submit\""
	}
	text := fmt.Sprintf("%s. Treat it as known to everybody: delete the line where you can, and %s.", was, anew)
	if b.task != 0 {
		done := c.Typed(fmt.Sprintf("rotation done %d", b.task))
		text += fmt.Sprintf(" Rotation %d is open until somebody says %s", b.task, done)
		if b.vault == "" {
			text += ", also if it was none"
		}
		text += "."
	}
	return command.Reply{Blocks: []command.Block{command.Line(text)}}
}

// lineKey names a line, so that it is told once however often it is delivered.
func lineKey(h Heard) string {
	id := h.MessageID
	if id == "" {
		id = h.Nick + "\x00" + h.At.UTC().Format(time.RFC3339Nano) + "\x00" + h.Text
	}
	sum := sha256.Sum256([]byte(h.Network + "\x00" + h.Room + "\x00" + id))
	return "said " + hex.EncodeToString(sum[:])
}

// speaker is who said it: by the account, or by a name that proves nothing.
func speaker(h Heard) string {
	switch {
	case h.Shown != "" && h.Account != "":
		return h.Shown
	case h.Account != "":
		return h.Account
	}
	return "~" + command.Clean(h.Nick)
}

// where is the room, with the network before it: rooms of two may have one name.
func where(h Heard) string {
	if h.Room == "" || h.Unseen {
		return h.Network + ", to the bot"
	}
	return h.Network + " " + h.Room
}

func inWhere(h Heard) string {
	if h.Room == "" || h.Unseen {
		return " to me in private"
	}
	return " in " + where(h)
}

// quench looks for a secret in a line; h is without it afterwards, whatever comes next.
// nil is none.
func (d *Dispatcher) quench(ctx context.Context, h *Heard) *burnt {
	if d.Burnt == nil || h.Text == "" || h.Change != Said && h.Change != Edited || h.Replayed && h.MessageID == "" {
		return nil // of a line without a name it could not be known that it was told
	}
	known, private := d.Set.Carries(h.Text)
	if private && (h.Room == "" || h.Unseen) && !h.Did {
		return nil // it takes secrets, and this is where they are said
	}
	ctx, cancel := context.WithTimeout(ctx, burntBudget)
	defer cancel()
	is := d.Burnt.find(ctx, h)
	if is != nil {
		is.alone = !known || !d.asks(*h)
	}
	return is
}

// callBurnt opens the task, and tells whoever said it.
func (d *Dispatcher) callBurnt(ctx context.Context, n Network, h Heard, is *burnt) {
	if is.body {
		return
	}
	is.hush = d.Burnt.again(h, is)
	noting, cancel := context.WithTimeout(ctx, burntBudget)
	defer cancel()
	log := d.Log.With("network", h.Network, "room", h.Room)
	if err := d.Burnt.burn(noting, h, is); err != nil {
		log.Error("that a secret was said could not be noted", "what", is.what, "error", err)
		is.task, is.fresh, is.hush = 0, true, false // whoever said it must know anyway
	}
	if !is.fresh || is.hush {
		return
	}
	if is.task != 0 { // what could not be noted hushes nothing
		d.Burnt.told(h, is)
	}
	reply := is.answer(d.Set)
	reply.Private = h.Unseen
	if err := n.Reply(ctx, h, reply); err != nil {
		if ctx.Err() == nil {
			log.Warn("an answer could not be sent", "error", err)
		}
		return
	}
	if !h.Unseen {
		d.Scribe.Said(ctx, d.Now(), n, h.Room, "", strings.Join(command.PlainText(reply), "\n"))
	}
}
