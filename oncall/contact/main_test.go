package contact_test

import (
	"testing"

	"batsignal/migrations/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
