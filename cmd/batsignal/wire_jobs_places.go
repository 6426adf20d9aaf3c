package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"batsignal/integrations/disk"
	storage "batsignal/integrations/place"
	"batsignal/integrations/restic"
	"batsignal/integrations/s3"
	"batsignal/integrations/seal"
	"batsignal/integrations/sftp"
	"batsignal/oncall/secret"
)

// backupPlaces are the places of the configuration, by name.
func backupPlaces(c Config) (map[string]storage.Named, error) {
	all := map[string]storage.Named{}
	for _, conf := range c.Jobs.Places {
		at, err := backupPlace(conf)
		if err != nil {
			return nil, fmt.Errorf("the place %s: %w", conf.Name, err)
		}
		all[conf.Name] = storage.Named{Name: conf.Name, OffSite: conf.OffSite, Place: at}
	}
	return all, nil
}

func backupPlace(c placeConfig) (storage.Place, error) {
	switch {
	case c.Disk != "":
		return disk.New(c.Disk)
	case c.S3.Endpoint != "":
		lock := s3.LockNone
		if c.S3.LockDays > 0 {
			lock = s3.LockGovernance
			if strings.EqualFold(c.S3.LockMode, "compliance") {
				lock = s3.LockCompliance
			}
		}
		return s3.NewStore(s3.StoreConfig{
			BucketConfig: s3.BucketConfig{
				Endpoint: c.S3.Endpoint, Bucket: c.S3.Bucket, Region: c.S3.Region, AccessKey: c.S3.AccessKey, SecretKey: c.S3.SecretKey, Insecure: c.S3.Insecure,
			},
			Prefix: c.S3.Prefix, Lock: lock, LockDays: c.S3.LockDays,
		})
	case c.SFTP.Address != "":
		return sftp.New(sftp.Config{Addr: c.SFTP.Address, User: c.SFTP.User, KeyFile: c.SFTP.KeyFile, KnownHosts: c.SFTP.KnownHosts, Dir: c.SFTP.Dir})
	}
	return restic.New(restic.Config{
		Repository: secret.New(c.Restic.Repository), Password: c.Restic.Password, AccessKey: c.Restic.AccessKey, SecretKey: c.Restic.SecretKey, Init: c.Restic.Init,
	})
}

// sealOf is how backups are sealed for a set of people, and the keys of them that are at hand
// to test restores. "" seals nothing: every place does that by itself.
func sealOf(ctx context.Context, c Config, name string) (seal.Sealer, []seal.Opener, error) {
	i := slices.IndexFunc(c.Jobs.Seals, func(s sealConfig) bool { return s.Name == name })
	if i < 0 {
		return nil, nil, nil
	}
	conf := c.Jobs.Seals[i]
	if len(conf.PGP) > 0 {
		return pgpOf(ctx, conf, scratchOf(c))
	}
	sealer, err := seal.NewAge(conf.Age)
	if err != nil {
		return nil, nil, err
	}
	var openers []seal.Opener
	for _, file := range conf.Identities {
		o, err := seal.NewAgeOpener(file)
		if err != nil {
			return nil, nil, err
		}
		openers = append(openers, o)
	}
	return sealer, openers, nil
}

func pgpOf(ctx context.Context, conf sealConfig, scratch string) (seal.Sealer, []seal.Opener, error) {
	sealer, err := seal.NewPGP(ctx, seal.PGPOptions{Keys: conf.PGP, Scratch: scratch})
	if err != nil || conf.GNUPGHome == "" {
		return sealer, nil, err
	}
	opener, err := seal.NewPGPOpener(ctx, conf.GNUPGHome, secret.Text{})
	if err != nil {
		return nil, nil, err
	}
	return sealer, []seal.Opener{opener}, nil
}
