package switchboard

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"batsignal/oncall/fault"
)

// goodbye is how long calls under way have when the process ends: who is being dialled is
// dialled to the end.
const goodbye = 20 * time.Second

// Serve answers at a listener until ctx ends, to whoever shows this pin, and closes it. It returns when all calls have been answered.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger, ours Identity, peer Pin) error {
	conf, err := ours.serverTLS(peer)
	if err != nil {
		_ = l.Close()
		return err
	}
	server := &http.Server{
		Handler: h, TLSConfig: conf, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10,
		// Longer than any call: what runs out of time to be read has its context ended.
		ReadTimeout: dialPatience + 15*time.Second, WriteTimeout: dialPatience + 15*time.Second, IdleTimeout: 2 * time.Minute,
		// A wrong pin is told here: whoever connects learns only that it is not known.
		ErrorLog:     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:  func(net.Listener) context.Context { return ctx },
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}, // HTTP/1.1
	}
	stopped := make(chan struct{})
	serving, over := context.WithCancel(ctx)
	go func() {
		defer close(stopped)
		<-serving.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		defer cancel()
		if err := server.Shutdown(last); err != nil {
			_ = server.Close()
		}
	}()
	err = server.Serve(tls.NewListener(l, conf))
	over()
	<-stopped
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// desk answers the calls of one interface.
type desk struct {
	mux *http.ServeMux
	log *slog.Logger
}

func newDesk(log *slog.Logger) *desk {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	d := &desk{mux: http.NewServeMux(), log: log}
	d.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, fault.New(fault.Unready, "This side of the wire knows no such call. Are the two of different versions?"))
	})
	return d
}

// ServeHTTP takes calls by TLS from whoever showed a certificate, which [Serve] has
// compared with its pin. By any other way nobody is heard.
func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			// Its text may hold what was being worked on.
			d.log.Error("a call of the other side broke", "call", r.URL.Path, "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			refuse(w, fault.New(fault.Internal, "%s", fault.Say(nil)))
		}
	}()
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		refuse(w, fault.New(fault.Forbidden, "Nobody is heard here without a certificate."))
		return
	}
	d.mux.ServeHTTP(w, r)
}

// on has a call answered by do.
func on[In, Out any](d *desk, name string, do func(context.Context, In) (Out, error)) {
	d.mux.HandleFunc("POST /v1/"+name, func(w http.ResponseWriter, r *http.Request) {
		in, err := read[In](w, r)
		if err != nil {
			refuse(w, err)
			return
		}
		out, err := do(r.Context(), in)
		if err != nil {
			d.note(name, err)
			refuse(w, err)
			return
		}
		write(w, http.StatusOK, out)
		if used, ok := any(out).(interface{ wipe() }); ok {
			used.wipe()
		}
	})
}

// note logs what went wrong on our side, which the other side is not told.
func (d *desk) note(name string, err error) {
	if fault.KindOf(err) == fault.Internal {
		d.log.Error("a call of the other side failed", "call", name, "error", err)
		return
	}
	d.log.Debug("a call of the other side was refused", "call", name, "kind", fault.KindOf(err).String())
}

func read[In any](w http.ResponseWriter, r *http.Request) (in In, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longest))
	defer clear(body) // there may be half of a key in it
	if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
		return in, fault.New(fault.Invalid, "This call has more than %d bytes.", longest)
	}
	if err != nil {
		return in, fault.New(fault.Unready, "The call broke off.")
	}
	if err := decode(body, &in); err != nil {
		var none In
		// Not Invalid: it may be a page, which is worth repeating while one side is renewed.
		return none, fault.New(fault.Unready, "The call cannot be read here. Are the two sides of different versions?")
	}
	return in, nil
}

func write(w http.ResponseWriter, code int, out any) {
	text, err := json.Marshal(out)
	if err != nil {
		code, text = http.StatusInternalServerError, []byte(`{}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(text)
	clear(text)
}

// refuse answers with a fault: its kind and its sentence, never its cause.
func refuse(w http.ResponseWriter, err error) {
	kind := fault.KindOf(err)
	write(w, kinds[kind], refusal{Kind: kind.String(), Say: fault.Say(err)})
}
