package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"

	"batsignal/integrations/vault"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/share"
)

// vaultRoutes are the pages of vaults, and the form by which a share is handed in.
func (s *site) vaultRoutes(r chi.Router) {
	r.Get("/vaults", s.signedIn(s.vaultList))
	r.Get("/vaults/parcels", s.signedIn(s.parcelList))
	r.Get("/vaults/shares/{session}", s.signedIn(s.showShare))
	r.Post("/vaults/shares/{session}", s.signedIn(s.handInShare))
}

// vaultsBody is how every vault is.
type vaultsBody struct {
	Vaults    []vaultBody
	Rotations []vault.Rotation
}

// vaultBody is how one is.
type vaultBody struct {
	Name     string
	Serves   string
	Down     bool // no node of it serves
	Nodes    []vault.NodeState
	Downtime []vault.Downtime // this year
	Custody  []string
	Sessions []vault.Session // that wait for shares
}

func (s *site) vaultList(w http.ResponseWriter, r *http.Request) error {
	ctx, now := r.Context(), s.Now()
	sessions, err := vault.Sessions(ctx, s.DB, s.Vaults)
	if err != nil {
		return err
	}
	var body vaultsBody
	if body.Rotations, err = vault.Rotations(ctx, s.DB, false); err != nil {
		return err
	}
	year := time.Date(now.UTC().Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	for _, v := range s.Vaults {
		one := vaultBody{Name: v.Name}
		if one.Nodes, err = vault.Nodes(ctx, s.DB, v.Name); err != nil {
			return err
		}
		if one.Downtime, err = vault.Measured(ctx, s.DB, v.Name, year, now); err != nil {
			return err
		}
		if one.Custody, err = vault.CustodyOf(ctx, s.DB, v); err != nil {
			return err
		}
		one.Serves, one.Down = v.Serves(one.Downtime[0].Since, now), one.Downtime[0].Since != nil
		for _, open := range sessions {
			if open.Vault == v.Name {
				one.Sessions = append(one.Sessions, open)
			}
		}
		body.Vaults = append(body.Vaults, one)
	}
	out := view{Title: "Vaults", Here: jobsPath, Under: "/vaults", Body: body}
	if len(sessions) > 0 {
		out.Refresh = jobRefresh
	}
	return s.render(w, r, http.StatusOK, "vaults", out)
}

// shareBody is the form by which a share is handed in.
type shareBody struct {
	vault.Session
	Took  int // the number of the share that was handed in just now; -1 is none
	Wrong string
	// Stranger is why nobody must hand in a share here: whose key it is is not known.
	Stranger string
	Sealed   bool // the form for what is encrypted already was used; what stood in it may be a share all the same
}

// What says what the share is for.
func (b shareBody) What() string {
	switch b.Purpose {
	case vault.ToRekey:
		return "New shares are made; the old ones are needed once more."
	case vault.ToVerify:
		return "Hand in your new share, so that it is proven before the old ones are void."
	case vault.ToRoot:
		return "A root token is made."
	case vault.ToDrill:
		return "It is proven that a backup of it opens."
	}
	return "It is sealed, and nothing that needs it works until enough shares open it."
}

// Enough tells whether there were as many shares as it takes.
func (b shareBody) Enough() bool { return b.Threshold > 0 && b.Progress >= b.Threshold }

func (s *site) showShare(w http.ResponseWriter, r *http.Request) error {
	took, err := strconv.Atoi(r.URL.Query().Get("took"))
	if err != nil || took < 0 || took > 255 {
		took = -1
	}
	return s.renderShare(w, r, http.StatusOK, shareBody{Took: took})
}

func (s *site) renderShare(w http.ResponseWriter, r *http.Request, status int, body shareBody) (err error) {
	id, err := sessionID(r)
	if err != nil {
		return err
	}
	if body.Session, err = vault.SessionByID(r.Context(), s.DB, s.Vaults, id); err != nil {
		return err
	}
	if err := body.Forged(); body.Open && err != nil {
		body.Stranger = fault.Say(err)
	}
	out := view{Title: "A share of Vault " + body.Vault, Here: jobsPath, Under: "/vaults", Body: body}
	if body.Took >= 0 && body.Open {
		out.Refresh = jobRefresh
	}
	return s.render(w, r, status, "share", out)
}

// handInShare seals a share to the run that waits for it, in the moment in which it comes in:
// it is in no row, no log and no answer.
func (s *site) handInShare(w http.ResponseWriter, r *http.Request) error {
	id, err := sessionID(r)
	if err != nil {
		return err
	}
	open, err := vault.SessionByID(r.Context(), s.DB, s.Vaults, id)
	if err != nil {
		return err
	}
	sent, typed, number := field(r, "sealed"), secret.New(r.PostForm.Get("share")), 0
	r.PostForm.Del("share")
	sealed := sent
	if open.Open { // of one that is over, its end is what people need to hear
		err = open.Forged()
	}
	if err == nil && open.Open && sent == "" {
		sealed, number, err = share.Submit(open.Recipient, typed)
	}
	if err == nil {
		err = pg.InTx(r.Context(), s.DB, func(tx pgx.Tx) error {
			return vault.HandIn(r.Context(), tx, s.Now(), s.visitor(r).Actor(), s.Vaults, vault.Handing{Session: id, Sealed: []byte(sealed)})
		})
	}
	return s.after(w, r, r.URL.Path+"?took="+strconv.Itoa(number), err, func(status int, wrong string) error {
		return s.renderShare(w, r, status, shareBody{Took: -1, Wrong: wrong, Sealed: sent != ""})
	})
}

func sessionID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "session"), 10, 64)
	if err != nil || id < 1 {
		return 0, fault.New(fault.NotFound, "Nobody asks for shares under that number. /vaults has those who do.")
	}
	return id, nil
}
