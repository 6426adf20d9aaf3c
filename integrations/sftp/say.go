package sftp

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"batsignal/oncall/fault"
)

// errFolder is a folder where a file should be, or the other way round.
var errFolder = fault.New(fault.Conflict, "In this place stands a folder where the file should be, or a file where its folder should be. Choose another key.")

// sayDial puts into words for people why there is no connection.
func sayDial(err error) error {
	var none *ssh.AlgorithmNegotiationError
	switch {
	case errors.Is(err, errOther):
		return fault.Wrap(fault.Forbidden, err, "The host of this place shows another key than the one that we know it by. Nothing was sent. Ask its owner whether the key is new, and only then change what we know.")
	case strings.Contains(err.Error(), "unable to authenticate"): // the library has no type for it
		return fault.Wrap(fault.Forbidden, err, "The host of this place does not let us in. Look at the account and whether our key is among those that it takes.")
	case errors.As(err, &none):
		return fault.Wrap(fault.Unready, err, "The host of this place and we have no way in common to speak safely: it may be too old, or have none of the sorts of keys that we know of it.")
	}
	return fault.Wrap(fault.Unready, err, "The host of this place cannot be reached, or does not answer. Try again later; if it stays so, look at the network and at the host's name.")
}

// said puts an error of the host into words for people.
func (c *connection) said(err error) error {
	if err == nil {
		return nil
	}
	if c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	var known *fault.Error
	var status *sftp.StatusError
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, fs.ErrPermission):
		return fault.Wrap(fault.Forbidden, err, "The host of this place does not let us do it. The directory must belong to the account that we use.")
	case errors.Is(err, fs.ErrNotExist):
		return fault.Wrap(fault.Unready, err, "The directory of this place is not there on its host. Make it, or mount its disk.")
	case errors.As(err, &status):
		return fault.Wrap(fault.Unready, err, "The host of this place cannot do it and does not say why. Its disk may be full, or failing.")
	}
	return fault.Wrap(fault.Unready, err, "The connection to the host of this place broke off. Try again; if it stays so, look at the network.")
}
