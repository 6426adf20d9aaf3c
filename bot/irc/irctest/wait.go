package irctest

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// take waits for the first kept line that fits, and removes it.
func (p *Person) take(what string, fits func(Line) bool) (Line, error) {
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	for {
		p.mu.Lock()
		for i, l := range p.lines {
			if fits(l) {
				p.lines = append(p.lines[:i:i], p.lines[i+1:]...)
				p.mu.Unlock()
				return l, nil
			}
		}
		ended, change := p.ended, p.change
		p.mu.Unlock()
		if ended != nil {
			return Line{}, fmt.Errorf("%s lost the connection (%w) waiting for %s; was shown:\n%s", p.nick, ended, what, p.transcript())
		}
		select {
		case <-change:
		case <-timeout.C:
			return Line{}, fmt.Errorf("%s waited %s in vain for %s; was shown:\n%s", p.nick, Patience, what, p.transcript())
		}
	}
}

func (p *Person) wait(what string, fits func(Line) bool) error {
	_, err := p.take(what, fits)
	return err
}

// sync returns when the server has answered everything sent so far.
func (p *Person) sync() error {
	p.mu.Lock()
	p.fences++
	token := fmt.Sprintf("fence-%d", p.fences)
	p.mu.Unlock()
	if err := p.write("PING :%s", token); err != nil {
		return err
	}
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	for {
		p.mu.Lock()
		done, ended, change := p.passed[token], p.ended, p.change
		p.mu.Unlock()
		if done {
			return nil
		}
		if ended != nil {
			return ended
		}
		select {
		case <-change:
		case <-timeout.C:
			return fmt.Errorf("%s: no answer to PING within %s", p.nick, Patience)
		}
	}
}

func (p *Person) has(fits func(Line) bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.lines {
		if fits(l) {
			return true
		}
	}
	return false
}

func (p *Person) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = nil
}

// transcript is the last lines that nobody expected, for messages.
func (p *Person) transcript() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	from := max(0, len(p.lines)-40)
	var b strings.Builder
	for _, l := range p.lines[from:] {
		fmt.Fprintf(&b, "  %s\n", l.Raw)
	}
	return b.String()
}

func inRoom(room, what string, text func(string) bool) (string, func(Line) bool) {
	name := room
	if room == "" {
		name = "private"
	}
	room = strings.ToLower(room)
	return fmt.Sprintf("%s in %s", what, name), func(l Line) bool {
		r, ok := l.message()
		return ok && r == room && text(l.Text())
	}
}

func containing(room, part string) (string, func(Line) bool) {
	return inRoom(room, fmt.Sprintf("%q", part), func(s string) bool { return strings.Contains(s, part) })
}

func matching(room, expr string) (string, func(Line) bool) {
	re := regexp.MustCompile(expr)
	return inRoom(room, "/"+expr+"/", re.MatchString)
}
