package ledger

import "golang.org/x/mod/sumdb/tlog"

// tree is a whole tree in memory, made of leaves alone.
type tree struct {
	size   int64
	hashes []tlog.Hash // by place
}

// ReadHashes implements [tlog.HashReader].
func (t *tree) ReadHashes(places []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(places))
	for i, p := range places {
		if p < 0 || p >= int64(len(t.hashes)) {
			return nil, errNoHash
		}
		list[i] = t.hashes[p]
	}
	return list, nil
}

func (t *tree) add(body string) error {
	made, err := tlog.StoredHashes(t.size, []byte(body), t)
	if err != nil {
		return err
	}
	t.hashes = append(t.hashes, made...)
	t.size++
	return nil
}

func (t *tree) root(size int64) (tlog.Hash, error) { return tlog.TreeHash(size, t) }

// leaf is the hash of a leaf.
func (t *tree) leaf(seq int64) tlog.Hash { return t.hashes[tlog.StoredHashIndex(0, seq)] }
