package pagerdutyfake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// withToken refuses whoever does not know the token.
func (f *Fake) withToken(h func(http.ResponseWriter, *http.Request)) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		if a := r.Header.Get("Authorization"); a != "Token token="+f.Token && a != "Bearer "+f.Token {
			restError(w, http.StatusUnauthorized, 2006, "Unauthorized")
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		h(w, r)
	}
}

func restError(w http.ResponseWriter, status, code int, message string, errs ...string) {
	write(w, status, map[string]any{"error": map[string]any{"message": message, "code": code, "errors": errs}})
}

func (f *Fake) abilities(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, map[string]any{"abilities": []string{"teams"}})
}

// list writes one page of a list, as a limit and an offset ask for it.
func list(w http.ResponseWriter, q url.Values, name string, all []any) {
	limit, offset := 25, 0
	if n, err := strconv.Atoi(q.Get("limit")); err == nil {
		limit = min(n, 100)
	}
	if n, err := strconv.Atoi(q.Get("offset")); err == nil {
		offset = n
	}
	if limit < 1 || offset < 0 || offset+limit > 10000 {
		restError(w, http.StatusBadRequest, 2001, "Invalid Input Provided", "Limit or offset is invalid")
		return
	}
	from := min(offset, len(all))
	to := min(from+limit, len(all))
	write(w, http.StatusOK, map[string]any{
		name: append([]any{}, all[from:to]...), "limit": limit, "offset": offset, "total": nil, "more": to < len(all),
	})
}

func (f *Fake) listUsers(w http.ResponseWriter, r *http.Request) {
	var all []any
	q := strings.ToLower(r.FormValue("query"))
	for _, u := range f.users {
		if strings.Contains(strings.ToLower(u.Name+" "+u.Mail), q) {
			all = append(all, map[string]any{"id": u.ID, "type": "user", "summary": u.Name, "name": u.Name, "email": u.Mail, "time_zone": "Etc/UTC", "role": "user"})
		}
	}
	list(w, r.URL.Query(), "users", all)
}

func serviceJSON(s *Service) any {
	return map[string]any{
		"id": s.ID, "type": "service", "summary": s.Name, "name": s.Name, "status": "active",
		"escalation_policy": reference(s.Policy, "escalation_policy_reference", s.Name+" policy"),
		"integrations":      []any{reference(s.Integration, "events_api_v2_inbound_integration_reference", "Events API v2")},
	}
}

func (f *Fake) listServices(w http.ResponseWriter, r *http.Request) {
	var all []any
	for _, s := range f.services {
		if strings.Contains(strings.ToLower(s.Name), strings.ToLower(r.FormValue("query"))) {
			all = append(all, serviceJSON(s))
		}
	}
	list(w, r.URL.Query(), "services", all)
}

func (f *Fake) getService(w http.ResponseWriter, r *http.Request) {
	s := f.service(func(s *Service) bool { return s.ID == r.PathValue("id") })
	if s == nil {
		restError(w, http.StatusNotFound, 2100, "Not Found")
		return
	}
	write(w, http.StatusOK, map[string]any{"service": serviceJSON(s)})
}

func (f *Fake) listOnCalls(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var all []any
	for _, s := range f.services {
		if !asked(q, "escalation_policy_ids[]", s.Policy) || !asked(q, "schedule_ids[]", s.Schedule) {
			continue
		}
		for _, id := range s.OnCall {
			var start, end any
			if !s.Until.IsZero() {
				start, end = s.Until.Add(-24*time.Hour).UTC().Format(time.RFC3339), s.Until.UTC().Format(time.RFC3339)
			}
			all = append(all, map[string]any{
				"user": reference(id, "user_reference", f.user(id).Name), "escalation_level": 1, "start": start, "end": end,
				"escalation_policy": reference(s.Policy, "escalation_policy_reference", s.Name+" policy"),
				"schedule":          reference(s.Schedule, "schedule_reference", s.Name+" schedule"),
			})
		}
	}
	list(w, q, "oncalls", all)
}

func asked(q url.Values, name, id string) bool { return !q.Has(name) || slices.Contains(q[name], id) }

func reference(id, kind, summary string) map[string]any {
	path := strings.TrimSuffix(strings.TrimSuffix(kind, "_reference"), "y") + "s"
	return map[string]any{
		"id": id, "type": kind, "summary": summary,
		"self":     fmt.Sprintf("https://api.pagerduty.com/%s/%s", path, id),
		"html_url": fmt.Sprintf("https://fake.pagerduty.com/%s/%s", path, id),
	}
}

func readJSON(r *http.Request, to any) bool {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	return err == nil && json.Unmarshal(body, to) == nil
}
