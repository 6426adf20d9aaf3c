package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/schedule"
	"batsignal/oncall/tree"
)

// apiRefusal is what every refusal looks like.
type apiRefusal struct {
	Error apiError `json:"error"`
	// Current is the version that is there, for whoever wanted to change an older one.
	Current any `json:"current,omitempty" doc:"Where If-Match did not fit: what is there now."`
}

// apiError says why nothing was done.
type apiError struct {
	Kind   string            `json:"kind" enum:"unproven,invalid,forbidden,not found,conflict,limited,unready,internal" doc:"What sort of refusal it is; the status says the same."`
	Say    string            `json:"say" doc:"A sentence for people, with a way forward."`
	Field  string            `json:"field,omitempty" doc:"The member of the body, or the parameter, that it is about: layers[0].zone."`
	Fields map[string]string `json:"fields,omitempty" doc:"Where several are wrong: a sentence for each."`

	Problems []apiPlanProblem `json:"problems,omitempty" doc:"What is wrong with a file, by line."`
}

// unguardedChange is a change that does not say what version it is of: 428.
type unguardedChange struct{ error }

func (u unguardedChange) Unwrap() error { return u.error }

// outdated is a change of a version that is not there any more: 412.
type outdated struct {
	error
	now any
}

func (o outdated) Unwrap() error { return o.error }

// errorOf tells an error as programs read it.
func (p *api) errorOf(err error) (status int, refusal apiRefusal) {
	e := apiError{Kind: fault.KindOf(err).String(), Say: p.Commands.Localize(fault.Say(err))}
	status = statusOf(err)
	var old outdated
	switch {
	case errors.As(err, &unproven{}):
		e.Kind, status = "unproven", http.StatusUnauthorized
	case errors.As(err, &unguardedChange{}):
		status = http.StatusPreconditionRequired
	case errors.As(err, &tooLong{}):
		status = http.StatusRequestEntityTooLarge
	case errors.As(err, &wrongKind{}):
		status = http.StatusUnsupportedMediaType
	case errors.As(err, &old):
		status, refusal.Current = http.StatusPreconditionFailed, old.now
	}
	fields := oncall.Fields(err)
	if inSchedule := (*schedule.FieldError)(nil); errors.As(err, &inSchedule) {
		fields = map[string]string{scheduleField(inSchedule): inSchedule.Fault.Say}
	}
	names := slices.Sorted(maps.Keys(fields))
	if len(names) > 0 {
		e.Field = names[0]
	}
	if len(names) > 1 {
		e.Fields = map[string]string{}
		for name, say := range fields {
			e.Fields[name] = p.Commands.Localize(say)
		}
		e.Say = e.Fields[e.Field]
	}
	e.Problems = problemsOf(tree.Problems(err))
	refusal.Error = e
	return status, refusal
}

// scheduleField is where something is wrong in a schedule: layers[0].members[2].
func scheduleField(e *schedule.FieldError) string {
	field := e.Field
	if e.Item >= 0 {
		field = fmt.Sprintf("%s[%d]", field, e.Item)
	}
	if e.Layer >= 0 {
		field = fmt.Sprintf("layers[%d].%s", e.Layer, field)
	}
	return field
}

// refuses answers with an error.
func (p *api) refuses(w http.ResponseWriter, r *http.Request, err error) {
	status, refusal := p.errorOf(err)
	if status >= http.StatusInternalServerError {
		p.Log.Error("the API failed", "route", routeOf(r), "error", err)
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="batsignal"`)
		if r.Header.Get("Authorization") != "" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="batsignal", error="invalid_token"`)
		}
	}
	if lacks := (lacksScope{}); errors.As(err, &lacks) {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="batsignal", error="insufficient_scope", scope=%q`, string(lacks.scope)))
	}
	w.Header().Del("Location")
	writeJSON(w, status, refusal)
}

// writeJSON answers with a value.
func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // who went away meanwhile needs no answer
}
