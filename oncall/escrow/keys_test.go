package escrow_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

func TestKeysComeBackFromTheirSeedAndText(t *testing.T) {
	key, err := escrow.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	seed := key.Seed()
	again, err := escrow.KeyFromSeed(seed)
	if err != nil || again.Public() != key.Public() || seed.Len() != 32 {
		t.Fatalf("%v, a seed of %d", err, seed.Len())
	}
	seed.Wipe()
	if again.Seed().Equal(seed) || again.Public() != key.Public() {
		t.Error("wiping a seed changed the key")
	}
	text, err := json.Marshal(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	var read escrow.PublicKey
	if err := json.Unmarshal(text, &read); err != nil || read != key.Public() || read.Empty() {
		t.Errorf("%v: %s", err, text)
	}
	if err := read.UnmarshalText(nil); err != nil || !read.Empty() || read.String() != "" {
		t.Error("the empty text is not the empty key:", err)
	}
	other, err := escrow.GenerateKey()
	if err != nil || other.Public() == key.Public() {
		t.Error("two new keys are the same:", err)
	}
	if none := (escrow.PrivateKey{}); !none.Empty() || !none.Public().Empty() || none.Seed().Len() != 0 {
		t.Error("the zero key is a key")
	}
}

func TestWhatIsNoKey(t *testing.T) {
	good := keyOf(t, "bot").Public()
	text := good.String()
	for name, bad := range map[string]string{
		"words":            "not a key",
		"cut off":          text[:len(text)-8],
		"one more":         text + "AAAA",
		"a line break":     text[:64] + "\n" + text[64:],
		"a space":          text + " ",
		"X25519 only":      "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=",
		"off the lattice":  strings.Repeat("/", len(text)-4) + text[len(text)-4:],
		"another alphabet": strings.ReplaceAll(text, "/", "_"),
	} {
		read := good
		if err := read.UnmarshalText([]byte(bad)); fault.KindOf(err) != fault.Invalid || read != good {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, size := range []int{0, 16, 31, 33, 64} {
		if k, err := escrow.KeyFromSeed(secret.NewBytes(make([]byte, size))); fault.KindOf(err) != fault.Invalid || !k.Empty() {
			t.Errorf("a seed of %d bytes: %v", size, err)
		}
	}
}

// A private key shows itself nowhere, in whatever it is printed.
func TestI19NothingPrintsAPrivateKey(t *testing.T) {
	key := keyOf(t, "bot")
	seed := key.Seed().RevealBytes()
	holder := struct {
		Key escrow.PrivateKey
		At  *escrow.PrivateKey
		key escrow.PrivateKey
	}{key, &key, key}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c", "%t", "%U", "%e", "% x", "%p"} {
		for _, what := range []any{key, &key, holder, &holder, []escrow.PrivateKey{key}, map[string]escrow.PrivateKey{"k": key}} {
			fmt.Fprintf(&out, verb+"\n", what)
		}
	}
	fmt.Fprintln(&out, key, &key, holder)
	_ = json.NewEncoder(&out).Encode(holder)
	for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(h).Info("m", "key", key, "holder", holder, "at", &key)
	}
	list := strings.Trim(strings.ReplaceAll(fmt.Sprint(seed[:6]), ",", ""), "[]")
	for _, form := range []string{string(seed), fmt.Sprintf("%x", seed[:6]), fmt.Sprintf("%X", seed[:6]), list, fmt.Sprintf("% x", seed[:6])} {
		if strings.Contains(out.String(), form) {
			t.Errorf("%q was printed", form)
		}
	}
	if !strings.Contains(out.String(), "(private key)") {
		t.Error("nothing was printed at all")
	}
}

func TestKeyringsThatCannotBeSealedTo(t *testing.T) {
	good := newWorld(t).keys
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(k *escrow.Keys){
		"no number":              func(k *escrow.Keys) { k.Epoch = 0 },
		"no bot":                 func(k *escrow.Keys) { k.Bot = escrow.PublicKey{} },
		"no switchboard":         func(k *escrow.Keys) { k.Switchboard = escrow.PublicKey{} },
		"no custodians":          func(k *escrow.Keys) { k.Custody = escrow.PublicKey{} },
		"bot is switchboard":     func(k *escrow.Keys) { k.Bot = k.Switchboard },
		"bot is custody":         func(k *escrow.Keys) { k.Bot = k.Custody },
		"switchboard is custody": func(k *escrow.Keys) { k.Switchboard = k.Custody },
	} {
		k := good
		spoil(&k)
		if err := k.Check(); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
