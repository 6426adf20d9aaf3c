package web

import (
	"context"
	"net/http"

	"batsignal/incidents/meeting"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// reader says what of the archive whoever asks may read: who is on the roster, and admins,
// restricted minutes too. It is found out anew for every request, so that who leaves the
// roster reads them no more. That nothing between keeps those pages, recognise sees to:
// what is for a session is "private, no-store".
func (s *site) reader(r *http.Request) (meeting.Reader, error) {
	return s.readerOf(r.Context(), s.visitor(r))
}

func (s *site) readerOf(ctx context.Context, v visitor) (meeting.Reader, error) {
	if !v.SignedIn() || v.Admin() {
		return meeting.Reader{Restricted: v.Admin()}, nil
	}
	roles, err := oncall.ActiveRoles(ctx, s.DB, v.PersonID)
	return meeting.Reader{Restricted: err == nil && len(roles) > 0}, err
}

// stillReads tells whether somebody who has read restricted minutes for a while is still
// signed in, and may.
func (s *site) stillReads(w http.ResponseWriter, r *http.Request) bool {
	v, err := s.whoAsks(w, r)
	if err != nil {
		return false
	}
	by, err := s.readerOf(r.Context(), v)
	return err == nil && by.Restricted
}

// noMinutes is what is said where nothing is that this reader may read. It must not tell
// whether there is something for others, so it always says how one gets to read those.
func (s *site) noMinutes(r *http.Request, by meeting.Reader, say string, args ...any) error {
	switch {
	case by.Restricted || s.Access == nil:
	case s.visitor(r).SignedIn():
		say += " Restricted minutes are only for people on the roster."
	default:
		say += " Restricted minutes are for people on the roster: sign in to read them."
	}
	return fault.New(fault.NotFound, say, args...)
}

// someRestricted tells whether a list has meetings that are not for everybody.
func someRestricted(lists ...[]meeting.Summary) bool {
	for _, list := range lists {
		for _, m := range list {
			if m.Restricted {
				return true
			}
		}
	}
	return false
}

// someOpen tells whether a list has meetings that are for everybody.
func someOpen(list []meeting.Summary) bool {
	for _, m := range list {
		if !m.Restricted {
			return true
		}
	}
	return false
}
