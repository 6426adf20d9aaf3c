package ntfy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

// Send publishes one page, or a code. What cannot be a topic is [paging.BadAddress]; that
// the server is down, slow, wants a pause or refuses our token is [paging.ErrProvider].
// Neither the receipt nor the error holds the topic, the link or words of the server.
func (r *Route) Send(ctx context.Context, m paging.Message) (paging.Handed, error) {
	to, err := r.find(m.Address)
	if err != nil {
		return paging.Handed{}, permanent(err)
	}
	id, err := r.publish(ctx, to, r.write(m, to.topic))
	if err != nil {
		return paging.Handed{}, err
	}
	if m.Kind == paging.KindCanary {
		if err := r.arrived(ctx, m); err != nil {
			return paging.Handed{}, err
		}
	}
	return paging.Handed{Note: "accepted by ntfy", Ref: id}, nil
}

// arrived looks whether the server has what it took, which is what a telephone would get.
// Nobody reads the daily page, so nothing else would show that a server takes messages and
// drops them.
func (r *Route) arrived(ctx context.Context, m paging.Message) error {
	_, found, err := r.look(ctx, m)
	switch {
	case errors.Is(err, errMayNotRead):
		return nil // a token that may only write: then nobody can say
	case err == nil && !found:
		return providerError("ntfy took a message and does not have it")
	}
	return err
}

// Ask looks whether the server has a message. When nobody can say, it is published again,
// which takes the place of the first.
func (r *Route) Ask(ctx context.Context, m paging.Message) (paging.Handed, bool, error) {
	h, found, err := r.look(ctx, m)
	if err != nil && ctx.Err() == nil {
		return paging.Handed{}, false, nil
	}
	return h, found, err
}

// End publishes who answered, in the place of the page, without a sound.
func (r *Route) End(ctx context.Context, e paging.Ended) error {
	to, err := r.find(e.Address)
	if err != nil {
		return permanent(err)
	}
	before := ""
	if kept, err := r.poll(ctx, to); err == nil {
		before = titleOf(kept, e.Key)
	}
	_, err = r.publish(ctx, to, ended(e, to.topic, before))
	return err
}

// Check asks the server whether it is well and takes our token, without publishing. A
// failure is a [fault.Error] whose sentence says what to look at.
func (r *Route) Check(ctx context.Context) error {
	var health struct {
		Healthy bool `json:"healthy"`
	}
	first := place{server: r.servers[0], first: true}
	body, err := r.call(ctx, http.MethodGet, first, r.servers[0].at("v1", "health"), nil)
	if err == nil && (json.Unmarshal(body, &health) != nil || !health.Healthy) {
		err = providerError("it does not say that it is well")
	}
	if err == nil && !r.token.Empty() {
		_, err = r.call(ctx, http.MethodGet, first, r.servers[0].at("v1", "account"), nil)
	}
	if err != nil {
		return fault.Wrap(fault.Unready, err, "Pages cannot be published on ntfy at %s: %s. Look at ntfy.url and the file with the token.", r.servers[0].name(), plain(err))
	}
	return nil
}

// plain is what happened, without the word that blames.
func plain(err error) string {
	var p providerFault
	if errors.As(err, &p) {
		return p.why
	}
	return err.Error()
}

// publish gives a message to the server and returns what it is called there.
func (r *Route) publish(ctx context.Context, to place, m message) (id string, err error) {
	body, err := encode(m)
	if err != nil {
		return "", fmt.Errorf("%w: the page could not be written", paging.ErrPermanent)
	}
	answer, err := r.call(ctx, http.MethodPost, to, to.server.at(), body)
	if err != nil {
		return "", err
	}
	var kept kept
	if json.Unmarshal(answer, &kept) != nil || kept.Event != "message" || kept.ID == "" || len(kept.ID) > longestRef {
		// It may have been taken: to publish it again does no harm.
		return "", providerError("what answered at the address of ntfy does not speak like ntfy")
	}
	return kept.ID, nil
}

// longestRef is how long a name at the provider may be (paging.Handed).
const longestRef = 200

// since is how far back the server is asked: it keeps messages for 12 hours unless its
// operator chose.
const since = "12h"

// look finds a message of ours at the server.
func (r *Route) look(ctx context.Context, m paging.Message) (paging.Handed, bool, error) {
	to, err := r.find(m.Address)
	if err != nil {
		return paging.Handed{}, false, permanent(err)
	}
	list, err := r.poll(ctx, to)
	if err != nil {
		return paging.Handed{}, false, err
	}
	for _, k := range list {
		if k.is(m.Key) {
			return paging.Handed{Note: "ntfy has it", Ref: k.ID}, true, r.tell(ctx, m, k)
		}
	}
	return paging.Handed{}, false, nil
}

// tell says that the server keeps the daily page, by which the route is proven.
func (r *Route) tell(ctx context.Context, m paging.Message, k kept) error {
	if m.Kind != paging.KindCanary || r.ear == nil {
		return nil
	}
	return r.ear.Receipt(ctx, paging.Receipt{
		Route: Name, Event: "kept-" + m.Key, Key: m.Key, Ref: k.ID, News: paging.NewsDelivered, Detail: "kept by ntfy", At: r.now(),
	})
}

func (r *Route) poll(ctx context.Context, to place) ([]kept, error) {
	q := url.Values{"poll": {"1"}, "since": {since}}
	body, err := r.call(ctx, http.MethodGet, to, to.server.at(to.topic, "json")+"?"+q.Encode(), nil)
	if err != nil {
		return nil, err
	}
	return readKept(body), nil
}
