package ntfyfake

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Phone is a telephone with ntfy's app, subscribed to one topic.
type Phone struct {
	mu    sync.Mutex
	shown []Message
	rung  int
}

// Phone subscribes a telephone to a topic. It shows what comes from now on.
func (s *Server) Phone(topic string) *Phone {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &Phone{}
	s.phones[topic] = append(s.phones[topic], p)
	return p
}

// Shows is what its owner sees, the newest last.
func (p *Phone) Shows() []Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.shown)
}

// Rung is how often it made a sound: messages of the two lowest priorities make none.
func (p *Phone) Rung() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rung
}

func (p *Phone) show(m Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.Sequence != "" {
		p.remove(m.Sequence)
	}
	if m.Event != "message" {
		return
	}
	p.shown = append(p.shown, m)
	if m.Priority == 0 || m.Priority >= 3 {
		p.rung++
	}
}

func (p *Phone) remove(sequence string) {
	p.shown = slices.DeleteFunc(p.shown, func(old Message) bool { return old.Sequence == sequence })
}

// Press presses a button of the newest message that has it, as the app does: a request
// without any header of a browser. The message goes away if that worked and it says so.
func (p *Phone) Press(client *http.Client, label string) (status int, err error) {
	shown := p.Shows()
	for _, m := range slices.Backward(shown) {
		for _, a := range m.Actions {
			if a.Label != label {
				continue
			}
			if status, err = press(client, a); err == nil && status/100 == 2 && a.Clear {
				p.mu.Lock()
				p.shown = slices.DeleteFunc(p.shown, func(old Message) bool { return old.ID == m.ID })
				p.mu.Unlock()
			}
			return status, err
		}
	}
	return 0, fmt.Errorf("no message has a button %q", label)
}

func press(client *http.Client, a Action) (int, error) {
	method := http.MethodGet
	if a.Action == "http" {
		if method = a.Method; method == "" {
			method = http.MethodPost
		}
	}
	req, err := http.NewRequest(method, a.URL, strings.NewReader(a.Body))
	if err != nil {
		return 0, err
	}
	for name, value := range a.Headers {
		req.Header.Set(name, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}
