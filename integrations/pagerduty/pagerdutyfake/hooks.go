package pagerdutyfake

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// hooks are the webhook subscription and what is on its way.
type hooks struct {
	url     string
	secrets []string
	held    bool
	busy    bool
	over    bool
	waiting []*Delivery
	done    []*Delivery
	changed *sync.Cond
}

// Delivery is one webhook.
type Delivery struct {
	ID, Type, Incident string
	Body               []byte
	Status             []int // of the answers, in order; 0 is none
}

// Subscribe has webhooks sent to an address from now on, and returns the secret that
// signs them.
func (f *Fake) Subscribe(url string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hooks.url = url
	f.hooks.secrets = []string{rand.Text() + rand.Text()}
	return f.hooks.secrets[0]
}

// Rotate makes a new secret. Until the next one, webhooks are signed with both.
func (f *Fake) Rotate() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hooks.secrets = append(f.hooks.secrets[len(f.hooks.secrets)-1:], rand.Text()+rand.Text())
	return f.hooks.secrets[1]
}

// Hold keeps webhooks back, until they are released.
func (f *Fake) Hold() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hooks.held = true
}

// Release sends what was held back, in order.
func (f *Fake) Release() { f.release(func([]*Delivery) {}) }

// ReleaseBackwards sends what was held back, the last first.
func (f *Fake) ReleaseBackwards() { f.release(slices.Reverse[[]*Delivery]) }

func (f *Fake) release(order func([]*Delivery)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	order(f.hooks.waiting)
	f.hooks.held = false
	f.hooks.changed.Broadcast()
}

// Again sends everything again that was sent so far, as PagerDuty does when an answer is
// lost.
func (f *Fake) Again() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hooks.waiting = append(f.hooks.waiting, f.hooks.done...)
	f.hooks.done = nil
	f.hooks.changed.Broadcast()
}

// Settled waits until all webhooks were sent that are not held back.
func (f *Fake) Settled() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for !f.hooks.over && (f.hooks.busy || len(f.hooks.waiting) > 0 && !f.hooks.held) {
		f.hooks.changed.Wait()
	}
}

// Deliveries are the webhooks that were sent so far.
func (f *Fake) Deliveries() []Delivery {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []Delivery
	for _, d := range f.hooks.done {
		c := *d
		c.Status = slices.Clone(d.Status)
		list = append(list, c)
	}
	return list
}

// Forge sends a webhook that says that somebody acknowledged an incident, signed by
// somebody who does not know the secret, and returns the status of the answer.
func (f *Fake) Forge(by *User, incident string) int {
	f.t.Helper()
	var d *Delivery
	f.act(incident, func(i *Incident) { d = f.delivery(i, "incident.acknowledged", agentOf(by), f.webhookData(i, nil)) })
	return f.post(f.hooks.url, d, []string{"not the secret of this account"})
}

// tell has a webhook of an incident sent. Callers hold mu.
func (f *Fake) tell(i *Incident, kind string, agent any, extra map[string]any) {
	f.tellData(i, kind, agent, f.webhookData(i, extra))
}

func (f *Fake) tellData(i *Incident, kind string, agent, data any) {
	if f.hooks.url == "" {
		return
	}
	f.hooks.waiting = append(f.hooks.waiting, f.delivery(i, kind, agent, data))
	f.hooks.changed.Broadcast()
}

// webhookData is an incident as webhooks have it, which is not quite as the REST API has it.
func (f *Fake) webhookData(i *Incident, extra map[string]any) map[string]any {
	data := f.incidentJSON(i)
	data["number"] = i.Number
	delete(data, "incident_number")
	for name, v := range extra {
		data[name] = v
	}
	return data
}

func (f *Fake) delivery(i *Incident, kind string, agent, data any) *Delivery {
	f.last++
	d := &Delivery{ID: fmt.Sprintf("01FAKE%020d", f.last), Type: kind, Incident: i.ID}
	resource, _, _ := strings.Cut(kind, ".")
	d.Body, _ = json.Marshal(map[string]any{"event": map[string]any{
		"id": d.ID, "event_type": kind, "resource_type": resource, "occurred_at": f.now().UTC().Format("2006-01-02T15:04:05.000Z"),
		"agent": agent, "client": nil, "data": data,
	}})
	return d
}

// carry sends webhooks one by one, until the test is over. One that is not taken is
// tried five times, as by PagerDuty, though without its pauses.
func (f *Fake) carry() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		for !f.hooks.over && (f.hooks.held || len(f.hooks.waiting) == 0) {
			f.hooks.changed.Wait()
		}
		if f.hooks.over {
			return
		}
		d, url, secrets := f.hooks.waiting[0], f.hooks.url, slices.Clone(f.hooks.secrets)
		f.hooks.waiting, f.hooks.busy = f.hooks.waiting[1:], true
		for range 5 {
			f.mu.Unlock()
			status := f.post(url, d, secrets)
			f.mu.Lock()
			d.Status = append(d.Status, status)
			if status != 0 && status != http.StatusTooManyRequests && status < 500 {
				break
			}
		}
		f.hooks.done = append(f.hooks.done, d)
		f.hooks.busy = false
		f.hooks.changed.Broadcast()
	}
}

func (f *Fake) post(url string, d *Delivery, secrets []string) int {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(d.Body))
	if err != nil {
		return 0
	}
	var signatures []string
	for _, s := range secrets {
		mac := hmac.New(sha256.New, []byte(s))
		mac.Write(d.Body)
		signatures = append(signatures, "v1="+hex.EncodeToString(mac.Sum(nil)))
	}
	req.Header.Set("X-PagerDuty-Signature", strings.Join(signatures, ","))
	req.Header.Set("X-Webhook-Id", d.ID)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "PagerDuty-Webhook/V3.0")
	resp, err := (&http.Client{Timeout: 30 * time.Second}).Do(req)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
