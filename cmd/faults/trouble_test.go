package faults

import (
	"fmt"
	"strings"
	"time"
)

// happen has the faults of a step begin.
func (r *run) happen(faults []string) {
	for _, what := range faults {
		living := r.living()
		var n int
		if name, number, ok := strings.Cut(what, " "); ok {
			what = name
			_, _ = fmt.Sscan(number, &n)
		}
		var p *process
		if len(living) > 0 {
			p = living[r.now()%len(living)]
		}
		switch what {
		case "second":
			if len(living) < 2 {
				r.spawn()
			}
		case "+1h", "-1h", "+40s":
			d, _ := time.ParseDuration(strings.TrimPrefix(what, "+"))
			// For a moment some know the old time and others the new.
			r.later(300*time.Millisecond, r.log.begins("clock steps", "the clock is set by %s", what))
			r.must(r.clock.set(r.clock.Now().Add(d)))
			r.nudge()
		case "freeze":
			if p != nil {
				r.freeze(p, r.now()+1+n/30)
			}
		case "kill":
			if p != nil {
				r.later(time.Duration(n)*time.Millisecond, func() {
					if !r.isHealed() { // the faults may be over before its time has come
						r.kill(p, fmt.Sprintf("%d ms into step %d", n, r.now()))
					}
				})
			}
		case "hold", "release", "backwards", "twice", "again", "never":
			r.log.counted("callback faults")
			r.log.say("callbacks: %s", what)
			r.callbacks(what)
		case "cut", "hole", "slow", "refuse":
			if p != nil {
				r.database(p, what)
			}
		}
	}
}

// database makes trouble between a process and Postgres.
func (r *run) database(p *process, what string) {
	switch what {
	case "cut":
		r.log.fault("cuts", "all connections of %s to Postgres are cut", p.name)
		p.proxy.cutAll()
	case "hole":
		over := r.log.begins("blackholes", "what %s and Postgres say to each other vanishes", p.name)
		p.proxy.holed.Store(true)
		r.later(150*time.Millisecond, func() {
			p.proxy.cutAll()
			p.proxy.holed.Store(false)
			over()
		})
	case "slow":
		over := r.log.begins("slow", "Postgres is slow for %s", p.name)
		p.proxy.slow.Store(int64(10 * time.Millisecond))
		r.later(300*time.Millisecond, func() {
			p.proxy.slow.Store(0)
			over()
		})
	case "refuse":
		over := r.log.begins("cuts", "Postgres is away for %s", p.name)
		p.proxy.refuse.Store(true)
		p.proxy.cutAll()
		r.later(200*time.Millisecond, func() {
			p.proxy.refuse.Store(false)
			over()
		})
	}
}
