package irctest

import (
	"bufio"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"batsignal/migrations/childtest"
)

// ircd is one InspIRCd.
type ircd struct {
	name   string // unique, so that nobody else's server on our port is taken for it
	id     string
	dir    string
	plain  int
	secure int
	links  int
	proc   *childtest.Child
}

const linkPassword = "link"

// modules are what a public network of today has loaded.
var modules = []string{
	"ssl_gnutls", "sslinfo", "cap", "sasl", "services_account", "ircv3", "ircv3_accounttag", "ircv3_batch",
	"ircv3_capnotify", "ircv3_chghost", "ircv3_ctctags", "ircv3_echomessage", "ircv3_invitenotify",
	"ircv3_labeledresponse", "ircv3_msgid", "ircv3_servertime", "botmode", "chanhistory", "deaf", "svshold",
	"hidechans", "servprotect", "chghost", "globops", "cban", "spanningtree", "namesx", "uhnames", "sajoin", "samode",
}

func newIRCd(n *Network, i int) (*ircd, error) {
	s := &ircd{
		name: fmt.Sprintf("%s.%c.test", strings.ToLower(rand.Text()[:8]), 'a'+i),
		id:   fmt.Sprintf("%dAA", i+1),
		dir:  filepath.Join(n.dir, fmt.Sprintf("server%d", i)),
	}
	var err error
	for _, port := range []*int{&s.plain, &s.secure, &s.links} {
		if *port, err = n.ports.take(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *ircd) plainAddr() string { return fmt.Sprintf("127.0.0.1:%d", s.plain) }
func (s *ircd) tlsAddr() string   { return fmt.Sprintf("127.0.0.1:%d", s.secure) }

func (s *ircd) start(n *Network) error {
	cert, key, err := n.ca.issue(s.name)
	if err != nil {
		return err
	}
	files := map[string]string{
		"inspircd.conf": s.config(n), "cert.pem": cert, "key.pem": key, "ca.pem": n.ca.pem(),
	}
	if err := give(n.cred, s.dir, files); err != nil {
		return err
	}
	s.proc, err = run(n.cred, s.dir, "inspircd", "--config="+s.dir+"/inspircd.conf", "--nofork", "--nopid")
	if err != nil {
		return err
	}
	return eventually(s.name+" to answer", func() (bool, error) {
		select {
		case <-s.proc.Exited():
			return false, fmt.Errorf("inspircd ended by itself: %s", s.proc.Said())
		default:
		}
		return s.answers(n.RootCAs()), nil
	})
}

// answers tells whether this server, and not another, listens on both its ports.
func (s *ircd) answers(trust *x509.CertPool) bool {
	patient := &net.Dialer{Timeout: 2 * time.Second}
	secure, err := tls.DialWithDialer(patient, "tcp", s.tlsAddr(), &tls.Config{RootCAs: trust, ServerName: s.name})
	if err != nil {
		return false
	}
	defer func() { _ = secure.Close() }()
	c, err := patient.Dial("tcp", s.plainAddr())
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Second))
	fmt.Fprint(c, "CAP LS 302\r\n")
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), ":"+s.name+" CAP ") {
			return true
		}
	}
	return false
}

func (s *ircd) config(n *Network) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p(`<server name="%s" description="test" id="%s" network="TestNet">`, s.name, s.id)
	p(`<admin name="test" nick="test" email="test@test">`)
	p(`<path configdir="%[1]s" datadir="%[1]s" logdir="%[1]s" runtimedir="%[1]s" moduledir="/usr/lib/inspircd/modules">`, s.dir)
	p(`<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="ircd.log">`)
	p(`<sslprofile name="tls" provider="gnutls" certfile="%[1]s/cert.pem" keyfile="%[1]s/key.pem" cafile="" hash="sha256" requestclientcert="yes">`, s.dir)
	p(`<bind address="127.0.0.1" port="%d" type="clients">`, s.plain)
	p(`<bind address="127.0.0.1" port="%d" type="clients" sslprofile="tls">`, s.secure)
	p(`<bind address="127.0.0.1" port="%d" type="servers">`, s.links)
	limits := `fakelag="no" threshold="1000000" commandrate="1000000"`
	if n.opts.FakeLag {
		limits = `fakelag="yes" threshold="10" commandrate="1000"`
	}
	p(`<connect allow="*" timeout="60" pingfreq="120" resolvehostnames="no" useident="no" %s recvq="1048576" softsendq="1048576" hardsendq="16777216" localmax="2000" globalmax="2000" maxchans="500" maxconnwarn="no">`, limits)
	p(`<class name="all" commands="*" privs="*" usermodes="*" chanmodes="*" snomasks="*">`)
	p(`<type name="oper" classes="all"> <oper name="oper" password="oper" host="*@*" type="oper">`)
	p(`<options defaultmodes="not" splitwhois="no"> <security hidesplits="no" hidebans="no"> <dns server="127.0.0.1" timeout="1">`)
	p(`<performance netbuffersize="65534" softlimit="12800">`)
	for _, peer := range n.servers {
		if peer != s {
			p(`<link name="%s" ipaddr="127.0.0.1" port="%d" allowmask="127.0.0.0/8" sendpass="%[3]s" recvpass="%[3]s">`, peer.name, peer.links, linkPassword)
		}
	}
	if n.opts.Services {
		p(`<link name="%s" ipaddr="127.0.0.1" port="1" allowmask="127.0.0.0/8" sendpass="%[2]s" recvpass="%[2]s">`, servicesName, linkPassword)
		p(`<uline server="%s" silent="yes">`, servicesName)
	}
	p(`<sasl target="%s">`, servicesName)
	for _, m := range modules {
		if !slices.Contains(n.opts.Without, m) {
			p(`<module name="%s">`, m)
		}
	}
	if n.opts.History > 0 {
		p(`<chanhistory bots="yes" maxlines="%d" prefixmsg="no">`, n.opts.History)
	}
	return b.String()
}
