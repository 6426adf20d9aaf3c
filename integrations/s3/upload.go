package s3

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"batsignal/integrations/place"
	"batsignal/oncall/fault"
)

// upload is an object that comes in parts.
type upload struct {
	store *Store
	key   string
	id    string
}

func (u *upload) begin(ctx context.Context) error {
	h := u.store.headers()
	h.Set("X-Amz-Checksum-Algorithm", "SHA256")
	a, err := u.store.do(ctx, call{method: http.MethodPost, key: u.key, query: url.Values{"uploads": {""}}, header: h})
	if err != nil {
		return err
	}
	var begun struct {
		UploadID string `xml:"UploadId"`
	}
	if err := parse(a.body, &begun); err != nil {
		return err
	}
	if u.id = begun.UploadID; u.id == "" {
		return fault.New(fault.Unready, "The server of this bucket begins no uploads in parts.")
	}
	return nil
}

// abort gives up an upload, also where ctx is over. One that is not there is no error.
func (u *upload) abort(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tryTimeout)
	defer cancel()
	_, err := u.store.do(ctx, call{method: http.MethodDelete, key: u.key, query: url.Values{"uploadId": {u.id}}})
	if status(err) == http.StatusNotFound {
		return nil
	}
	return err
}

// together is how many parts are on their way at once: while one is read, others are sent.
// Each is in memory as a whole, since it may have to be sent again.
const together = 3

// putParts uploads what was read already, and what follows it.
func (s *Store) putParts(ctx context.Context, key string, first []byte, meter *place.Meter, size int64) error {
	u := &upload{store: s, key: key}
	if err := u.begin(ctx); err != nil {
		return err
	}
	parts, err := u.send(ctx, first, meter, size)
	if err == nil {
		err = s.settle(ctx, key, meter, func() (stored, error) {
			was, err := u.complete(ctx, parts)
			if err != nil && ctx.Err() == nil && s.madeAnyway(ctx, key, was, meter.Kept()) {
				err = nil
			}
			return was, err
		})
	}
	if err != nil {
		return errors.Join(err, u.abort(ctx)) // if it stays, Sweep finds it
	}
	return nil
}

// send sends part after part until what is measured ends.
func (u *upload) send(ctx context.Context, first []byte, meter *place.Meter, size int64) ([]*part, error) {
	sending, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	free := make(chan []byte, together) // what parts are read into, again and again
	for range together - 1 {            // the other one is the first
		free <- nil
	}
	var parts []*part
	var err error
	body := first
	for err == nil && len(body) > 0 {
		if len(parts) == mostParts {
			cancel(fault.New(fault.Limited, "The stream is too long for a bucket: it takes no more than %d parts. Say its size in advance, or split it.", mostParts))
			break
		}
		p := &part{n: len(parts) + 1, body: body}
		parts = append(parts, p)
		wg.Go(func() {
			if err := u.put(sending, p); err != nil {
				cancel(err) // the first one counts
			}
			free <- p.body
			p.body = nil
		})
		select {
		case body = <-free:
		case <-sending.Done():
		}
		if sending.Err() != nil {
			break
		}
		body, err = readPart(meter, body, sizeOf(len(parts), size))
	}
	if err != nil {
		cancel(err) // what is on its way is of no use
	}
	wg.Wait()
	if sending.Err() != nil {
		return nil, context.Cause(sending)
	}
	return parts, nil
}

// readPart reads a part into memory that was another's, if it is long enough. An empty one is
// the end.
func readPart(meter *place.Meter, into []byte, size int) ([]byte, error) {
	if cap(into) < size {
		into = make([]byte, size)
	}
	n, err := io.ReadFull(meter, into[:size])
	if err == io.EOF || err == io.ErrUnexpectedEOF && meter.Failed() == nil {
		err = nil
	}
	return into[:n], err
}

// madeAnyway tells whether an object was made of its parts although the answer got lost: who
// asks again hears that there is no such upload.
func (s *Store) madeAnyway(ctx context.Context, key string, was stored, kept place.Kept) bool {
	a, err := s.do(ctx, call{method: http.MethodHead, key: key, header: http.Header{"X-Amz-Checksum-Mode": {"ENABLED"}}})
	return err == nil && a.size == kept.Size && a.header.Get("X-Amz-Checksum-Sha256") == was.sum
}

// uploads is one page of those that are not finished.
type uploads struct {
	EncodingType       string
	IsTruncated        bool
	NextKeyMarker      string
	NextUploadIDMarker string `xml:"NextUploadIdMarker"`
	Upload             []struct {
		Key       string
		UploadID  string `xml:"UploadId"`
		Initiated time.Time
	}
}

// Sweep gives up uploads in parts that were begun before an instant.
func (s *Store) Sweep(ctx context.Context, before time.Time) (removed int, err error) {
	query := url.Values{"uploads": {""}, "prefix": {s.cfg.Prefix}, "encoding-type": {"url"}}
	var old []upload
	for {
		var page uploads
		if err := s.ask(ctx, query, &page); err != nil {
			return 0, said(ctx, err)
		}
		for _, u := range page.Upload {
			key, err := plain(page.EncodingType, u.Key)
			if err != nil || !u.Initiated.Before(before) {
				continue
			}
			if under, ours := strings.CutPrefix(key, s.cfg.Prefix); ours && place.CheckKey(under) == nil {
				old = append(old, upload{s, key, u.UploadID})
			}
		}
		if !page.IsTruncated {
			break
		}
		next, err := plain(page.EncodingType, page.NextKeyMarker)
		if err != nil || next == "" || next == query.Get("key-marker") && page.NextUploadIDMarker == query.Get("upload-id-marker") {
			return 0, said(ctx, errEndless)
		}
		query.Set("key-marker", next)
		query.Set("upload-id-marker", page.NextUploadIDMarker)
	}
	for _, u := range old {
		if ctx.Err() != nil {
			return removed, context.Cause(ctx)
		}
		if err := u.abort(ctx); err != nil {
			return removed, said(ctx, err)
		}
		removed++
	}
	return removed, nil
}

func escapeXML(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // a Builder takes everything
	return out.String()
}
