package web

import (
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
	"batsignal/integrations/snapshot"
	"batsignal/oncall/fault"
)

// checksOf is how many tests of a backup are shown.
const checksOf = 20

// backupRoutes are the pages of backups.
func (s *site) backupRoutes(r chi.Router) {
	r.Get("/backups", s.signedIn(s.backupList))
	r.Get("/backups/{id}", s.signedIn(s.showBackup))
	r.Post("/backups/{id}/hold", s.needs(command.LetIn, s.holdBackup))
	r.Post("/backups/{id}/release", s.needs(command.LetIn, s.releaseBackup))
}

// backupsBody is what is backed up, and whether that is as it should be.
type backupsBody struct {
	Jobs []backedUp
	Bad  int // jobs whose backups are not
}

// backedUp is what one job backs up.
type backedUp struct {
	snapshot.Status
	Snapshots []snapshot.Snapshot
	More      bool // there are more than those
}

// fewBackups is how many snapshots of a job are shown, unless somebody asks for all of them.
const fewBackups = 8

var thereSnapshots = []snapshot.State{snapshot.Taking, snapshot.Kept, snapshot.Broken, snapshot.Deleting}

func (s *site) backupList(w http.ResponseWriter, r *http.Request) error {
	var body backupsBody
	of, most := r.URL.Query().Get("job"), fewBackups
	if of != "" {
		most = mostPage
	}
	for _, name := range slices.Sorted(maps.Keys(s.Backups)) {
		if of != "" && name != of {
			continue
		}
		one := backedUp{}
		var err error
		if one.Status, err = snapshot.StatusOf(r.Context(), s.DB, s.Now(), name, s.Backups[name]); err != nil {
			return err
		}
		if one.Snapshots, err = snapshot.List(r.Context(), s.DB, snapshot.Query{Job: name, States: thereSnapshots, Most: most + 1}); err != nil {
			return err
		}
		if len(one.Snapshots) > most {
			one.Snapshots, one.More = one.Snapshots[:most], of == ""
		}
		if !one.Good() {
			body.Bad++
		}
		body.Jobs = append(body.Jobs, one)
	}
	if of != "" && body.Jobs == nil {
		return fault.New(fault.NotFound, "No job of that name takes backups here.")
	}
	return s.render(w, r, http.StatusOK, "backups", view{Title: "Backups", Here: jobsPath, Under: "/backups", Body: body})
}

// backupBody is one backup.
type backupBody struct {
	snapshot.Snapshot
	Checks  []snapshot.Check
	MayHold bool
	Wrong   string
	Why     string   // as it was sent
	places  []string // of the configuration; nil is any
}

// OutOfReach tells whether the configuration does not name a place.
func (b backupBody) OutOfReach(place string) bool {
	return b.places != nil && !slices.Contains(b.places, place)
}

func (s *site) showBackup(w http.ResponseWriter, r *http.Request) error {
	id, err := backupID(r)
	if err != nil {
		return err
	}
	return s.renderBackup(w, r, http.StatusOK, id, backupBody{})
}

func (s *site) renderBackup(w http.ResponseWriter, r *http.Request, status int, id int64, body backupBody) (err error) {
	if body.Snapshot, err = snapshot.Get(r.Context(), s.DB, id); err != nil {
		return err
	}
	if body.Checks, err = snapshot.Checks(r.Context(), s.DB, checksOf, id); err != nil {
		return err
	}
	body.places = s.Backups[body.Job].Places
	body.MayHold = s.visitor(r).May(command.LetIn)
	return s.render(w, r, status, "backup", view{Title: "Snapshot " + strconv.FormatInt(id, 10), Here: jobsPath, Under: "/backups", Body: body})
}

func (s *site) holdBackup(w http.ResponseWriter, r *http.Request) error {
	why := field(r, "why")
	return s.onBackup(w, r, why, func(id int64) error {
		if why == "" {
			return fault.New(fault.Invalid, "Say why it must not be deleted.")
		}
		return snapshot.Hold(r.Context(), s.DB, s.Now(), s.visitor(r).Actor(), id, why)
	})
}

func (s *site) releaseBackup(w http.ResponseWriter, r *http.Request) error {
	return s.onBackup(w, r, "", func(id int64) error { return snapshot.Release(r.Context(), s.DB, s.Now(), s.visitor(r).Actor(), id) })
}

func (s *site) onBackup(w http.ResponseWriter, r *http.Request, why string, do func(id int64) error) error {
	id, err := backupID(r)
	if err != nil {
		return err
	}
	return s.after(w, r, "/backups/"+strconv.FormatInt(id, 10), do(id), func(status int, wrong string) error {
		return s.renderBackup(w, r, status, id, backupBody{Wrong: wrong, Why: why})
	})
}

func backupID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id < 1 {
		return 0, fault.New(fault.NotFound, "A backup has a number, as in /backups/12.")
	}
	return id, nil
}
