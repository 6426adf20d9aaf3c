package throwaway

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"time"

	"batsignal/integrations/job"
	"batsignal/oncall/fault"
)

// Memo is what taking a server back needs to know, as it is written down before it starts.
type Memo struct {
	Dir     string `json:"dir"`
	Program string `json:"program"`
}

// Undo ends the server of a step, which must be called as, and what works beside it.
func Undo(ctx context.Context, step job.Step, as string, beside ...string) error {
	if step.Undo != as {
		return fault.New(fault.Internal, "Nobody here knows how to take back %q.", step.Undo)
	}
	var memo Memo
	if err := json.Unmarshal(step.Memo, &memo); err != nil {
		return err
	}
	if memo.Program != "" {
		beside = append(beside, memo.Program)
	}
	return End(ctx, memo.Dir, beside...)
}

// Ended is a server that ended while it was needed. Its cause is how.
type Ended struct {
	Said  string
	Cause error
}

func (e *Ended) Error() string { return "the server ended: " + e.Said }

// Unwrap gives the cause; nil is an end as it should be.
func (e *Ended) Unwrap() error { return e.Cause }

// ErrSlow is a server that did not become what was waited for in time. It is a
// [context.DeadlineExceeded] as well.
var ErrSlow = fmt.Errorf("the server took too long: %w", context.DeadlineExceeded)

// Await asks again and again until something is so. The error is that of so, of ctx,
// [ErrSlow], or an [Ended] of the server.
func (s *Server) Await(ctx context.Context, most time.Duration, so func(ctx context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, most, ErrSlow)
	defer cancel()
	for {
		if is, err := so(ctx); is || err != nil {
			return err
		}
		select {
		case <-s.done:
			return s.Ended()
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Ended is how the server ended before [Server.Stop]; nil while it runs. Who is asked in vain
// may have ended a moment ago, and is waited for so long.
func (s *Server) Ended() error {
	select {
	case <-s.done:
		return &Ended{Said: s.Said(), Cause: s.err}
	case <-time.After(time.Second / 4):
		return nil
	}
}

// FreePorts finds ports of the loopback of this machine that nobody listens on.
func FreePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
