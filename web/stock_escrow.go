package web

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
)

const sqlStockSealed = `select count(*) from sealed_contact`

// sealedStock counts what was sealed and opened, at the moment that somebody asks.
type sealedStock struct {
	*site
	openings, unanchored, sealed, live, needed *prometheus.Desc
}

func newSealedStock(s *site) *sealedStock {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("batsignal_"+name, help, labels, nil)
	}
	return &sealedStock{
		site:       s,
		openings:   desc("sealed_openings_total", "Openings of sealed addresses, by lane: B dialled, D shown, F for their owners.", "lane"),
		unanchored: desc("ledger_unanchored", "Entries at the end of the ledger that no room has seen a head of."),
		sealed:     desc("sealed_contacts", "Sealed addresses."),
		live:       desc("custodians_live", "Custodians whose share counts as being there."),
		needed:     desc("custodians_needed", "How many custodians open together."),
	}
}

// Describe implements prometheus.Collector.
func (c *sealedStock) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.openings, c.unanchored, c.sealed, c.live, c.needed} {
		out <- d
	}
}

// Collect implements prometheus.Collector. What cannot be read is left out.
func (c *sealedStock) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), stockBudget)
	defer cancel()
	found, err := c.count(ctx)
	if err != nil {
		c.Log.Warn("the figures of sealed addresses could not be read", "error", err)
	}
	for _, m := range found {
		out <- m
	}
}

func (c *sealedStock) count(ctx context.Context) (found []prometheus.Metric, err error) {
	f, err := ledger.Count(ctx, c.DB)
	if err != nil {
		return nil, err
	}
	for lane, n := range f.Lanes {
		found = append(found, prometheus.MustNewConstMetric(c.openings, prometheus.CounterValue, float64(n), string(lane)))
	}
	var sealed int64
	if err := c.DB.QueryRow(ctx, sqlStockSealed).Scan(&sealed); err != nil {
		return nil, err
	}
	found = append(found, gauge(c.unanchored, float64(f.Unanchored)), gauge(c.sealed, float64(sealed)))
	h, err := custody.Stand(ctx, c.DB, c.Now())
	if fault.KindOf(err) == fault.NotFound {
		return append(found, gauge(c.live, 0), gauge(c.needed, 0)), nil
	}
	if err != nil {
		return found, err
	}
	return append(found, gauge(c.live, float64(h.Live)), gauge(c.needed, float64(h.Keyring.K))), nil
}
