package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"batsignal/integrations/place"
	"batsignal/oncall/fault"
)

const (
	partSize  = 16 << 20
	mostParts = 10_000 // the protocol's
	// growEvery is after how many parts of a stream without an end in sight they are twice as
	// long, three times: so there is room for some 900 GB.
	growEvery = 1000
)

// sizeOf is how long a part is, the first being 0. Parts of a stream whose size is known are
// all equally long, as some servers want it.
func sizeOf(part int, size int64) int {
	if size >= 0 {
		const room = mostParts - 100
		return int(max(partSize, (size/room+1<<20)>>20<<20))
	}
	return partSize << min(part/growEvery, 3)
}

// Put keeps a file: in one request if it is short, else in parts, of which nobody sees
// anything until the last one is there. What was stored is compared with what was read.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, size int64) (place.Kept, error) {
	full, err := s.key(ctx, key)
	if err != nil {
		return place.Kept{}, err
	}
	meter := place.NewMeter(ctx, r, size)
	first := make([]byte, sizeOf(0, size))
	if size >= 0 && size < int64(len(first)) {
		first = make([]byte, size+1) // one more, to see the end
	}
	n, err := io.ReadFull(meter, first)
	switch {
	case meter.Failed() != nil:
		return place.Kept{}, meter.Failed()
	case err != nil: // all of it
		err = s.settle(ctx, full, meter, func() (stored, error) { return s.putOnce(ctx, full, first[:n]) })
	default:
		err = s.putParts(ctx, full, first, meter, size)
	}
	if meter.Failed() != nil {
		return place.Kept{}, meter.Failed()
	}
	if err != nil {
		return place.Kept{}, said(ctx, err)
	}
	return meter.Kept(), nil
}

// settle has the server store something, and compares what it has then. Of one key we do one
// at a time: there are servers that mix up what comes at once.
func (s *Store) settle(ctx context.Context, key string, meter *place.Meter, store func() (stored, error)) error {
	one := &s.settling[maphash.String(s.seed, key)%uint64(len(s.settling))]
	one.Lock()
	defer one.Unlock()
	was, err := store()
	if err != nil {
		return err
	}
	return s.compare(ctx, key, was, meter.Kept())
}

// stored is what a server has to have now.
type stored struct {
	etag    string
	sum     string // SHA-256 in base64, as servers write it; of the parts' sums if there are parts
	version string
}

// headers are those with which an object begins.
func (s *Store) headers() http.Header {
	h := http.Header{"Content-Type": {"application/octet-stream"}}
	if s.cfg.Lock != LockNone {
		h.Set("X-Amz-Object-Lock-Mode", string(s.cfg.Lock))
		h.Set("X-Amz-Object-Lock-Retain-Until-Date", s.Bucket.cfg.Now().UTC().AddDate(0, 0, s.cfg.LockDays).Format(time.RFC3339))
	}
	return h
}

func (s *Store) putOnce(ctx context.Context, key string, body []byte) (stored, error) {
	sum := sha256.Sum256(body)
	h := s.headers()
	h.Set("X-Amz-Checksum-Sha256", base64.StdEncoding.EncodeToString(sum[:]))
	a, err := s.do(ctx, call{method: http.MethodPut, key: key, header: h, body: body, sum: sum[:]})
	return stored{
		etag: a.header.Get("ETag"), sum: base64.StdEncoding.EncodeToString(sum[:]), version: a.header.Get("X-Amz-Version-Id"),
	}, err
}

// compare asks the server what it has now. Where it knows no checksum, all of it is read
// back: a size alone finds no bit that flipped.
func (s *Store) compare(ctx context.Context, key string, was stored, kept place.Kept) error {
	// Where somebody else put the same key meanwhile, theirs says nothing of ours.
	var query url.Values
	if was.version != "" && was.version != "null" {
		query = url.Values{"versionId": {was.version}}
	}
	a, err := s.do(ctx, call{method: http.MethodHead, key: key, query: query, header: http.Header{"X-Amz-Checksum-Mode": {"ENABLED"}}})
	if status(err) == http.StatusNotFound {
		return fault.Wrap(fault.Conflict, err, "The server took the file, and has none now. Store it anew, and look at the server.")
	}
	if err != nil {
		return err
	}
	etag, sum := a.header.Get("ETag"), a.header.Get("X-Amz-Checksum-Sha256")
	switch {
	case query == nil && was.etag != "" && etag != was.etag && sum != was.sum:
		return nil // it is another one, as a whole
	case a.size != kept.Size:
		err = fmt.Errorf("it has %d bytes, and was given %d", a.size, kept.Size)
	case sum != "" && sum != was.sum:
		err = fmt.Errorf("its checksum is %s, and must be %s", sum, was.sum)
	case was.etag != "" && etag != was.etag:
		err = fmt.Errorf("its tag is %s, and was %s", etag, was.etag)
	case sum == "":
		err = s.readBack(ctx, key, kept)
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	var r *refusal
	if errors.As(err, &r) {
		return err
	}
	return errors.Join(fault.Wrap(fault.Conflict, err, "The server stored something else than it was given. It was deleted again; store it anew, and look at the server."),
		s.drop(ctx, key, query))
}

// drop deletes what was stored wrongly.
func (s *Store) drop(ctx context.Context, key string, query url.Values) error {
	_, err := s.do(ctx, call{method: http.MethodDelete, key: key, query: query})
	return err
}

// readBack reads what was stored and compares it.
func (s *Store) readBack(ctx context.Context, key string, kept place.Kept) error {
	r := &reading{store: s, ctx: ctx, key: key}
	if err := r.open(); err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // it was only read
	sum := sha256.New()
	switch n, err := io.Copy(sum, r); {
	case err != nil:
		return err
	case n != kept.Size || hex.EncodeToString(sum.Sum(nil)) != kept.SHA256:
		return fmt.Errorf("of %d bytes, %d come back, or others", kept.Size, n)
	}
	return nil
}

// part is one part of an upload.
type part struct {
	n    int // the first is 1
	body []byte
	etag string
	sum  [sha256.Size]byte
}

func (u *upload) put(ctx context.Context, p *part) error {
	p.sum = sha256.Sum256(p.body)
	sum := base64.StdEncoding.EncodeToString(p.sum[:])
	a, err := u.store.do(ctx, call{
		method: http.MethodPut, key: u.key, query: url.Values{"partNumber": {strconv.Itoa(p.n)}, "uploadId": {u.id}},
		header: http.Header{"X-Amz-Checksum-Sha256": {sum}}, body: p.body, sum: p.sum[:],
	})
	if err != nil {
		return err
	}
	if is := a.header.Get("X-Amz-Checksum-Sha256"); is != "" && is != sum {
		return fault.New(fault.Conflict, "The server understood another part than it was given. Nothing was stored; look at the server, and store it anew.")
	}
	p.etag = a.header.Get("ETag")
	return nil
}

// complete has the server make one object of all parts.
func (u *upload) complete(ctx context.Context, parts []*part) (stored, error) {
	var list bytes.Buffer
	sums := sha256.New()
	list.WriteString("<CompleteMultipartUpload>")
	for _, p := range parts {
		sums.Write(p.sum[:])
		fmt.Fprintf(&list, "<Part><ChecksumSHA256>%s</ChecksumSHA256><ETag>%s</ETag><PartNumber>%d</PartNumber></Part>",
			base64.StdEncoding.EncodeToString(p.sum[:]), escapeXML(p.etag), p.n)
	}
	list.WriteString("</CompleteMultipartUpload>")
	was := stored{sum: fmt.Sprintf("%s-%d", base64.StdEncoding.EncodeToString(sums.Sum(nil)), len(parts))}
	a, err := u.store.do(ctx, call{method: http.MethodPost, key: u.key, query: url.Values{"uploadId": {u.id}}, body: list.Bytes()})
	if err != nil {
		return was, err
	}
	// A server that needs long for it says 200 first, and what came of it later.
	var done struct{ ETag, Code string }
	if err := parse(a.body, &done); err != nil {
		return was, err
	}
	if done.Code != "" {
		return was, &refusal{status: http.StatusInternalServerError, text: "that it was not made", code: reason(a.body)}
	}
	was.etag, was.version = done.ETag, a.header.Get("X-Amz-Version-Id")
	return was, nil
}
