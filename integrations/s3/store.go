package s3

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"batsignal/integrations/place"
	"batsignal/oncall/fault"
)

// LockMode is how a server guards what it locks.
type LockMode string

// How a server guards what it locks.
const (
	LockNone       LockMode = ""
	LockGovernance LockMode = "GOVERNANCE" // who has a right of its own may delete it
	LockCompliance LockMode = "COMPLIANCE" // nobody may, before the time is over
)

// StoreConfig says where in which bucket files are kept, and how.
type StoreConfig struct {
	BucketConfig
	Prefix   string // before their keys: "backups/"
	Lock     LockMode
	LockDays int // for how long each file is locked
}

// Store is a place in a bucket.
type Store struct {
	*Bucket
	cfg StoreConfig

	seed     maphash.Seed
	settling [64]sync.Mutex // by keys
}

var (
	_ place.Place   = (*Store)(nil)
	_ place.Sweeper = (*Store)(nil)
)

// NewStore checks what can be checked without asking the server.
func NewStore(c StoreConfig) (*Store, error) {
	switch {
	case c.Lock != LockNone && c.Lock != LockGovernance && c.Lock != LockCompliance:
		return nil, fmt.Errorf("the lock %q must be GOVERNANCE, COMPLIANCE or nothing", c.Lock)
	case (c.Lock == LockNone) != (c.LockDays == 0) || c.LockDays < 0 || c.LockDays > 36500:
		return nil, errors.New("a lock is for 1 to 36500 days, and days need a lock")
	case strings.HasPrefix(c.Prefix, "/") || place.CheckPrefix(c.Prefix) != nil:
		return nil, fmt.Errorf("%q cannot be before the keys of files: it must be like backups/", c.Prefix)
	}
	b, err := OpenBucket(c.BucketConfig)
	if err != nil {
		return nil, err
	}
	return &Store{Bucket: b, cfg: c, seed: maphash.MakeSeed()}, nil
}

// key checks a key and gives that of the bucket.
func (s *Store) key(ctx context.Context, key string) (string, error) {
	if err := place.CheckKey(key); err != nil {
		return "", err
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return s.cfg.Prefix + key, nil
}

// Get reads a file. Where the line breaks off, reading goes on behind what was read.
func (s *Store) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	full, err := s.key(ctx, key)
	if err != nil {
		return nil, err
	}
	r := &reading{store: s, ctx: ctx, key: full}
	switch err := r.open(); {
	case status(err) == http.StatusNotFound && code(err) != "NoSuchBucket":
		return nil, place.None(key)
	case err != nil:
		return nil, said(ctx, err)
	}
	return r, nil
}

// contents is one page of a list. A server answers with names in the escapes of an address
// if it knows how, since XML cannot hold each of them.
type contents struct {
	EncodingType          string
	IsTruncated           bool
	NextContinuationToken string
	Contents              []struct {
		Key          string
		Size         int64
		LastModified time.Time
	}
}

// List lists files. Of others, with names that no key can have, it says nothing.
func (s *Store) List(ctx context.Context, prefix string) ([]place.File, error) {
	if err := place.CheckPrefix(prefix); err != nil {
		return nil, err
	}
	var list []place.File
	query := url.Values{"list-type": {"2"}, "prefix": {s.cfg.Prefix + prefix}, "encoding-type": {"url"}}
	for {
		var page contents
		if err := s.ask(ctx, query, &page); err != nil {
			return nil, said(ctx, err)
		}
		for _, c := range page.Contents {
			key, err := plain(page.EncodingType, c.Key)
			if err != nil {
				continue // of no key of ours
			}
			key, ours := strings.CutPrefix(key, s.cfg.Prefix)
			if ours && strings.HasPrefix(key, prefix) && place.CheckKey(key) == nil {
				list = append(list, place.File{Key: key, Size: c.Size, StoredAt: c.LastModified.UTC()})
			}
		}
		if !page.IsTruncated {
			break
		}
		if page.NextContinuationToken == "" || page.NextContinuationToken == query.Get("continuation-token") {
			return nil, said(ctx, errEndless)
		}
		query.Set("continuation-token", page.NextContinuationToken)
	}
	slices.SortFunc(list, func(a, b place.File) int { return strings.Compare(a.Key, b.Key) })
	return list, nil
}

// Check asks whether the bucket is there, and begins an upload, which it gives up again: so
// nothing is left, also where what is written is locked.
func (s *Store) Check(ctx context.Context) error {
	if _, err := s.do(ctx, call{method: http.MethodHead}); err != nil {
		return said(ctx, err)
	}
	u := &upload{store: s, key: s.cfg.Prefix + "batsignal-check"}
	if err := u.begin(ctx); err != nil {
		if s.cfg.Lock != LockNone && status(err) == http.StatusBadRequest {
			return fault.Wrap(fault.Unready, err, "The bucket takes no locks. Make it anew with object lock, or configure none.")
		}
		return said(ctx, err)
	}
	return said(ctx, u.abort(ctx))
}

// errEndless is a server whose lists begin anew and anew.
var errEndless = fault.New(fault.Unready, "The server of this bucket lists what is in it without an end. It does not speak the protocol well.")

// ask asks the bucket something that is answered in XML.
func (s *Store) ask(ctx context.Context, query url.Values, into any) error {
	a, err := s.do(ctx, call{method: http.MethodGet, query: query})
	if err != nil {
		return err
	}
	return parse(a.body, into)
}

func parse(body []byte, into any) error {
	if err := xml.Unmarshal(body, into); err != nil {
		return fault.Wrap(fault.Unready, err, "The server of this bucket answers something that cannot be read.")
	}
	return nil
}

// plain is a name without the escapes that a server may give it.
func plain(encoding, name string) (string, error) {
	if encoding != "url" {
		return name, nil
	}
	return url.QueryUnescape(name)
}
