package switchboard

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// served is a handler that is served to whoever has the pin.
type served struct {
	address string // "https://127.0.0.1:…"
	log     *guarded
}

func serve(t *testing.T, h http.Handler, ours Identity, peer Pin) served {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := served{address: "https://" + l.Addr().String(), log: &guarded{}}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		if err := Serve(ctx, l, h, s.log.logger(), ours, peer); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	return s
}

// guarded is a log that is read while it is written.
type guarded struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (g *guarded) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.Write(b)
}

func (g *guarded) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.String()
}

func (g *guarded) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(g, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func client(t *testing.T, address string, ours Identity, peer Pin) *Client {
	t.Helper()
	c, err := NewClient(address, ours, peer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// nobody is a switchboard that must not be reached.
type nobody struct{ t *testing.T }

func (n nobody) Challenge(context.Context, unseal.Ask) (unseal.Challenge, error) {
	n.t.Error("somebody was heard")
	return unseal.Challenge{}, nil
}
func (n nobody) Dial(context.Context, string, paging.Message, bool) (unseal.Dialled, error) {
	n.t.Error("somebody was heard")
	return unseal.Dialled{}, nil
}
func (n nobody) End(context.Context, string, paging.Ended) error { n.t.Error("heard"); return nil }
func (n nobody) Check(context.Context, string) error             { n.t.Error("heard"); return nil }
func (n nobody) Status(context.Context) (unseal.Status, error) {
	n.t.Error("somebody was heard")
	return unseal.Status{}, nil
}

func TestOnlyThePinIsLetIn(t *testing.T) {
	t.Parallel()
	board, bot, stranger := identity(t), identity(t), identity(t)
	at := serve(t, Switchboard(nobody{t}, nil), board, bot.Pin())

	// The reset of the connection may overtake the reason for it.
	until(t, "a stranger to be told why", func() bool {
		_, err := client(t, at.address, stranger, board.Pin()).Status(t.Context())
		if fault.KindOf(err) != fault.Unready {
			t.Fatalf("a stranger is told: %v", err)
		}
		return strings.Contains(err.Error(), "does not know our key") && strings.Contains(err.Error(), PinCommand)
	})
	until(t, "the wrong pin to be logged", func() bool {
		log := at.log.String()
		return strings.Contains(log, string(stranger.Pin())) && strings.Contains(log, string(bot.Pin()))
	})

	// Nor does the bot speak to a switchboard that is another one.
	_, err := client(t, at.address, bot, stranger.Pin()).Status(t.Context())
	if fault.KindOf(err) != fault.Unready || !strings.Contains(err.Error(), string(board.Pin())) || !strings.Contains(err.Error(), string(stranger.Pin())) {
		t.Errorf("of a switchboard with another key is said: %v", err)
	}

	// No certificate at all.
	bare := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // plays an attacker
	resp, err := bare.Post(at.address+"/v1/status", "application/json", strings.NewReader("{}"))
	if err == nil {
		_ = resp.Body.Close()
		t.Errorf("somebody without a certificate was answered %d", resp.StatusCode)
	}
	// No TLS at all.
	resp, err = http.Post(strings.Replace(at.address, "https", "http", 1)+"/v1/status", "application/json", strings.NewReader("{}"))
	if err == nil {
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("somebody without TLS was answered %d", resp.StatusCode)
		}
	}
}

// Our key in somebody else's certificate is not our key, and somebody else's key is not
// ours whatever the certificate says of its owner.
func TestACertificateWithoutItsKeyIsNotLetIn(t *testing.T) {
	t.Parallel()
	board, bot, stranger := identity(t), identity(t), identity(t)
	at := serve(t, Switchboard(nobody{t}, nil), board, bot.Pin())
	forged := bot
	forged.certificate.PrivateKey = stranger.certificate.PrivateKey
	if _, err := client(t, at.address, forged, board.Pin()).Status(t.Context()); err == nil {
		t.Error("a certificate without its key was let in")
	}
}

func TestDatesOfACertificateDoNotMatter(t *testing.T) {
	t.Parallel()
	board, bot := identity(t), identity(t)
	template := x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "long ago"},
		NotBefore: time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2002, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	key, ok := bot.certificate.PrivateKey.(ed25519.PrivateKey)
	if !ok {
		t.Fatal("the key is another one")
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	expired := Identity{certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pin: bot.pin}
	at := serve(t, Switchboard(&board1{}, nil), board, bot.Pin())
	if _, err := client(t, at.address, expired, board.Pin()).Status(t.Context()); err != nil {
		t.Errorf("the same key in a certificate of 2001 was refused: %v", err)
	}
}

// board1 answers Status only.
type board1 struct{ unseal.Switchboard }

func (board1) Status(context.Context) (unseal.Status, error) { return unseal.Status{}, nil }

func TestOlderTLSIsRefused(t *testing.T) {
	t.Parallel()
	board, bot := identity(t), identity(t)
	at := serve(t, Switchboard(nobody{t}, nil), board, bot.Pin())
	conf, err := bot.clientTLS(board.Pin())
	if err != nil {
		t.Fatal(err)
	}
	conf.MinVersion, conf.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	conn, err := tls.Dial("tcp", strings.TrimPrefix(at.address, "https://"), conf)
	if err == nil {
		_ = conn.Close()
		t.Error("TLS 1.2 was agreed on")
	}
	// And the other way round: a server of 1.2 is not spoken to.
	old, err := board.serverTLS(bot.Pin())
	if err != nil {
		t.Fatal(err)
	}
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	l, err := tls.Listen("tcp", "127.0.0.1:0", old)
	if err != nil {
		t.Fatal(err)
	}
	var accepting sync.WaitGroup
	accepting.Go(func() {
		conn, err := l.Accept()
		if err == nil {
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	})
	_, err = client(t, "https://"+l.Addr().String(), bot, board.Pin()).Status(t.Context())
	if fault.KindOf(err) != fault.Unready || !strings.Contains(err.Error(), "TLS could not be agreed on") {
		t.Errorf("of a server with TLS 1.2 is said: %v", err)
	}
	_ = l.Close()
	accepting.Wait()
}

func TestWhatIsMissingForAConnectionIsSaid(t *testing.T) {
	t.Parallel()
	bot, board := identity(t), identity(t)
	for name, c := range map[string]struct {
		address string
		ours    Identity
		peer    Pin
		says    string
	}{
		"no pin yet":     {"https://10.0.0.5:8444", bot, "", PinCommand},
		"our own pin":    {"https://10.0.0.5:8444", bot, bot.Pin(), "our own pin"},
		"nobody":         {"https://10.0.0.5:8444", Identity{}, board.Pin(), "no key of ours"},
		"plain http":     {"http://10.0.0.5:8444", bot, board.Pin(), "like https://"},
		"a path":         {"https://10.0.0.5:8444/x", bot, board.Pin(), "like https://"},
		"a password":     {"https://a:b@10.0.0.5:8444", bot, board.Pin(), "like https://"},
		"no address":     {"", bot, board.Pin(), "like https://"},
		"no web address": {"10.0.0.5:8444", bot, board.Pin(), "like https://"},
	} {
		if _, err := NewClient(c.address, c.ours, c.peer); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := NewBotClient([]string{c.address}, c.ours, c.peer); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewBotClient(nil, board, bot.Pin()); err == nil || !strings.Contains(err.Error(), "needs an address of the bot") {
		t.Errorf("no bot: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := Serve(t.Context(), l, http.NotFoundHandler(), slog.New(slog.DiscardHandler), board, ""); err == nil || !strings.Contains(err.Error(), PinCommand) {
		t.Errorf("listening without a pin: %v", err)
	}
}

// until polls for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain for: %s", patience, what)
		}
	}
}

// patience is how long a test waits for what must happen.
const patience = 60 * time.Second
