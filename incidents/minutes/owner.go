package minutes

import (
	"slices"
	"strings"
	"unicode"
)

// own finds whose action an item is and when it is due. It takes only what the text
// says plainly; what it might mean is kept for somebody to say.
func (m *Meeting) own(item *Item, e Event) {
	item.Due = dueIn(item.Text, m.local(e.Who, item.At))
	item.Owners, item.Unsure = m.ownersIn(item.Text, e.Who)
	m.await(item)
	if len(item.Owners) > 0 || !m.Dialect.Explain || e.Blank {
		return
	}
	ask := "Whose is action " + item.ref() + "? "
	if len(item.Unsure) > 0 {
		ask += "Perhaps " + strings.Join(item.Unsure, " or ") + ". "
	}
	m.tell(e.Who, ask+"Say #owner "+item.ref()+" NICK, or leave it open.")
}

// ownersIn are the people whom a text names, in its order, and those whom it may mean.
func (m *Meeting) ownersIn(text string, by Who) (owners []Owner, unsure []string) {
	for i, word := range tokens(text) {
		if i == 0 && isSelf(word.text) && strings.HasPrefix(text, word.text) {
			if one := m.people.find(by); one != nil {
				owners = addOwner(owners, one.owner())
			}
			continue
		}
		owner, sure := m.named(word)
		switch {
		case owner.Name == "":
		case sure:
			owners = addOwner(owners, owner)
		default:
			unsure = addName(unsure, owner.Name)
		}
	}
	if len(owners) > 0 {
		unsure = nil
	}
	return owners, unsure
}

func (one *Person) owner() Owner { return Owner{Name: one.Nick, Handle: one.Handle} }

func addOwner(list []Owner, o Owner) []Owner {
	same := func(x Owner) bool { return x.Name == o.Name || x.Handle != "" && x.Handle == o.Handle }
	if slices.ContainsFunc(list, same) {
		return list
	}
	return append(list, o)
}

func addName(list []string, name string) []string {
	if slices.Contains(list, name) {
		return list
	}
	return append(list, name)
}

// token is a word that may be a nick.
type token struct {
	text   string
	called bool // "@bert", "bert:"; it can be nothing but a name
}

// mostTokens is how many words of a text are looked at for people.
const mostTokens = 50

// tokens are the first words of a text, cut where no nick goes on.
func tokens(text string) (list []token) {
	start := -1
	for i, r := range text + " " {
		if isNick(r) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			called := start > 0 && text[start-1] == '@' || r == ':'
			if list = append(list, token{text[start:i], called}); len(list) == mostTokens {
				break
			}
		}
		start = -1
	}
	return list
}

// isNick tells whether a letter may stand in a nick of any network.
func isNick(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || strings.ContainsRune(`_-[]\`+"`"+`^{}|`, r)
}

// named is who a word means. Sure are a whole nick, a name on the roster, and a nick
// without what bridges and clients hang on it; a nick that is an everyday word is sure
// only if it is called by "@" or ":". The beginning of one nick alone is never sure.
func (m *Meeting) named(word token) (Owner, bool) {
	text := word.text
	for range 2 {
		if owner, ok := m.byName(text); ok {
			return owner, word.called || !everyday[strings.ToLower(text)]
		}
		text = trimmed(text)
	}
	if everyday[strings.ToLower(word.text)] || len(text) < 3 {
		return Owner{}, false
	}
	return m.people.begins(Fold(text)), false
}

// trimmed is a word without what stands around nicks: "[bert]" and "bert-".
func trimmed(word string) string { return strings.Trim(word, "[]{}-`|\\^") }

// byName finds somebody by a name that is theirs: present people before the roster.
func (m *Meeting) byName(name string) (Owner, bool) {
	folded := Fold(name)
	if one := m.people.names[folded]; one != nil {
		return one.owner(), true
	}
	if owner, ok := m.roster[folded]; ok {
		return owner, true
	}
	if one := m.people.bare[folded]; one != nil {
		return one.owner(), true
	}
	return Owner{}, false
}

// Bare is a nick without what clients and bridges add to it: "cdecker[m]" is cdecker,
// "fred|away" is fred, "eve_" is eve.
func Bare(nick string) string {
	nick = strings.TrimSuffix(nick, "[m]")
	if i := strings.IndexByte(nick, '|'); i > 0 {
		nick = nick[:i]
	}
	bare := nick
	for bare != "" && (bare[len(bare)-1] == '_' || bare[len(bare)-1] == '`') {
		bare = bare[:len(bare)-1]
	}
	if bare != "" {
		return bare
	}
	return nick
}

func isSelf(word string) bool {
	switch strings.ToLower(word) {
	case "i", "me", "myself":
		return true
	}
	return false
}

// mostWaiting is how many actions wait for somebody of one name.
const mostWaiting = 500

// await notes the words of an action that has no owner, so that one who comes later is
// found by them.
func (m *Meeting) await(item *Item) {
	if len(item.Owners) > 0 || item.Gone {
		return
	}
	if m.waiting == nil {
		m.waiting = map[string][]*Item{}
	}
	for _, word := range tokens(item.Text) {
		for _, name := range []string{Fold(word.text), Fold(trimmed(word.text))} {
			if list := m.waiting[name]; len(list) < mostWaiting && (len(list) == 0 || list[len(list)-1] != item) {
				m.waiting[name] = append(list, item)
			}
		}
	}
}

// reown looks for owners of the actions that have none and name somebody like this, since
// the name is new.
func (m *Meeting) reown(name string) {
	found := slices.Concat(m.waiting[Fold(name)], m.waiting[Fold(Bare(name))])
	slices.SortFunc(found, func(a, b *Item) int { return a.ID - b.ID })
	for _, item := range slices.Compact(found) {
		if item.Gone || item.undone || len(item.Owners) > 0 {
			continue
		}
		owners, unsure := m.ownersIn(item.Text, item.by)
		if len(owners) > 0 {
			m.effect(Effect{Kind: Changed, Item: item.ID})
		}
		item.Owners, item.Unsure = owners, unsure
	}
}

// everyday are words that people write without meaning whoever has them for a nick.
var everyday = func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(`
		a about add after again all also an and another any anybody anyone are as ask at away
		back be because before best bit bot bug but by call can chair change chat check come
		could day dev did do doc does done down each end event every everybody everyone few
		file find first fix for from get give go good had has have he help her here him his
		home how i idea if in info into is issue it item its job just keep key know last late
		let like link list live log long look mail make man many mark may me merge more move
		must my myself need never new next no nobody not note nothing now of off on once one
		only open or order other our out over page patch people person ping plan play please
		post pull push put read ready release report request review right run same say see
		send set she should sign so some somebody someone something start state stop sure
		take talk task team tell test text than thanks that the their them then there they
		thing think this time to today tomorrow tool topic try two up update us use user vote
		wait want was way we week well were what when where which while who why will with work
		world would write yes yet you your`) {
		words[word] = true
	}
	return words
}()

// setOwner says whose action an item is.
func setOwner(m *Meeting, e Event, text string) {
	item, rest := m.actionNamed(e, text)
	if item == nil {
		return
	}
	var owners []Owner
	for _, name := range fields(rest) {
		if name = clip(strings.TrimPrefix(name, "@"), longestNick); name == "" || len(owners) >= mostTokens {
			continue
		}
		owner, known := m.byName(name)
		if isSelf(name) {
			owner, known = m.people.see(e.Who).owner(), true
		}
		if !known {
			owner = Owner{Name: name}
		}
		owners = addOwner(owners, owner)
	}
	if owners == nil && rest != "" {
		m.tell(e.Who, "Whose is it? #owner "+item.ref()+" NICK")
		return
	}
	item.Owners, item.Unsure = owners, nil
	m.effect(Effect{Kind: Changed, Item: item.ID})
}

func setDue(m *Meeting, e Event, text string) {
	item, rest := m.actionNamed(e, text)
	if item == nil {
		return
	}
	due, ok := ParseDue(rest, m.local(e.Who, e.At))
	if !ok {
		m.tell(e.Who, "I do not understand that date. Examples: #due "+item.ref()+" friday, #due "+item.ref()+" 2026-12-24, #due "+item.ref()+" none")
		return
	}
	item.Due = due
	m.effect(Effect{Kind: Changed, Item: item.ID})
}

// actionNamed is the action whose number a text begins with, and the rest of it.
func (m *Meeting) actionNamed(e Event, text string) (*Item, string) {
	ref, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	ref = strings.TrimPrefix(ref, "#")
	i := slices.IndexFunc(m.Items, func(item *Item) bool { return item.Kind == Action && item.ref() == ref })
	if i < 0 {
		m.tell(e.Who, "There is no such action here. The actions have these numbers: "+m.actionRefs()+".")
		return nil, ""
	}
	return m.Items[i], strings.TrimSpace(rest)
}

func (m *Meeting) actionRefs() string {
	var refs []string
	for _, item := range m.Actions() {
		refs = append(refs, item.ref())
	}
	if len(refs) == 0 {
		return "none yet"
	}
	return strings.Join(refs, ", ")
}
