package switchboard

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"batsignal/oncall/fault"
)

// How often one client may ask within a minute; as many may come at once. Codes and tokens
// have their own limits where they are checked: these keep one client from the place of all.
const (
	readsPerMinute  = 120
	writesPerMinute = 20
	mostClients     = 10_000
)

var errTooOften = fault.New(fault.Limited, "You ask too often. Wait a minute, then try again.")

// limit counts what comes from one client: looking, and for each page by itself what is
// sent, so that nobody who seals keeps anybody from confirming.
func (s *site) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		group, most := "read", readsPerMinute
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
			group, most = "write", writesPerMinute
			switch first {
			case "seal", "sealed", "mine", "confirm", "reveal", "confirmer", "ledger":
				group = first
			}
		}
		if !s.meter.take(group+" "+s.client(r), most, s.Now()) {
			w.Header().Set("Retry-After", "60")
			s.failed(w, r, errTooOften)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// client is who asks: an address, or the network of one household where there are many.
func (s *site) client(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if s.overTLS() { // by a proxy of ours
		if list := r.Header.Values("X-Forwarded-For"); len(list) > 0 {
			last := list[len(list)-1]
			host = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
		}
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return "?"
	}
	if ip = ip.Unmap().WithZone(""); ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}

// meter is kept in memory: it is a limit of this process.
type meter struct {
	mu   sync.Mutex
	have map[string]allowance
}

// allowance is what somebody may do before they must wait.
type allowance struct {
	left float64
	at   time.Time
}

func (m *meter) take(key string, most int, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.have == nil {
		m.have = map[string]allowance{}
	}
	a, known := m.have[key]
	if !known {
		m.makeRoom(now)
		a = allowance{float64(most), now}
	}
	a.left = min(float64(most), a.left+max(0, now.Sub(a.at).Minutes())*float64(most))
	a.at = now
	ok := a.left >= 1
	if ok {
		a.left--
	}
	m.have[key] = a
	return ok
}

// makeRoom forgets who may do everything again; and everybody where so many come that it
// must be an attack, which no limit of one client stops.
func (m *meter) makeRoom(now time.Time) {
	if len(m.have) < mostClients {
		return
	}
	for key, a := range m.have {
		if now.Sub(a.at) >= time.Minute {
			delete(m.have, key)
		}
	}
	if len(m.have) >= mostClients {
		clear(m.have)
	}
}
