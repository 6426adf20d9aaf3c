package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"batsignal/integrations/backup"
	"batsignal/integrations/files"
	"batsignal/integrations/job"
	storage "batsignal/integrations/place"
	"batsignal/integrations/seal"
	"batsignal/integrations/snapshot"
	"batsignal/integrations/snapshot/retention"
	"batsignal/oncall"
)

// backupJobs are four jobs for each backup of the configuration: one takes it, one proves
// that it can be restored, one deletes old ones. One more looks after the places.
func (p *parts) backupJobs(ctx context.Context, c Config, db *database, now func() time.Time) ([]job.Definition, error) {
	if len(c.Jobs.Backups) == 0 {
		return nil, nil
	}
	zone := oncall.Location(cmp.Or(c.Jobs.Zone, "UTC"))
	places, err := backupPlaces(c)
	if err != nil {
		return nil, err
	}
	p.expects = map[string]snapshot.Expect{}
	var all []job.Definition
	var everywhere []storage.Named
	for _, conf := range c.Jobs.Places {
		everywhere = append(everywhere, places[conf.Name])
	}
	var taken []string
	for _, b := range c.Jobs.Backups {
		source, err := p.sourceOf(c, b, db, now)
		if err != nil {
			return nil, fmt.Errorf("the backup %s: %w", b.Name, err)
		}
		sealer, openers, err := sealOf(ctx, c, b.Seal)
		if err != nil {
			return nil, fmt.Errorf("the backup %s: %w", b.Name, err)
		}
		if changing, ok := source.(*files.Source); ok && b.Files.OnChange {
			p.watched = append(p.watched, files.Watched{Job: "backup-" + b.Name, Source: changing, Settle: b.Files.Settle})
		}
		var mine []storage.Named
		for _, name := range b.Places {
			mine = append(mine, places[name])
		}
		all = append(all, p.backupJob(b, db, now, zone, source, sealer, openers, mine, everywhere)...)
		p.expects["backup-"+b.Name] = snapshot.Expect{Age: b.Expect, Verified: b.ExpectVerified, Places: placeNames(c)}
		taken = append(taken, "backup-"+b.Name)
	}
	return append(all, job.Definition{
		Name: "sweep-places", Type: "sweep", Summary: "Removes what uploads that were cut off left behind, and finds backups that are not known here.",
		Kind: &backup.Sweep{DB: db.Pool, Now: now, Places: everywhere, Jobs: taken}, Policy: job.Policy{Quiet: true},
		Schedule: &job.Schedule{Rule: "@weekly", Zone: zone.String(), Missed: job.MissedSkip},
	}), nil
}

// backupJob are the jobs of one backup. Taking and deleting never meet; a test of a restore may take as long
// as people need, and holds neither up.
func (p *parts) backupJob(b backupConfig, db *database, now func() time.Time, zone *time.Location,
	source backup.Source, sealer seal.Sealer, openers []seal.Opener, places, everywhere []storage.Named) []job.Definition {
	taken := "backup-" + b.Name
	at := func(rule string) *job.Schedule {
		if rule == "" {
			return nil
		}
		return &job.Schedule{Rule: rule, Zone: zone.String(), Missed: job.MissedOnce}
	}
	policy := func(expect time.Duration) job.Policy {
		return job.Policy{Timeout: b.Timeout, Tries: 3, Rest: 5 * time.Minute, Exclusive: taken, Expect: expect, Quiet: true}
	}
	verify := &backup.Verify{DB: db.Pool, Now: now, Of: taken, Source: source, Openers: openers, Places: everywhere}
	keep := retention.Policy{Daily: b.Daily, Weekly: b.Weekly, Monthly: b.Monthly}
	if keep == (retention.Policy{}) {
		keep = retention.Policy{Daily: 7, Weekly: 3, Monthly: 2}
	}
	retire := &backup.Retire{
		DB: db.Pool, Now: now, Of: taken, Policy: keep, Zone: zone, Places: everywhere,
		Approved: func(ctx context.Context, run int64) (int, error) {
			r, err := p.jobs.Get(ctx, run)
			return r.Agreed, err
		},
	}
	// Whoever asks for the one that two people agree to means just that.
	purging, approved := policy(0), retire.Params()
	purging.Approvals, approved[0].Default = 2, "yes"
	verifying := policy(b.ExpectVerified)
	verifying.Exclusive = "verify-" + b.Name
	if b.Raft.Drill { // people have to come with their shares, once
		verifying.Timeout, verifying.Tries = 24*time.Hour, 1
	}
	return []job.Definition{
		{
			Name: taken, Type: "backup", Summary: fmt.Sprintf("Backs up %s, sealed, to %s.", b.Name, oncall.JoinNames(b.Places)),
			Kind: &backup.Take{DB: db.Pool, Now: now, Source: source, Sealer: sealer, Places: places}, Policy: policy(b.Expect), Schedule: at(b.At),
		},
		{
			Name: "verify-" + b.Name, Type: "verify", Summary: fmt.Sprintf("Restores the newest backup of %s where it does no harm, and asks it questions.", b.Name),
			Params: verify.Params(), Kind: verify, Policy: verifying, Schedule: at(b.VerifyAt),
		},
		{
			Name: "retire-" + b.Name, Type: "retire", Summary: fmt.Sprintf("Deletes backups of %s beyond %d days, %d weeks and %d months; only tested ones count.", b.Name, keep.Daily, keep.Weekly, keep.Monthly),
			Kind: retire, Policy: policy(0), Schedule: at(b.RetireAt),
		},
		{
			Name: "purge-" + b.Name, Type: "retire", Summary: fmt.Sprintf("Deletes also what retire-%s refused to delete without two people.", b.Name),
			Params: approved, Kind: retire, Policy: purging,
		},
	}
}
