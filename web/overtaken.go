package web

import (
	"encoding/json"
	"net/http"
	"time"

	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

// overtaken is what somebody else saved while a form was written.
type overtaken struct {
	Say         string
	Who         string
	At          time.Time // zero is not known
	Path        string    // where theirs is edited
	Differences []difference
}

// overtakenBy finds out who was quicker with something, of which the form was so many
// versions ago. What it was then is read into was, if the audit trail knows.
func (s *site) overtakenBy(r *http.Request, refusal error, kind, subject string, versions int, was any) (clash *overtaken, known bool, err error) {
	clash = &overtaken{Say: fault.Say(refusal)}
	last, err := audit.List(r.Context(), s.DB, audit.Query{Kind: kind, Subject: subject, Most: max(versions, 1)})
	if err != nil || len(last) == 0 {
		return clash, false, err
	}
	clash.Who, clash.At = last[0].Handle, last[0].At
	return clash, json.Unmarshal(last[len(last)-1].Before, was) == nil, nil
}
