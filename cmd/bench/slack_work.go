package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"

	"batsignal/bot/slack/slackfake"
)

const aimAcked = 100 * time.Millisecond

// answers is how long a slash command waits for its answer.
func (w *workspace) answers(ctx context.Context, b *bench) ([]figure, error) {
	var took, worked durations
	for i := range b.runs(200, 3) {
		if err := b.pause(ctx); err != nil {
			return nil, err
		}
		after := w.now()
		began := time.Now()
		asked := w.fake.Slash(asker, w.home, "/batsignal-status", "")
		answer, err := w.hear(ctx, after, fmt.Sprintf("answer %d", i+1), func(m slackfake.Message) bool { return m.Channel == w.home })
		if err != nil {
			return nil, err
		}
		if err := w.acked(ctx, asked); err != nil {
			return nil, err
		}
		took = append(took, answer.Arrived.Sub(began))
		worked = append(worked, answer.Arrived.Sub(began)-asked.AckedIn())
	}
	return []figure{{
		what: "Slack: command to its answer", got: took.list(0.5, 0.95, 0.99, 1),
		aim: "median ≤ 50 ms, p99 ≤ 250 ms", met: took.median() <= aimMedian && took.at(0.99) <= aimWorst,
		how: fmt.Sprintf("`/batsignal-status` in the home channel, %d times with pauses of random length; from the moment before the fake Slack writes "+
			"the envelope to its socket to the arrival of the answer at the command's response address; stored and acknowledged first "+
			"(the rest takes a median of %s)", len(took), short(worked.median())),
	}}, nil
}

// latency is how long a click takes to leave the house as pages.
func (w *workspace) latency(ctx context.Context, b *bench) ([]figure, error) {
	first, last, err := b.alarms(ctx, w.fire)
	if err != nil {
		return nil, err
	}
	return []figure{{
		what: "Slack: Confirm to the first page", got: first.list(0.5, 0.95, 0.99, 1),
		aim: "median ≤ 50 ms, p99 ≤ 250 ms", met: first.median() <= aimMedian && first.at(0.99) <= aimWorst,
		how: fmt.Sprintf("%d signals with pauses of random length, each resolved before the next; from the moment before the fake Slack writes the envelope "+
			"of the click to the arrival of the first private message there; the incident's channel is made meanwhile", len(first)),
	}, {
		what: "Slack: Confirm to the fifth page", got: last.list(0.5, 0.95, 0.99, 1),
		how: "the same signals: one person of each of the five roles is rung, by Slack alone",
	}}, nil
}

var isLitInSlack = regexp.MustCompile(`\[INC-(\d+)\] The bat-signal is lit`)

// fire lights the signal, waits until all pages have arrived, and resolves the incident.
func (w *workspace) fire(ctx context.Context) (a alarm, err error) {
	w.fires++
	title := fmt.Sprintf("bench fire %d", w.fires)
	after := w.now()
	if err := w.acked(ctx, w.fake.Slash(asker, w.home, "/batsignal", "--separate "+title)); err != nil {
		return a, err
	}
	ask, err := w.hear(ctx, after, "the button", func(m slackfake.Message) bool {
		return m.EphemeralTo == "" && strings.Contains(string(m.Blocks), confirmLabel)
	})
	if err != nil {
		return a, err
	}
	if err := rest(ctx, 50*time.Millisecond+rand.N(250*time.Millisecond)); err != nil {
		return a, err
	}
	after = w.now()
	a.confirmed = time.Now()
	click := w.fake.Click(confirmer, ask.Channel, ask.TS, confirmLabel)
	pages := map[string]slackfake.Message{} // by the channel of whoever is rung
	if _, err := w.hear(ctx, after, "the pages", func(m slackfake.Message) bool {
		if w.ims[m.Channel] != "" && strings.HasPrefix(stripRef(m.Text), "Page P") && strings.Contains(m.Text, ": "+title+". ") {
			pages[m.Channel] = m
		}
		return len(pages) == roleCount
	}); err != nil {
		return a, err
	}
	for _, p := range pages {
		since := p.Arrived.Sub(a.confirmed)
		if a.pages++; a.pages == 1 || since < a.first {
			a.first = since
		}
		a.last = max(a.last, since)
	}
	if err := w.acked(ctx, click); err != nil {
		return a, err
	}
	lit, err := w.hear(ctx, after, "the announcement", func(m slackfake.Message) bool { return m.Channel == w.home && isLitInSlack.MatchString(m.Text) })
	if err != nil {
		return a, err
	}
	if err := w.acked(ctx, w.fake.Slash(asker, w.home, "/incident", "resolve --inc "+isLitInSlack.FindStringSubmatch(lit.Text)[1])); err != nil {
		return a, err
	}
	_, err = w.hear(ctx, after, "the end", func(m slackfake.Message) bool {
		return m.Channel == w.home && strings.Contains(m.Text, " resolves the incident")
	})
	return a, err
}

// confirmLabel is what is written on the button.
const confirmLabel = "Confirm: ring them"

// stripRef takes the incident off the beginning of a text.
func stripRef(text string) string {
	if _, rest, ok := strings.Cut(text, "] "); ok && strings.HasPrefix(text, "[INC-") {
		return rest
	}
	return text
}

// acknowledged is how long Slack waits for our acknowledgement, of everything that was
// done above.
func (w *workspace) acknowledged(context.Context, *bench) ([]figure, error) {
	return []figure{{
		what: "Slack: acknowledgement", got: w.acks.list(0.5, 0.95, 0.99, 1), aim: "p99 ≤ 100 ms", met: w.acks.at(0.99) <= aimAcked,
		how: fmt.Sprintf("all %d commands and clicks above, from the envelope to its acknowledgement, by the fake Slack's clock; each is committed to disk "+
			"between the two. Slack gives up after 3 s", len(w.acks)),
	}}, nil
}
