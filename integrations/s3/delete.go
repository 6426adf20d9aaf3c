package s3

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"time"

	"batsignal/integrations/place"
)

// Delete removes a file. In a bucket that keeps versions, all of them are removed, since a
// plain delete only hides them. Where one of them is locked, they stay.
func (s *Store) Delete(ctx context.Context, key string) error {
	full, err := s.key(ctx, key)
	if err != nil {
		return err
	}
	versioned, err := s.versioned(ctx)
	if err != nil {
		return said(ctx, err)
	}
	if !versioned {
		return said(ctx, s.remove(ctx, full, ""))
	}
	files, markers, err := s.versions(ctx, full)
	if err != nil {
		return said(ctx, err)
	}
	for i, id := range files { // the newest first: if it is locked, nothing changed
		err := s.remove(ctx, full, id)
		if err == nil {
			continue
		}
		if !s.locked(ctx, full, id) {
			return said(ctx, err)
		}
		if i > 0 && len(markers) == 0 {
			// An older one must not stand there now as if it was the file.
			if err := s.remove(ctx, full, ""); err != nil {
				return said(ctx, err)
			}
		}
		return place.Locked(key)
	}
	for _, id := range markers { // last, since they hide what is below
		if err := s.remove(ctx, full, id); err != nil {
			return said(ctx, err)
		}
	}
	return nil
}

// remove deletes a version, or what stands there in a bucket without.
func (s *Store) remove(ctx context.Context, key, version string) error {
	c := call{method: http.MethodDelete, key: key}
	if version != "" {
		c.query = url.Values{"versionId": {version}}
	}
	if _, err := s.do(ctx, c); status(err) != http.StatusNotFound || code(err) == "NoSuchBucket" {
		return err
	}
	return nil
}

// versioned tells whether the bucket keeps versions, or once did.
func (s *Store) versioned(ctx context.Context) (bool, error) {
	var v struct{ Status string }
	err := s.ask(ctx, url.Values{"versioning": {""}}, &v)
	if code := status(err); code == http.StatusNotImplemented || code == http.StatusMethodNotAllowed {
		return false, nil // a server that knows no versions
	}
	return v.Status != "", err
}

// versions are the ids of what was ever kept under a key, the newest first, and of the
// markers that hide it.
func (s *Store) versions(ctx context.Context, key string) (files, markers []string, err error) {
	type entry struct {
		Key       string
		VersionID string `xml:"VersionId"`
	}
	query := url.Values{"versions": {""}, "prefix": {key}}
	for {
		var page struct {
			IsTruncated         bool
			NextKeyMarker       string
			NextVersionIDMarker string `xml:"NextVersionIdMarker"`
			Version             []entry
			DeleteMarker        []entry
		}
		if err := s.ask(ctx, query, &page); err != nil {
			return nil, nil, err
		}
		for _, e := range page.Version {
			if e.Key == key {
				files = append(files, e.VersionID)
			}
		}
		for _, e := range page.DeleteMarker {
			if e.Key == key {
				markers = append(markers, e.VersionID)
			}
		}
		// Keys are in order, and ours is the first that begins so.
		if !page.IsTruncated || page.NextKeyMarker != key {
			return files, markers, nil
		}
		if page.NextVersionIDMarker == query.Get("version-id-marker") {
			return nil, nil, errEndless
		}
		query.Set("key-marker", page.NextKeyMarker)
		query.Set("version-id-marker", page.NextVersionIDMarker)
	}
}

// locked tells whether a version that was not deleted is locked. Servers say "access denied"
// of both a lock and a right that we lack.
func (s *Store) locked(ctx context.Context, key, version string) bool {
	query := url.Values{"versionId": {version}}
	if a, err := s.do(ctx, call{method: http.MethodHead, key: key, query: query}); err == nil {
		if a.header.Get("X-Amz-Object-Lock-Legal-Hold") == "ON" || s.later(a.header.Get("X-Amz-Object-Lock-Retain-Until-Date")) {
			return true
		}
	}
	// Some tell it only who asks for it.
	query.Set("retention", "")
	a, err := s.do(ctx, call{method: http.MethodGet, key: key, query: query})
	if err != nil {
		return false
	}
	var r struct{ RetainUntilDate string }
	return xml.Unmarshal(a.body, &r) == nil && s.later(r.RetainUntilDate)
}

// later tells whether a time, as servers write it, is still to come.
func (s *Store) later(text string) bool {
	at, err := time.Parse(time.RFC3339, text)
	return err == nil && at.After(s.Bucket.cfg.Now())
}
