package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/audit"
)

// entriesPerPage is how many changes are shown at once.
const entriesPerPage = 100

// auditBody is a part of the record of changes.
type auditBody struct {
	Kind, Subject, Who, About string
	Entries                   []auditLine
	Older                     string // the address of older ones; "" is none
	Kinds                     []string
	Admin                     bool // all of it is shown, and not only what concerns the reader
	Narrow                    bool // something is asked for
}

// auditLine is one change as somebody reads it.
type auditLine struct {
	audit.Entry
	By      string // who did it, if it is no person with a page
	Did     string // what they did, to stand after their name
	Path    string // of the subject; "" has no page
	Changes []changedField
}

// auditKinds are what entries are about.
func auditKinds() []string {
	return []string{
		"absence", "account", "alert key", "component", "consent", "cover", "feed", "holiday", "invitation", "label", "override", "passkey", "person",
		"policy", "role", "roster", "schedule", "session", "skill", "token",
	}
}

// auditPage shows who changed what: all of it to admins, to others what concerns them.
func (s *site) auditPage(w http.ResponseWriter, r *http.Request) error {
	v, q := s.visitor(r), r.URL.Query()
	get := func(name string) string { return oncall.Clip(strings.TrimSpace(q.Get(name)), 120) }
	body := auditBody{Kind: get("kind"), Subject: get("subject"), Who: strings.TrimPrefix(get("who"), "@"), Admin: v.Admin(), Kinds: auditKinds()}
	before, err := beforeOf(r)
	if err != nil {
		return err
	}
	ask := audit.Query{Kind: body.Kind, Subject: body.Subject, Who: body.Who, Before: before, Most: entriesPerPage + 1}
	if !body.Admin {
		ask.Reader = v.PersonID
	} else if body.About = strings.TrimPrefix(get("about"), "@"); body.About != "" {
		p, err := oncall.PersonByHandle(r.Context(), s.DB, body.About)
		if err != nil {
			return err
		}
		ask.Reader, body.About = p.ID, p.Handle
	}
	body.Narrow = body.Kind+body.Subject+body.Who+body.About != ""
	if body.Kind != "" && !slices.Contains(body.Kinds, body.Kind) {
		body.Kinds = append(body.Kinds, body.Kind)
	}
	entries, err := audit.List(r.Context(), s.DB, ask)
	if err != nil {
		return err
	}
	if len(entries) > entriesPerPage {
		entries = entries[:entriesPerPage]
		older := url.Values{"before": {strconv.FormatInt(entries[entriesPerPage-1].ID, 10)}}
		for name, value := range map[string]string{"kind": body.Kind, "subject": body.Subject, "who": body.Who, "about": body.About} {
			if value != "" {
				older.Set(name, value)
			}
		}
		body.Older = "/audit?" + older.Encode()
	}
	if body.Entries, err = s.auditLines(r, v, entries); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "audit", view{Title: "What was changed", Here: "/people", Body: body})
}

// auditLines reads what entries tell, for somebody.
func (s *site) auditLines(r *http.Request, v visitor, entries []audit.Entry) ([]auditLine, error) {
	handles, err := s.handlesIn(r, entries)
	if err != nil {
		return nil, err
	}
	lines := make([]auditLine, len(entries))
	for i, e := range entries {
		lines[i] = auditLine{Entry: e, By: e.Handle, Did: e.Says, Path: auditPath(e)}
		if e.Kind == "absence" { // which says where somebody is, and not what was done
			lines[i].Did = "noted: " + e.Subject + " " + e.Says
			if strings.HasPrefix(e.Says, "absences ") {
				lines[i].Did = "noted " + e.Says
			}
		}
		if e.Handle == "" {
			switch {
			case e.Account != "" && v.Admin():
				lines[i].By = e.Account
			case e.Network == "":
				lines[i].By = "the bot"
			default:
				lines[i].By = "somebody"
			}
		}
		d := differ{zone: v.Zone, handles: handles, hidden: hiddenField(e, v.PersonID)}
		lines[i].Changes = d.of(e.Before, e.After)
	}
	return lines, nil
}

// auditPath is the page of what an entry is about.
func auditPath(e audit.Entry) string {
	switch e.Kind {
	case "person", "absence", "consent", "skill":
		return personPath(e.Subject)
	case "role", "roster":
		return rosterPath(e.Subject)
	case "schedule", "override":
		return schedulePath(e.Subject)
	case "policy":
		return "/policies/" + pathSegment(e.Subject)
	case "invitation":
		return "/invitations"
	case "alert key":
		return "/alerts/keys"
	}
	return ""
}

// handlesIn names the people whom entries speak of by number.
func (s *site) handlesIn(r *http.Request, entries []audit.Entry) (map[int64]string, error) {
	var ids []int64
	for _, e := range entries {
		if e.Kind == "role" {
			ids = append(ids, orderIn(e.Before)...)
			ids = append(ids, orderIn(e.After)...)
		}
	}
	handles := map[int64]string{}
	if len(ids) == 0 {
		return handles, nil
	}
	people, err := oncall.PeopleAmong(r.Context(), s.DB, ids)
	for _, p := range people {
		handles[p.ID] = p.Handle
	}
	return handles, err
}
