package action

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// itemJSON is an action as docs/actions.md describes it. Fields may be added.
type itemJSON struct {
	Ref      string      `json:"ref"`
	ID       int64       `json:"id"`
	Text     string      `json:"text"`
	State    State       `json:"state"`
	Due      *string     `json:"due"`
	Owners   []ownerJSON `json:"owners"`
	Created  time.Time   `json:"created_at"`
	By       string      `json:"created_by"`
	Changed  time.Time   `json:"changed_at"`
	Closed   *time.Time  `json:"closed_at"`
	Incident *string     `json:"incident"`
	Meeting  *int64      `json:"meeting"`
	Item     *int        `json:"item"`
	Series   string      `json:"series"`
	Network  string      `json:"network"`
	Room     string      `json:"room"`
	Issue    string      `json:"issue_url"`
	URL      string      `json:"url"`
}

type ownerJSON struct {
	Name   string `json:"name"`
	Handle string `json:"handle"`
}

// WriteJSON writes actions as docs/actions.md describes it. base is where the web pages
// are seen from.
func WriteJSON(w io.Writer, items []Item, base string) error {
	all := struct {
		Actions []itemJSON `json:"actions"`
	}{make([]itemJSON, 0, len(items))}
	for _, it := range items {
		all.Actions = append(all.Actions, jsonOf(it, base))
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(all)
}

func jsonOf(it Item, base string) itemJSON {
	j := itemJSON{
		Ref: Ref(it.ID), ID: it.ID, Text: it.Text, State: it.State, Owners: make([]ownerJSON, 0, len(it.Owners)),
		Created: it.CreatedAt.UTC(), By: it.CreatedBy, Changed: it.ChangedAt.UTC(),
		Series: it.Series, Network: it.Network, Room: it.Room, Issue: it.IssueURL,
	}
	for _, o := range it.Owners {
		j.Owners = append(j.Owners, ownerJSON(o))
	}
	if !it.Due.IsZero() {
		due := it.Due.Format(time.DateOnly)
		j.Due = &due
	}
	if !it.ClosedAt.IsZero() {
		closed := it.ClosedAt.UTC()
		j.Closed = &closed
	}
	if it.Incident != 0 {
		ref := fmt.Sprintf("INC-%d", it.Incident)
		j.Incident = &ref
	}
	if it.Meeting != 0 {
		j.Meeting, j.Item = &it.Meeting, &it.Number
	}
	if base != "" {
		j.URL = PageOf(base, it.ID)
	}
	return j
}
