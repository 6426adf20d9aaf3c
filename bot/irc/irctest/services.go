package irctest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	servicesName  = "services.test"
	servicesReady = "finished synching"
)

var servicesModules = []string{
	"protocol/inspircd", "backend/opensex", "nickserv/main", "nickserv/register", "nickserv/identify",
	"nickserv/logout", "nickserv/ghost", "nickserv/enforce", "nickserv/cert",
	"saslserv/main", "saslserv/plain", "saslserv/external",
}

// StopServices ends the services at once, as a crash does.
func (n *Network) StopServices() { n.services.Kill() }

// StartServices starts the services, linked to the first server. What was
// registered since the first start is kept only if they were not killed.
func (n *Network) StartServices() error {
	n.services.Kill()
	dir := filepath.Join(n.dir, "services")
	files := map[string]string{"atheme.conf": servicesConfig(n.servers[0])}
	if _, err := os.Stat(filepath.Join(dir, "services.db")); err != nil {
		files["services.db"] = servicesDatabase(n.opts)
	}
	if err := give(n.cred, dir, files); err != nil {
		return err
	}
	var err error
	n.services, err = run(n.cred, dir, "atheme-services", "-n",
		"-c", dir+"/atheme.conf", "-D", dir, "-l", dir+"/atheme.log", "-p", dir+"/atheme.pid")
	if err != nil {
		return err
	}
	return n.servicesAreReady(0)
}

// servicesAreReady waits until the services say so, after as much as they said before.
func (n *Network) servicesAreReady(before int) error {
	return eventually(servicesReady, func() (bool, error) {
		select {
		case <-n.services.Exited():
			return false, fmt.Errorf("atheme-services ended by itself: %s", n.services.Said())
		default:
		}
		return strings.Contains(n.services.Said()[before:], servicesReady), nil
	})
}

func servicesConfig(uplink *ircd) string {
	var b strings.Builder
	for _, m := range servicesModules {
		fmt.Fprintf(&b, "loadmodule \"modules/%s\";\n", m)
	}
	fmt.Fprintf(&b, `
serverinfo { name = "%[1]s"; desc = "services"; numeric = "00A"; recontime = 1; netname = "TestNet";
	hidehostsuffix = "users.test"; adminname = "test"; adminemail = "a@test"; registeremail = "a@test"; auth = none;
	loglevel = { admin; error; info; network; }; maxlogins = 50; maxusers = 0; emaillimit = 1000; emailtime = 1; casemapping = ascii; };
uplink "%[2]s" { host = "127.0.0.1"; send_password = "%[4]s"; receive_password = "%[4]s"; port = %[3]d; };
nickserv { nick = "NickServ"; user = "NickServ"; host = "%[1]s"; real = "Nickname Services"; enforce_prefix = "Guest"; enforce_delay = 30; };
saslserv { nick = "SaslServ"; user = "SaslServ"; host = "%[1]s"; real = "SASL"; };
general { commit_interval = 1; operstring = "is an oper"; servicestring = "is a service"; default_clone_allowed = 2000;
	uflags = { hidemail; }; cflags = { }; silent; };
`, servicesName, uplink.name, uplink.links, linkPassword)
	return b.String()
}

// servicesDatabase writes the accounts in Atheme's own format, so that nobody
// has to connect and register. Passwords are plain there when no hash module is
// loaded, which spares a test a second of hashing each login.
func servicesDatabase(o Options) string {
	var b strings.Builder
	fmt.Fprint(&b, "GRVER 1\nDBV 12\nLUID AAAAAAZZZ\nCF +AFHORVabefhioqrstv\n")
	names := slices.Collect(maps.Keys(o.Accounts))
	for name := range o.Fingerprints {
		if _, ok := o.Accounts[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for i, name := range names {
		password := o.Accounts[name]
		if password == "" {
			password = "*"
		}
		id := fmt.Sprintf("AAAAAAA%c%c", 'A'+i/26, 'A'+i%26)
		fmt.Fprintf(&b, "MU %s %s %s %s@test 1 1 +sb default\n", id, name, password, name)
		fmt.Fprintf(&b, "MN %s %s 1 1\n", name, name)
		if fp := o.Fingerprints[name]; fp != "" {
			fmt.Fprintf(&b, "MCFP %s %s\n", name, fp)
		}
	}
	fmt.Fprint(&b, "KID 0\nXID 0\nQID 0\n")
	return b.String()
}
