package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// holder has secrets in every place from which something may print them: fields that fmt
// asks no method of, pointers, lists, maps, and what is embedded.
type holder struct {
	Text    Text
	Bytes   Bytes
	text    Text
	bytes   Bytes
	AtText  *Text
	AtBytes *Bytes
	atText  *Text
	atBytes *Bytes
	Any     any
	any     any
	List    []Bytes
	Map     map[string]Text
	inner   struct{ deep [2]Bytes }
}

// embeds and embedsText take over the methods of a secret.
type (
	embeds     struct{ Bytes }
	embedsText struct{ Text }
)

func hold(t Text, b Bytes) holder {
	h := holder{Text: t, Bytes: b, text: t, bytes: b, AtText: &t, AtBytes: &b, atText: &t, atBytes: &b,
		Any: b, any: t, List: []Bytes{b}, Map: map[string]Text{"k": t}}
	h.inner.deep = [2]Bytes{b, b}
	return h
}

// Whatever holds a secret and however it is printed: of random values nothing is seen, in
// any spelling that fmt and its friends have for bytes.
func TestI19NothingPrintsASecret(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	draw := rand.New(rand.NewPCG(seed, 0))
	for range 20 {
		value := make([]byte, 24)
		for i := range value {
			value[i] = byte('!' + draw.IntN('~'-'!'))
		}
		text, key := New(string(value)), NewBytes(slices.Clone(value))
		h := hold(text, key)
		all := []any{text, key, &text, &key, h, &h, []holder{h}, map[string]any{"k": h, "t": text, "b": key}, struct{ any }{key}, embeds{key},
			embedsText{text}, [1]Bytes{key}, []*Text{&text}, fmt.Errorf("wrapped: %v, %v", text, key), errors.Join(fmt.Errorf("%+v", h))}

		var out bytes.Buffer
		for _, verb := range verbs() {
			for _, what := range all {
				fmt.Fprintf(&out, verb+"\n", what)
			}
		}
		fmt.Fprintln(&out, all...)
		fmt.Fprint(&out, all...)
		log.New(&out, "", 0).Println(all...)
		encode(&out, all)
		for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			logger := slog.New(handler).With("with", key, "group", slog.GroupValue(slog.Any("text", text)))
			for _, what := range all {
				logger.Info("m", "what", what)
			}
		}
		for _, form := range spellings(value) {
			if strings.Contains(out.String(), form) {
				t.Errorf("%q was printed as %q", value, form)
			}
		}
		if !strings.Contains(out.String(), placeholder) {
			t.Fatal("nothing was printed at all")
		}
		if text.Reveal() != string(value) || !bytes.Equal(key.RevealBytes(), value) {
			t.Fatal("the value was lost")
		}
	}
}

// verbs are all verbs there are and some that are not, with all flags.
func verbs() (list []string) {
	for _, flag := range []string{"", "+", "#", " ", "-30", "030", ".3", "# ", "+#"} {
		for _, verb := range "vTtbcdoOqxXUeEfFgGspwyzZ" {
			list = append(list, "%"+flag+string(verb))
		}
	}
	return list
}

// encode has what writes values by looking into them write these. What refuses to is fine.
func encode(out io.Writer, all []any) {
	for _, what := range all {
		_ = json.NewEncoder(out).Encode(what)
		_ = xml.NewEncoder(out).Encode(what)
		_ = gob.NewEncoder(out).Encode(what)
	}
}

// spellings are ways to write bytes. A third of them is enough to be seen.
func spellings(value []byte) []string {
	part := value[:len(value)/3]
	list := []string{string(part), strconv.Quote(string(part)), hex.EncodeToString(part), strings.ToUpper(hex.EncodeToString(part)),
		fmt.Sprintf("% x", part), fmt.Sprintf("% X", part), fmt.Sprintf("% #x", part), base64.StdEncoding.EncodeToString(part[:6]),
		base64.URLEncoding.EncodeToString(part[:6])}
	for _, verb := range []string{"%d", "%o", "%b", "%v", "%#v", "%c", "%U", "%q", "%#o", "%+d"} {
		list = append(list, strings.Trim(fmt.Sprintf(verb, []byte(part)), "[]"), strings.TrimSuffix(fmt.Sprintf(verb, [8]byte(part)), "}"))
	}
	return list
}

// This is what the test above would see if a secret were an ordinary field: it can fail.
func TestAnOrdinaryFieldWouldBeSeen(t *testing.T) {
	value := []byte("canary-of-24-letters----")
	for _, plain := range []any{struct{ s string }{string(value)}, struct{ b []byte }{value}, &struct{ b []byte }{value}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			printed := fmt.Sprintf(verb, plain)
			if !slices.ContainsFunc(spellings(value), func(form string) bool { return strings.Contains(printed, form) }) && !strings.Contains(printed, "%!") &&
				!strings.Contains(printed, "0x63, 0x61") {
				t.Errorf("%s of %T is %s, and is not seen", verb, plain, printed)
			}
		}
	}
}

// mayTell are all methods of both types. One that is not here is a decision: it must not
// give the value to whoever prints.
var mayTell = map[string]string{
	"Text.Reveal":       "the way to the value",
	"Bytes.RevealBytes": "the way to the value",
	"Text.Lines":        "wraps each line again",
	"Text.Empty":        "tells whether there is one",
	"Text.Equal":        "tells whether two are the same",
	"Bytes.Equal":       "tells whether two are the same",
	"Bytes.Len":         "tells how long it is",
	"Bytes.Wipe":        "tells nothing",
}

// printing are the methods by which something may ask a value how it is to be shown.
var printing = []string{"String", "GoString", "Format", "Error", "MarshalText", "AppendText", "MarshalJSON", "MarshalBinary", "AppendBinary",
	"GobEncode", "MarshalXML", "MarshalXMLAttr", "MarshalYAML", "LogValue", "Value", "WriteTo", "Read", "Bytes", "TextValue", "EncodeText", "EncodeBinary"}

// Neither type has a method that shows the value: what could be asked for it answers with
// the placeholder, and there is nothing else but what stands above.
func TestI19NoMethodShowsTheValue(t *testing.T) {
	text, key := New("canary"), NewBytes([]byte("canary"))
	for _, c := range []struct {
		name  string
		value reflect.Value
	}{{"Text", reflect.ValueOf(&text)}, {"Bytes", reflect.ValueOf(&key)}} { // by pointer: those of both sorts
		kind := c.value.Type()
		for i := range kind.NumMethod() {
			method := kind.Method(i).Name
			if mayTell[c.name+"."+method] != "" {
				continue
			}
			if !slices.Contains(printing, method) {
				t.Errorf("%s.%s is new: may it show the value? See mayTell", c.name, method)
				continue
			}
			if method == "Format" {
				continue // the test above prints by it
			}
			if n := c.value.Method(i).Type().NumIn(); n != 0 {
				t.Errorf("%s.%s takes %d arguments; this test must learn to call it", c.name, method, n)
				continue
			}
			for _, result := range c.value.Method(i).Call(nil) {
				if shown := fmt.Sprintf("%s", result.Interface()); strings.Contains(shown, "canary") || !result.IsZero() && !strings.Contains(shown, placeholder) {
					t.Errorf("%s.%s answers %s", c.name, method, shown)
				}
			}
		}
	}
	for name := range mayTell {
		owner, method, _ := strings.Cut(name, ".")
		kind := reflect.TypeOf(&text)
		if owner == "Bytes" {
			kind = reflect.TypeOf(&key)
		}
		if _, found := kind.MethodByName(method); !found {
			t.Errorf("%s is gone; remove it from the list", name)
		}
	}
}

// What shows itself says only the placeholder, whatever the value: it does not read it.
func TestI19MethodsThatPrintDoNotLookAtTheValue(t *testing.T) {
	files := token.NewFileSet()
	seen := 0
	for _, name := range []string{"secret.go", "bytes.go"} {
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || !slices.Contains(printing, f.Name.Name) {
				continue
			}
			seen++
			receiver := f.Recv.List[0].Names
			ast.Inspect(f.Body, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && len(receiver) == 1 && id.Name == receiver[0].Name {
					t.Errorf("%s: %s looks at its receiver", files.Position(id.Pos()), f.Name.Name)
				}
				return true
			})
		}
	}
	if seen < 9 {
		t.Errorf("only %d such methods were found", seen)
	}
}

func TestBytesAreWiped(t *testing.T) {
	value := []byte("canary")
	b := NewBytes(value)
	other := b // the same secret
	if b.Len() != 6 || !b.Equal(NewBytes([]byte("canary"))) || b.Equal(NewBytes([]byte("canarz"))) || b.Equal(Bytes{}) {
		t.Error("a secret is not what it holds")
	}
	b.Wipe()
	if !bytes.Equal(value, make([]byte, 6)) {
		t.Errorf("%q is still there", value)
	}
	if b.Len() != 0 || other.Len() != 0 || b.RevealBytes() != nil {
		t.Error("what was wiped is still there")
	}
	b.Wipe()
	none := Bytes{}
	none.Wipe()
	if none.Len() != 0 || !none.Equal(b) || none.RevealBytes() != nil {
		t.Error("nothing is something")
	}
}
