package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/integrations/ntfy/ntfyfake"
	"batsignal/integrations/pagerduty"
	"batsignal/integrations/pagerduty/pagerdutyfake"
	"batsignal/integrations/twilio"
	"batsignal/integrations/twilio/twiliofake"
	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// providers are those with a memory of their own: what they show to people, and how people
// answer there.
type providers struct {
	duty    *pagerdutyfake.Fake
	phones  *twiliofake.Fake
	push    *ntfyfake.Server
	inbound *httptest.Server
	hooks   *http.ServeMux

	mu     sync.Mutex
	owner  map[string]string // of a number, a topic, a PagerDuty service: a person
	users  map[string]*pagerdutyfake.User
	calls  map[string]string // keys by what Twilio calls them
	rung   map[string]int    // calls at somebody
	phoned map[string]string // what somebody did on the phone
}

// providers opens all of them, each behind its gate.
func (r *run) providers() {
	p := &r.pagers
	p.owner, p.users, p.calls = map[string]string{}, map[string]*pagerdutyfake.User{}, map[string]string{}
	p.rung, p.phoned = map[string]int{}, map[string]string{}
	p.duty = pagerdutyfake.Run(r, pagerdutyfake.Options{Now: r.clock.Now})
	p.phones = twiliofake.New(r, twiliofake.Options{Now: r.clock.Now})
	p.push = ntfyfake.Start(r, ntfyfake.Options{Now: r.clock.Now})
	p.hooks = http.NewServeMux()
	p.inbound = httptest.NewServer(p.hooks)
	r.Cleanup(p.inbound.Close)

	r.gate("webhook", r.sink)
	duty := r.gate("pagerduty", forwardTo(p.duty.URL))
	duty.key = keyOfEvent
	duty.drop = func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		says(w, http.StatusAccepted, `{"status": "success", "message": "Event processed", "dedup_key": "x"}`)
	}
	phones := r.gate("twilio", forwardTo(p.phones.URL()))
	phones.key = keyOfPhone
	phones.heard = func(key string, said []byte) {
		var made struct{ SID string }
		if json.Unmarshal(said, &made) == nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.calls[made.SID] = key
		}
	}
	phones.drop = func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		says(w, http.StatusCreated, `{"sid": "CA`+strings.Repeat("f", 32)+`", "status": "queued"}`)
	}
	push := r.gate("ntfy", forwardTo(p.push.URL))
	push.key = keyOfPush
	push.drop = func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		says(w, http.StatusOK, `{"id": "dropped", "event": "message", "topic": "x"}`)
	}
	r.remember(r.sink.taken)
	r.remember(r.dutyRings)
	r.remember(r.textRings)
	r.remember(r.callRings)

	s := &r.setup
	s.PagerDuty, s.PagerDutyToken, s.Ntfy = duty.URL(), p.duty.Token, push.URL()
	s.Twilio, s.TwilioToken, s.TwilioSID, s.TwilioFrom = phones.URL(), p.phones.Token(), p.phones.AccountSID(), p.phones.From()
	s.Inbound = p.inbound.URL
}

func says(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

func (r *run) gate(name string, up http.Handler) *gate {
	r.gates[name] = newGate(name, up, r.nextTrouble, r.atGate, r.clock.Now)
	return r.gates[name]
}

func (r *run) remember(memory func() []ring) {
	r.memories, r.seen = append(r.memories, memory), append(r.seen, 0)
}

// hooks has what comes back be heard by the service of the run.
func (r *run) hooks() {
	p, log := &r.pagers, slog.New(slog.DiscardHandler)
	phones, err := twilio.NewHook(twilio.Hook{
		Ear: r.svc, Tokens: []secret.Text{secret.New(p.phones.Token())}, AccountSID: p.phones.AccountSID(), From: p.phones.From(),
		InboundURL: p.inbound.URL, Now: r.clock.Now, Log: log,
		Open: func(ctx context.Context, id int64, _ string) (secret.Text, error) { return contact.Open(ctx, r.db, id) },
	})
	r.must(err)
	p.hooks.Handle("/twilio/", phones)
	p.phones.Number(p.inbound.URL+twilio.PathSMS, p.inbound.URL+twilio.PathCall)
	duty, err := pagerduty.NewHook(pagerduty.Hook{
		Ear: r.svc, Keys: pagerduty.Keys{Name: "faults"}, Secrets: []secret.Text{secret.New(p.duty.Subscribe(p.inbound.URL + "/pagerduty"))},
		Look: r.alertKeys, Now: r.clock.Now, Log: log,
	})
	r.must(err)
	p.hooks.Handle("/pagerduty", duty)
}

// alertKeys are those of an incident, straight from the fake: the way there is not what is
// tried here.
func (r *run) alertKeys(_ context.Context, incident string) (keys []string, err error) {
	for _, i := range r.pagers.duty.Incidents() {
		if i.ID == incident {
			for _, a := range i.Alerts {
				keys = append(keys, a.Key)
			}
		}
	}
	return keys, nil
}

// address makes an address of somebody for a way, and has somebody be there.
func (r *run) address(way string, who person, i int) string {
	p := &r.pagers
	p.mu.Lock()
	defer p.mu.Unlock()
	switch way {
	case "pagerduty":
		if p.users[who.Name] == nil {
			p.users[who.Name] = p.duty.AddUser(who.Name, who.Name+"@example.org")
		}
		s := p.duty.AddService(fmt.Sprint(who.Name, i), p.users[who.Name])
		p.owner[s.ID] = who.Name
		return s.RoutingKey
	case "sms", "voice":
		number := fmt.Sprintf("+14155551%d%02d", i, r.ids[who.Name])
		p.owner[number] = who.Name
		p.phones.Phone(number).Calls(r.pickup(who))
		return number
	case "ntfy":
		topic := fmt.Sprintf("topic-%s-%d", who.Name, i)
		p.owner[topic] = who.Name
		r.remember(func() []ring { return r.pushRings(topic) })
		return topic
	}
	return fmt.Sprintf("%s/%s/%d", r.gates[way].URL(), who.Name, i)
}

var (
	ackNumber     = regexp.MustCompile(`To acknowledge, key ([0-9, ]+)\.`)
	declineNumber = regexp.MustCompile(`To decline, key ([0-9, ]+)\.`)
	pageNumber    = regexp.MustCompile(`\bP([0-9]+)\b`)
	textMark      = regexp.MustCompile(`\(P([0-9]+)-([0-9]+)\)`)
	textCode      = regexp.MustCompile(`(?:back|Answer) ([A-Z2-9]{5})\b`)
)

// pickup is what somebody does when their phone rings: they key their number once it has
// rung often enough for them.
func (r *run) pickup(who person) twiliofake.Pickup {
	if who.Does == "" {
		switch who.Phone {
		case "busy":
			return twiliofake.Busy()
		case "no answer":
			return twiliofake.NoAnswer()
		}
		return twiliofake.Voicemail()
	}
	number := map[string]*regexp.Regexp{"ack": ackNumber, "decline": declineNumber}[who.Does]
	return twiliofake.Listens(func(l twiliofake.Line) string {
		p := &r.pagers
		p.mu.Lock()
		defer p.mu.Unlock()
		if l.Turn == 1 {
			p.rung[who.Name]++
		}
		said := number.FindStringSubmatch(l.Heard)
		if said == nil || p.rung[who.Name] <= who.After {
			return ""
		}
		p.phoned[who.Name] = map[string]string{"ack": "ack", "decline": "decline"}[who.Does]
		r.log.say("%s keys %s on the phone", who.Name, who.Does)
		return strings.NewReplacer(",", "", " ", "").Replace(said[1])
	})
}

// keyOfEvent reads a request to PagerDuty.
func keyOfEvent(r *http.Request, body []byte) (key, route string) {
	var e struct {
		Action string `json:"event_action"`
		Key    string `json:"dedup_key"`
	}
	if r.URL.Path != "/v2/enqueue" || json.Unmarshal(body, &e) != nil || e.Action != "trigger" {
		return "", "pagerduty"
	}
	return pagerduty.Keys{Name: "faults"}.Ours(e.Key), "pagerduty"
}

// keyOfPhone reads a request to Twilio. Questions run into the trouble of texts.
func keyOfPhone(r *http.Request, body []byte) (key, route string) {
	form, err := url.ParseQuery(string(body))
	route = "sms"
	if strings.Contains(r.URL.Path, "/Calls") {
		route = "voice"
	}
	to := form.Get("StatusCallback")
	if err != nil || r.Method != http.MethodPost || to == "" {
		return "", route
	}
	to, _, _ = strings.Cut(to, "#")
	return path.Base(to), route
}

// keyOfPush reads a request to ntfy. What has no button says that a page is over.
func keyOfPush(r *http.Request, body []byte) (key, route string) {
	var m struct {
		Actions []struct{ Body string }
	}
	if r.Method != http.MethodPost || json.Unmarshal(body, &m) != nil || len(m.Actions) == 0 {
		return "", "ntfy"
	}
	return m.Actions[0].Body, "ntfy"
}

// dutyRings are the phones that PagerDuty has rung.
func (r *run) dutyRings() (list []ring) {
	p := &r.pagers
	incidents := map[string]pagerdutyfake.Incident{}
	for _, i := range p.duty.Incidents() {
		incidents[i.ID] = i
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, rung := range p.duty.Rings() {
		i := incidents[rung.Incident]
		one := ring{Route: "pagerduty", Call: i.ID, Person: p.owner[i.Service]}
		if len(i.Alerts) > 0 {
			one.Key = pagerduty.Keys{Name: "faults"}.Ours(i.Alerts[0].Key)
			one.Page = numberIn(pageNumber, fmt.Sprint(i.Alerts[0].Details))
		}
		list = append(list, one)
	}
	return list
}

// textRings are the texts that were taken for somebody.
func (r *run) textRings() (list []ring) {
	p := &r.pagers
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.phones.Texts() {
		mark := textMark.FindStringSubmatch(t.Body)
		if t.Direction != "outbound-api" || mark == nil {
			continue
		}
		page, _ := strconv.ParseInt(mark[1], 10, 64)
		one := ring{Route: "sms", Key: "page-" + mark[2], Page: page, Person: p.owner[t.To], Call: t.To}
		if code := textCode.FindStringSubmatch(t.Body); code != nil {
			one.Code = code[1]
		}
		list = append(list, one)
	}
	return list
}

// callRings are the calls at somebody's phone.
func (r *run) callRings() (list []ring) {
	p := &r.pagers
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.phones.Rung() {
		if c.To == p.phones.From() {
			continue
		}
		list = append(list, ring{Route: "voice", Key: p.calls[c.SID], Page: r.pageOf(p.calls[c.SID]), Person: p.owner[c.To], Call: c.SID})
	}
	return list
}

// pushRings are the pages that were published for a topic.
func (r *run) pushRings(topic string) (list []ring) {
	p := &r.pagers
	p.mu.Lock()
	who := p.owner[topic]
	p.mu.Unlock()
	for _, m := range p.push.Kept(topic) {
		if m.Event != "message" || len(m.Actions) == 0 {
			continue
		}
		a := m.Actions[0]
		list = append(list, ring{
			Route: "ntfy", Key: a.Body, Page: numberIn(pageNumber, m.Message), Person: who, Link: path.Base(a.URL),
			Repeat: strings.Contains(m.Message, "possible repeat"),
		})
	}
	return list
}

func numberIn(pattern *regexp.Regexp, text string) int64 {
	found := pattern.FindStringSubmatch(text)
	if found == nil {
		return 0
	}
	n, _ := strconv.ParseInt(found[1], 10, 64)
	return n
}

// there has somebody answer where they were rung; false if that cannot be done there.
func (r *run) there(who person, last ring) bool {
	p := &r.pagers
	switch {
	case last.Route == "sms" && last.Code != "":
		word := map[string]string{"ack": "Ok ", "decline": "no "}[who.Does]
		p.phones.Phone(last.Call).Write(word + last.Code)
	case last.Route == "pagerduty" && who.Does == "ack":
		p.mu.Lock()
		user := p.users[who.Name]
		p.mu.Unlock()
		p.duty.Acknowledge(user, last.Call)
	default:
		return false
	}
	r.log.say("%s answers P%d at the provider: %s %s", who.Name, last.Page, last.Route, who.Does)
	return true
}

// forgeCallback has somebody pretend to be a provider.
func (r *run) forgeCallback(last ring) {
	p := &r.pagers
	switch last.Route {
	case "pagerduty":
		p.mu.Lock()
		user := p.users[last.Person]
		p.mu.Unlock()
		if status := p.duty.Forge(user, last.Call); status != http.StatusForbidden {
			r.bad("a forged webhook of PagerDuty was answered %d", status)
		}
	case "sms", "voice":
		to := p.inbound.URL + map[string]string{"sms": "/twilio/texted/", "voice": "/twilio/called/"}[last.Route] + last.Key
		if status := p.phones.Forge(to, url.Values{"AccountSid": {p.phones.AccountSID()}, "MessageStatus": {"failed"}, "CallStatus": {"failed"}, "SequenceNumber": {"9"}}); status != http.StatusForbidden {
			r.bad("a forged callback of Twilio was answered %d", status)
		}
	}
}

// callbacks changes how callbacks come.
func (r *run) callbacks(how string) {
	p := &r.pagers
	switch how {
	case "hold":
		p.duty.Hold()
		p.phones.Callbacks(twiliofake.Manner{Hold: true})
	case "twice":
		p.phones.Callbacks(twiliofake.Manner{Twice: true})
		p.duty.Again()
	case "never":
		p.phones.Callbacks(twiliofake.Manner{Never: true})
	case "again":
		p.duty.Again()
		for _, s := range p.phones.Sent() {
			p.phones.Replay(s)
		}
	case "release", "backwards":
		p.phones.Callbacks(twiliofake.Manner{})
		p.phones.Release(how == "backwards")
		if how == "backwards" {
			p.duty.ReleaseBackwards()
		} else {
			p.duty.Release()
		}
	}
}

// settled waits until nothing is on its way back.
func (p *providers) settled(t testing.TB) {
	p.duty.Settled()
	p.phones.Settled(t)
}

// judgeProviders looks at what the providers would have to hear: that pages are over.
func (r *run) judgeProviders(pages []oraclePage, deliveries []oracleDelivery) {
	state, ended := map[int64]string{}, map[int64]time.Time{}
	for _, p := range pages {
		state[p.ID], ended[p.ID] = p.State, r.endedAt[p.Hunt]
	}
	last := map[string]passing{}
	for _, p := range r.gates["pagerduty"].all() {
		if p.Key != "" && p.Taken {
			last[p.Key] = p
		}
	}
	page := map[string]int64{}
	for _, d := range deliveries {
		page[paging.PageKey(d.ID)] = d.PageID
	}
	rings := map[string]int{}
	for _, one := range r.dutyRings() {
		rings[one.Key]++
	}
	for _, i := range r.pagers.duty.Incidents() {
		if len(i.Alerts) == 0 {
			continue
		}
		key := pagerduty.Keys{Name: "faults"}.Ours(i.Alerts[0].Key)
		late := last[key].At.After(ended[page[key]]) && !last[key].Answered
		if late && i.Status == "triggered" {
			// It was sent by somebody who was frozen until the page was over, and who was
			// killed, or cut off, before they could say so: nobody knows of it.
			r.log.counted("calls that nobody knows of")
		} else if i.Status == "triggered" && state[page[key]] != "open" {
			r.bad("P%d is %s, and PagerDuty still calls for %s", page[key], state[page[key]], key)
		}
		if rings[key] > 1 {
			r.log.counted("phones that PagerDuty rang again")
		}
	}
}
