// Minivault serves Vault's own core over plain HTTP, for tests: it starts in a fifth of a
// second, and seals, unseals, rekeys and restarts like the real one, because it is.
//
//	minivault -listen 127.0.0.1:8200 [-data DIR | -raft DIR]
//
// Without a directory it forgets everything when it ends. With -raft it keeps its data as
// Vault's integrated storage does, in a cluster of one, and gives snapshots of it.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/physical/raft"
	"github.com/hashicorp/vault/sdk/physical"
	"github.com/hashicorp/vault/sdk/physical/file"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"

	vaulthttp "github.com/hashicorp/vault/http"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8200", "where to listen")
	data := flag.String("data", "", "the directory that it keeps everything in; none keeps it in memory")
	cluster := flag.String("raft", "", "the directory of a raft cluster of one, instead of -data")
	flag.Parse()
	if err := serve(*listen, *data, *cluster); err != nil {
		log.Fatal(err)
	}
}

func serve(listen, data, cluster string) error {
	quiet := hclog.NewNullLogger()
	network := "tcp"
	if path, is := strings.CutPrefix(listen, "unix:"); is {
		network, listen = "unix", path
	}
	l, err := net.Listen(network, listen)
	if err != nil {
		return err
	}
	config := &vault.CoreConfig{DisableMlock: true, Logger: quiet, RedirectAddr: "http://" + l.Addr().String()}
	var peers *net.TCPAddr
	switch {
	case cluster != "":
		config.Physical, err = raft.NewRaftBackend(map[string]string{"path": cluster, "node_id": "one", "performance_multiplier": "1"}, quiet)
		if err != nil {
			break
		}
		config.HAPhysical, config.StorageType = config.Physical.(physical.HABackend), "raft"
		if peers, err = freePort(); err == nil {
			config.ClusterAddr = "https://" + peers.String()
		}
	case data != "":
		config.Physical, err = file.NewFileBackend(map[string]string{"path": data}, quiet)
	default:
		config.Physical, err = inmem.NewInmem(nil, quiet)
	}
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	core, err := vault.NewCore(config)
	if err != nil {
		return fmt.Errorf("start the core: %w", err)
	}
	handler := vaulthttp.Handler.Handler(&vault.HandlerProperties{
		Core:           core,
		ListenerConfig: &configutil.Listener{Address: l.Addr().String()},
	})
	if peers != nil {
		core.SetClusterListenerAddrs([]*net.TCPAddr{peers})
		core.SetClusterHandler(handler)
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: handler}
	return server.Serve(l)
}

// freePort is where the other members of the cluster would speak, if there were any.
func freePort() (*net.TCPAddr, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return l.Addr().(*net.TCPAddr), l.Close()
}
