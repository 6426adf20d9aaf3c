package switchboard_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"batsignal/integrations/switchboard"
	"batsignal/integrations/switchboard/switchboardfake"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// raw calls the switchboard as somebody who has the bot's host: its key, its half, and
// whatever they like to write.
func raw(t *testing.T, w *switchboardfake.Wire, method, url, body string) (int, string) {
	t.Helper()
	conf, err := switchboard.ClientTLS(w.Ours, w.Theirs.Pin())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: conf}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, err.Error()
	}
	answer, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode, string(answer)
}

// Row 3, the wire's part: whoever has the bot's host has its key for this wire and all of
// its halves, and can do nothing with them but ask. What there is to be asked is this, and
// no answer has a field that an address, a half, or a seed could be in.
func TestAttack03TheBotsHostCanOnlyAsk(t *testing.T) {
	t.Parallel()
	w := switchboardfake.NewWire(t)
	board := &switchboardfake.Board{}
	board.OnDial = func(context.Context, switchboardfake.Dial) (unseal.Dialled, error) {
		return unseal.Dialled{Outcome: unseal.OutcomeRefused, Detail: "nobody allowed it: no two people confirmed K7QX"}, nil
	}
	address, _ := w.ServeBoard(board)

	// The calls of the bot's side, of lane D and F, and guesses.
	for _, name := range []string{
		"reply", "receipt", "granted", "grant", "say", "alarm", "enrol", "release", "lead", "confirm", "open", "unwrap", "reveal", "key",
		"confirmers", "seed", "head", "append", "../v1/dial/", "dial/", "dial/x", "",
	} {
		if code, answer := raw(t, w, http.MethodPost, address+"/v1/"+name, `{"code":"K7QX","confirmed":"omar"}`); code == http.StatusOK {
			t.Errorf("/v1/%s was answered: %s", name, answer)
		}
	}
	for _, path := range []string{"/", "/v1", "/v2/dial", "/confirm", "/reveal", "/mine", "/metrics", "/debug/pprof/"} {
		if code, answer := raw(t, w, http.MethodGet, address+path, ""); code == http.StatusOK {
			t.Errorf("%s was answered: %s", path, answer)
		}
	}
	if code, _ := raw(t, w, http.MethodGet, address+"/v1/status", ""); code == http.StatusOK {
		t.Error("a status was had by GET")
	}
	// A page with an own grant in it is a wish like every other.
	d, err := w.Client(address).Dial(t.Context(), "voice", sealedPage("page-57", 1), false)
	if err != nil || d.Outcome != unseal.OutcomeRefused {
		t.Errorf("dialled %+v: %v", d, err)
	}
	if code, _ := raw(t, w, http.MethodPost, address+"/v1/dial", `{"route":"voice","message":{"key":"k","attempt":1,"keys":{}},"grant":"yes"}`); code == http.StatusOK {
		t.Error("a word that is no part of the wire was taken")
	}

	// And by construction: what the methods give back has no secret type in it.
	face := reflect.TypeFor[unseal.Switchboard]()
	for i := range face.NumMethod() {
		m := face.Method(i)
		for j := range m.Type.NumOut() {
			if at := secretIn(m.Type.Out(j), m.Name); at != "" {
				t.Errorf("the switchboard gives a secret to the bot: %s", at)
			}
		}
	}
	if secretIn(reflect.TypeFor[paging.Message](), "Message") == "" {
		t.Error("this test does not find a secret where there is one")
	}
}

// secretIn finds a secret type in a type, and says where.
func secretIn(of reflect.Type, where string) string {
	switch of {
	case reflect.TypeFor[secret.Text](), reflect.TypeFor[secret.Bytes](), reflect.TypeFor[[]byte]():
		return where
	}
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return secretIn(of.Elem(), where)
	case reflect.Struct:
		for i := range of.NumField() {
			if of.Field(i).IsExported() {
				if at := secretIn(of.Field(i).Type, where+"."+of.Field(i).Name); at != "" {
					return at
				}
			}
		}
	default:
	}
	return ""
}

// forms are the ways in which a half might be printed.
func forms(b []byte) []string {
	return []string{
		string(b), hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)), base64.StdEncoding.EncodeToString(b),
		base64.URLEncoding.EncodeToString(b), base64.RawStdEncoding.EncodeToString(b)[:40], fmt.Sprint(b), fmt.Sprint(b)[1:30],
	}
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// No half, number or link is in any error or log of either side, whatever goes wrong.
func TestHalvesAreNeverShown(t *testing.T) {
	t.Parallel()
	w := switchboardfake.NewWire(t)
	var seen safeBuffer
	log := slog.New(slog.NewTextHandler(&seen, &slog.HandlerOptions{Level: slog.LevelDebug}))
	trouble := []func(switchboardfake.Dial) error{
		func(switchboardfake.Dial) error { return errors.New("the database is gone") },
		func(d switchboardfake.Dial) error { return fmt.Errorf("%v %+v", d.Message.Sealed.Half, d.Message) },
		func(d switchboardfake.Dial) error {
			return fault.New(fault.Conflict, "%v %#v", d.Message.Sealed, d.Message.Address)
		},
		func(d switchboardfake.Dial) error {
			panic(string(d.Message.Sealed.Half.RevealBytes()) + d.Message.Address.Reveal())
		},
	}
	var n atomic.Int64
	board := &switchboardfake.Board{OnDial: func(_ context.Context, d switchboardfake.Dial) (unseal.Dialled, error) {

		return unseal.Dialled{}, trouble[n.Add(1)-1](d)
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := switchboard.Serve(ctx, l, switchboard.Switchboard(board, log), log, w.Theirs, w.Ours.Pin()); err != nil {
			t.Error(err)
		}
	})
	bot := w.Client("https://" + l.Addr().String())
	m := sealedPage("page-57", 1)
	m.Address = secret.New("+4915112345678")
	var said strings.Builder
	for range trouble {
		_, err := bot.Dial(ctx, "voice", m, false)
		fmt.Fprintf(&said, "%v %+v %#v %s\n", err, err, err, fault.Say(err))
	}
	// And what cannot even be read.
	half := base64.StdEncoding.EncodeToString(halfBytes)
	for _, body := range []string{
		`{"route":"voice","message":{"key":"k","sealed":{"half":"` + half + `","x":1}}}`,
		`{"route":"voice","message":{"key":"k","sealed":{"half":["` + half + `"]}}}`,
		`{"route":"voice","message":{"key":"k","sealed":{"half":"` + half + half[:40] + `"}}}`,
		`{"` + half + `":1}`, half,
	} {
		code, answer := raw(t, w, http.MethodPost, "https://"+l.Addr().String()+"/v1/dial", body)
		if code == http.StatusOK {
			t.Errorf("%s was taken", body)
		}
		said.WriteString(answer)
	}
	bot.Close()
	cancel()
	running.Wait()
	if int(n.Load()) != len(trouble) || !strings.Contains(seen.String(), "broke") || !strings.Contains(seen.String(), "the database is gone") {
		t.Fatalf("the trouble did not happen, %d times: %s", n.Load(), seen.String())
	}
	for _, form := range append(forms(halfBytes), "+4915112345678", "ack/token") {
		if strings.Contains(said.String(), form) {
			t.Errorf("%q was told: %s", form, said.String())
		}
		if strings.Contains(seen.String(), form) {
			t.Errorf("%q was logged: %s", form, seen.String())
		}
	}
}
