package switchboard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// filler sets every field that there is, each to something else.
type filler struct{ n int }

func (f *filler) fill(t *testing.T, v reflect.Value) {
	t.Helper()
	f.n++
	switch v.Interface().(type) {
	case secret.Text:
		v.Set(reflect.ValueOf(secret.New(fmt.Sprintf("secret-%d", f.n))))
		return
	case secret.Bytes:
		v.Set(reflect.ValueOf(secret.NewBytes(bytes.Repeat([]byte{byte(f.n)}, halfLength))))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 12, 1, 0, 0, f.n, 123456789, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(t, v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(t, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			f.fill(t, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.fill(t, key)
		f.fill(t, value)
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d \u00e4<&>\n", f.n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.n) + 1<<33)
	case reflect.Bool:
		v.SetBool(true)
	default:
		t.Fatalf("a field is a %s, which this test cannot fill: teach it", v.Type())
	}
}

func filled[T any](t *testing.T) T {
	t.Helper()
	var one T
	(&filler{}).fill(t, reflect.ValueOf(&one).Elem())
	return one
}

// bare shows a value with its secrets, field by field, to be compared.
func bare(v reflect.Value) string {
	switch s := v.Interface().(type) {
	case secret.Text:
		return fmt.Sprintf("text %q", s.Reveal())
	case secret.Bytes:
		return fmt.Sprintf("bytes %x", s.RevealBytes())
	case time.Time:
		return s.String()
	}
	var b strings.Builder
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fmt.Fprintf(&b, "%s{%s} ", v.Type().Field(i).Name, bare(v.Field(i)))
		}
	case reflect.Pointer:
		if v.IsNil() {
			return "nil"
		}
		return bare(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			fmt.Fprintf(&b, "[%s]", bare(v.Index(i)))
		}
	default:
		return fmt.Sprintf("%#v", v.Interface())
	}
	return b.String()
}

func show(v any) string { return bare(reflect.ValueOf(v)) }

// across writes a value as it travels and reads it strictly, as the other side does.
func across[W any](t *testing.T, out W) (in W, text string) {
	t.Helper()
	written, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	text = string(written)
	if err := decode(written, &in); err != nil {
		t.Fatal(err)
	}
	return in, text
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if show(got) != show(want) {
		t.Errorf("%T changed on its way:\n%s\nwas\n%s", want, show(got), show(want))
	}
}

// A field that somebody adds to these and forgets here would be lost on the wire: then this
// test fails, or nothing compiles.
func TestEveryFieldCrosses(t *testing.T) {
	t.Parallel()
	m := filled[paging.Message](t)
	in, _ := across(t, messageOf(m))
	got, err := in.paging()
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, m)

	e := filled[paging.Ended](t)
	out, _ := across(t, endedOf(e))
	same(t, out.paging(), e)

	s := filled[paging.Sealed](t)
	half, _ := across(t, sealedOf(s))
	back, err := half.paging()
	if err != nil {
		t.Fatal(err)
	}
	same(t, back, s)

	a, _ := across(t, ask(filled[unseal.Ask](t)))
	same(t, unseal.Ask(a), filled[unseal.Ask](t))
	c, _ := across(t, challenge(filled[unseal.Challenge](t)))
	same(t, c.words(), filled[unseal.Challenge](t))
	g, _ := across(t, grant(filled[unseal.Grant](t)))
	same(t, g.words(), filled[unseal.Grant](t))
	d, _ := across(t, dialledOf(filled[unseal.Dialled](t)))
	same(t, d.words(), filled[unseal.Dialled](t))
	st, _ := across(t, statusOf(filled[unseal.Status](t)))
	same(t, st.words(), filled[unseal.Status](t))
	rc, _ := across(t, receipt(filled[paging.Receipt](t)))
	same(t, rc.paging(), filled[paging.Receipt](t))
	rs, _ := across(t, response(filled[paging.Response](t)))
	same(t, paging.Response(rs), filled[paging.Response](t))
	rl, _ := across(t, release(filled[unseal.Release](t)))
	same(t, unseal.Release(rl), filled[unseal.Release](t))
	en, _ := across(t, enrolmentOf(secret.New("a token"), "a record"))
	same(t, en.token(), secret.New("a token"))
	if en.Sealed != "a record" {
		t.Errorf("the record became %q", en.Sealed)
	}
}

// Nothing is nothing on the other side too: no empty Sealed, no empty slices.
func TestWhatIsEmptyStaysEmpty(t *testing.T) {
	t.Parallel()
	in, _ := across(t, messageOf(paging.Message{}))
	got, err := in.paging()
	if err != nil || !reflect.DeepEqual(got, paging.Message{}) {
		t.Errorf("an empty message became %s: %v", show(got), err)
	}
}

// Numbers stay with the switchboard: where an answer came from does not cross.
func TestWhereAnAnswerCameFromDoesNotCross(t *testing.T) {
	t.Parallel()
	r := filled[paging.Reply](t)
	in, text := across(t, replyOf(r))
	if strings.Contains(text, r.From.Reveal()) {
		t.Errorf("the address is on the wire: %s", text)
	}
	r.From = secret.Text{}
	same(t, in.paging(), r)
}

func TestAHalfHas32Bytes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 16, 31, 33, 64} {
		if _, err := (sealed{Half: make([]byte, n)}).paging(); err == nil {
			t.Errorf("%d bytes were taken for a half", n)
		}
	}
}

func TestWhatIsNotReadFromTheWire(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, ` `, `null`, `[]`, `"x"`, `1`, `{`, `{}{}`, `{} x`, `{"route":"sms","nope":1}`, `{"message":{"sealed":{"half":"AA","colour":"red"}}}`,
		`{"message":{"attempt":"1"}}`, `{"message":{"attempt":1.5}}`, `{"message":{"attempt":99999999999999999999}}`, `{"message":{"sealed":{"half":"!"}}}`,
		`{"route":{"a":1}}`, "\xef\xbb\xbf{}", strings.Repeat(`{"message":`, 20_000),
	} {
		var in dialling
		if err := decode([]byte(text), &in); err == nil {
			t.Errorf("%.60q was read as %+v", text, in)
		}
	}
}

func FuzzCalls(f *testing.F) {
	f.Add(`{"route":"sms","message":{"key":"page-1","attempt":1,"keys":{},"sealed":{"record":"r","epoch":1,"half":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}},"ask":true}`)
	f.Add(`{"network":"libera","room":"#ops","account":"maria","what":"fire","incident":7}`)
	f.Add(`{"code":"K7QX","since":"2026-12-01T00:00:00Z","until":"2026-12-01T01:00:00Z"}`)
	f.Add(`{"route":"sms","event":"e","text":"K7QXM","means":"acked"}`)
	f.Add(`{"kind":"invalid","say":"No."}`)
	f.Fuzz(func(t *testing.T, text string) {
		var in dialling
		if decode([]byte(text), &in) == nil {
			if m, err := in.Message.paging(); err == nil {
				again, _ := across(t, messageOf(m))
				back, err := again.paging()
				if err != nil {
					t.Fatal(err)
				}
				same(t, back, m)
			}
		}
		_ = decode([]byte(text), &ask{})
		_ = decode([]byte(text), &ending{})
		_ = decode([]byte(text), &reply{})
		_ = decode([]byte(text), &receipt{})
		_ = decode([]byte(text), &enrolment{})
		var g grant
		if decode([]byte(text), &g) == nil {
			_ = g.words()
		}
	})
}

func FuzzAnswers(f *testing.F) {
	f.Add(200, `{"handed":{"note":"accepted","ref":"SM1"},"outcome":"","detail":"","bad":""}`)
	f.Add(200, `{"code":"K7QX","line":"K7QX opens","expires":"2026-12-01T00:00:00Z","people":10,"heard":true}`)
	f.Add(200, `{"record":"r","epoch":1,"half":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`)
	f.Add(403, `{"kind":"forbidden","say":"No."}`)
	f.Add(502, `<html>`)
	f.Fuzz(func(t *testing.T, code int, text string) {
		c := &caller{who: "the switchboard"}
		if err := c.refused(code, []byte(text)); err == nil || strings.ContainsAny(err.Error(), "\n\r\x00") || len(err.Error()) > 5*longestSentence {
			t.Errorf("%d %q: %v", code, text, err)
		}
		var d dialled
		if decode([]byte(text), &d) == nil {
			// Whatever it says, paging can tell what to do, in words that can be shown.
			if err := outcome(d.words()); err != nil && strings.ContainsAny(err.Error(), "\n\r\x00") {
				t.Errorf("%q", err)
			}
		}
		var s sealed
		if decode([]byte(text), &s) == nil {
			if half, err := s.paging(); err == nil && half.Half.Len() != halfLength {
				t.Error("a half of another length")
			}
		}
		_ = decode([]byte(text), &status{})
	})
}
