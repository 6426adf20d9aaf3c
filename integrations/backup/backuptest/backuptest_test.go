package backuptest_test

import (
	"testing"

	"batsignal/integrations/backup/backuptest"
)

func TestTheFakeIsASource(t *testing.T) {
	backuptest.Source(t, &backuptest.Fake{Lines: []string{"one", "two", "three"}, Bulk: 1 << 20, Plants: true})
	backuptest.Source(t, &backuptest.Fake{Lines: []string{"one"}, Bulk: 100})
}
