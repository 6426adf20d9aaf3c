package incidents

import (
	"context"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// Noise tells how often people were rung, by month, in the pages that began from one
// instant until before another; person 0 is everybody. Prices are those of the routes
// that are configured now.
func (s *Service) Noise(ctx context.Context, from, until time.Time, person int64) ([]paging.Noise, error) {
	return paging.NoiseOf(ctx, s.DB, paging.NoiseQuery{
		From: from, Until: until, Person: person, Prices: s.Routes,
		Awake: func(zone string, wakes, sleeps int, at time.Time) bool {
			return oncall.Person{Zone: zone, Wakes: wakes, Sleeps: sleeps}.Awake(at)
		},
	})
}
