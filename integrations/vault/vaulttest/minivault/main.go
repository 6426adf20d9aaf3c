// Minivault serves Vault's own core over plain HTTP, for tests: it starts in a fifth of a
// second, and seals, unseals, rekeys and restarts like the real one, because it is.
//
//	minivault -listen 127.0.0.1:8200 [-data DIR]
//
// Without -data it forgets everything when it ends.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/physical"
	"github.com/hashicorp/vault/sdk/physical/file"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"

	vaulthttp "github.com/hashicorp/vault/http"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8200", "where to listen")
	data := flag.String("data", "", "the directory that it keeps everything in; none keeps it in memory")
	flag.Parse()
	if err := serve(*listen, *data); err != nil {
		log.Fatal(err)
	}
}

func serve(listen, data string) error {
	quiet := hclog.NewNullLogger()
	var store physical.Backend
	var err error
	if data == "" {
		store, err = inmem.NewInmem(nil, quiet)
	} else {
		store, err = file.NewFileBackend(map[string]string{"path": data}, quiet)
	}
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical: store, DisableMlock: true, Logger: quiet, RedirectAddr: "http://" + l.Addr().String(),
	})
	if err != nil {
		return fmt.Errorf("start the core: %w", err)
	}
	server := &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		Handler: vaulthttp.Handler.Handler(&vault.HandlerProperties{
			Core:           core,
			ListenerConfig: &configutil.Listener{Address: l.Addr().String()},
		}),
	}
	return server.Serve(l)
}
