package web

import (
	"fmt"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"

	"batsignal/bot/command"
	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
)

// lacksScope is a token that is not for what is asked.
type lacksScope struct {
	error
	scope access.Scope
}

func (l lacksScope) Unwrap() error { return l.error }

// serves makes the handler of an operation.
func (p *api) serves(o operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, no-store")
		w.Header().Set("Vary", "Authorization")
		out, err := p.performs(o, w, r)
		switch {
		case r.Context().Err() != nil:
			return // nobody is there to read it
		case err != nil:
			p.refuses(w, r, err)
			return
		}
		if v, ok := out.(versioned); ok && o.Guard != unguarded {
			w.Header().Set("ETag", tagOf(v.version()))
		}
		if o.out == nil {
			w.WriteHeader(o.Status)
			return
		}
		if text, plain := out.(yamlText); plain {
			w.Header().Set("Content-Type", yamlType)
			_, _ = w.Write([]byte(text)) // who went away meanwhile needs no answer
			return
		}
		writeJSON(w, o.Status, out)
	}
}

// performs does what is asked, if whoever asks may.
func (p *api) performs(o operation, w http.ResponseWriter, r *http.Request) (out any, err error) {
	defer func() {
		switch trouble := recover(); trouble {
		case nil:
		case http.ErrAbortHandler:
			panic(trouble) // the server's own way of hanging up
		default:
			err = fmt.Errorf("panic in %s: %v\n%s", o.Name, trouble, debug.Stack())
		}
	}()
	a := &asked{now: p.Now(), r: r, w: w}
	if !o.Public {
		if a.bearer, err = p.bearer(r); err != nil {
			return nil, err
		}
		if err := p.admits(o, a); err != nil {
			return nil, err
		}
	}
	if err := checkQuery(o, r); err != nil {
		return nil, err
	}
	if !o.Guard.NeedsVersion() {
		return o.run(a, &o)
	}
	if a.based, err = versionOf(o, r); err != nil {
		return nil, err
	}
	if out, err = o.run(a, &o); fault.KindOf(err) == fault.Conflict {
		// A conflict for another reason than the version is one still.
		if now, errNow := o.current(a); errNow == nil && now.(versioned).version() != a.based {
			return nil, outdated{err, now}
		}
	}
	return out, err
}

// admits checks what the token is for, how often it is used, and what its person may.
func (p *api) admits(o operation, a *asked) error {
	if wait, ok := p.meter.take(a.Token.ID, a.now); !ok {
		a.w.Header().Set("Retry-After", strconv.Itoa(wait))
		return fault.New(fault.Limited, "This token asks too often: %d times a minute are enough. Wait %s.", perMinute, oncall.Plural(wait, "second", "seconds"))
	}
	if err := a.May(o.Scope); err != nil {
		return lacksScope{err, o.Scope}
	}
	if o.LetIn && !a.Rights.Has(command.LetIn) {
		return fault.New(fault.Forbidden, "This is for people whom an administrator has let into a role, and %s is none.", a.Handle)
	}
	if !o.Admin || a.admin() {
		return nil
	}
	if err := a.May(access.AdminScope); err != nil {
		return lacksScope{err, access.AdminScope}
	}
	return fault.New(fault.Forbidden, "This is for administrators, and %s is none. Ask one of them to do it, or for the right.", a.Handle)
}

// tagOf writes a version as an ETag.
func tagOf(version int) string { return `"` + strconv.Itoa(version) + `"` }

var validTag = regexp.MustCompile(`^"([0-9]{1,9})"$`)

// versionOf says which version a request wants to change.
func versionOf(o operation, r *http.Request) (int, error) {
	if o.Guard == creating && r.Header.Get("If-None-Match") == "*" && r.Header.Get("If-Match") == "" {
		return 0, nil
	}
	text := r.Header.Get("If-Match")
	if text == "" {
		say := "Say which version you change, so that nothing of others is overwritten: send the ETag of what you have read as If-Match."
		if o.Guard == creating {
			say += " If there is none yet, send If-None-Match: *"
		}
		return 0, unguardedChange{fault.New(fault.Invalid, "%s", say)}
	}
	found := validTag.FindStringSubmatch(text)
	if found == nil {
		return 0, fault.New(fault.Invalid, "If-Match must be one ETag of ours, such as \"3\", with its quotes.")
	}
	version, err := strconv.Atoi(found[1])
	if err != nil || version == 0 {
		version = -1 // nothing has that version; 0 would make something new
	}
	return version, nil
}
