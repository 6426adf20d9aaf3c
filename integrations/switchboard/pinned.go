package switchboard

import (
	"crypto/tls"
	"errors"
	"fmt"
)

// PinCommand prints the pin of whichever side's configuration it is given.
const PinCommand = "batsignal escrow keys"

// wrongPin is a peer whose key is not the one that we were told of.
type wrongPin struct{ got, want Pin }

func (w wrongPin) Error() string {
	return fmt.Sprintf("the other side has the pin %s, and ours is to speak to %s only; if its key was made anew, `%s` there prints the new one",
		w.got, w.want, PinCommand)
}

var errNoPin = errors.New("the pin of the other side is not configured yet: `" + PinCommand + "` there prints it; write it into switchboard.peer")

// config is what both sides have in common: TLS 1.3, our certificate, and a peer that is
// known by its key alone. There is no authority to be fooled, no name and no date: it is
// checked on every connection, resumed ones included, of which there are none.
func (i Identity) config(peer Pin) (*tls.Config, error) {
	switch {
	case len(i.certificate.Certificate) == 0:
		return nil, errors.New("there is no key of ours for the connection")
	case peer == "":
		return nil, errNoPin
	case peer == i.pin:
		return nil, fmt.Errorf("%s is our own pin; the one of the other side is needed, which `%s` prints there", i.pin, PinCommand)
	}
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{i.certificate},
		SessionTicketsDisabled: true,
		NextProtos:             []string{"http/1.1"},
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return errors.New("the other side has shown no certificate")
			}
			if got := pinOf(state.PeerCertificates[0]); got != peer {
				return wrongPin{got: got, want: peer}
			}
			return nil
		},
	}, nil
}

// serverTLS is for the side that listens: whoever connects shows a certificate with this
// pin, or is not heard. Its errors are plain sentences for the operator.
func (i Identity) serverTLS(peer Pin) (*tls.Config, error) {
	c, err := i.config(peer)
	if err != nil {
		return nil, err
	}
	c.ClientAuth = tls.RequireAnyClientCert
	return c, nil
}

// clientTLS is for the side that connects.
func (i Identity) clientTLS(peer Pin) (*tls.Config, error) {
	c, err := i.config(peer)
	if err != nil {
		return nil, err
	}
	// Names and authorities are not looked at: VerifyConnection compares the key itself.
	c.InsecureSkipVerify = true // #nosec G402 -- verified by its pin, see above
	return c, nil
}
