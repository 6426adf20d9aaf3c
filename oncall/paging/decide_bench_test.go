package paging

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkNext decides whom to ring among a thousand candidates of one role.
func BenchmarkNext(b *testing.B) {
	crowd := make([]Candidate, 1000)
	for i := range crowd {
		crowd[i] = Candidate{
			PersonID: int64(i + 1), Handle: fmt.Sprintf("p%d", i), Place: (i * 7919) % len(crowd),
			Asleep: i%3 == 0, Busy: i%10 == 0,
		}
		if i%2 == 0 {
			crowd[i].Round, crowd[i].State = 1, PageOpen
		}
	}
	for _, everyone := range []bool{false, true} {
		b.Run(fmt.Sprintf("everyone=%v", everyone), func(b *testing.B) {
			e := Escalation{Slot: RoleSlot("coordination"), Severity: 1, Everyone: everyone, Patience: 90 * time.Second, Round: 1}
			b.ReportAllocs()
			for b.Loop() {
				if s := Next(e, crowd); len(s.Ring) == 0 {
					b.Fatal("nobody is rung")
				}
			}
		})
	}
}
