package consul

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/throwaway"
	"batsignal/oncall/fault"
)

// Snapshot backs a Consul up by its own snapshots: all of its state, ACL tokens included.
//
// That no two are taken at once is the engine's: such jobs have the policy's word
// [Snapshot.Exclusive]. A lock in Consul itself would stand in each snapshot, and a second
// snapshot beside ours does no harm.
type Snapshot struct {
	From Config
	// Prefix is below which a row is planted before each snapshot, to be found in what is
	// restored: "batsignal" plants batsignal/sentinel. "" plants none.
	Prefix string
	// Count are the prefixes whose rows are counted, and compared; none counts all rows.
	Count []string
	// Binary is the program consul, of the same version as the server; "" looks where
	// programs are. It inspects snapshots, and is the server that is thrown away.
	Binary string
	// TTL is how long a server that is thrown away may live at most; 0 is 15 minutes.
	TTL time.Duration
	// Walls are around that server.
	Walls throwaway.Walls
	Now   func() time.Time
}

var (
	_ backup.Source = (*Snapshot)(nil)
	_ job.Undoer    = (*Snapshot)(nil)
)

// Exclusive is the word for the policies of jobs that snapshot this Consul.
func (s *Snapshot) Exclusive() string { return "consul-" + s.From.Name }

// Suffix implements [backup.Source].
func (s *Snapshot) Suffix() string { return "consul.tgz" }

// Restoring implements [backup.Source].
func (s *Snapshot) Restoring() string {
	return `This is a snapshot of a Consul, as "consul snapshot save" writes it. It holds everything: rows, services, sessions,
prepared queries, and ACL tokens. Look at it first:

    consul snapshot inspect backup.consul.tgz

Start new servers of the same version (it stands among the facts of the backup), let them find their leader, and then:

    export CONSUL_HTTP_ADDR=http://127.0.0.1:8500
    export CONSUL_HTTP_TOKEN_FILE=/path/to/token     # a management token of the NEW servers
    consul snapshot restore backup.consul.tgz

From then on the tokens of before are valid again, and the one you used is not, unless it was one of them. Services of
machines that are gone vanish by themselves within 72 hours.
`
}

// Names of facts. Those that are numbers and not a range are compared with what is restored.
const (
	factVersion    = "Consul"
	factDatacenter = "datacenter"
	factACLs       = "ACLs"
	factIndex      = "raft index"
	factServices   = "services"
	factNodes      = "nodes"
	factBytes      = "bytes"
)

func factKeys(prefix string) string {
	if prefix == "" {
		return "rows"
	}
	return "rows below " + prefix
}

func (s *Snapshot) prefixes() []string {
	if len(s.Count) == 0 {
		return []string{""}
	}
	return s.Count
}

func (s *Snapshot) sentinelKey() string { return strings.Trim(s.Prefix, "/") + "/sentinel" }

// Write implements [backup.Source].
func (s *Snapshot) Write(ctx context.Context, r *job.Run, w io.Writer) (backup.Taken, error) {
	c, err := New(s.From)
	if err != nil {
		return backup.Taken{}, err
	}
	defer c.Close()
	leader, err := c.Leader(ctx)
	if err != nil {
		return backup.Taken{}, err
	}
	about, err := c.About(ctx)
	if err != nil {
		return backup.Taken{}, err
	}
	r.Logf(ctx, "The leader is %s, the agent that answers is Consul %s.", leader, about.Version)
	taken := backup.Taken{}
	if taken.Sentinel, err = s.plant(ctx, c); err != nil {
		return backup.Taken{}, err
	}
	before, err := s.count(ctx, c)
	if err != nil {
		return backup.Taken{}, err
	}
	taken.At = s.Now()
	r.Doing(ctx, "saving a snapshot of Consul")
	m, size, err := c.save(ctx, w, func(n int64) { r.Progress(n, 0, "bytes") })
	if err != nil {
		return backup.Taken{}, err
	}
	after, err := s.count(ctx, c)
	if err != nil {
		return backup.Taken{}, err
	}
	acls := "off"
	if about.ACLs {
		acls = "on"
	}
	taken.Facts = append([][2]string{{factVersion, about.Version}, {factDatacenter, about.Datacenter}, {factACLs, acls},
		{factIndex, strconv.FormatUint(m.Index, 10)}, {factBytes, strconv.FormatInt(size, 10)}}, between(before, after)...)
	return taken, nil
}

// plant writes a new random value over the one of the snapshot before.
func (s *Snapshot) plant(ctx context.Context, c *Client) (sum string, err error) {
	if s.Prefix == "" {
		return "", nil
	}
	random := make([]byte, 24)
	_, _ = rand.Read(random) // it never fails
	value := hex.EncodeToString(random)
	if err := c.Put(ctx, s.sentinelKey(), []byte(value)); err != nil {
		return "", err
	}
	return hashOf([]byte(value)), nil
}

func hashOf(value []byte) string {
	sum := sha256.Sum256(value)
	return hex.EncodeToString(sum[:])
}

// count is what there is now, by the names of facts.
func (s *Snapshot) count(ctx context.Context, c *Client) (list []countOf, err error) {
	for _, p := range s.prefixes() {
		n, err := c.keys(ctx, p)
		if err != nil {
			return nil, err
		}
		list = append(list, countOf{factKeys(p), n})
	}
	names, index, err := c.services(ctx)
	if err != nil {
		return nil, err
	}
	nodes, err := c.nodes(ctx)
	if err != nil {
		return nil, err
	}
	return append(list, countOf{factServices, counted{len(names), index}}, countOf{factNodes, nodes}), nil
}

type countOf struct {
	name string
	counted
}

// between is what the snapshot must hold, which was taken between two counts: exactly that
// much where nothing changed meanwhile, else a range, which is told and not compared.
func between(before, after []countOf) (facts [][2]string) {
	for i, b := range before {
		a := after[i]
		text := strconv.Itoa(b.n)
		if a.index != b.index {
			text = fmt.Sprintf("%d to %d", min(a.n, b.n), max(a.n, b.n))
		}
		facts = append(facts, [2]string{b.name, text})
	}
	return facts
}

// save writes a snapshot of the leader to w, and looks at it on the way.
func (c *Client) save(ctx context.Context, w io.Writer, progress func(int64)) (m Meta, size int64, err error) {
	// Without ?stale it comes from the leader, whoever is asked.
	answer, err := c.begin(ctx, call{method: http.MethodGet, path: "/v1/snapshot"})
	if err != nil {
		return Meta{}, 0, err
	}
	defer answer.Body.Close()
	if answer.Header.Get("X-Consul-KnownLeader") != "true" || answer.Header.Get("X-Consul-LastContact") != "0" {
		return Meta{}, 0, fault.New(fault.Unready, "The Consul %s answered with a snapshot that is not its leader's: it may be stale. Please try again.", c.cfg.Name)
	}
	body := &counting{r: answer.Body, tell: progress}
	copied, checked := io.Pipe()
	result := make(chan error, 1)
	go func() {
		var err error
		m, err = Check(copied)
		_ = copied.CloseWithError(err)
		result <- err
	}()
	_, err = io.Copy(io.MultiWriter(w, checked), body)
	_ = checked.CloseWithError(err) // nil is the end
	if found := <-result; err == nil {
		err = found
	}
	switch {
	case body.err != nil:
		return Meta{}, 0, c.unreached(ctx, body.err)
	case err != nil:
		return Meta{}, 0, err
	}
	return m, body.n, nil
}

// counting counts what is read, and remembers what went wrong.
type counting struct {
	r    io.Reader
	n    int64
	err  error
	tell func(int64)
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	if c.tell != nil {
		c.tell(c.n)
	}
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

// restore has a Consul take a snapshot over its own state.
func (c *Client) restore(ctx context.Context, snapshot io.Reader, size int64) error {
	answer, err := c.begin(ctx, call{method: http.MethodPut, path: "/v1/snapshot", body: snapshot, size: size})
	if err != nil {
		return err
	}
	return answer.Body.Close()
}
