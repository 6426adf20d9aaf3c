package command

import "slices"

// Texts is a reply whose texts were changed one by one, as they are shown. A link whose
// address would be another one is left without it; what is clicked stays.
func (r Reply) Texts(change func(string) string) Reply {
	r.Blocks = slices.Clone(r.Blocks)
	for i, block := range r.Blocks {
		r.Blocks[i] = withTexts(block, change)
	}
	return r
}

func withTexts(block Block, change func(string) string) Block {
	each := func(texts []string) []string {
		texts = slices.Clone(texts)
		for i := range texts {
			texts[i] = change(texts[i])
		}
		return texts
	}
	switch b := block.(type) {
	case Line:
		return Line(change(string(b)))
	case Verbatim:
		return Verbatim(change(string(b)))
	case Facts:
		b = slices.Clone(b)
		for i := range b {
			b[i] = [2]string{change(b[i][0]), change(b[i][1])}
		}
		return b
	case List:
		return List{change(b.Title), each(b.Items)}
	case Table:
		rows := slices.Clone(b.Rows)
		for i := range rows {
			rows[i] = each(rows[i])
		}
		return Table{each(b.Head), rows}
	case Code:
		return Code(change(string(b)))
	case Link:
		if change(b.URL) != b.URL {
			return Line(change(b.Text))
		}
		return Link{change(b.Text), b.URL}
	}
	return block
}
