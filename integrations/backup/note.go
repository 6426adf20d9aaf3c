package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"batsignal/integrations/place"
	"batsignal/oncall/fault"
)

// Note is what stands beside each file, as JSON: all that one needs to know of it when
// nothing but the place is left. It holds no secret.
type Note struct {
	Job        string      `json:"job"`
	TakenAt    time.Time   `json:"taken_at"` // what it holds is no older
	Key        string      `json:"key"`
	Size       int64       `json:"size"`
	SHA256     string      `json:"sha256"` // of the file, in hex
	Recipients []string    `json:"recipients"`
	SealedBy   string      `json:"sealed_by,omitempty"` // where the place seals by itself
	Sentinel   string      `json:"sentinel_sha256"`     // of what must be found in what is restored, in hex
	Facts      [][2]string `json:"facts"`
	Place      string      `json:"place"`
	OffSite    bool        `json:"off_site"`
}

// Taken is what its source told.
func (n Note) Taken() Taken { return Taken{At: n.TakenAt, Sentinel: n.Sentinel, Facts: n.Facts} }

// mostNote is more than any note has, in bytes.
const mostNote = 1 << 20

// ReadNote reads what stands beside a file; [place.ErrNone] if nothing does.
func ReadNote(ctx context.Context, p place.Place, key string) (Note, error) {
	r, err := p.Get(ctx, key+noteSuffix)
	if err != nil {
		return Note{}, err
	}
	defer r.Close() // it was read
	text, err := io.ReadAll(io.LimitReader(r, mostNote+1))
	if err != nil {
		return Note{}, err
	}
	var n Note
	if len(text) > mostNote || json.Unmarshal(text, &n) != nil || n.Key != key {
		return Note{}, fault.New(fault.Conflict, "What stands beside %s is not what was written there.", key)
	}
	return n, nil
}

// Notes lists the backups of a job that a place has, the oldest first: what there is to
// restore when the database that knew is lost. Files without a note are left out; notes that
// cannot be read are told as well, in the error.
func Notes(ctx context.Context, p place.Place, job string) ([]Note, error) {
	files, err := p.List(ctx, job+"/")
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, f := range files {
		there[f.Key] = true
	}
	var notes []Note
	var errs []error
	for _, f := range files {
		key, isNote := strings.CutSuffix(f.Key, noteSuffix)
		if !isNote || !there[key] {
			continue
		}
		n, err := ReadNote(ctx, p, key)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		notes = append(notes, n)
	}
	return notes, errors.Join(errs...)
}

// put writes the note, and how to restore by hand, beside a file.
func (n Note) put(ctx context.Context, p place.Place, by string) error {
	note, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return err
	}
	for suffix, text := range map[string][]byte{noteSuffix: append(note, '\n'), textSuffix: []byte(by)} {
		if _, err := p.Put(ctx, n.Key+suffix, bytes.NewReader(text), int64(len(text))); err != nil {
			return err
		}
	}
	return nil
}

// name is that of the file, without the folder that it is in.
func (n Note) name() string { return n.Key[strings.LastIndex(n.Key, "/")+1:] }

// byHand is how a file is opened and restored without us, for people: opening is a line of
// shell that writes what is in the file to its output, opened how that is called then. Each
// line that begins with four spaces is for a shell, and no other one is.
func (n Note) byHand(opening, opened, restoring string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nis a backup of %s, taken on %s UTC. The indented lines are for a shell.\n", n.name(), n.Job, n.TakenAt.UTC().Format("2006-01-02 at 15:04:05"))
	whole := fmt.Sprintf("    echo '%s  %s' | sha256sum --check\n", n.SHA256, n.name())
	if n.SealedBy == "" {
		fmt.Fprintf(&b, "\nIt has %d bytes. See that it is whole; this must say OK:\n\n%s", n.Size, whole)
		fmt.Fprintf(&b, "\nOpen it:\n\n    %s > %s\n\nKEY is the file with your own key. The key of any one of these opens it:\n\n", opening, opened)
		for _, r := range n.Recipients {
			fmt.Fprintf(&b, "  %s\n", r)
		}
	} else {
		fmt.Fprintf(&b, "\nIt is sealed by %s. Open it:\n\n    %s > %s\n", n.SealedBy, opening, opened)
		fmt.Fprintf(&b, "\nIt has %d bytes. See that it is whole; this must say OK:\n\n%s", n.Size, strings.Replace(whole, n.name(), opened, 1))
	}
	fmt.Fprintf(&b, "\nRestore %s, which is what was in it.\n\n%s\n", opened, strings.TrimRight(restoring, "\n"))
	if len(n.Facts) > 0 {
		b.WriteString("\nWhat was true when it was taken, and must be true of what is restored:\n\n")
		for _, f := range n.Facts {
			fmt.Fprintf(&b, "  %s: %s\n", f[0], f[1])
		}
	}
	return b.String()
}
