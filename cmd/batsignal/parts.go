package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"batsignal/oncall"
)

// withParts does something with the whole bot, which is on no network meanwhile. Without
// a configured network it is the bot of the terminal, which batsignal run serves.
func (a *app) withParts(cmd *cobra.Command, do func(ctx context.Context, p *parts) error) error {
	ctx, log := cmd.Context(), quiet(a.log)
	c, err := a.load(cmd)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, c, true, log)
	if err != nil {
		return err
	}
	defer db.close()
	places, err := placesOf(c, false, log)
	if err != nil {
		return err
	}
	if len(places) == 0 {
		places = []place{terminalPlace(nil)}
	}
	p, err := wire(ctx, c, db, places, time.Now, log)
	if err != nil {
		return err
	}
	defer func() {
		for _, stop := range p.closers {
			stop()
		}
	}()
	return do(ctx, p)
}

// theOperator is whoever may use the program on the machine it runs on.
func theOperator() oncall.Actor {
	return oncall.Actor{Handle: "the operator", Network: cliNetwork, Account: "operator"}
}
