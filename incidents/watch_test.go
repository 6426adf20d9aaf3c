package incidents_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"batsignal/incidents"
)

// heard reads what a watcher was told, without waiting long: everything is told
// before the publisher returns.
func heard(t *testing.T, ch <-chan int64) int64 {
	t.Helper()
	select {
	case id, open := <-ch:
		if !open {
			t.Fatal("the subscription has ended")
		}
		return id
	default:
		return -1
	}
}

func TestWatch(t *testing.T) {
	for _, c := range []struct {
		name     string
		payloads []string
		want     int64
	}{
		{"nothing", nil, -1},
		{"one", []string{"INC-7"}, 7},
		{"one, often", []string{"INC-7", "INC-7", "INC-7"}, 7},
		{"two", []string{"INC-7", "INC-8"}, incidents.Several},
		{"two, then one again", []string{"INC-7", "INC-8", "INC-7"}, incidents.Several},
		{"a word we do not know", []string{"INC-"}, incidents.Several},
		{"no word", []string{""}, incidents.Several},
		{"an impossible number", []string{"INC--3"}, incidents.Several},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w incidents.Watch
			ch := w.Subscribe(t.Context())
			for _, p := range c.payloads {
				w.Publish(p)
			}
			if got := heard(t, ch); got != c.want {
				t.Errorf("heard %d, want %d", got, c.want)
			}
			if got := heard(t, ch); got != -1 {
				t.Errorf("and then %d", got)
			}
		})
	}
}

func TestAfterALostConnectionEverybodyLooks(t *testing.T) {
	var w incidents.Watch
	one, two := w.Subscribe(t.Context()), w.Subscribe(t.Context())
	w.PublishAll()
	if a, b := heard(t, one), heard(t, two); a != incidents.Several || b != incidents.Several {
		t.Errorf("heard %d and %d", a, b)
	}
}

func TestASubscriptionEndsWithItsContextAndWithTheWatch(t *testing.T) {
	var w incidents.Watch
	ctx, cancel := context.WithCancel(context.Background())
	leaves, stays := w.Subscribe(ctx), w.Subscribe(context.Background())
	cancel()
	ends(t, leaves)
	w.Publish("INC-1")
	if got := heard(t, stays); got != 1 {
		t.Errorf("who stays heard %d", got)
	}
	w.Close()
	ends(t, stays)
	w.Publish("INC-2") // to nobody
	ends(t, w.Subscribe(context.Background()))
	ends(t, w.Subscribe(ctx))
	w.Close()
}

func ends(t *testing.T, ch <-chan int64) {
	t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case _, open := <-ch:
			if !open {
				return
			}
		case <-late:
			t.Fatal("the subscription does not end")
		}
	}
}

// Publishers never wait, whoever comes, goes or does not look.
func TestWatchUnderACrowd(t *testing.T) {
	var w incidents.Watch
	w.Subscribe(t.Context()) // never looks
	var crowd sync.WaitGroup
	for n := range 8 {
		crowd.Go(func() {
			for i := range 200 {
				ctx, cancel := context.WithCancel(context.Background())
				ch := w.Subscribe(ctx)
				w.Publish(incidents.Ref(int64(n*1000 + i + 1)))
				<-ch
				cancel()
			}
		})
	}
	crowd.Wait()
	w.Close()
}
