package s3

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"batsignal/oncall/fault"
)

// refusal is a server that does not do what it was asked.
type refusal struct {
	status int
	text   string // of the status: "403 Forbidden"
	code   string // "AccessDenied", or ""
}

func (r *refusal) Error() string {
	if r.status < 400 {
		return fmt.Sprintf("the server sends us elsewhere (%s): the region or the server may be wrong", r.text)
	}
	return "the server says " + r.why()
}

func (r *refusal) why() string {
	if r.code == "" {
		return r.text
	}
	return r.text + " (" + r.code + ")"
}

// status is that of a refusal; 0 is another error.
func status(err error) int {
	var r *refusal
	if errors.As(err, &r) {
		return r.status
	}
	return 0
}

// code is that of a refusal; "" is another error.
func code(err error) string {
	var r *refusal
	if errors.As(err, &r) {
		return r.code
	}
	return ""
}

// reason is the code by which a server says why not, "AccessDenied". What else it writes may
// hold anything.
func reason(said []byte) string {
	var e struct{ Code string }
	if xml.Unmarshal(said, &e) != nil || e.Code == "" || len(e.Code) > 80 || strings.ContainsFunc(e.Code, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) {
		return ""
	}
	return e.Code
}

// said puts an error of the server into words for people, without its address.
func said(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	var r *refusal
	if !errors.As(err, &r) {
		return fault.Wrap(fault.Unready, err, "The server of this bucket cannot be reached, or the line to it breaks off. Try again later; if it stays so, look at the network and at the server's name.")
	}
	switch {
	case r.code == "RequestTimeTooSkewed":
		return fault.Wrap(fault.Unready, err, "The server of this bucket has another time than we. Look at the clocks.")
	case strings.Contains(r.code, "Quota") || r.status == http.StatusInsufficientStorage:
		return fault.Wrap(fault.Limited, err, "The bucket is full: the server says %s. Make room in it.", r.why())
	case r.status == http.StatusForbidden || r.status == http.StatusUnauthorized:
		return fault.Wrap(fault.Forbidden, err, "The server of this bucket does not let us: it says %s. Look at the key, its secret and its rights.", r.why())
	case r.status == http.StatusNotFound:
		return fault.Wrap(fault.Unready, err, "The server knows no such bucket: it says %s. Look at its name, or make it.", r.why())
	case r.status < 400:
		return fault.Wrap(fault.Unready, err, "The server of this bucket sends us elsewhere. The region or the server's name may be wrong.")
	case r.status >= 500 || r.status == http.StatusTooManyRequests:
		return fault.Wrap(fault.Unready, err, "The server of this bucket is in trouble: it says %s. Try again later.", r.why())
	}
	return fault.Wrap(fault.Unready, err, "The server of this bucket does not do it: it says %s.", r.why())
}
