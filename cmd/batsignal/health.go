package main

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"batsignal/oncall/fault"
)

// healthPatience is shorter than any container engine waits for its check.
const healthPatience = 3 * time.Second

// newHealthCommand is the health check of container images that have no shell
// and no HTTP client of their own.
func newHealthCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "health",
		Short:   "Ask the batsignal that runs on this machine whether it is well",
		GroupID: groupCare,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load(cmd)
			if err != nil {
				return err
			}
			address := "http://" + reachable(c.Web.Listen) + "/healthz"
			request, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, address, nil)
			if err != nil {
				return err
			}
			client := http.Client{Timeout: healthPatience}
			answer, err := client.Do(request)
			if err != nil {
				return fault.Wrap(fault.Unready, err, "Nothing answers at %s. Is batsignal running with the same configuration?", address)
			}
			defer answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				return fault.New(fault.Unready, "%s answers %s. Its log says why.", address, answer.Status)
			}
			_, err = fmt.Fprintln(a.stdout, "batsignal is well.")
			return err
		},
	}
	return cmd
}

// reachable is an address to listen on as one to connect to: "every address" is
// not somewhere one can go.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	address, err := netip.ParseAddr(host)
	switch {
	case host == "", err == nil && address == netip.IPv4Unspecified():
		host = "127.0.0.1"
	case err == nil && address.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}
