package vault

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"strconv"

	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/wholefile"
)

// Stamp is by what the bot knows that a session of shares is its own: a code over the session,
// by a secret that is in a file and in no row. Who can only write the database cannot make one,
// so nobody is shown a key that they put there. The zero Stamp knows none.
type Stamp struct{ key secret.Bytes }

const stampSize = 32

// FreshStamp is one that nobody else has, and that is gone with the process.
func FreshStamp() Stamp {
	key := make([]byte, stampSize)
	_, _ = rand.Read(key) // never fails, see crypto/rand
	return NewStamp(key)
}

// NewStamp takes a secret over, which has 32 bytes.
func NewStamp(key []byte) Stamp { return Stamp{secret.NewBytes(key)} }

// LoadStamp reads the secret from a file, and makes it if there is none. The error is
// fault.Unready.
func LoadStamp(path string) (Stamp, error) {
	key, err := wholefile.ReadPrivate(path, stampSize)
	if errors.Is(err, fs.ErrNotExist) {
		fresh := make([]byte, stampSize)
		_, _ = rand.Read(fresh) // never fails, see crypto/rand
		// Of two that begin at once one makes it, and both read it.
		if err := wholefile.Create(path, fresh, 0o600); err != nil && !errors.Is(err, fs.ErrExist) {
			return Stamp{}, fault.Wrap(fault.Unready, err, "The secret by which sessions of shares are known cannot be kept in %s.", path)
		}
		key, err = wholefile.ReadPrivate(path, stampSize)
	}
	if err == nil && len(key) != stampSize {
		err = errors.New("it is damaged: remove it, and a new one is made")
	}
	if err != nil {
		return Stamp{}, fault.Wrap(fault.Unready, err, "The secret by which sessions of shares are known cannot be read from %s: %v.", path, err)
	}
	return NewStamp(key), nil
}

// Of is the code of a session, in hex; "" of the zero Stamp.
func (s Stamp) Of(one Session) string {
	if s.key.Len() != stampSize {
		return ""
	}
	mac := hmac.New(sha256.New, s.key.RevealBytes())
	mac.Write(escrow.Join([]byte("batsignal/share-session/v1"), []byte(strconv.FormatInt(one.ID, 10)), []byte(strconv.FormatInt(one.Run, 10)),
		[]byte(one.Purpose), []byte(one.Vault), []byte(one.Recipient)))
	return hex.EncodeToString(mac.Sum(nil))
}

// Mark is by what two secrets are told apart, and of which neither is found: a code over a
// constant, in hex; "" of the zero Stamp.
func (s Stamp) Mark() string {
	if s.key.Len() != stampSize {
		return ""
	}
	mac := hmac.New(sha256.New, s.key.RevealBytes())
	mac.Write([]byte("batsignal/share-stamp/v1"))
	return hex.EncodeToString(mac.Sum(nil))
}

// knows tells whether a session has its code.
func (s Stamp) knows(one Session) bool {
	want := s.Of(one)
	return want != "" && hmac.Equal([]byte(want), []byte(one.Stamp))
}

// judge keeps the key of a session from everybody unless it is known for the bot's own.
func (s *Session) judge(vaults []*Vault) {
	for _, v := range vaults {
		s.Ours = s.Ours || v.Name == s.Vault && v.Stamp.knows(*s)
	}
	for _, v := range vaults {
		s.Elsewhere = s.Elsewhere || !s.Ours && v.Name == s.Vault && s.Leading != "" && s.Leading != v.Stamp.Mark()
	}
	if !s.Ours {
		s.Recipient = ""
	}
}

// Forged is why nobody hands in a share to a session that is not known for the bot's own; nil
// is one that is. The error is fault.Conflict.
func (s Session) Forged() error {
	if s.Ours {
		return nil
	}
	if s.Elsewhere {
		return fault.New(fault.Conflict, "This host has another share-stamp.key than the one that leads, so it cannot tell whether session %d of Vault %s is the bot's own. Hand your share in at the other host, or have an administrator copy the file from there and restart the bot here. A share can go straight to Vault, too: vault operator unseal.", s.ID, s.Vault)
	}
	return fault.New(fault.Conflict, "Session %d of Vault %s is not known here for the bot's own: somebody may have written it into the database to get at shares. Do not hand one in to it, and tell an administrator. A share can go straight to Vault: vault operator unseal.", s.ID, s.Vault)
}
