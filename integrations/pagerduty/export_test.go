package pagerduty

import (
	"context"
	"time"
)

// Pauses has the client note its pauses instead of making them.
func (c *Client) Pauses(note func(time.Duration)) {
	c.lib.HTTPClient.(*doer).pause = func(ctx context.Context, d time.Duration) error {
		note(d)
		return ctx.Err()
	}
}
