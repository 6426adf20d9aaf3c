package vaulttest_test

import (
	"net/http"
	"testing"

	"batsignal/integrations/vault/vaulttest"
)

// The server is Vault, in what matters to us: this is what the rest relies on.
func TestTheServerIsVault(t *testing.T) {
	for name, o := range map[string]vaulttest.Options{"files": {}, "raft": {Raft: true}} {
		t.Run(name, func(t *testing.T) {
			s := vaulttest.Start(t, o)
			if st := s.Status(); !st.Sealed || st.T != 3 || st.N != 5 || len(s.Shares) != 5 {
				t.Fatalf("%+v", st)
			}
			s.Submit(s.Shares[0], s.Shares[0], vaulttest.Wrong(t, s.Shares[1]))
			if st := s.Status(); st.Progress != 2 {
				t.Errorf("a repeated share counts, or a wrong one does not: %+v", st)
			}
			if status := s.Submit(s.Shares[2]); status != http.StatusBadRequest {
				t.Errorf("%d", status)
			}
			if st := s.Status(); st.Progress != 0 || !st.Sealed {
				t.Errorf("%+v", st)
			}
			s.Unseal()
			s.Write("canary", map[string]any{"value": "here"})
			s.Kill()
			s.Restart()
			if st := s.Status(); !st.Sealed {
				t.Errorf("%+v", st)
			}
			s.Submit(s.Shares[4], s.Shares[2], s.Shares[1])
			s.Active()
			if got := s.Call(http.MethodGet, "cubbyhole/canary", s.Root, nil)["data"]; got == nil || got.(map[string]any)["value"] != "here" {
				t.Errorf("%v", got)
			}
			s.Seal()
			if st := s.Status(); !st.Sealed {
				t.Errorf("%+v", st)
			}
		})
	}
}
