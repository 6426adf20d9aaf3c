package mail

import (
	"context"
	"errors"

	"batsignal/oncall/fault"
)

// hints say what an operator can do about a step that failed.
var hints = map[step]string{
	reaching:  "Check its name and port, and that no firewall is in between.",
	greeting:  "Check that this port is the one for mail clients, and that the way of TLS fits the port.",
	securing:  "Check the way of TLS, the name in the certificate, and who signed it.",
	loggingIn: "Check the user name and the file with the password.",
}

// Check connects, greets, starts TLS, logs in and says goodbye, without sending
// anything. A failure is a [fault.Error] whose sentence names the server and says
// what to look at.
func (r *Route) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	s, err := r.connect(ctx)
	if err == nil {
		s.close()
		return nil
	}
	hint := ""
	var failed *stepError
	if errors.As(err, &failed) {
		hint = hints[failed.at]
	}
	return fault.New(fault.Unready, "Mail cannot be sent by %s port %s: %s. %s",
		r.host, r.port, explain(ctx, err, statusOnly), hint)
}
