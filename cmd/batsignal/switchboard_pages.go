package main

import "context"

// servePages shows the switchboard's own pages until ctx ends.
func (x *exchange) servePages(ctx context.Context) error {
	<-ctx.Done()
	return nil
}
