package custody

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
	"filippo.io/age/plugin"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// onPaper is the recipient of a share that is printed.
const onPaper = "sheet"

// longestShareFile is in bytes; a share in an age file is a few kilobytes with any plugin.
const longestShareFile = 1 << 18

// Terminal is how a plugin, such as that of a YubiKey, speaks with whoever sits there. With
// the zero Terminal a plugin that asks something fails.
type Terminal struct {
	Show    func(message string) error
	Ask     func(prompt string, secret bool) (string, error)
	Confirm func(prompt, yes, no string) (bool, error)
}

func (t Terminal) ui() *plugin.ClientUI {
	return &plugin.ClientUI{
		DisplayMessage: func(name, message string) error {
			if t.Show == nil {
				return nil
			}
			return t.Show(message)
		},
		RequestValue: func(name, prompt string, hidden bool) (string, error) {
			if t.Ask == nil {
				return "", fmt.Errorf("age-plugin-%s asks something, and there is nobody to answer", name)
			}
			return t.Ask(prompt, hidden)
		},
		Confirm: func(name, prompt, yes, no string) (bool, error) {
			if t.Confirm == nil {
				return false, fmt.Errorf("age-plugin-%s asks something, and there is nobody to answer", name)
			}
			return t.Confirm(prompt, yes, no)
		},
		WaitTimer: func(string) {},
	}
}

// recipientOf reads to whom a share is encrypted; kind is how the keyring calls it.
func recipientOf(text string, t Terminal) (to age.Recipient, kind string, err error) {
	switch {
	case strings.HasPrefix(text, "age1pq1"):
		to, err = age.ParseHybridRecipient(text)
		kind = "hybrid"
	case strings.HasPrefix(text, "age1") && strings.Count(text, "1") > 1 && isPlugin(text):
		to, err = plugin.NewRecipient(text, t.ui())
		name, _, _ := plugin.ParseRecipient(text)
		kind = "plugin " + name
	default:
		to, err = age.ParseX25519Recipient(text)
		kind = "x25519"
	}
	if err != nil {
		return nil, "", fault.Wrap(fault.Invalid, err, "%q is no recipient of age: it begins with \"age1\", as age-keygen -y prints it. For a printed sheet, say %q.", text, onPaper)
	}
	return to, kind, nil
}

func isPlugin(text string) bool {
	name, _, err := plugin.ParseRecipient(text)
	return err == nil && name != ""
}

// lock encrypts a sheet to its custodian, as text.
func lock(sheet secret.Text, to age.Recipient) (string, error) {
	var b bytes.Buffer
	a := armor.NewWriter(&b)
	w, err := age.Encrypt(a, to)
	if err != nil {
		return "", fault.Wrap(fault.Unready, err, "The share could not be encrypted to its custodian. If it is a plugin's key, the plugin must be installed here.")
	}
	if _, err := io.WriteString(w, sheet.Reveal()); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	if err := a.Close(); err != nil {
		return "", err
	}
	return b.String(), nil
}

// OpenShare reads a share: a sheet as it is, or an age file by an identity (the text of an
// identity file: keys of age-keygen, or of plugins).
func OpenShare(text, identity secret.Text, t Terminal) (Share, error) {
	file := text.Reveal()
	if !strings.HasPrefix(strings.TrimSpace(file), armor.Header) {
		return ParseSheet(text)
	}
	if len(file) > longestShareFile {
		return Share{}, fault.New(fault.Invalid, "That file is too long for a share.")
	}
	if identity.Empty() {
		return Share{}, fault.New(fault.Invalid, "This share is encrypted. Say by which identity it opens: the file that age-keygen made, or that of the plugin.")
	}
	ids, err := identities(identity, t)
	if err != nil {
		return Share{}, err
	}
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(strings.TrimSpace(file)+"\n")), ids...)
	if err != nil {
		return Share{}, fault.Wrap(fault.Conflict, err, "This share does not open with that identity. It may be another custodian's, or damaged.")
	}
	plain, err := io.ReadAll(io.LimitReader(r, longestPage+1))
	defer clear(plain)
	if err != nil {
		return Share{}, fault.Wrap(fault.Conflict, err, "This share is damaged. Ask for another copy of the file.")
	}
	return ParseSheet(secret.New(string(plain)))
}

// identities reads an identity file. The error never repeats a line of it.
func identities(file secret.Text, t Terminal) ([]age.Identity, error) {
	var list []age.Identity
	for i, line := range file.Lines() {
		text := line.Reveal()
		var id age.Identity
		var err error
		switch {
		case strings.HasPrefix(text, "#"):
			continue
		case strings.HasPrefix(text, "AGE-PLUGIN-"):
			id, err = plugin.NewIdentity(text, t.ui())
		case strings.HasPrefix(text, "AGE-SECRET-KEY-PQ-1"):
			id, err = age.ParseHybridIdentity(text)
		default:
			id, err = age.ParseX25519Identity(text)
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "Line %d of the identity file is no identity of age.", i+1)
		}
		list = append(list, id)
	}
	if len(list) == 0 {
		return nil, fault.New(fault.Invalid, "The identity file holds no identity. It is the one that age-keygen made.")
	}
	return list, nil
}
