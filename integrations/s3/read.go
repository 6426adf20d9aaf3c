package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"batsignal/oncall/fault"
)

// reading is a file that is being read.
type reading struct {
	store *Store
	ctx   context.Context
	key   string
	etag  string // of what was opened first
	at    int64  // how much was read
	body  io.ReadCloser
	stop  context.CancelFunc
	quiet *time.Timer // ends the connection when nothing came for long
	err   error
}

// errQuiet is a line on which nothing came for too long.
var errQuiet = errors.New("nothing came for long")

// open asks for what was not read yet.
func (r *reading) open() error {
	return r.store.again(r.ctx, func() (again bool, err error) {
		c := call{method: http.MethodGet, key: r.key, header: http.Header{}}
		if r.at > 0 {
			c.header.Set("Range", fmt.Sprintf("bytes=%d-", r.at))
			c.header.Set("If-Match", r.etag)
		}
		ctx, stop := context.WithCancelCause(r.ctx)
		quiet := time.AfterFunc(tryTimeout, func() { stop(errQuiet) })
		got, again, err := r.store.try(ctx, c)
		if err == nil && r.at > 0 && got.StatusCode != http.StatusPartialContent {
			again, err = false, errors.New("the server does not read on where it was")
			_ = got.Body.Close() // it is of no use
		}
		if err != nil {
			quiet.Stop()
			stop(nil)
			return again && r.ctx.Err() == nil, err
		}
		r.body, r.quiet, r.stop = got.Body, quiet, func() { stop(nil) }
		if r.at == 0 {
			r.etag = got.Header.Get("ETag")
		}
		return false, nil
	})
}

// Read reads on, from another connection if one breaks off.
func (r *reading) Read(b []byte) (int, error) {
	for r.err == nil {
		if r.ctx.Err() != nil {
			r.err = context.Cause(r.ctx)
			break
		}
		r.quiet.Reset(tryTimeout)
		n, err := r.body.Read(b)
		r.at += int64(n)
		if err == io.EOF {
			r.err = io.EOF
			return n, nil
		}
		if err == nil || n > 0 {
			return n, nil // what is wrong comes again
		}
		r.end()
		if r.etag == "" {
			r.err = said(r.ctx, err)
			break
		}
		if err := r.open(); err != nil {
			if status(err) == http.StatusPreconditionFailed || status(err) == http.StatusNotFound {
				err = fault.Wrap(fault.Conflict, err, "The file was replaced or deleted while it was read. Read it anew.")
			}
			r.err = said(r.ctx, err)
		}
	}
	return 0, r.err
}

// end gives up a connection.
func (r *reading) end() {
	r.quiet.Stop()
	r.stop()
	_ = r.body.Close() // nothing was written
}

// Close ends reading.
func (r *reading) Close() error {
	r.end()
	if r.err == nil {
		r.err = errors.New("the file is closed")
	}
	return nil
}
