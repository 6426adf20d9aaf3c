package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"batsignal/oncall/paging"
	"batsignal/oncall/switchboard"
)

// newStageCommand is the switchboard as batsignal run starts it.
func newStageCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    "stage",
		Short:  "The switchboard of batsignal run: it hears the terminal on standard input",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := harden(); err != nil {
				return err
			}
			c, err := a.loadSwitchboard(cmd)
			if err != nil {
				return err
			}
			var shift atomic.Int64
			now := func() time.Time { return time.Now().Add(time.Duration(shift.Load())) }
			kernel := switchboard.KernelUptime()
			uptime := func() switchboard.Uptime {
				u := kernel()
				u.For += time.Duration(shift.Load())
				return u
			}
			bell := &bell{out: a.stdout}
			x, err := newExchange(cmd.Context(), c, []ear{stageEar(consoleNetwork, stageHome, a.stdin, now, &shift)}, []paging.Route{bell}, exchangeClock{now, uptime}, a.log)
			if err != nil {
				return err
			}
			x.ready = func() { _ = bell.write(ring{Ready: true}) } // a terminal that is gone ends the ear, and with it this process
			return x.run(cmd.Context())
		},
	}
}

// stageHome is the home room of the terminal.
const stageHome = "#ops"

// bell is a phone that rings on the screen of whoever runs the stage.
type bell struct {
	mu  sync.Mutex
	out io.Writer
}

// Name implements [paging.Route].
func (*bell) Name() string { return "voice" }

// Traits are those of a phone.
func (*bell) Traits() paging.Traits {
	return paging.Traits{Name: "voice", Loud: true, Ends: true}
}

// Send rings. The number is known here, and goes no further.
func (b *bell) Send(_ context.Context, m paging.Message) (paging.Handed, error) {
	r := ring{Who: m.Person, Ref: m.Ref, Role: m.Role}
	if m.Kind != paging.KindPage {
		r.Code = m.Code
	}
	return paging.Handed{Note: "the phone rings", Ref: m.Key}, b.write(r)
}

// End hangs up.
func (b *bell) End(context.Context, paging.Ended) error { return b.write(ring{Hangup: true}) }

func (b *bell) write(r ring) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	_, err = fmt.Fprintf(b.out, "%s\n", text)
	return err
}
