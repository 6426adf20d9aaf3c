package slack

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"batsignal/bot"
)

// Whatever Slack, or whoever pretends to be, delivers: no panic, and a key of a size
// that can be stored.
func FuzzArrival(f *testing.F) {
	for _, seed := range []string{
		`{"team_id":"T1","event_id":"Ev1","event":{"type":"message","channel":"C1","channel_type":"channel","user":"U1","text":"!ack","ts":"1700000000.000100"}}`,
		`{"event_id":"Ev1","event":{"type":"message","subtype":"message_changed","channel":"C1","message":{"user":"U1","ts":"1.2","text":"a"},"previous_message":{"text":"b"}}}`,
		`{"event_id":"Ev1","event":{"type":"message","subtype":"message_deleted","channel":"C1"}}`,
		`{"event_id":"Ev1","event":{"type":"reaction_added","user":"U1","reaction":"eyes","item":{"type":"message","channel":"D1","ts":"1.2"}}}`,
		`{"event_id":"Ev1","event":{"type":"app_home_opened","user":"U1","tab":"home"}}`,
		`{"trigger_id":"1.2","command":"/batsignal","text":"x","user_id":"U1","channel_id":"C1"}`,
		`{"type":"block_actions","trigger_id":"1","user":{"id":"U1"},"actions":[{"action_id":"command:0","value":"ack P1"}]}`,
		`{"type":"view_submission","trigger_id":"1","user":{"id":"U1"},"view":{"callback_id":"update","private_metadata":"{\"incident\":1}","state":{"values":{}}}}`,
		`{"type":"message_action","callback_id":"timeline_add","trigger_id":"1","user":{"id":"U1"},"message":{"text":"x"}}`,
		`null`, `[]`, `{"event":null}`, `{"event_id":"` + strings.Repeat("x", 300) + `","event":{}}`, "\x00",
	} {
		for _, kind := range []string{"events_api", "slash_commands", "interactive"} {
			f.Add(kind, []byte(seed))
		}
	}
	d := deaf(f)
	f.Fuzz(func(t *testing.T, kind string, payload []byte) {
		a, ok := arrivalOf(kind, payload, time.Now())
		if !ok {
			return
		}
		if len(a.key) == 0 || len(a.key) > 200 || a.kind == "" {
			t.Fatalf("%+v", a)
		}
		if text := cleanPayload(a.payload); !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			t.Fatalf("%q cannot be stored", text)
		}
		a.answer = func(any) bool { return true }
		d.handle(ended, a, func(_ context.Context, h bot.Heard) {
			if h.Account != "" {
				t.Fatalf("somebody unknown was heard as %q", h.Account)
			}
		})
	})
}

// Whatever people type, marks and all.
func FuzzTyped(f *testing.F) {
	for _, seed := range []string{"!ack", "<@U1> help", "<@UBOT> help", "<#C1|ops> <#C2>", "<https://x|x> <mailto:a@b|a@b>", "<!subteam^S1|@all> <!here>", "<>", "<|>", "<@", "&lt;b&gt; &amp;amp;", "<!date^1^{x}|y>"} {
		f.Add(seed)
	}
	d := deaf(f)
	f.Fuzz(func(t *testing.T, text string) {
		got, addressed := d.typed(ended, text, false)
		if addressed && !strings.HasPrefix(strings.TrimSpace(text), "<@UBOT") {
			t.Fatalf("%q is not addressed to us", text)
		}
		if len(got) > 40*len(text)+40 {
			t.Fatalf("%q grew to %d bytes", text, len(got))
		}
		if again := escape(got); strings.ContainsAny(again, "<>") {
			t.Fatalf("%q can mention somebody", again)
		}
		if _, err := json.Marshal(d.draw(got, nil).blocks); err != nil {
			t.Fatal(err)
		}
	})
}

// deaf is a door that knows who it is, and reaches nobody.
func deaf(t testing.TB) *Door {
	d := painter(t)
	d.self = self{team: "T1", user: "UBOT", bot: "BBOT", url: "https://x.slack.com/"}
	d.cfg.DB = nobody{}
	return d
}

// ended is a context that is over: nothing is waited for.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// nobody is a database that is away.
type nobody struct{}

var errAway = errors.New("away")

func (nobody) Exec(context.Context, string, ...any) (pgconn.CommandTag, error) {
	return pgconn.CommandTag{}, errAway
}
func (nobody) Query(context.Context, string, ...any) (pgx.Rows, error) { return nil, errAway }
func (nobody) Begin(context.Context) (pgx.Tx, error)                   { return nil, errAway }
func (nobody) QueryRow(context.Context, string, ...any) pgx.Row        { return noRow{} }
func (nobody) SendBatch(context.Context, *pgx.Batch) pgx.BatchResults  { return noRows{} }

type noRows struct{ pgx.BatchResults }

func (noRows) Close() error { return errAway }

type noRow struct{}

func (noRow) Scan(...any) error { return errAway }
