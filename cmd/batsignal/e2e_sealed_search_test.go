package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// canaries are looked for in whatever an installation wrote, showed or remembers. They are
// the part of an address that nothing else has: of a number all digits but the country's,
// of a mail address its own word.
type canaries struct {
	forms []canaryForm
	begin [1 << 16]bool // by the first two bytes of each form
}

type canaryForm struct {
	of, how string
	bytes   []byte
}

// newCanaries takes them by whose they are.
func newCanaries(of map[string]string) *canaries {
	c := &canaries{}
	for who, core := range of {
		for how, form := range formsOf(core) {
			c.forms = append(c.forms, canaryForm{who, how, form})
			c.begin[binary.LittleEndian.Uint16(form)] = true
		}
	}
	return c
}

// formsOf are the ways in which something may be written. What stands between the digits of
// a number, and the zeroes of UTF-16, are taken out of what is searched instead.
func formsOf(core string) map[string][]byte {
	backwards := []byte(core)
	slices.Reverse(backwards)
	forms := map[string][]byte{
		"plain": []byte(core), "reversed": backwards,
		"hex": []byte(hex.EncodeToString([]byte(core))), "HEX": []byte(strings.ToUpper(hex.EncodeToString([]byte(core)))),
		"reversed hex": []byte(hex.EncodeToString(backwards)),
	}
	if upper := strings.ToUpper(core); upper != core {
		forms["upper case"] = []byte(upper)
	}
	// What is before it shifts the letters of base64, and what is next to it changes those at
	// both ends: they are left out. The two alphabets agree wherever there are only letters
	// and digits.
	for before := range 3 {
		text := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), core...))
		text = text[[]int{0, 2, 3}[before]:]
		if (before+len(core))%3 != 0 {
			text = text[:len(text)-1]
		}
		forms[fmt.Sprintf("base64 after %d", before)] = []byte(text)
		if url := strings.NewReplacer("+", "-", "/", "_").Replace(text); url != text {
			forms[fmt.Sprintf("base64url after %d", before)] = []byte(url)
		}
	}
	return forms
}

// separators are what people and programs put between digits; NUL is every second byte of
// UTF-16.
const separators = " -.,()/_\t\r\n\x00\u00a0\u2011"

// find returns what it found, in words, with what stands around it.
func (c *canaries) find(content []byte) (found []string) {
	found = c.scan(content)
	bare := make([]byte, 0, len(content))
	for _, b := range content {
		if strings.IndexByte(separators, b) < 0 {
			bare = append(bare, b)
		}
	}
	for _, one := range c.scan(bare) {
		found = append(found, "with something in between, "+one)
	}
	return found
}

func (c *canaries) scan(content []byte) (found []string) {
	const enough = 5
	for i := 0; i+1 < len(content) && len(found) < enough; i++ {
		if !c.begin[binary.LittleEndian.Uint16(content[i:])] {
			continue
		}
		for _, f := range c.forms {
			if bytes.HasPrefix(content[i:], f.bytes) {
				found = append(found, fmt.Sprintf("%s, %s: %q", f.of, f.how, content[max(0, i-100):min(len(content), i+100)]))
			}
		}
	}
	return found
}

// absent fails the test if something holds a canary.
func (c *canaries) absent(t *testing.T, where string, content []byte) {
	t.Helper()
	for _, found := range c.find(content) {
		t.Errorf("%s has the address of %s", where, found)
	}
}

// TestTheSearchFindsEveryForm plants a number and a mail address in every form, in the
// middle of bytes that mean nothing: the search of [TestI01NoByteOfANumberAnywhere] is
// worth what it finds here.
func TestTheSearchFindsEveryForm(t *testing.T) {
	t.Parallel()
	const number, mail = "+447911358264", "zanzibarquokka@canary.example.org"
	c := newCanaries(map[string]string{"number": number[3:], "mail": "zanzibarquokka"})
	reversed := func(s string) string {
		b := []byte(s)
		slices.Reverse(b)
		return string(b)
	}
	wide := func(s string, order binary.AppendByteOrder) string {
		var out []byte
		for _, u := range utf16.Encode([]rune(s)) {
			out = order.AppendUint16(out, u)
		}
		return string(out)
	}
	planted := map[string]string{
		"in words, one by one": "key 4, 4, 7, 9, 1, 1, 3, 5, 8, 2, 6, 4.", "with spaces": "+44 7911 358264", "with dashes": "+44-7911-358-264",
		"as dialled at home": "(0)7911/358.264", "with a space that does not break": "+44\u00a07911\u00a0358264", "over two lines": "+447911\n358264",
		"as a query": "To=%2B447911358264&From=", "upper case": strings.ToUpper(mail),
	}
	for name, value := range map[string]string{"number": number, "mail": mail} {
		for how, form := range map[string]string{
			"plain": value, "without a plus": strings.TrimPrefix(value, "+"), "reversed": reversed(value), "hex": hex.EncodeToString([]byte(value)),
			"HEX": strings.ToUpper(hex.EncodeToString([]byte(value))), "UTF-16LE": wide(value, binary.LittleEndian), "UTF-16BE": wide(value, binary.BigEndian),
			"reversed UTF-16": reversed(wide(value, binary.LittleEndian)),
		} {
			planted[name+" "+how] = form
		}
		for _, before := range []string{"", "x", "{\"", "a: "} {
			for after, encoding := range map[string]*base64.Encoding{"std": base64.StdEncoding, "url": base64.URLEncoding, "raw": base64.RawURLEncoding} {
				planted[fmt.Sprintf("%s base64 %q %s", name, before, after)] = encoding.EncodeToString([]byte(before + value + "\xff\xfe?>"))
			}
		}
	}
	noise := make([]byte, 2*4096)
	_, _ = rand.Read(noise)
	if found := c.find(noise); len(found) > 0 {
		t.Fatalf("found in noise: %q", found)
	}
	for how, form := range planted {
		if found := c.find(slices.Concat(noise[:4096], []byte(form), noise[4096:])); len(found) == 0 {
			t.Errorf("%s is not found: %q", how, form)
		}
	}
}
