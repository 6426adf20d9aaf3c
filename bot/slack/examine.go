package slack

import (
	"context"

	"batsignal/oncall/fault"
)

// Examine tries whether everything that the configuration names works, without
// hearing anything: a second connection would take deliveries from a bot that runs.
func (d *Door) Examine(ctx context.Context) error {
	if err := d.whoami(ctx); err != nil {
		return err
	}
	if !d.cfg.AppToken.Empty() {
		if err := d.call(ctx, room, "apps.connections.open", func(ctx context.Context) error {
			_, _, err := d.api.StartSocketModeContext(ctx)
			return err
		}); err != nil {
			return fault.Wrap(fault.KindOf(err), err, "The app token does not work: %s It must begin with xapp- and have the scope connections:write.", fault.Say(err))
		}
	}
	for _, name := range append(d.cfg.Rooms, d.fallback()) {
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
