package command

import "strings"

// Localize rewrites the commands that a sentence mentions ("!ack P12") to the
// prefix and the name of the emergency command that this installation uses. Lower
// floors write every command with "!", since they know no configuration of chat.
func (s *Set) Localize(text string) string {
	if s.prefix == DefaultPrefix && s.opts.Emergency == emergencyName {
		return text
	}
	var b strings.Builder
	for {
		i := strings.Index(text, DefaultPrefix)
		if i < 0 {
			break
		}
		b.WriteString(text[:i])
		text = text[i+len(DefaultPrefix):]
		word := text[:len(text)-len(strings.TrimLeft(text, "abcdefghijklmnopqrstuvwxyz-"))]
		if word != emergencyName && s.find(word) == nil {
			b.WriteString(DefaultPrefix)
			continue
		}
		b.WriteString(s.Typed(word))
		text = text[len(word):]
	}
	b.WriteString(text)
	return b.String()
}

// localized does the same to every sentence of a reply.
func (s *Set) localized(r Reply) Reply {
	if s.prefix == DefaultPrefix && s.opts.Emergency == emergencyName {
		return r
	}
	for i, block := range r.Blocks {
		switch block.(type) {
		case Line, List, Facts:
			r.Blocks[i] = withTexts(block, s.Localize)
		}
	}
	return r
}

// Refuse draws an error as one line, with commands as they are typed here.
func (s *Set) Refuse(err error) Reply { return s.localized(Refusal(err)) }
