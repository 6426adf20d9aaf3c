package web

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"batsignal/integrations/snapshot"
	"batsignal/integrations/vault"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
)

// apiSnapshot is a backup.
type apiSnapshot struct {
	ID         int64          `json:"id"`
	Job        string         `json:"job"`
	Run        int64          `json:"run,omitempty"`
	TakenAt    time.Time      `json:"taken_at"`
	State      string         `json:"state" enum:"taking,kept,broken,deleting,deleted"`
	Complete   bool           `json:"complete" doc:"All its parts are there."`
	Checked    string         `json:"checked,omitempty" enum:"validating,successful,failed,timed_out" doc:"What the last test found; missing: nobody tried."`
	Level      int            `json:"level,omitempty" doc:"How far the last test that succeeded proved it; at 4 the application answered."`
	VerifiedAt *time.Time     `json:"verified_at,omitempty" doc:"When a restore of it was proven."`
	Hold       string         `json:"hold,omitempty" doc:"Why it is not deleted."`
	HeldBy     string         `json:"held_by,omitempty"`
	Facts      []apiFact      `json:"facts"`
	Copies     []apiCopy      `json:"copies"`
	Tests      []apiBackupTry `json:"tests,omitempty" doc:"Of a single backup, the newest first."`
}

// apiCopy is one part of a backup in one place.
type apiCopy struct {
	Part       string     `json:"part"`
	Place      string     `json:"place"`
	OffSite    bool       `json:"off_site"`
	Key        string     `json:"key"`
	Size       int64      `json:"size" doc:"In bytes, as stored."`
	SHA256     string     `json:"sha256" doc:"Of what is stored."`
	Recipients []string   `json:"recipients" doc:"Whose keys open it, each alone."`
	StoredAt   time.Time  `json:"stored_at"`
	ReadAt     *time.Time `json:"read_at,omitempty" doc:"When it was read back whole last."`
	Bad        string     `json:"bad,omitempty" doc:"What is wrong with it."`
	GoneAt     *time.Time `json:"gone_at,omitempty"`
}

// apiBackupTry is a test of a backup.
type apiBackupTry struct {
	Outcome string     `json:"outcome" enum:"validating,successful,failed,timed_out"`
	Level   int        `json:"level"`
	Place   string     `json:"place"`
	BegunAt time.Time  `json:"begun_at"`
	EndedAt *time.Time `json:"ended_at,omitempty"`
	Detail  string     `json:"detail,omitempty"`
}

// apiBackups is whether the backups of a job are what they should be.
type apiBackups struct {
	Job        string     `json:"job"`
	Good       bool       `json:"good" doc:"Every word is true, and no clock was wrong."`
	Says       string     `json:"says" doc:"The same in a sentence."`
	Newest     int64      `json:"newest,omitempty" doc:"The newest complete backup."`
	TakenAt    *time.Time `json:"taken_at,omitempty"`
	Verified   int64      `json:"verified,omitempty" doc:"The newest one that was proven by a restore."`
	VerifiedAt *time.Time `json:"verified_at,omitempty"`
	Words      []apiWord  `json:"words"`
}

// apiWord is a word of praise, and whether it is earned.
type apiWord struct {
	Word string `json:"word"`
	True bool   `json:"true"`
	Why  string `json:"why,omitempty" doc:"Why it is not."`
}

// apiHold is why something is not deleted.
type apiHold struct {
	Why string `json:"why"`
}

// apiVault is how a Vault is.
type apiVault struct {
	Name   string         `json:"name"`
	Serves bool           `json:"serves"`
	Says   string         `json:"says" doc:"The same in a sentence, and for how long the rest can do without it."`
	Since  *time.Time     `json:"sealed_since,omitempty"`
	Nodes  []apiVaultNode `json:"nodes"`
}

// apiVaultNode is how a node was when it was asked last.
type apiVaultNode struct {
	Name    string    `json:"name"`
	State   string    `json:"state" enum:"open,sealed,empty,unreachable"`
	Since   time.Time `json:"since"`
	AskedAt time.Time `json:"asked_at"`
	Version string    `json:"version,omitempty"`
}

func (p *api) backupOperations() []operation {
	const group = "Backups"
	if p.Jobs == nil {
		return nil
	}
	return []operation{
		define(operation{Name: "listBackups", Method: http.MethodGet, Path: "/backups", Group: group, Scope: access.Read, Summary: "Tells of each job whether its backups are what they should be."}, p.listBackups),
		define(operation{
			Name: "listSnapshots", Method: http.MethodGet, Path: "/backups/snapshots", Group: group, Scope: access.Read, Summary: "Lists backups with their copies, the newest first.",
			Query: append([]param{{Name: "job", Kind: textParam, Help: "Only those of this job."}}, pageParams...),
		}, p.listSnapshots),
		define(operation{Name: "getSnapshot", Method: http.MethodGet, Path: "/backups/snapshots/{snapshot}", Group: group, Scope: access.Read, Summary: "Tells everything about a backup."}, p.getSnapshot),
		define(operation{
			Name: "holdSnapshot", Method: http.MethodPost, Path: "/backups/snapshots/{snapshot}/hold", Group: group, Scope: access.Command, LetIn: true,
			Summary: "Keeps a backup from being deleted.",
		}, p.holdSnapshot),
		define(operation{
			Name: "releaseSnapshot", Method: http.MethodPost, Path: "/backups/snapshots/{snapshot}/release", Group: group, Scope: access.Command, LetIn: true,
			Summary: "Lets a backup be deleted again.",
		}, p.releaseSnapshot),
		define(operation{Name: "listVaults", Method: http.MethodGet, Path: "/vaults", Group: "Jobs", Scope: access.Read, Summary: "Tells of each Vault whether it serves."}, p.listVaults),
	}
}

func (p *api) listBackups(a *asked, _ nothing) (apiList[apiBackups], error) {
	out := apiList[apiBackups]{Items: []apiBackups{}}
	for _, name := range slices.Sorted(maps.Keys(p.Backups)) {
		s, err := snapshot.StatusOf(a.ctx(), p.DB, a.now, name, p.Backups[name])
		if err != nil {
			return out, err
		}
		one := apiBackups{Job: name, Good: s.Good(), Says: s.Says(), Newest: s.Newest.ID, TakenAt: instantOf(s.Newest.TakenAt), Verified: s.Verifies, VerifiedAt: instantOf(s.VerifiedAt), Words: []apiWord{}}
		for _, w := range s.Words() {
			one.Words = append(one.Words, apiWord(w))
		}
		out.Items = append(out.Items, one)
	}
	return out, nil
}

func (p *api) listSnapshots(a *asked, _ nothing) (apiList[apiSnapshot], error) {
	var none apiList[apiSnapshot]
	most, err := a.limit()
	if err != nil {
		return none, err
	}
	q := snapshot.Query{Job: a.text("job"), Most: most + 1}
	if q.Before, err = a.after(); err != nil {
		return none, err
	}
	list, err := snapshot.List(a.ctx(), p.DB, q)
	if err != nil {
		return none, err
	}
	page := cut(list, most, func(s snapshot.Snapshot) string { return strconv.FormatInt(s.ID, 10) })
	out := apiList[apiSnapshot]{Items: []apiSnapshot{}, Next: page.Next}
	for _, s := range page.Items {
		out.Items = append(out.Items, snapshotFrom(s))
	}
	return out, nil
}

func (p *api) getSnapshot(a *asked, _ nothing) (apiSnapshot, error) {
	s, err := snapshot.Get(a.ctx(), p.DB, a.numbered("snapshot"))
	if err != nil {
		return apiSnapshot{}, err
	}
	out := snapshotFrom(s)
	checks, err := snapshot.Checks(a.ctx(), p.DB, checksOf, s.ID)
	for _, c := range checks {
		out.Tests = append(out.Tests, apiBackupTry{Outcome: string(c.Outcome), Level: c.Level, Place: c.Place, BegunAt: c.BegunAt.UTC(), EndedAt: instantOf(c.EndedAt), Detail: c.Detail})
	}
	return out, err
}

func (p *api) holdSnapshot(a *asked, in apiHold) (apiSnapshot, error) {
	if in.Why == "" {
		return apiSnapshot{}, fault.New(fault.Invalid, "Say why it must not be deleted.")
	}
	if err := snapshot.Hold(a.ctx(), p.DB, a.now, a.Actor(), a.numbered("snapshot"), in.Why); err != nil {
		return apiSnapshot{}, err
	}
	return p.getSnapshot(a, nothing{})
}

func (p *api) releaseSnapshot(a *asked, _ nothing) (apiSnapshot, error) {
	if err := snapshot.Release(a.ctx(), p.DB, a.now, a.Actor(), a.numbered("snapshot")); err != nil {
		return apiSnapshot{}, err
	}
	return p.getSnapshot(a, nothing{})
}

func (p *api) listVaults(a *asked, _ nothing) (apiList[apiVault], error) {
	out := apiList[apiVault]{Items: []apiVault{}}
	for _, v := range p.Vaults {
		down, err := vault.Measured(a.ctx(), p.DB, v.Name, a.now, a.now)
		if err != nil {
			return out, err
		}
		one := apiVault{Name: v.Name, Serves: down[0].Since == nil, Says: v.Serves(down[0].Since, a.now), Nodes: []apiVaultNode{}}
		if down[0].Since != nil {
			one.Since = instantOf(*down[0].Since)
		}
		nodes, err := vault.Nodes(a.ctx(), p.DB, v.Name)
		if err != nil {
			return out, err
		}
		for _, n := range nodes {
			one.Nodes = append(one.Nodes, apiVaultNode{Name: n.Node, State: string(n.State), Since: n.Since.UTC(), AskedAt: n.AskedAt.UTC(), Version: n.Version})
		}
		out.Items = append(out.Items, one)
	}
	return out, nil
}

func snapshotFrom(s snapshot.Snapshot) apiSnapshot {
	out := apiSnapshot{
		ID: s.ID, Job: s.Job, Run: s.RunID, TakenAt: s.TakenAt.UTC(), State: string(s.State), Complete: s.Complete(), Checked: string(s.Checked), Level: s.Level,
		VerifiedAt: instantOf(s.VerifiedAt), Hold: s.Hold, HeldBy: s.HoldBy, Facts: []apiFact{}, Copies: []apiCopy{},
	}
	for _, f := range s.Facts {
		out.Facts = append(out.Facts, apiFact{f[0], f[1]})
	}
	for _, c := range s.Copies {
		recipients := c.Recipients
		if recipients == nil {
			recipients = []string{}
		}
		out.Copies = append(out.Copies, apiCopy{
			Part: c.Member, Place: c.Place, OffSite: c.OffSite, Key: c.Key, Size: c.Size, SHA256: c.SHA256, Recipients: recipients,
			StoredAt: c.StoredAt.UTC(), ReadAt: instantOf(c.ReadAt), Bad: c.Bad, GoneAt: instantOf(c.GoneAt),
		})
	}
	return out
}
