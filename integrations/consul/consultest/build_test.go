package consultest_test

import (
	"testing"

	"batsignal/integrations/consul/consultest"
	"batsignal/migrations/childtest"
)

// TestTheServerIsBuilt is what make servers runs.
func TestTheServerIsBuilt(t *testing.T) {
	program, err := consultest.Build()
	if err != nil {
		childtest.Lacks(t, err)
	}
	t.Log(program)
}
