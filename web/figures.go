package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// figures are what Prometheus is told. Labels name routes, states and outcomes,
// never people, rooms or texts: their number is bounded, and they are nobody's.
type figures struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
}

func newFigures(s *site) (*figures, error) {
	f := &figures{
		registry: s.Registry,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "batsignal_http_requests_total", Help: "Requests answered, by route, method and status.",
		}, []string{"route", "method", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "batsignal_http_request_seconds", Help: "Time from request to answer, by route; event streams count when they end.",
			Buckets: []float64{.002, .01, .05, .2, 1, 5},
		}, []string{"route"}),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "batsignal_build_info", Help: "1, with the version that runs.",
	}, []string{"version"})
	build.WithLabelValues(s.Version).Set(1)
	streams := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "batsignal_http_streams", Help: "Browsers that follow along now.",
	}, func() float64 { return float64(len(s.streams)) })

	leads := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "batsignal_leader", Help: "1 if this process is on the networks and rings people, 0 if it waits to take over.",
	}, func() float64 {
		if s.Leads != nil && s.Leads() {
			return 1
		}
		return 0
	})

	all := []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		f.requests, f.took, build, streams, leads, newStock(s),
	}
	if s.Switchboard != nil {
		all = append(all, newSealedStock(s))
	}
	if s.Jobs != nil {
		all = append(all, newJobStock(s))
	}
	for _, c := range all {
		if err := f.registry.Register(c); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *figures) request(method, route string, status int, took time.Duration) {
	f.requests.WithLabelValues(route, knownMethod(method), strconv.Itoa(status)).Inc()
	f.took.WithLabelValues(route).Observe(took.Seconds())
}

// handler answers one scrape at a time, since each asks the database.
func (f *figures) handler() http.Handler {
	return promhttp.HandlerFor(f.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 1})
}
