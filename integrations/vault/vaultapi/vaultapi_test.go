package vaultapi_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"batsignal/integrations/vault/vaultapi"
	"batsignal/integrations/vault/vaulttest"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/share"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func node(t *testing.T, c vaultapi.Config) *vaultapi.Node {
	t.Helper()
	c.Name = "vault1"
	n, err := vaultapi.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

// one is a share that is a canary.
func one(t *testing.T) share.Share {
	t.Helper()
	s, err := share.FromBytes(bytes.Repeat([]byte{0xca}, 33))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The whole life of a Vault, of the real one.
func TestAVaultIsAsked(t *testing.T) {
	s := vaulttest.Start(t, vaulttest.Options{Empty: true})
	n, ctx := node(t, vaultapi.Config{Address: s.Address}), t.Context()
	if h, err := n.Health(ctx); h != vaultapi.Empty || err != nil {
		t.Errorf("%s %v", h, err)
	}
	made, err := n.Init(ctx, 5, 3)
	if err != nil || len(made.Shares) != 5 || made.Root.Empty() {
		t.Fatal(err)
	}
	if h, err := n.Health(ctx); h != vaultapi.IsSealed || err != nil {
		t.Errorf("%s %v", h, err)
	}
	for i := range 2 {
		if st, err := n.Unseal(ctx, made.Shares[i]); err != nil || st.Progress != i+1 || !st.Sealed || st.Nonce == "" {
			t.Errorf("%+v %v", st, err)
		}
	}
	if st, err := n.Reset(ctx); err != nil || st.Progress != 0 {
		t.Errorf("%+v %v", st, err)
	}
	var st vaultapi.SealStatus
	for _, one := range made.Shares[2:] {
		if st, err = n.Unseal(ctx, one); err != nil {
			t.Fatal(err)
		}
	}
	if st.Sealed || st.Version == "" {
		t.Errorf("%+v", st)
	}
	if h, err := n.Health(ctx); h != vaultapi.Active || err != nil {
		t.Errorf("%s %v", h, err)
	}
	if l, err := n.Leader(ctx); err != nil || !l.IsSelf {
		t.Errorf("%+v %v", l, err)
	}
	if err := n.Write(ctx, made.Root, "cubbyhole/x", map[string]string{"value": "here"}); err != nil {
		t.Error(err)
	}
	if got, err := n.Read(ctx, made.Root, "cubbyhole/x"); err != nil || got["value"] != "here" {
		t.Errorf("%v %v", got, err)
	}
	var no *vaultapi.Refusal
	if _, err := n.Snapshot(ctx, made.Root); !errors.As(err, &no) { // it keeps files
		t.Errorf("%v", err)
	}
	if err := n.Seal(ctx, secret.New("nobody's")); !errors.As(err, &no) || no.Status != http.StatusForbidden {
		t.Errorf("%v", err)
	}
	if err := n.Seal(ctx, made.Root); err != nil {
		t.Error(err)
	}
}

func TestSharesGoToNobodyElse(t *testing.T) {
	var elsewhere bytes.Buffer
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(&elsewhere, r.Body)
		fmt.Fprint(&elsewhere, "asked")
	}))
	defer other.Close()
	for _, code := range []int{http.StatusTemporaryRedirect, http.StatusFound, http.StatusPermanentRedirect} {
		standby := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+r.URL.Path, code) }))
		n := node(t, vaultapi.Config{Address: standby.URL})
		_, err := n.Unseal(t.Context(), one(t))
		var no *vaultapi.Refusal
		if !errors.As(err, &no) || no.Status != code || strings.Contains(err.Error(), other.URL) {
			t.Errorf("%v", err)
		}
		n.Close()
		standby.Close()
	}
	if elsewhere.Len() > 0 {
		t.Errorf("somebody else was asked: %s", elsewhere.String())
	}
	// A proxy of the environment is not asked either. The transport reads it once, so this
	// only holds if nobody ever does.
	t.Setenv("HTTP_PROXY", other.URL)
	t.Setenv("ALL_PROXY", other.URL)
	n := node(t, vaultapi.Config{Address: "http://127.0.0.1:1"})
	if _, err := n.SealStatus(t.Context()); err == nil || elsewhere.Len() > 0 {
		t.Errorf("%v", err)
	}
}

func TestWhoSpeaksTLSIsWhomWeTrust(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"initialized":true,"sealed":true,"t":3,"n":5}`)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // that we do not trust it
	server.StartTLS()
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if st, err := node(t, vaultapi.Config{Address: server.URL, CAFile: file}).SealStatus(t.Context()); err != nil || !st.Sealed {
		t.Errorf("%+v %v", st, err)
	}
	_, err := node(t, vaultapi.Config{Address: server.URL}).SealStatus(t.Context())
	if err == nil || !strings.Contains(err.Error(), "certificate is not signed by whom we trust") {
		t.Errorf("%v", err)
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	_, err = node(t, vaultapi.Config{Address: strings.Replace(plain.URL, "http:", "https:", 1)}).SealStatus(t.Context())
	if err == nil || !strings.Contains(err.Error(), "it speaks no TLS there") {
		t.Errorf("%v", err)
	}
}

// Whatever goes wrong, the error holds neither the address nor what was sent.
func TestErrorsHoldNoSecret(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"hangs": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that nobody waits any more
			<-r.Context().Done()
		},
		"cut":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"page": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"broken": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, `{"errors":["first\nline","second"]}`)
		},
	}
	for name, answer := range answers {
		server := httptest.NewServer(answer)
		n := node(t, vaultapi.Config{Address: server.URL, Timeout: 200 * time.Millisecond})
		_, err := n.Unseal(t.Context(), one(t))
		host := strings.TrimPrefix(server.URL, "http://")
		if err == nil || strings.Contains(err.Error(), "caca") || strings.Contains(err.Error(), host) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		var silent vaultapi.Silence
		if says := errors.As(err, &silent); says != (name == "hangs" || name == "cut") {
			t.Errorf("%s: %v", name, err)
		}
		n.Close()
		server.CloseClientConnections()
		server.Close()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := node(t, vaultapi.Config{Address: "http://localhost:1"}).SealStatus(ctx); err == nil || !strings.Contains(err.Error(), "we stopped asking") {
		t.Errorf("%v", err)
	}
}

func TestWhatIsNoAddressOfAVault(t *testing.T) {
	for _, bad := range []string{"", "canary", "ftp://canary/", "https://", "https://u:canary@h/", "https://h/canary", "http://canary.example:8200", "https://[canary"} {
		if _, err := vaultapi.New(vaultapi.Config{Name: "vault1", Address: bad}); fault.KindOf(err) != fault.Invalid || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, good := range []string{"https://vault1.example.org:8200", "https://10.0.0.1/", "http://127.0.0.1:8200", "http://[::1]:8200", "http://localhost:8200"} {
		if _, err := vaultapi.New(vaultapi.Config{Name: "vault1", Address: good}); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	none := filepath.Join(t.TempDir(), "none")
	if _, err := vaultapi.New(vaultapi.Config{Name: "vault1", Address: "https://h", CAFile: none}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(none, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vaultapi.New(vaultapi.Config{Name: "vault1", Address: "https://h", CAFile: none}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
}
