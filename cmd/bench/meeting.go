package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/bot"
	"batsignal/bot/console"
	"batsignal/incidents"
	"batsignal/incidents/meeting"
)

const (
	meetingLines  = 10_000
	leastRecorded = 5_000 // lines a second
)

// meetings is how many lines a second of one meeting become rows, on a Postgres that
// flushes every commit, and whether the last ones cost more than the first.
func meetings(ctx context.Context, b *bench) ([]figure, error) {
	log := slog.New(slog.DiscardHandler)
	db, err := b.migrated(ctx, log)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	queue, err := river.NewClient(riverpgxv5.New(db), &river.Config{Logger: log})
	if err != nil {
		return nil, err
	}
	inc := &incidents.Service{DB: db, Queue: queue, Now: time.Now, Log: log}
	scribe := bot.NewScribe(&meeting.Service{DB: db, Queue: queue, Now: time.Now, Log: log, Incidents: inc}, log)
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- scribe.Run(running) }()
	defer func() { stop(); <-done }()

	door := &console.Door{ID: networkName}
	say := func(i int, text string) {
		nick := fmt.Sprintf("person%02d", i%40)
		scribe.Hear(ctx, door, bot.Heard{At: time.Now(), Network: networkName, Room: homeRoom, Nick: nick, Text: text})
	}
	say(0, "#startmeeting a long meeting")
	lines := b.runs(meetingLines, 1000)
	began := time.Now()
	var half time.Time
	for i := range lines {
		say(i, meetingLine(i))
		if i+1 == lines/2 {
			scribe.Settle(ctx)
			half = time.Now()
		}
	}
	scribe.Settle(ctx)
	whole, first, last := time.Since(began), half.Sub(began), time.Since(half)
	var kept int
	if err := db.QueryRow(ctx, `select count(*) from meeting_event where line > 1`).Scan(&kept); err != nil {
		return nil, err
	}
	if kept != lines {
		return nil, fmt.Errorf("%d lines were said and %d are rows", lines, kept)
	}
	rate := float64(lines) / whole.Seconds()
	return []figure{{
		what: "lines of a meeting, durable", got: fmt.Sprintf("%.0f a second", rate), aim: "≥ 5,000 (peer: 172)", met: rate >= leastRecorded,
		how: fmt.Sprintf("%d lines of about 105 bytes, 2.7 %% of them commands and links, by 40 people, said one after another to the scribe of this process; the clock stops when all are rows of a Postgres that flushes each commit", lines),
	}, {
		what: "the second half of that meeting against the first", got: fmt.Sprintf("%.2f times", last.Seconds()/first.Seconds()), aim: "≤ 1.3 times (a peer that rewrites its log: 3)", met: last <= first*13/10,
		how: fmt.Sprintf("time of the second half (%s) over that of the first (%s) of the same run; the one who rewrites the whole log after each line needs three times as long", short(last), short(first)),
	}}, nil
}

// meetingLine is a line of a made-up meeting.
func meetingLine(i int) string {
	text := fmt.Sprintf("and this is what somebody has to say about the matter at hand, in line %d, of some eighty letters", i)
	switch i % 150 {
	case 1:
		return "#info " + text
	case 40:
		return "#action person" + fmt.Sprintf("%02d", i%40) + " " + text
	case 80:
		return "https://example.org/" + fmt.Sprint(i) + " " + text
	case 120:
		return "#idea " + text
	}
	return text
}
