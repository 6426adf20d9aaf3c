package vault

import (
	"context"
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
	return fault.New(fault.Conflict, "Session %d of Vault %s is not known here for the bot's own: somebody may have written it into the database to get at shares. Do not hand one in to it, and tell an administrator. A share can go straight to Vault: vault operator unseal.", s.ID, s.Vault)
}

const sqlRightSession = `
	update share_session set recipient = @recipient, stamp = @stamp, run_id = @run, purpose = @purpose, vault = @vault
	where id = @id and (recipient, stamp, run_id, purpose, vault) is distinct from (@recipient, @stamp, @run, @purpose, @vault) returning id`

// guard sees to it that the row of the session says what the run has in memory, and tells
// everybody if it did not.
func (d *desk) guard(ctx context.Context) {
	rows, err := d.DB.Query(ctx, sqlRightSession, d.row().args())
	changed := false
	if err == nil {
		for rows.Next() {
			changed = true
		}
		rows.Close()
		err = rows.Err()
	}
	if err != nil || !changed {
		return // a database that does not answer is told of where shares are read
	}
	if d.Parts.Log != nil {
		d.Parts.Log.Error("somebody changed the key of a session of shares in the database", "session", d.id, "run", d.run.ID, "vault", d.vault.Name)
	}
	d.say(ctx, "Alarm: somebody changed the key of session %d of Vault %s in the database, to get at shares. It is right again: %s. Treat each share that went in to another key as known to them, and find out who can write the database.",
		d.id, d.vault.Name, d.key.Recipient())
}
