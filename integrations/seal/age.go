package seal

import (
	"context"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"

	"batsignal/oncall/fault"
)

// fewest is how many people must be able to open a backup: a key that is lost is not to
// lose it.
const fewest = 2

// Age seals as age files.
type Age struct {
	to    []age.Recipient
	texts []string
}

// NewAge makes a sealer for recipients as age writes them: "age1…", "age1pq1…" of
// post-quantum keys, or public keys of SSH. At least two are needed, and either all or none
// of them are post-quantum: the weakest one decides what a recording of today is worth later.
// Errors are sentences for the operator.
func NewAge(recipients []string) (*Age, error) {
	a := &Age{}
	seen := map[string]bool{}
	quantum := 0
	for _, text := range recipients {
		to, name, err := ageRecipient(strings.TrimSpace(text))
		if err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, fault.New(fault.Invalid, "The recipient %s is named twice. Name another person's key: one key that is lost must not lose the backups.", brief(name))
		}
		seen[name] = true
		if _, hybrid := to.(*age.HybridRecipient); hybrid {
			quantum++
		}
		a.to, a.texts = append(a.to, to), append(a.texts, name)
	}
	if len(a.to) < fewest {
		return nil, fault.New(fault.Invalid, "Backups are sealed to at least %d people's keys, and here are %d. Have another person run age-keygen, and add the line that begins with \"age1\".", fewest, len(a.to))
	}
	if quantum > 0 && quantum < len(a.to) {
		return nil, fault.New(fault.Invalid, "%d of %d recipients are post-quantum keys (age1pq1…). They cannot be mixed with others: name only such keys (age-keygen -pq), or none.", quantum, len(a.to))
	}
	return a, nil
}

// ageRecipient reads whom to seal to, and gives how its key is written.
func ageRecipient(text string) (to age.Recipient, name string, err error) {
	switch {
	case strings.HasPrefix(text, "AGE-SECRET-KEY-"), strings.Contains(text, "PRIVATE KEY"):
		return nil, "", fault.New(fault.Invalid, "A recipient is a secret key. It must not stand here: make a new one, and name what age-keygen -y prints of it.")
	case strings.HasPrefix(text, "ssh-"):
		if to, err = agessh.ParseRecipient(text); err != nil {
			return nil, "", fault.Wrap(fault.Invalid, err, "%q is no public key of SSH that age can seal to: they are ssh-ed25519 and ssh-rsa.", brief(text))
		}
		words := strings.Fields(text)
		return to, words[0] + " " + words[1], nil // without whose it is
	case strings.HasPrefix(text, "age1pq1"):
		to, err = age.ParseHybridRecipient(text)
	case strings.HasPrefix(text, "age1") && strings.Count(text, "1") > 1:
		return nil, "", fault.New(fault.Invalid, "%q is the key of a plugin of age, which backups are not sealed to: who restores may not have the plugin. Name a key that age-keygen made.", brief(text))
	default:
		to, err = age.ParseX25519Recipient(text)
	}
	if err != nil {
		return nil, "", fault.Wrap(fault.Invalid, err, "%q is no recipient of age. It begins with \"age1\", as age-keygen -y prints it.", brief(text))
	}
	return to, text, nil
}

func brief(text string) string {
	const most = 40
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// Suffix implements [Sealer].
func (*Age) Suffix() string { return "age" }

// Recipients implements [Sealer].
func (a *Age) Recipients() []string { return append([]string(nil), a.texts...) }

// Opening implements [Sealer].
func (a *Age) Opening() string { return "age -d -i KEY FILE" }

// Seal implements [Sealer].
func (a *Age) Seal(ctx context.Context, w io.Writer) (io.WriteCloser, error) {
	inner, err := age.Encrypt(w, a.to...)
	if err != nil {
		return nil, err
	}
	return &ageWriter{ctx: ctx, inner: inner}, nil
}

// ageWriter writes an age file whose last piece is only written if all went well.
type ageWriter struct {
	ctx   context.Context // of one stream, as that of a request
	inner io.WriteCloser
	err   error
}

func (w *ageWriter) Write(b []byte) (int, error) {
	if w.err == nil {
		w.err = context.Cause(w.ctx)
	}
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.inner.Write(b)
	w.err = err
	return n, err
}

func (w *ageWriter) Close() error {
	if w.err == nil {
		w.err = context.Cause(w.ctx)
	}
	if w.err != nil {
		return w.err // what was written stays without its end, and nothing opens it
	}
	err := w.inner.Close()
	w.err = errClosed
	return err
}
