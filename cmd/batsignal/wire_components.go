package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"batsignal/integrations/fetch"
	"batsignal/oncall/component"
	"batsignal/oncall/fault"
	"batsignal/oncall/skill"
)

// joinComponents makes what knows who is good at what and who looks after what. The
// queue is made later, since it has to know its workers.
func (p *parts) joinComponents(ctx context.Context, c Config, db *database, places []place, now func() time.Time, log *slog.Logger) error {
	web := fetch.New(fetch.Config{AllowNetworks: c.Components.AllowNetworks})
	p.closers = append(p.closers, web.Close)
	p.skills = &skill.Service{DB: db.Pool, Now: now}
	p.components = &component.Service{DB: db.Pool, Now: now, Log: log, Rooms: askingRooms(c, places), Fetcher: lists{web}}
	if err := p.components.SyncSources(ctx, sourcesOf(c)); err != nil {
		return fmt.Errorf("store the lists of components: %w", err)
	}
	p.chores = append(p.chores, chore{"lists of components", time.Minute, p.components.RefreshDue})
	return nil
}

// lists reads lists of components, from files and from addresses.
type lists struct{ web *fetch.Client }

// longestFile is in bytes: 200,000 components, with room to spare.
const longestFile = 32 << 20

func (l lists) Fetch(ctx context.Context, place string) ([]byte, error) {
	if isAddress(place) {
		return l.web.Fetch(ctx, place)
	}
	about, err := os.Stat(place)
	if err == nil && about.Size() > longestFile {
		return nil, fault.New(fault.Limited, "The file %s is larger than %d MiB, which I do not read.", place, longestFile>>20)
	}
	text, err := os.ReadFile(place) // #nosec G304 -- the operator names it, in the configuration
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The file %s cannot be read: %v.", place, err)
	}
	return text, nil
}

func isAddress(place string) bool {
	return strings.HasPrefix(place, "http://") || strings.HasPrefix(place, "https://")
}
