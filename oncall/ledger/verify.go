package ledger

import (
	"runtime"
	"sync"

	"golang.org/x/mod/sumdb/note"

	"batsignal/oncall/unseal"
)

// Verify checks a whole ledger by nothing but its text, the public keys and the heads that
// were seen elsewhere: every leaf, its place, its place among those of its record, every
// head and its signature. The error is about the keys; what is wrong with the ledger stands
// in the report.
func (b Book) Verify(seen []Seen, vkeys ...string) (Report, error) {
	keys, err := verifiers(vkeys)
	if err != nil {
		return Report{}, err
	}
	r, _, err := b.verify(seen, keys)
	if err != nil {
		return Report{}, err
	}
	r.finish()
	return *r, nil
}

// verify leaves the findings open for more, and gives the leaves that could be read; the
// zero Leaf is one that could not.
func (b Book) verify(seen []Seen, keys note.Verifiers) (*Report, []Leaf, error) {
	r := &Report{
		Leaves: int64(len(b.Leaves)), Heads: int64(len(b.Notes)), Openings: map[unseal.Lane]int64{},
		tree: &tree{}, unlisted: map[string]int{},
	}
	leaves := make([]Leaf, len(b.Leaves))
	counts := map[string]int64{}
	for i, body := range b.Leaves {
		if err := r.tree.add(body); err != nil {
			return nil, nil, err
		}
		r.leaf(leaves, counts, int64(i), body)
	}
	r.Records = int64(len(counts))
	if err := r.heads(b.Notes, keys); err != nil {
		return nil, nil, err
	}
	for _, s := range seen {
		if err := r.seen(s); err != nil {
			return nil, nil, err
		}
	}
	return r, leaves, nil
}

// leaf checks one leaf against those before it.
func (r *Report) leaf(leaves []Leaf, counts map[string]int64, place int64, body string) {
	l, err := ParseLeaf(body)
	if err != nil {
		r.find("leaf", "Entry %d cannot be read: it was changed.", place)
		return
	}
	leaves[place] = l
	if l.Opening() {
		r.Openings[l.Lane]++
	}
	if l.Seq != place {
		r.find("place", "Where entry %d should be, there is entry %d: one is missing, or they were swapped.", place, l.Seq)
		return
	}
	if l.Record != "" {
		if want := counts[l.Record]; l.OwnerSeq != want {
			r.find("owner_seq", "Entry %d is number %d of record %s, and should be number %d: one of them is missing or was added.", place, l.OwnerSeq, l.Record, want)
		}
		counts[l.Record] = l.OwnerSeq + 1
	}
	switch {
	case l.Of != nil && leaves[*l.Of].Type != "" && l.Record != "" && leaves[*l.Of].Record != l.Record:
		r.find("of", "Entry %d is about entry %d, which is of another record.", place, *l.Of)
	case (l.Type == TypeDialed || l.Type == TypeShown) && !opens(leaves, l.Of):
		r.find("intent", "Entry %d says that an address was %s, and no entry before it says that it would be opened.", place, l.Type)
	}
}

// opens tells whether a leaf that was opened by is one that opens.
func opens(leaves []Leaf, of *int64) bool {
	if of == nil {
		return false
	}
	t := leaves[*of].Type
	return t == TypeIntent || t == TypeProof
}

// heads checks that there is one for every size, that each is signed, and that it is the
// root of the leaves that it covers.
func (r *Report) heads(notes []string, keys note.Verifiers) error {
	for i, h := range openAll(notes, keys) {
		place := int64(i) + 1
		if h.err != nil {
			r.find("signature", "Head %d is not signed by the key of the ledger: it was changed, or this is another ledger.", place)
			continue
		}
		if r.Name == "" {
			r.Name = h.name
		}
		switch {
		case h.name != r.Name:
			r.find("name", "Head %d is of another ledger, %s.", place, h.name)
			continue
		case h.Size != place:
			r.find("size", "Where the head of size %d should be, there is the one of size %d: heads are missing, or were swapped.", place, h.Size)
		}
		r.Last = h.Head
		if h.Size < 1 || h.Size > r.Leaves {
			continue // said below, once
		}
		root, err := r.tree.root(h.Size)
		if err != nil {
			return err
		}
		if root != h.Hash {
			r.find("root", "The head of size %d is not what the first %d entries make: one of them was changed, is missing, or was added after it was signed.", h.Size, h.Size)
		}
	}
	switch {
	case r.Heads > r.Leaves:
		r.find("end", "%d heads were signed, and there are %d entries: the last ones are missing.", r.Heads, r.Leaves)
	case r.Heads < r.Leaves:
		r.find("end", "%d heads were signed, and there are %d entries: heads are missing, or entries were added.", r.Heads, r.Leaves)
	}
	return nil
}

type opened struct {
	Head
	name string
	err  error
}

// openAll checks signatures on all processors: that is most of the work.
func openAll(notes []string, keys note.Verifiers) []opened {
	list := make([]opened, len(notes))
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(notes); i += workers {
				list[i].Head, list[i].name, list[i].err = openHead(notes[i], keys)
			}
		})
	}
	wg.Wait()
	return list
}

// seen checks a head that was seen elsewhere.
func (r *Report) seen(s Seen) error {
	where := ""
	if s.Where != "" {
		where = " (" + s.Where + ")"
	}
	if s.Size > r.Leaves || s.Size < 0 {
		r.find("seen larger", "Ledger %d %s was said%s, and this ledger has %d entries: its end was cut off, there are two ledgers, or whoever said it lied.", s.Size, s.Prefix, where, r.Leaves)
		return nil
	}
	root, err := r.tree.root(s.Size)
	if err != nil {
		return err
	}
	if (Head{Hash: root}).Prefix() != s.Prefix {
		r.find("seen other", "Ledger %d %s was said%s, and this ledger never had that head: there are two ledgers, or whoever said it lied.", s.Size, s.Prefix, where)
		return nil
	}
	r.Seen++
	return nil
}
