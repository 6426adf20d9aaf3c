package slack_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"batsignal/bot"
	"batsignal/bot/play/doortest"
	"batsignal/bot/slack/slackfake"
)

func (l *listener) sees(room, topic string, names ...string) {
	l.Helper()
	got, err := l.Door.Look(l.Context(), room)
	slices.Sort(got.Names)
	want := bot.RoomState{Topic: topic, Names: names, Self: "batsignal"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		l.Errorf("%s: %v\n%s", room, err, diff)
	}
}

func TestALookAtARoom(t *testing.T) {
	t.Parallel()
	l := listen(t, "maria", "kevin")
	l.sees("#ops", "", "batsignal", "kevin", "maria")

	// Others change the topic, come and go; we set one.
	l.Fake.SetTopic("maria", "ops", "<arm64> & @kevin, see #ops or https://example.org/a?b=1&c=2")
	l.Fake.AddUser(slackfake.User{Name: "li"})
	l.Fake.AddUser(slackfake.User{Name: "stranger", Team: "T0ELSEWHERE"}) // whom the list of people lacks
	l.Fake.Join("li", "ops")
	l.Fake.Join("stranger", "ops")
	l.Fake.Leave("kevin", "ops")
	l.sees("#ops", "<arm64> & @kevin, see #ops or https://example.org/a?b=1&c=2", "batsignal", "li", "maria", "stranger")
	opened, err := l.Door.OpenRoom(t.Context(), "#inc-1", "INC-1: <fire> & smoke")
	if err != nil || opened.Room != "#inc-1" {
		t.Fatal(opened, err)
	}
	l.sees("#inc-1", "INC-1: <fire> & smoke", "batsignal")
	if err := l.Door.SetTopic(t.Context(), "#inc-1", "INC-1: out"); err != nil {
		t.Fatal(err)
	}
	l.sees("#inc-1", "INC-1: out", "batsignal")

	// A room that we are not in is entered first, if we may.
	l.Fake.AddChannel("theirs", "maria")
	l.sees("#theirs", "", "batsignal", "maria")
	l.Fake.AddPrivateChannel("closed", "maria")
	if _, err := l.Door.Look(t.Context(), "#closed"); err == nil {
		t.Error("looked into a closed room")
	}

	// Slack may refuse to tell who is there, or not answer.
	l.Fake.ErrorNext("conversations.members", 1, "fetch_members_failed")
	l.sees("#inc-1", "INC-1: out")
	l.Fake.FailNext("conversations.members", 1, http.StatusInternalServerError)
	if got, err := l.Door.Look(t.Context(), "#inc-1"); !errors.Is(err, bot.ErrOffline) || got.Topic != "INC-1: out" {
		t.Errorf("%+v, %v", got, err)
	}
}

// Of a large room the first members are told, and few are asked about: the others are
// called by id.
func TestALookAtALargeRoom(t *testing.T) {
	t.Parallel()
	fake := slackfake.Run(t, doortest.Patient(t))
	l := listenAt(t, fake, "maria")
	l.eventually("the people are listed", func() bool { return fake.CallCount("users.list") == 1 })
	members := []string{"@bot"}
	for i := range 250 { // who were not there when the people were listed
		members = append(members, fake.AddUser(slackfake.User{Name: fmt.Sprint("late", i), ID: fmt.Sprint("ULATE", i)}).Name)
	}
	fake.AddChannel("large", members...)
	for look := 1; look <= 2; look++ {
		asked := fake.CallCount("users.info")
		got, err := l.Door.Look(t.Context(), "#large")
		if err != nil || len(got.Names) != 200 || fake.CallCount("users.info")-asked > 20 {
			t.Errorf("%d asked about for %d names, %v", fake.CallCount("users.info")-asked, len(got.Names), err)
		}
		known := 0
		for _, name := range got.Names {
			if strings.HasPrefix(name, "late") {
				known++
			}
		}
		if known > 20*look || !slices.Contains(got.Names, "ulate150") {
			t.Errorf("%d are called by name: %q", known, got.Names)
		}
	}
}

func TestALookWhileSlackIsAway(t *testing.T) {
	t.Parallel()
	fake := slackfake.Run(t, doortest.Patient(t))
	w := doortest.SlackAt(t, fake, nil, "slack", []string{"maria"})
	if _, err := w.Door.Look(t.Context(), "#ops"); !errors.Is(err, bot.ErrOffline) {
		t.Error(err)
	}
}
