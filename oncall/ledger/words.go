package ledger

import (
	"fmt"
	"strings"

	"batsignal/oncall/unseal"
)

// Says is an entry in words, for people who do not know the form of leaves: one sentence.
// Texts of others in it are as they were written; whoever shows it makes them harmless.
func (l Leaf) Says() string {
	said := l.what()
	if l.Note != "" {
		said += ": " + l.Note
	}
	return strings.TrimRight(said, ".") + "."
}

func (l Leaf) what() string {
	switch l.Type {
	case TypeIntent:
		if l.Lane == unseal.LaneReveal {
			return "A sealed address was opened" + l.record() + l.about() + " to be shown to " + names(l.By)
		}
		return "A sealed address was opened" + l.record() + l.about() + " to be dialled" + l.word()
	case TypeDialed:
		return "What came of it" + l.earlier() + result(l.Result)
	case TypeProof:
		return "A sealed address was opened" + l.record() + " for its owner, who asked for it"
	case TypeShown:
		if l.Lane == unseal.LaneOwner { // to send a code there, or to be shown: the entry before says which
			return "It was opened for its owner" + l.earlier() + ", once"
		}
		return "It was shown" + l.earlier() + " to " + names(l.By) + ", once"
	case TypeUnanchored:
		return "No room showed the head in time" + l.earlier() + ", and it was dialled all the same"
	case TypeKeyring:
		return fmt.Sprintf("Keyring %d is in force", l.Epoch)
	case TypeDeleted:
		return "A sealed address was deleted" + l.record()
	case TypeRevealAsked:
		return names(l.By) + " asked the custodians to see a sealed address" + l.record() + l.about()
	case TypeRevealApproved:
		return names(l.By) + " agreed, as a custodian" + l.earlier()
	}
	return "An entry of the type " + l.Type + l.record() + l.about() + result(l.Result)
}

// record names a record by the beginning of its id, which is random.
func (l Leaf) record() string {
	if l.Record == "" {
		return ""
	}
	return " (record " + l.Record[:min(8, len(l.Record))] + ")"
}

func (l Leaf) about() string {
	switch {
	case l.Incident != "" && l.Role != "":
		return " for " + l.Incident + ", " + l.Role + ","
	case l.Incident != "":
		return " for " + l.Incident
	}
	return ""
}

// word is on whose word something was done: who declared, and who confirmed.
func (l Leaf) word() string {
	if len(l.By) == 0 {
		return ""
	}
	return ", on the word of " + names(l.By)
}

func (l Leaf) earlier() string {
	if l.Of == nil {
		return ""
	}
	return fmt.Sprintf(" (entry %d)", *l.Of)
}

func result(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

func names(list []string) string {
	switch len(list) {
	case 0:
		return "somebody"
	case 1:
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
