package switchboard

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/go-chi/chi/v5"

	"batsignal/oncall/access"
	"batsignal/oncall/civil"
	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
	"batsignal/web"
)

// sealForm is the form by which somebody seals an address. It has no field for the address
// that was typed: that is never shown again.
type sealForm struct {
	Person
	Token   string // of the link, for the form; "" in a visit
	Kinds   []string
	Kind    string
	Showing bool
	Per     string
	From    string
	Until   string
	ZoneOf  string
	Wrong   map[string]string // by field; "" is the form as a whole
	MostPer int
}

// Boxes of the form, with what is wrong beside each.
func (f sealForm) Address() box {
	return box{Name: "address", Label: "The address", Problem: f.Wrong["address"], Wide: true, Most: 255,
		Help: "A number begins with + and the number of the country. What you type is not shown again."}
}

func (f sealForm) Boxes() []box {
	return []box{
		{Name: "from", Label: "Quiet from", Value: f.From, Type: "time", Problem: f.Wrong["quiet"]},
		{Name: "until", Label: "Quiet until", Value: f.Until, Type: "time"},
		{Name: "zone", Label: "On the clock of", Value: f.ZoneOf, List: "zones", Most: 64, Problem: f.Wrong["zone"]},
	}
}

func (f sealForm) PerBox() box {
	return box{Name: "per", Label: "Most openings in a quarter of the year", Value: f.Per, Mode: "numeric", Most: 3, Problem: f.Wrong["per"],
		Help: "Between 1 and " + strconv.Itoa(f.MostPer) + ". A phone that does not answer is tried again, and each is one."}
}

// tokenOf is the token of a link, as the web address has it; empty: it has none.
func tokenOf(r *http.Request) secret.Text { return secret.New(chi.URLParam(r, "token")) }

func (s *site) showSeal(w http.ResponseWriter, r *http.Request) error {
	token := tokenOf(r)
	f := sealForm{Token: token.Reveal()}
	if token.Empty() {
		v, known := s.visit(r)
		if !known || v.link.Empty() {
			return errNoSealLink
		}
		f.Person = v.Person
	} else {
		var err error
		if f.Person, err = s.Links.Look(r.Context(), token, contact.LinkEnrol); err != nil {
			return err
		}
	}
	p := escrow.DefaultPolicy()
	f.Kind, f.Per, f.ZoneOf = s.Kinds[0], strconv.Itoa(p.PerQuarter), f.Zone
	return s.renderSeal(w, r, http.StatusOK, f)
}

var errNoSealLink = fault.New(fault.Forbidden, "This page takes a link: !contact seal in chat gives you one. It holds for 15 minutes and seals one address.")

func (s *site) renderSeal(w http.ResponseWriter, r *http.Request, status int, f sealForm) error {
	f.Kinds, f.MostPer = s.Kinds, escrow.MostPerQuarter
	return s.render(w, r, status, "seal", view{Title: "Seal an address", Zone: f.Zone, Body: f})
}

// seal closes what was typed, and gives it to the bot, which stores what it cannot open.
func (s *site) seal(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, longestForm); err != nil {
		return err
	}
	address := secret.New(r.PostForm.Get("address"))
	r.PostForm.Del("address")
	link, f, v, err := s.whoSeals(r)
	if err != nil {
		return err
	}
	f.Kind, f.Showing, f.Per = typed(r, "kind"), r.PostForm.Get("reveal") != "", typed(r, "per")
	f.From, f.Until, f.ZoneOf, f.Wrong = typed(r, "from"), typed(r, "until"), typed(r, "zone"), map[string]string{}
	policy := f.policy()
	if !slices.Contains(s.Kinds, f.Kind) {
		f.Wrong["kind"], f.Kind = "Choose one of these.", s.Kinds[0]
	} else if address, err = s.Clean(f.Kind, address); err != nil {
		f.Wrong["address"] = fault.Say(err)
	}
	if len(f.Wrong) > 0 {
		return s.renderSeal(w, r, http.StatusBadRequest, f)
	}
	keys, err := s.Keys(r.Context())
	if err != nil {
		return err
	}
	sealed, err := escrow.Seal(keys, f.ID, f.Kind, policy, address)
	if err == nil {
		err = s.Bot.Enrol(r.Context(), link, sealed.Text())
	}
	switch kind := fault.KindOf(err); {
	case err == nil:
	case kind == fault.Internal, kind == fault.Forbidden:
		return err
	default:
		f.Wrong[""] = fault.Say(err) + " Nothing was stored; to try again, type the address once more."
		return s.renderSeal(w, r, web.StatusOf(err), f)
	}
	s.sealedNow(w, v, f)
	http.Redirect(w, r, "/sealed", http.StatusSeeOther)
	return nil
}

// whoSeals is who sent the form: by the link that it carries, or in a visit.
func (s *site) whoSeals(r *http.Request) (link secret.Text, f sealForm, v visit, err error) {
	v, known := s.visit(r)
	if link = secret.New(r.PostForm.Get("token")); !link.Empty() {
		f.Token = link.Reveal()
		f.Person, err = s.Links.Look(r.Context(), link, contact.LinkEnrol)
		if f.ID != v.ID {
			v = visit{} // of somebody else, in the same browser
		}
		return link, f, v, err
	}
	switch {
	case !known || v.link.Empty():
		return link, f, v, errNoSealLink
	case !access.FormTokenFits(v.token, r.PostForm.Get("csrf")):
		return link, f, v, errNoForm
	}
	f.Person = v.Person
	return v.link, f, v, nil
}

// policy is what the form agrees to; what cannot be agreed to is noted beside its field.
func (f sealForm) policy() escrow.Policy {
	p := escrow.Policy{Lanes: []unseal.Lane{unseal.LaneDial}}
	if f.Showing {
		p.Lanes = append(p.Lanes, unseal.LaneReveal)
	}
	n, err := strconv.Atoi(f.Per)
	if p.PerQuarter = n; err != nil || n < 1 || n > escrow.MostPerQuarter {
		f.Wrong["per"] = "Write a number between 1 and " + strconv.Itoa(escrow.MostPerQuarter) + "."
		p.PerQuarter = 1
	}
	switch {
	case f.From == "" && f.Until == "":
		return p
	case f.From == "" || f.Until == "":
		f.Wrong["quiet"] = "Give both, from and until, or leave both empty."
		return p
	}
	if _, err := civil.Zone(f.ZoneOf); err != nil {
		f.Wrong["zone"] = "Write a time zone like Europe/Berlin."
		return p
	}
	p.Quiet = f.From + "-" + f.Until + " " + f.ZoneOf
	if err := p.Check(); err != nil {
		f.Wrong["quiet"] = fault.Say(err)
	}
	return p
}

// sealedNow lets whoever sealed an address type the code for it.
func (s *site) sealedNow(w http.ResponseWriter, v visit, f sealForm) {
	say := "Your " + contact.Noun(f.Kind) + " is sealed and stored."
	if v.ID == f.ID && v.ID != 0 {
		s.sessions.find(v.token, s.Now(), func(n *session) {
			n.say = say
			if f.Token == "" {
				n.link = secret.Text{} // the bot took it
			}
		})
		return
	}
	s.setCookie(w, s.sessions.begin(session{Person: f.Person, say: say}, s.Now()))
}

// sealedPage is what one sees after sealing.
type sealedPage struct {
	Say, Did string
	Code     box
	Mine     bool
	Done     bool
}

func codeBox(problem string) box {
	return box{Name: "code", Label: "The code that came", Problem: problem, Most: 12}
}

func (s *site) sealed(w http.ResponseWriter, r *http.Request) error {
	v, err := s.inSession(w, r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "sealed", view{Title: "Sealed", Visit: v, Body: sealedPage{Say: s.heard(v), Code: codeBox(""), Mine: v.mine}})
}

// prove takes the code that came by the address that was sealed.
func (s *site) prove(w http.ResponseWriter, r *http.Request) error {
	v, err := s.inSession(w, r)
	if err != nil {
		return err
	}
	page := sealedPage{Mine: v.mine, Code: codeBox("")}
	status := http.StatusOK
	say, err := s.Owners.Prove(r.Context(), v.ID, typed(r, "code"))
	switch kind := fault.KindOf(err); {
	case err == nil:
		page.Did, page.Done = say, true
	case kind == fault.Invalid, kind == fault.NotFound, kind == fault.Conflict:
		if err := s.wrongCode(w, v); err != nil {
			return err
		}
		page.Code, status = codeBox(fault.Say(err)), web.StatusOf(err)
	default:
		return err
	}
	return s.render(w, r, status, "sealed", view{Title: "Sealed", Visit: v, Body: page})
}
