package ntfy_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"batsignal/integrations/ntfy"
	"batsignal/integrations/ntfy/ntfyfake"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

const topic = "topiccanary"

// page is what most tests send; each changes what it is about.
func page() paging.Message {
	return paging.Message{
		Key: "page-41", Attempt: 1, Page: 12, Person: "maria", Address: secret.New(topic),
		Ref: "INC-7", Severity: 1, Role: "release engineering", Why: "remote <code> execution\nin openssl \u202e",
		Rooms: []string{"#war", "#inc-7-openssl"}, AckLink: secret.New("https://bat.example/ack/linkcanary"), Code: "K7QXM",
	}
}

func route(t *testing.T, s *ntfyfake.Server, change func(*ntfy.Config)) *ntfy.Route {
	t.Helper()
	c := ntfy.Config{URL: s.URL, Timeout: time.Minute}
	if change != nil {
		change(&c)
	}
	r, err := ntfy.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func TestAPageIsShownWithItsButtons(t *testing.T) {
	s := ntfyfake.Start(t, ntfyfake.Options{Token: "tk_tokencanary"})
	phone := s.Phone(topic)
	r := route(t, s, func(c *ntfy.Config) { c.Token = secret.New("tk_tokencanary") })
	handed, err := r.Send(t.Context(), page())
	if err != nil {
		t.Fatal(err)
	}
	shown := phone.Shows()
	if len(shown) != 1 || handed.Ref != shown[0].ID || handed.Note != "accepted by ntfy" {
		t.Fatalf("%+v, shown %+v", handed, shown)
	}
	got := shown[0]
	got.ID, got.Time, got.Expires = "", 0, 0
	for i := range got.Actions {
		got.Actions[i].ID = ""
	}
	const link = "https://bat.example/ack/linkcanary"
	want := ntfyfake.Message{
		Sequence: "batsignal-page-41", Event: "message", Topic: topic, Priority: 5, Click: link,
		Title:   "[INC-7] Release engineering needed (severity 1)",
		Message: "remote <code> execution in openssl ?\nCome to: #war, #inc-7-openssl\nIn chat: !ack P12, or !decline P12.",
		Actions: []ntfyfake.Action{
			{Action: "http", Label: "Acknowledge", URL: link, Method: "POST", Body: "page-41", Clear: true},
			{Action: "view", Label: "Open", URL: link},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(got.Message+got.Title, "K7QXM") {
		t.Error("a code that nobody can answer with is shown")
	}
}

// The button makes one POST without any header of a browser, which is what the guard
// against foreign sites lets through, and looks at nothing else.
func TestTheButtonAcknowledges(t *testing.T) {
	var (
		mu    sync.Mutex
		acked []string
	)
	guarded := http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodPost {
			acked = append(acked, r.URL.Path)
		}
	}))
	site := httptest.NewServer(guarded)
	defer site.Close()
	s := ntfyfake.Start(t, ntfyfake.Options{})
	phone := s.Phone(topic)
	m := page()
	m.AckLink = secret.New(site.URL + "/ack/token")
	if _, err := route(t, s, nil).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if status, err := phone.Press(site.Client(), "Open"); status != 200 || err != nil || len(acked) != 0 {
		t.Errorf("Open: %d, %v, acknowledged %v", status, err, acked)
	}
	if status, err := phone.Press(site.Client(), "Acknowledge"); status != 200 || err != nil {
		t.Errorf("Acknowledge: %d, %v", status, err)
	}
	if len(acked) != 1 || acked[0] != "/ack/token" || len(phone.Shows()) != 0 {
		t.Errorf("acknowledged %v, shown %+v", acked, phone.Shows())
	}
}

func TestWithoutALinkThereIsChat(t *testing.T) {
	s := ntfyfake.Start(t, ntfyfake.Options{})
	r := route(t, s, func(c *ntfy.Config) { c.Prefix = "." })
	for _, link := range []string{"", "javascript:alert(1)", "https://a.example/\u202ex"} {
		m := page()
		m.AckLink, m.Ref, m.Role, m.Severity, m.Repeat = secret.New(link), "", "", 0, true
		if _, err := r.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for _, got := range s.Kept(topic) {
		if len(got.Actions) != 0 || got.Click != "" || got.Title != "[P12] You are needed" || got.Priority != 4 ||
			!strings.Contains(got.Message, "possible repeat") || !strings.Contains(got.Message, ".ack P12, or .decline P12.") {
			t.Errorf("%+v", got)
		}
	}
}

func TestTheWorseTheLouder(t *testing.T) {
	s := ntfyfake.Start(t, ntfyfake.Options{})
	r := route(t, s, nil)
	want := []int{4, 5, 4, 3, 3, 3}
	for severity := range want {
		m := page()
		m.Severity = severity
		if _, err := r.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for severity, got := range s.Kept(topic) {
		if got.Priority != want[severity] {
			t.Errorf("severity %d: priority %d, want %d", severity, got.Priority, want[severity])
		}
	}
}

func TestAStormFitsIntoOneMessage(t *testing.T) {
	s := ntfyfake.Start(t, ntfyfake.Options{})
	m := page()
	m.Why = strings.Repeat("ключ ", 1000)
	for range 1000 {
		m.Items = append(m.Items, strings.Repeat("ключ ", 40))
	}
	if _, err := route(t, s, nil).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	m.Why, m.Items = "mail is down", []string{"queue on a", "queue on b"}
	if _, err := route(t, s, nil).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	kept := s.Kept(topic)
	if text := kept[0].Message; !strings.Contains(text, "more\nCome to: #war") || !strings.Contains(text, "!ack P12") || len(text) > 3000 {
		t.Errorf("%d bytes: %s", len(text), text)
	}
	if want := "mail is down\n- queue on a\n- queue on b\nCome to:"; !strings.HasPrefix(kept[1].Message, want) {
		t.Errorf("%q, want %q", kept[1].Message, want)
	}
}

func TestCodesAreSaidBackInChat(t *testing.T) {
	s := ntfyfake.Start(t, ntfyfake.Options{})
	r := route(t, s, nil)
	for _, kind := range []paging.Kind{paging.KindProof, paging.KindTest} {
		m := paging.Message{Kind: kind, Key: "proof-3", Person: "maria", Address: secret.New(topic), Code: "K7QXM"}
		if _, err := r.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for _, got := range s.Kept(topic) {
		if !strings.Contains(got.Message, "!contact prove K7QXM") || len(got.Actions) != 0 || got.Sequence != "batsignal-proof-3" || got.Priority != 3 {
			t.Errorf("%+v", got)
		}
	}
}

func TestWhoAnsweredTakesThePlaceOfThePage(t *testing.T) {
	for name, story := range map[string]struct {
		how   paging.PageState
		by    string
		wants string
	}{
		"acknowledged":           {paging.PageAcked, "maria", "maria has answered this page. Nothing more is to be done."},
		"answered by another":    {paging.PageClosed, "jan", "jan has answered this page. Nothing more is to be done."},
		"declined":               {paging.PageDeclined, "maria", "maria declined. The next person is asked."},
		"not needed any more":    {paging.PageClosed, "", "Nobody needs to come for this page any more."},
		"declined, by nobody":    {paging.PageDeclined, "", "This page was declined. The next person is asked."},
		"a name that is hostile": {paging.PageAcked, "a\u202e\nb", "a? b has answered this page. Nothing more is to be done."},
	} {
		t.Run(name, func(t *testing.T) {
			s := ntfyfake.Start(t, ntfyfake.Options{})
			phone := s.Phone(topic)
			r := route(t, s, nil)
			handed, err := r.Send(t.Context(), page())
			if err != nil {
				t.Fatal(err)
			}
			e := paging.Ended{Key: "page-41", Ref: handed.Ref, How: story.how, By: story.by, Address: secret.New(topic)}
			for range 2 { // that it is over already is no error
				if err := r.End(t.Context(), e); err != nil {
					t.Fatal(err)
				}
			}
			shown := phone.Shows()
			if len(shown) != 1 || shown[0].Message != story.wants || shown[0].Title != "[INC-7] Release engineering needed (severity 1)" || len(shown[0].Actions) != 0 {
				t.Errorf("%+v", shown)
			}
			if phone.Rung() != 1 {
				t.Errorf("it rang %d times", phone.Rung())
			}
		})
	}
}

func TestOfAnUnknownPageTheEndIsTold(t *testing.T) {
	s := ntfyfake.Start(t, ntfyfake.Options{WriteOnly: true})
	r := route(t, s, nil)
	if err := r.End(t.Context(), paging.Ended{Key: "page-9", How: paging.PageClosed, Address: secret.New(topic)}); err != nil {
		t.Fatal(err)
	}
	if kept := s.Kept(topic); len(kept) != 1 || kept[0].Title != "This page is over" {
		t.Errorf("%+v", kept)
	}
}

// A sender that died asks before it publishes again.
func TestAfterACrashTheServerIsAsked(t *testing.T) {
	for name, old := range map[string]bool{"a server of today": false, "an old server": true} {
		t.Run(name, func(t *testing.T) {
			s := ntfyfake.Start(t, ntfyfake.Options{Old: old})
			r := route(t, s, nil)
			if _, found, err := r.Ask(t.Context(), page()); found || err != nil {
				t.Fatalf("before anything was sent: %v, %v", found, err)
			}
			s.Script(ntfyfake.Answer{Cut: true, Kept: true})
			if _, err := r.Send(t.Context(), page()); !errors.Is(err, paging.ErrProvider) {
				t.Fatalf("the answer was lost: %v", err)
			}
			handed, found, err := r.Ask(t.Context(), page())
			if !found || err != nil || handed.Ref != s.Kept(topic)[0].ID {
				t.Errorf("%+v, %v, %v", handed, found, err)
			}
			other := page()
			other.Key = "page-4"
			if _, found, _ := r.Ask(t.Context(), other); found {
				t.Error("another page was taken for this one")
			}
		})
	}
}

func TestWhenNobodyCanSayThePageIsSentAgain(t *testing.T) {
	s := ntfyfake.Start(t, ntfyfake.Options{WriteOnly: true})
	phone := s.Phone(topic)
	r := route(t, s, nil)
	for range 2 {
		if _, found, err := r.Ask(t.Context(), page()); found || err != nil {
			t.Fatalf("%v, %v", found, err)
		}
		if _, err := r.Send(t.Context(), page()); err != nil {
			t.Fatal(err)
		}
	}
	if shown := phone.Shows(); len(shown) != 1 {
		t.Errorf("the repeat stands beside the first: %+v", shown)
	}
	s.Script(ntfyfake.Answer{Status: 503})
	if _, found, err := r.Ask(t.Context(), page()); found || err != nil {
		t.Errorf("the server is down: %v, %v", found, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := r.Ask(ended, page()); !errors.Is(err, context.Canceled) {
		t.Errorf("there is no time left: %v", err)
	}
}

// ear remembers receipts.
type ear struct{ receipts []paging.Receipt }

func (e *ear) Reply(context.Context, paging.Reply) (paging.Response, error) {
	return paging.Response{}, nil
}

func (e *ear) Receipt(_ context.Context, r paging.Receipt) error {
	e.receipts = append(e.receipts, r)
	return nil
}

func TestTheDailyPageIsProvenByWhatTheServerKeeps(t *testing.T) {
	s, heard := ntfyfake.Start(t, ntfyfake.Options{}), &ear{}
	r := route(t, s, func(c *ntfy.Config) { c.Ear = heard })
	m := paging.Message{Kind: paging.KindCanary, Key: "proof-8", Address: secret.New(topic), Code: "K7QXM"}
	s.Drop(1)
	if _, err := r.Send(t.Context(), m); !errors.Is(err, paging.ErrProvider) || len(heard.receipts) != 0 {
		t.Fatalf("taken and dropped: %v, %+v", err, heard.receipts)
	}
	if _, err := r.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if len(heard.receipts) != 1 {
		t.Fatalf("%+v", heard.receipts)
	}
	if got := heard.receipts[0]; got.Key != "proof-8" || got.News != paging.NewsDelivered || got.Route != "ntfy" || got.Event == "" || got.At.IsZero() {
		t.Errorf("%+v", got)
	}
	if _, err := r.Send(t.Context(), page()); err != nil || len(heard.receipts) != 1 {
		t.Errorf("a page has no receipt: %v, %+v", err, heard.receipts)
	}
}

func TestTheCheckSendsNothing(t *testing.T) {
	s := ntfyfake.Start(t, ntfyfake.Options{Token: "tk_tokencanary"})
	good := route(t, s, func(c *ntfy.Config) { c.Token = secret.New("tk_tokencanary") })
	if err := good.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, story := range map[string]struct {
		answer ntfyfake.Answer
		token  string
		says   string
	}{
		"a wrong token":  {ntfyfake.Answer{}, "tk_wrongcanary", "does not take our token"},
		"it is down":     {ntfyfake.Answer{Status: 502}, "tk_tokencanary", "answered 502"},
		"it is no ntfy":  {ntfyfake.Answer{Raw: "<html>"}, "tk_tokencanary", "does not say that it is well"},
		"it is not well": {ntfyfake.Answer{Raw: `{"healthy":false}`}, "tk_tokencanary", "does not say that it is well"},
	} {
		if story.answer != (ntfyfake.Answer{}) {
			s.Script(story.answer)
		}
		err := route(t, s, func(c *ntfy.Config) { c.Token = secret.New(story.token) }).Check(t.Context())
		if err == nil || !strings.Contains(err.Error(), story.says) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, q := range s.Requests() {
		if q.Method != http.MethodGet {
			t.Errorf("%+v", q)
		}
	}
}

func TestConfigurationsThatCannotWorkAreRefusedInWords(t *testing.T) {
	good := ntfy.Config{URL: "https://ntfy.example.org/push/"}
	if _, err := ntfy.New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*ntfy.Config){
		"no address":             func(c *ntfy.Config) { c.URL = "" },
		"no scheme":              func(c *ntfy.Config) { c.URL = "ntfy.example.org" },
		"another scheme":         func(c *ntfy.Config) { c.URL = "ftp://ntfy.example.org" },
		"a password":             func(c *ntfy.Config) { c.URL = "https://u:pwcanary@ntfy.example.org" },
		"a query":                func(c *ntfy.Config) { c.URL = "https://ntfy.example.org?auth=pwcanary" },
		"another server is none": func(c *ntfy.Config) { c.Servers = []string{"x"} },
		"a token in the open":    func(c *ntfy.Config) { c.URL, c.Token = "http://ntfy.example.org", secret.New("tk_pwcanary") },
		"a token of two lines":   func(c *ntfy.Config) { c.Token = secret.New("tk_pwcanary\nx") },
		"an empty network":       func(c *ntfy.Config) { c.AllowNetworks = []netip.Prefix{{}} },
		"a mapped network":       func(c *ntfy.Config) { c.AllowNetworks = []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104")} },
	} {
		c := good
		change(&c)
		if _, err := ntfy.New(c); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
