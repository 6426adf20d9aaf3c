package consul_test

import (
	"testing"
	"time"

	"batsignal/integrations/backup/backuptest"
	"batsignal/integrations/consul"
	"batsignal/integrations/consul/consultest"
)

func TestItIsASourceLikeOthers(t *testing.T) {
	t.Parallel()
	server := consultest.Start(t)
	server.Put(t, "app/x", "1")
	server.Register(t, "web-1", "shop")
	backuptest.Source(t, &consul.Snapshot{From: consul.Config{Name: "prod", Address: server.Address}, Prefix: "batsignal", Binary: server.Binary, Now: time.Now})
}
