package vaulttest_test

import (
	"testing"

	"batsignal/integrations/vault/vaulttest"
	"batsignal/migrations/childtest"
)

// TestTheServerIsBuilt is what make servers runs.
func TestTheServerIsBuilt(t *testing.T) {
	program, err := vaulttest.Build()
	if err != nil {
		childtest.Lacks(t, err)
	}
	t.Log(program)
}
