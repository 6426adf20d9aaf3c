package main

import (
	"context"
	"testing"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// remembers is a route that knows what it was given.
type remembers struct{ did []string }

func (*remembers) Name() string { return "mail" }

func (r *remembers) Send(context.Context, paging.Message) (paging.Handed, error) {
	r.did = append(r.did, "send")
	return paging.Handed{}, nil
}

func (r *remembers) End(context.Context, paging.Ended) error {
	r.did = append(r.did, "end")
	return nil
}

// Open addresses ring while the switchboard is away: they never went by it.
func TestOpenAddressesGoByOurOwnRoute(t *testing.T) {
	own, sealed := &remembers{}, &remembers{}
	both := bothWays{own: own, sealed: sealed}
	open := secret.New("maria@example.org")
	for range 2 {
		if _, err := both.Send(t.Context(), paging.Message{Address: open}); err != nil {
			t.Error(err)
		}
	}
	if err := both.End(t.Context(), paging.Ended{Address: open}); err != nil {
		t.Error(err)
	}
	if len(own.did) != 3 || len(sealed.did) != 0 {
		t.Errorf("%q, %q", own.did, sealed.did)
	}
	if _, err := both.Send(t.Context(), paging.Message{Sealed: &paging.Sealed{}}); err != nil {
		t.Error(err)
	}
	if err := both.End(t.Context(), paging.Ended{}); err != nil {
		t.Error(err)
	}
	if len(own.did) != 3 || len(sealed.did) != 2 {
		t.Errorf("%q, %q", own.did, sealed.did)
	}
}
