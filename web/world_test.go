package web_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/bot/command"
	"batsignal/bot/console"
	"batsignal/bot/play"
	"batsignal/incidents"
	"batsignal/incidents/action"
	"batsignal/incidents/meeting"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
	"batsignal/oncall/policy"
	"batsignal/oncall/rosterfile"
	"batsignal/oncall/rota"
	"batsignal/oncall/secret"
	"batsignal/oncall/skill"
	"batsignal/web"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var ctx = context.Background()

// night is when every story begins: 03:14 UTC on a Sunday.
var night = time.Date(2026, 3, 1, 3, 14, 0, 0, time.UTC)

// publicURL is how people reach the pages of a world.
const publicURL = "https://bat.example"

// The addresses of the people of a world. None of them may ever be seen.
const (
	canaryMail    = "canary-mail@hidden.example"
	canaryWebhook = "https://canary-hook.example/secret"
)

// world is a bot on a fast clock with the web over it.
type world struct {
	*play.Stage
	t       testing.TB
	dsn     string
	base    *pgtest.DB
	watch   *incidents.Watch
	handler http.Handler

	meetings *meeting.Service
	actions  *action.Service
	access   *access.Service // nil where nobody can sign in
	rota     *rota.Service

	log    *logBook
	logger *slog.Logger
	set    *command.Set
	story  play.Transcript
}

// newWorld sets a stage up with the example roster; maria has a mail address and a
// webhook as well. change may alter the options of the web.
func newWorld(t testing.TB, change ...func(*web.Options)) *world {
	t.Helper()
	db := pgtest.Fresh(t)
	w := &world{t: t, dsn: db.BotDSN, base: db, watch: &incidents.Watch{}, log: &logBook{}}
	codes := 0
	stage, err := play.New(ctx, db.Pool, play.Options{
		Start: night, Roles: oncall.DefaultRoles(), Admins: []string{"maria"}, Guard: incidents.DefaultGuard(),
		NewCode: func() string { codes++; return fmt.Sprintf("KQX%d", codes+1) },
		Show:    func(_ time.Time, l console.Line) { w.story.Hear(l) },
		Log:     slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Stage, w.story.Stage = stage, stage
	f, err := rosterfile.Parse(rosterfile.Example)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rosterfile.Apply(ctx, stage.DB, f, rosterfile.How{Now: night, Agreed: true, Network: "console"}); err != nil {
		t.Fatal(err)
	}
	stage.Incidents.Routes = append(stage.Incidents.Routes, paging.Traits{Name: "mail"}, paging.Traits{Name: "webhook"})
	maria := w.person("maria")
	for kind, address := range map[string]string{"mail": canaryMail, "webhook": canaryWebhook} {
		if _, err := contact.AddProven(ctx, stage.DB, night, maria.ID, kind, secret.New(address)); err != nil {
			t.Fatal(err)
		}
	}

	w.logger = slog.New(slog.NewTextHandler(io.MultiWriter(w.log, t.Output()), &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.set, err = command.NewSet(command.Options{Now: stage.Now}, command.Vocabulary(command.Services{
		DB: stage.DB, Incidents: stage.Incidents, People: stage.People,
	}))
	if err != nil {
		t.Fatal(err)
	}
	w.meetings = &meeting.Service{
		DB: stage.DB, Queue: stage.Incidents.Queue, Now: stage.Now, Log: w.logger, Incidents: stage.Incidents,
		Policy: meeting.Policy{URLPrefix: publicURL + "/minutes/"},
	}
	w.actions = &action.Service{DB: stage.DB, Queue: stage.Incidents.Queue, Now: stage.Now, Log: w.logger, Base: publicURL}
	w.rota = &rota.Service{DB: stage.DB, Now: stage.Now, Queue: stage.Incidents.Queue, Log: w.logger, Networks: []string{"console"}}
	o := web.Options{
		Meetings: w.meetings, Actions: w.actions, PublicURL: publicURL,
		Rota: w.rota, Policies: &policy.Service{DB: stage.DB, Now: stage.Now},
		People: stage.People, Skills: &skill.Service{DB: stage.DB, Now: stage.Now},
		Incidents: stage.Incidents, DB: stage.DB, Watch: w.watch, Commands: w.set, Now: stage.Now, Version: "v0-test",
		Log: w.logger,
	}
	for _, c := range change {
		c(&o)
	}
	if w.handler, err = web.New(o); err != nil {
		t.Fatal(err)
	}
	return w
}

// tell plays lines of a story; see play.Transcript.
func (w *world) tell(story string) {
	w.t.Helper()
	if _, err := w.story.Play(ctx, story); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) person(handle string) oncall.Person {
	w.t.Helper()
	p, err := oncall.PersonByHandle(ctx, w.DB, handle)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// link makes the single-use link of somebody's oldest open page, and returns its
// path.
func (w *world) link(handle string) string {
	w.t.Helper()
	open, err := paging.OpenFor(ctx, w.DB, w.person(handle).ID)
	if err != nil || len(open) == 0 {
		w.t.Fatalf("no page is open for %s: %v", handle, err)
	}
	token, err := paging.AddToken(ctx, w.DB, w.Now(), open[0].ID, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return "/ack/" + token.Reveal()
}

// post leases what waits on the ways out of chat and ends each try as told, by
// route and number of the try; what is not told stays under way.
func (w *world) post(ends map[string][]paging.Outcome) {
	w.t.Helper()
	worker := paging.Worker{Me: "postman", Routes: []string{"mail", "webhook"}}
	leased, err := worker.Lease(ctx, w.DB, w.Now(), w.Now().Add(time.Hour), paging.Hands{"mail": 100, "webhook": 100})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range leased {
		if of := ends[d.Route]; d.Tries <= len(of) {
			tx, err := w.DB.Begin(ctx)
			if err != nil {
				w.t.Fatal(err)
			}
			if _, err := worker.Finish(ctx, tx, w.Now(), d, paging.Try{Outcome: of[d.Tries-1], Detail: "550 no such box " + canaryMail}); err != nil {
				w.t.Fatal(err)
			}
			if err := tx.Commit(ctx); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
	body string
}

func (w *world) get(path string) answer { return w.do(httptest.NewRequest(http.MethodGet, path, nil)) }

func (w *world) do(r *http.Request) answer {
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return answer{rec, rec.Body.String()}
}

// main is the body without what all pages have.
func (a answer) main() string {
	if _, rest, ok := strings.Cut(a.body, `<main id="main">`); ok {
		return rest
	}
	return a.body
}

// says fails unless the answer has the status and holds each text.
func (a answer) says(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.Code != status {
		t.Errorf("status %d, want %d:\n%s", a.Code, status, a.main())
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("%q is not in:\n%s", text, a.main())
		}
	}
}

// logBook keeps what was logged.
type logBook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logBook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// sql changes rows behind everybody's back.
func (w *world) sql(text string, args ...any) {
	w.t.Helper()
	if _, err := w.DB.Exec(ctx, text, args...); err != nil {
		w.t.Fatal(err)
	}
}

// fire is the story that most tests are told: the signal is lit, some answer, one
// declines, somebody else is rung, the baton is held.
const fire = `
maria #ops: !batsignal remote code execution in openssl
maria #ops: !confirm
kevin #ops: !confirm
wait 20s
li: !ack
sam: !ack
li #inc-1-openssl: !incident note upstream has a fix in 3.0.9
`
