package twiliofake_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"batsignal/integrations/twilio/twiliofake"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const maria = "+4915112345678"

// api makes a request as the account.
func api(t *testing.T, f *twiliofake.Fake, method, path string, form url.Values) (int, map[string]any) {
	t.Helper()
	to, body := f.URL()+"/2010-04-01/Accounts/"+f.AccountSID()+path, io.Reader(http.NoBody)
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	} else if form != nil {
		to += "?" + form.Encode()
	}
	r, err := http.NewRequestWithContext(t.Context(), method, to, body)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(f.AccountSID(), f.Token())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	out := map[string]any{}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	out["Retry-After"] = resp.Header.Get("Retry-After")
	return resp.StatusCode, out
}

func text(f *twiliofake.Fake, to, body string) url.Values {
	return url.Values{"From": {f.From()}, "To": {to}, "Body": {body}}
}

func call(f *twiliofake.Fake, twiml string) url.Values {
	return url.Values{"From": {f.From()}, "To": {maria}, "Twiml": {"<Response>" + twiml + "</Response>"}}
}

func TestWhatTwilioRefuses(t *testing.T) {
	f := twiliofake.New(t, twiliofake.Options{})
	f.Phone("+4930111111").Landline()
	f.Phone("+4930222222").Invalid()
	f.Phone("+4930333333").Write("STOP")
	with := func(form url.Values, name, value string) url.Values {
		form.Set(name, value)
		return form
	}
	for name, c := range map[string]struct {
		path string
		form url.Values
		code float64
	}{
		"no number":          {"/Messages.json", text(f, "", "x"), 21604},
		"half a number":      {"/Messages.json", text(f, "0151", "x"), 21211},
		"no such number":     {"/Messages.json", text(f, "+4930222222", "x"), 21211},
		"a landline":         {"/Messages.json", text(f, "+4930111111", "x"), 21614},
		"STOP":               {"/Messages.json", text(f, "+4930333333", "x"), 21610},
		"nothing to say":     {"/Messages.json", text(f, maria, ""), 21602},
		"too much to say":    {"/Messages.json", text(f, maria, strings.Repeat("x", 1601)), 21617},
		"somebody's number":  {"/Messages.json", with(text(f, maria, "x"), "From", "+14155559999"), 21606},
		"no callback":        {"/Messages.json", with(text(f, maria, "x"), "StatusCallback", "nowhere"), 21609},
		"a call from nobody": {"/Calls.json", with(call(f, ""), "From", ""), 21210},
		"nothing to do":      {"/Calls.json", with(call(f, ""), "Twiml", ""), 21205},
		"no TwiML":           {"/Calls.json", with(call(f, ""), "Twiml", "<Response>"), 12100},
		"too much TwiML":     {"/Calls.json", call(f, "<Say>"+strings.Repeat("x", 4000)+"</Say>"), 21624},
		"an unknown call":    {"/Calls/CA0.json", url.Values{"Status": {"completed"}}, 20404},
	} {
		status, got := api(t, f, http.MethodPost, c.path, c.form)
		if got["code"] != c.code || status/100 != 4 {
			t.Errorf("%s: %d, %v", name, status, got)
		}
	}
	if n := len(f.Rung()); n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestListsAreByNumberAndTheNewestFirst(t *testing.T) {
	f := twiliofake.New(t, twiliofake.Options{})
	for _, body := range []string{"one", "two", "three"} {
		api(t, f, http.MethodPost, "/Messages.json", text(f, maria, body))
	}
	api(t, f, http.MethodPost, "/Messages.json", text(f, "+33612345678", "other"))
	f.Settled(t)
	_, got := api(t, f, http.MethodGet, "/Messages.json", url.Values{"To": {maria}, "PageSize": {"2"}})
	list, _ := got["messages"].([]any)
	if len(list) != 2 || list[0].(map[string]any)["body"] != "three" || list[0].(map[string]any)["status"] != "delivered" {
		t.Fatal(got)
	}
	next, _ := got["next_page_uri"].(string)
	_, query, _ := strings.Cut(next, "?")
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	_, got = api(t, f, http.MethodGet, "/Messages.json", q)
	if list, _ = got["messages"].([]any); len(list) != 1 || got["next_page_uri"] != nil {
		t.Fatal(got)
	}
	sid, _ := list[0].(map[string]any)["sid"].(string)
	if _, one := api(t, f, http.MethodGet, "/Messages/"+sid+".json", nil); one["body"] != "one" {
		t.Error(one)
	}
}

func TestTrouble(t *testing.T) {
	f := twiliofake.New(t, twiliofake.Options{})
	f.Next(
		twiliofake.Trouble{Status: 429, Code: 20429, RetryAfter: 7 * time.Second}, twiliofake.Trouble{},
		twiliofake.Trouble{Status: 500, Taken: true}, twiliofake.Trouble{Cut: true}, twiliofake.Trouble{Cut: true, Taken: true},
	)
	var got []int
	for range 5 {
		status, body := api(t, f, http.MethodPost, "/Messages.json", text(f, maria, "x"))
		got = append(got, status)
		if status == 429 && body["Retry-After"] != "7" {
			t.Error(body)
		}
	}
	f.Settled(t)
	if want := []int{429, 201, 500, 0, 0}; !equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if n := len(f.Phone(maria).Inbox()); n != 3 {
		t.Errorf("%d texts arrived", n)
	}
	f.Silent(true)
	if status, _ := api(t, f, http.MethodPost, "/Messages.json", text(f, maria, "x")); status != 201 {
		t.Error(status)
	}
	f.Settled(t)
	if n := len(f.Phone(maria).Inbox()); n != 3 {
		t.Errorf("%d texts arrived", n)
	}
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// app is the account's own server.
func app(t *testing.T, answer func(r *http.Request) (int, string)) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		status, body := answer(r)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestTwimlIsCarriedOut(t *testing.T) {
	f := twiliofake.New(t, twiliofake.Options{})
	to := app(t, func(r *http.Request) (int, string) {
		switch r.URL.Path {
		case "/digits":
			return 200, "<Response><Say>You keyed " + r.PostForm.Get("Digits") + "</Say><Redirect>" + "http://" + r.Host + "/next</Redirect></Response>"
		case "/next":
			return 200, `<Response><Dial callerId="` + f.From() + `" action="http://` + r.Host + `/dialled"><Number>+33612345678</Number></Dial></Response>`
		case "/dialled":
			return 200, "<Response><Say>It was " + r.PostForm.Get("DialCallStatus") + "</Say><Hangup/><Say>never</Say></Response>"
		}
		return 500, ""
	})
	gather := func(attr string) string {
		return `<Gather action="` + to + `/digits" ` + attr + `><Say>Key it</Say><Pause length="2"/></Gather><Say>Silence</Say>`
	}
	for name, c := range map[string]struct {
		twiml   string
		phone   twiliofake.Pickup
		heard   string
		trouble string
	}{
		"two keys":        {gather(`numDigits="2"`), twiliofake.Keys("1789"), "Key it|You keyed 17|It was busy", ""},
		"a last key":      {gather(``), twiliofake.Keys("178#9"), "Key it|You keyed 178|It was busy", ""},
		"no last key":     {gather(`finishOnKey="" numDigits="2"`), twiliofake.Keys("#1"), "Key it|You keyed #1|It was busy", ""},
		"silence":         {gather(``), twiliofake.Voicemail(), "Key it|Silence", ""},
		"only the last":   {gather(``), twiliofake.Keys("#"), "Key it|Silence", ""},
		"put down":        {gather(``), twiliofake.Keys(twiliofake.HangUp), "Key it", ""},
		"an unknown verb": {"<Dance/>", twiliofake.Voicemail(), "We are sorry, an application error has occurred. Goodbye.", "there is no verb Dance"},
		"an answer of 500": {"<Redirect>" + to + "/broken</Redirect>", twiliofake.Voicemail(),
			"We are sorry, an application error has occurred. Goodbye.", "an answer of 500"},
	} {
		t.Run(name, func(t *testing.T) {
			f.Phone(maria).Calls(c.phone)
			f.Phone("+33612345678").Calls(twiliofake.Busy())
			_, made := api(t, f, http.MethodPost, "/Calls.json", call(f, c.twiml))
			f.Settled(t)
			rung := f.RungAt(maria)
			got := rung[len(rung)-1]
			if heard := strings.Join(got.Heard, "|"); heard != c.heard || got.Trouble != c.trouble || got.Status != "completed" || got.SID != made["sid"] {
				t.Errorf("heard %q, trouble %q, %s", heard, got.Trouble, got.Status)
			}
		})
	}
}

// A callback is repeated only if its address asks for that.
func TestRetriesAreAskedForInTheFragment(t *testing.T) {
	f := twiliofake.New(t, twiliofake.Options{})
	to := app(t, func(*http.Request) (int, string) { return 503, "" })
	for fragment, want := range map[string]int{"": 1, "#rc=3": 1, "#rc=3&rp=5xx": 4, "#rc=9&rp=all": 6, "#rc=2&rp=4xx,ct": 1} {
		before := len(f.Sent())
		form := text(f, maria, "x")
		form.Set("StatusCallback", to+"/"+fragment)
		api(t, f, http.MethodPost, "/Messages.json", form)
		f.Settled(t)
		if sent := f.Sent()[before:]; len(sent) != 2 || sent[0].Tries != want {
			t.Errorf("%q: %+v", fragment, sent)
		}
	}
}

// Closing hangs up whoever still rings, and nobody is left behind.
func TestCloseEndsEverything(t *testing.T) {
	f, err := twiliofake.Open(twiliofake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f.Phone(maria).Calls(twiliofake.Voicemail().Rings(make(chan struct{})))
	api(t, f, http.MethodPost, "/Calls.json", call(f, "<Say>x</Say>"))
	f.AwaitCall(t, maria, "ringing")
	f.Close()
	if got := f.Rung()[0].Status; got != "canceled" {
		t.Error(got)
	}
}

func TestALoginIsNeeded(t *testing.T) {
	f := twiliofake.New(t, twiliofake.Options{})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(f.URL() + "/2010-04-01/Accounts/" + f.AccountSID() + ".json")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Error(resp.Status)
	}
}
