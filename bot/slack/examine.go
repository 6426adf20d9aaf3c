package slack

import (
	"context"
	"slices"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Examine tries whether everything that the configuration names works, without
// hearing anything: a second connection would take deliveries from a bot that runs.
func (d *Door) Examine(ctx context.Context) error {
	if err := d.whoami(ctx); err != nil {
		return err
	}
	if missing := d.missingScopes(); len(missing) > 0 {
		return fault.New(fault.Forbidden, "The app lacks the rights %s. batsignal slack manifest prints all of them: update the app's manifest and install it again.", oncall.JoinNames(missing))
	}
	if !d.cfg.AppToken.Empty() {
		err := d.call(ctx, room, "apps.connections.open", func(ctx context.Context) error {
			_, _, err := d.api.StartSocketModeContext(ctx)
			return err
		})
		switch {
		case code(err) != "":
			return fault.Wrap(fault.KindOf(err), err, "The app token does not work. It must begin with xapp-, be of this app, and have the scope connections:write.")
		case err != nil:
			return err
		}
	}
	for _, name := range slices.Concat(d.cfg.Rooms, []string{d.fallback()}) {
		found, err := d.rooms.channelWithoutJoining(ctx, name)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "There is no channel %s that the app may see. Make it; if it is private, invite the app there.", name)
		}
	}
	return nil
}

// missingScopes are the rights that the app needs and was not given.
func (d *Door) missingScopes() (missing []string) {
	d.mu.Lock()
	given := strings.Split(d.scopes, ",")
	d.mu.Unlock()
	if len(given) == 1 && given[0] == "" {
		return nil // Slack did not say
	}
	for i := range given {
		given[i] = strings.TrimSpace(given[i])
	}
	for _, s := range Scopes {
		if !slices.Contains(given, s.Name) {
			missing = append(missing, s.Name)
		}
	}
	return missing
}

func (r *rooms) channelWithoutJoining(ctx context.Context, name string) (bool, error) {
	channels, err := r.list(ctx)
	if err != nil {
		return false, err
	}
	for _, c := range channels {
		if "#"+c.Name == name {
			return true, nil
		}
	}
	found, err := r.find(ctx, name)
	return found != nil, err
}
