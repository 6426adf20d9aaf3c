package alert

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// KeyLength is how many letters and digits a routing key has, as at PagerDuty, whose
// tools may insist on it: 20 random bytes in base 32.
const KeyLength = 32

// Key is a routing key without its secret: who is rung for what comes by it.
type Key struct {
	ID         int64
	Name       string
	Policy     string         // escalation policy; "" if it was deleted after the key was revoked
	Severities map[string]int // what words of the sender mean here, where it is not as usual
	Default    int            // severity of other words; 0 given to [Service.AddKey] is 2
	CreatedAt  time.Time
	CreatedBy  string     // handle; "" is unknown
	LastAt     *time.Time // when something last opened a group by it; nil is never
	Open       int        // alerts that are not resolved
	RevokedAt  *time.Time
}

const defaultSeverity = 2

var validName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,47}$`)

const (
	sqlPolicyExists = `select true from escalation_policy where name = @policy for key share`
	sqlInsertKey    = `
		insert into alert_key (name, hash, policy, severities, default_severity, created_by, created_at)
		values (@name, @hash, @policy, @severities, @default, @by, @now) returning id`
	sqlRevokeKey = `update alert_key set revoked_at = @now where name = @name and revoked_at is null returning id`
	sqlKeys      = `
		select k.id, k.name, coalesce(k.policy, '') as policy, k.severities, k.default_severity as default, k.created_at,
			coalesce(p.handle, '') as created_by, l.last_at, l.open, k.revoked_at
		from alert_key k left join person p on p.id = k.created_by
			cross join lateral (
				select max(g.opened_at) as last_at, coalesce(sum(g.triggered + g.acknowledged), 0)::bigint as open
				from alert_group g where g.key_id = k.id
			) l
		where k.revoked_at is null or @revoked order by k.revoked_at is not null, k.name, k.id`
)

// AddKey makes a routing key, whose text is told once.
func (s *Service) AddKey(ctx context.Context, a oncall.Actor, k Key) (secret.Text, Key, error) {
	if err := k.check(); err != nil {
		return secret.Text{}, Key{}, err
	}
	if k.Default == 0 {
		k.Default = defaultSeverity
	}
	if k.Severities == nil {
		k.Severities = map[string]int{}
	}
	k.CreatedAt, k.CreatedBy = s.Now(), a.Handle
	text := s.newKey()
	hash := hashOf(text)
	err := pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		var known bool
		err := tx.QueryRow(ctx, sqlPolicyExists, pgx.NamedArgs{"policy": k.Policy}).Scan(&known)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "There is no escalation policy called %q. !policy show lists them.", k.Policy)
		}
		if err != nil {
			return err
		}
		err = tx.QueryRow(ctx, sqlInsertKey, pgx.NamedArgs{
			"name": k.Name, "hash": hash[:], "policy": k.Policy, "severities": k.Severities, "default": k.Default,
			"by": pg.NullID(a.PersonID), "now": k.CreatedAt,
		}).Scan(&k.ID)
		if pg.IsUnique(err, "alert_key_name") {
			return fault.New(fault.Conflict, "There is a key called %s already. Choose another name, or revoke that one: !alert key revoke %s", k.Name, k.Name)
		}
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, k.CreatedAt, a.By(), audit.Change{
			Kind: "alert key", Subject: k.Name, Says: fmt.Sprintf("made an alert key: what comes by it rings by the policy %s", k.Policy),
			After: map[string]any{"policy": k.Policy, "severities": k.Severities, "default_severity": k.Default},
		})
	})
	if err != nil {
		return secret.Text{}, Key{}, err
	}
	return text, k, nil
}

func (k Key) check() error {
	if !validName.MatchString(k.Name) {
		return fault.New(fault.Invalid, "%q cannot be the name of a key: up to 48 letters a-z, digits and hyphens, a letter first.", k.Name)
	}
	if k.Default < 0 || k.Default > 4 {
		return fault.New(fault.Invalid, "A severity is 1 (the internet is on fire) to 4 (announced only, rings nobody).")
	}
	for word, n := range k.Severities {
		if _, known := usual(word); !known || n < 1 || n > 4 {
			return fault.New(fault.Invalid, "A key says what %s mean: 1 (the internet is on fire) to 4 (announced only, rings nobody).", oncall.JoinNames(Words()))
		}
	}
	return nil
}

// RevokeKey makes a key useless. Alerts that came by it stay, and can be answered.
func (s *Service) RevokeKey(ctx context.Context, a oncall.Actor, name string) error {
	now := s.Now()
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		var id int64
		err := tx.QueryRow(ctx, sqlRevokeKey, pgx.NamedArgs{"name": name, "now": now}).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "There is no key called %q in use. !alert key list lists them.", name)
		}
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, now, a.By(), audit.Change{Kind: "alert key", Subject: name, Says: "revoked an alert key"})
	})
}

// Keys lists the keys in use by name; with revoked those too that are not any more.
func (s *Service) Keys(ctx context.Context, revoked bool) ([]Key, error) {
	rows, err := s.DB.Query(ctx, sqlKeys, pgx.NamedArgs{"revoked": revoked})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Key])
}

func (s *Service) newKey() secret.Text {
	if s.NewKey != nil {
		return secret.New(s.NewKey())
	}
	raw := make([]byte, 20)
	_, _ = rand.Read(raw) // never fails, see crypto/rand
	return secret.New(strings.ToLower(base32.StdEncoding.EncodeToString(raw)))
}

// hashOf is what is stored of a key. Keys have 160 random bits, so nothing slower is
// needed than SHA-256.
func hashOf(key secret.Text) [32]byte { return sha256.Sum256([]byte(key.Reveal())) }

// goodKey tells whether a text can be a routing key, so that nothing else is asked of the
// database.
func goodKey(key secret.Text) bool {
	text := key.Reveal()
	return len(text) == KeyLength && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == ""
}
