package backup

import (
	"context"
	"errors"
	"io"

	"batsignal/integrations/place"
	"batsignal/integrations/seal"
	"batsignal/integrations/snapshot"
	"batsignal/oncall/fault"
)

// Fetched is what was read from a place.
type Fetched struct {
	Size    int64 // bytes, as they were stored
	SHA256  string
	Checked bool // what stands beside it says that this is what was stored
}

// Fetch reads a file of a place, opens it and writes what was in it to w. opener is nil where
// the place opens it. What was written is whole and genuine only if there is no error.
func Fetch(ctx context.Context, p place.Place, key string, opener seal.Opener, w io.Writer) (Fetched, error) {
	note, noteErr := ReadNote(ctx, p, key)
	if noteErr != nil && !errors.Is(noteErr, place.ErrNone) {
		return Fetched{}, noteErr
	}
	want := snapshot.Copy{Key: key, Size: note.Size, SHA256: note.SHA256}
	if noteErr != nil {
		want.Size = 1<<63 - 1
	}
	from, err := newReading(ctx, p, want, func(int64) {})
	if err != nil {
		return Fetched{}, err
	}
	err = open(ctx, from, opener, w)
	flaw, unread := from.finish()
	got := Fetched{Size: from.n, SHA256: from.hex(), Checked: noteErr == nil && flaw == ""}
	switch {
	case unread != nil:
		return got, unread
	case noteErr == nil && flaw != "":
		return got, fault.New(fault.Conflict, "The file %s is not what was stored. %s Take the copy of another place.", key, flaw)
	}
	return got, err
}

func open(ctx context.Context, from io.Reader, opener seal.Opener, w io.Writer) error {
	if opener == nil {
		_, err := io.Copy(w, from)
		return err
	}
	plain, err := opener.Open(ctx, from)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, plain)
	if closed := plain.Close(); err == nil {
		err = closed
	}
	return err
}
