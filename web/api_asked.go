package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
	"batsignal/oncall/fault"
)

// asked is one request of a program, by somebody who may.
type asked struct {
	bearer
	now   time.Time
	based int // the version that is to be changed; 0 is none yet

	r *http.Request
	w http.ResponseWriter
}

func (a *asked) ctx() context.Context { return a.r.Context() }

// admin tells whether the program may act for others.
func (a *asked) admin() bool { return a.Rights.Has(command.Admin) }

// named is a part of the address.
func (a *asked) named(part string) string {
	text := chi.URLParam(a.r, part)
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// numbered is a part of the address that is a number. What is none is nobody's number.
func (a *asked) numbered(part string) int64 {
	n, _ := strconv.ParseInt(a.named(part), 10, 64)
	return n
}

// made says where what was made can be read.
func (a *asked) made(path string) { a.w.Header().Set("Location", apiPath+path) }

// tooLong is a body that is longer than the operation takes: 413.
type tooLong struct{ error }

func (t tooLong) Unwrap() error { return t.error }

// wrongKind is a body of another kind than the operation takes: 415.
type wrongKind struct{ error }

func (t wrongKind) Unwrap() error { return t.error }

// read reads the body, if the operation takes one, into a value of its type, once it is
// found to be just what the document promises to take.
func (a *asked) read(o *operation, into any) error {
	if o.in == nil {
		return nil
	}
	text, plain := into.(*yamlText)
	want := "application/json"
	if plain {
		want = yamlType
	}
	if kind, _, err := mime.ParseMediaType(a.r.Header.Get("Content-Type")); err != nil || kind != want {
		return wrongKind{fault.New(fault.Invalid, "Say what you send: Content-Type: %s. Nothing else is read here.", want)}
	}
	most := o.Most
	if most == 0 {
		most = mostBody
	}
	body, err := io.ReadAll(http.MaxBytesReader(a.w, a.r.Body, most))
	if long := (*http.MaxBytesError)(nil); errors.As(err, &long) {
		return tooLong{fault.New(fault.Invalid, "That is longer than %d bytes, so nothing was done.", most)}
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The request broke off, so nothing was done. Send it again.")
	}
	if plain {
		*text = yamlText(body)
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil || decoder.More() {
		return fault.Wrap(fault.Invalid, err, "The body is not one JSON value, so nothing was done.")
	}
	if err := checkShape(o.in, value, ""); err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fault.Wrap(fault.Invalid, err, "The body could not be understood, so nothing was done. The document at %s/openapi.json says how it looks.", apiPath)
	}
	return nil
}
