package main

import (
	"time"

	"batsignal/incidents/alert"
)

// alertsConfig is how much monitoring tools may send, and how that is told to people.
type alertsConfig struct {
	Rate     int           `mapstructure:"rate" doc:"How many alerts a second one key may send over a longer time, to each process of the bot. What is more is refused, and whoever sent it is told to come back."`
	Burst    int           `mapstructure:"burst" doc:"How many it may send at once."`
	Fold     time.Duration `mapstructure:"fold" doc:"How far apart the messages about one page are at least: what comes meanwhile is folded into the next one, which names all of it."`
	Patience time.Duration `mapstructure:"patience" doc:"How long one person is waited for, where the policy of the key does not say."`
}

func defaultAlerts() alertsConfig {
	return alertsConfig{Rate: alert.DefaultRate, Burst: alert.DefaultBurst, Fold: alert.DefaultFold, Patience: alert.DefaultPatience}
}

// check refuses 0 too: to a service it means its default, which nobody would guess.
func (a alertsConfig) check(found *problems) {
	if a.Rate < 1 || a.Rate > 1_000_000 {
		found.add("alerts.rate", "must be between 1 and 1000000")
	}
	if a.Burst < alert.MostEvents || a.Burst > 10_000_000 {
		found.add("alerts.burst", "must be between %d, which one request may hold, and 10000000", alert.MostEvents)
	}
	between(found, "alerts.fold", a.Fold, time.Second, time.Hour)
	between(found, "alerts.patience", a.Patience, 10*time.Second, time.Hour)
}
