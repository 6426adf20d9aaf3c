package escrow_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"reflect"
	"strings"
	"testing"

	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
)

func TestASealedAddressIsPasted(t *testing.T) {
	w := newWorld(t)
	s := w.seal(t, canary)
	text := s.Text()
	for line := range strings.Lines(text) {
		if len(line) > 65 {
			t.Errorf("%d letters in a line", len(line))
		}
	}
	for name, pasted := range map[string]string{
		"as it was":            text,
		"from Windows":         strings.ReplaceAll(text, "\n", "\r\n"),
		"out of a letter":      "Hello,\n\nhere it is:\n\n" + text + "\n-- \nAda\n",
		"indented":             "    " + strings.ReplaceAll(text, "\n", "\n    "),
		"with empty lines":     strings.ReplaceAll(text, "\n", "\n\n"),
		"without the last end": strings.TrimSuffix(text, "\n"),
	} {
		read, err := escrow.ParseSealed(pasted)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(read, s) || read.Text() != text {
			t.Errorf("%s: another record came out", name)
		}
	}
	if value, err := w.open(s); err != nil || value.Reveal() != canary {
		t.Error(err)
	}
}

// Wherever a paste ends, it is known to be cut off, and the sentence says so.
func TestAPasteThatIsCutOffIsRefused(t *testing.T) {
	text := newWorld(t).seal(t, canary).Text()
	whole := strings.TrimSuffix(text, "\n")
	for n := range len(whole) {
		if _, err := escrow.ParseSealed(whole[:n]); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), "BEGIN to END") {
			t.Fatalf("the first %d letters: %v", n, err)
		}
		if _, err := escrow.ParseSealed(whole[n+1:]); fault.KindOf(err) != fault.Invalid {
			t.Fatalf("without the first %d letters: %v", n+1, err)
		}
	}
	lines := strings.SplitAfter(text, "\n")
	for i := range len(lines) - 1 {
		without := strings.Join(append(append([]string{}, lines[:i]...), lines[i+1:]...), "")
		if _, err := escrow.ParseSealed(without); fault.KindOf(err) != fault.Invalid {
			t.Errorf("without line %d: %v", i+1, err)
		}
	}
}

// Whatever letter is changed, nothing is read.
func TestAPasteThatWasChangedIsRefused(t *testing.T) {
	text := newWorld(t).seal(t, canary).Text()
	for i := range text {
		if text[i] == '\n' {
			continue
		}
		letter := byte('A')
		if text[i] == 'A' {
			letter = 'B'
		}
		if _, err := escrow.ParseSealed(text[:i] + string(letter) + text[i+1:]); fault.KindOf(err) != fault.Invalid {
			t.Fatalf("letter %d: %v", i, err)
		}
	}
}

func TestWhatIsNoSealedAddress(t *testing.T) {
	text := newWorld(t).seal(t, canary).Text()
	lines := strings.SplitAfter(text, "\n")
	sum := lines[len(lines)-3]
	for name, c := range map[string]struct{ text, says string }{
		"nothing":          {"", "no line -----BEGIN"},
		"words":            {"+1 415 555 0137", "no line -----BEGIN"},
		"the frame only":   {lines[0] + lines[len(lines)-2], "checksum"},
		"no END":           {strings.Join(lines[:len(lines)-2], ""), "The end is missing"},
		"two of them":      {text + text, "more than one BEGIN"},
		"BEGIN twice":      {lines[0] + text, "more than one BEGIN"},
		"after the sum":    {strings.Replace(text, sum, sum+"AAAA\n", 1), "between the checksum and the END"},
		"two sums":         {strings.Replace(text, sum, sum+sum, 1), "between the checksum and the END"},
		"no sum":           {strings.Replace(text, sum, "", 1), "checksum"},
		"a line twice":     {strings.Replace(text, lines[5], lines[5]+lines[5], 1), "checksum"},
		"lines exchanged":  {strings.Replace(text, lines[5]+lines[6], lines[6]+lines[5], 1), "checksum"},
		"no base64":        {strings.Replace(text, lines[5], "this is no base64\n", 1), "checksum"},
		"longer than ever": {text + strings.Repeat("\n", escrow.MostText), "too long"},
	} {
		s, err := escrow.ParseSealed(c.text)
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), c.says) || s.Wraps != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Somebody writes the form by hand, with a checksum that fits: all parts must be as they
// are made here.
func TestPartsThatDoNotFitAreRefused(t *testing.T) {
	s := newWorld(t).seal(t, canary)
	good := partsOfText(t, s.Text())
	if _, err := escrow.ParseSealed(armour(good)); err != nil {
		t.Fatal(err)
	}
	const id, ownerAt, kind, policyAt, contentEpoch, epoch, nonce, content, commitment, firstWrap = 1, 2, 3, 4, 5, 6, 7, 8, 9, 12
	for name, spoil := range map[string]func(f []string) []string{
		"nothing":                  func([]string) []string { return nil },
		"another form":             func(f []string) []string { f[0] += "2"; return f },
		"a field less":             func(f []string) []string { return f[:len(f)-1] },
		"a field more":             func(f []string) []string { return append(f, "") },
		"id in capitals":           func(f []string) []string { f[id] = strings.ToUpper(f[id]); return f },
		"id without dashes":        func(f []string) []string { f[id] = strings.ReplaceAll(f[id], "-", ""); return f },
		"id of another version":    func(f []string) []string { f[id] = f[id][:14] + "1" + f[id][15:]; return f },
		"id of another variant":    func(f []string) []string { f[id] = f[id][:19] + "c" + f[id][20:]; return f },
		"id with dashes elsewhere": func(f []string) []string { f[id] = "-" + f[id][:8] + f[id][9:]; return f },
		"no owner":                 func(f []string) []string { f[ownerAt] = "0"; return f },
		"owner -1":                 func(f []string) []string { f[ownerAt] = "-1"; return f },
		"owner 042":                func(f []string) []string { f[ownerAt] = "042"; return f },
		"owner +42":                func(f []string) []string { f[ownerAt] = "+42"; return f },
		"owner too large":          func(f []string) []string { f[ownerAt] = "9223372036854775808"; return f },
		"an unknown kind":          func(f []string) []string { f[kind] = "fax"; return f },
		"no policy":                func(f []string) []string { f[policyAt] = ""; return f },
		"another policy form":      func(f []string) []string { f[policyAt] += " "; return f },
		"epoch 0":                  func(f []string) []string { f[contentEpoch] = "0"; return f },
		"wraps before content":     func(f []string) []string { f[contentEpoch] = "2"; return f },
		"epoch too large":          func(f []string) []string { f[epoch] = "2147483648"; return f },
		"epoch in words":           func(f []string) []string { f[epoch] = "one"; return f },
		"a short nonce":            func(f []string) []string { f[nonce] = f[nonce][1:]; return f },
		"a long content":           func(f []string) []string { f[content] += "x"; return f },
		"no commitment":            func(f []string) []string { f[commitment] = ""; return f },
		"a short wrap":             func(f []string) []string { f[firstWrap] = f[firstWrap][1:]; return f },
		"no last wrap":             func(f []string) []string { f[firstWrap+3] = ""; return f },
	} {
		read, err := escrow.ParseSealed(armour(spoil(append([]string{}, good...))))
		if fault.KindOf(err) != fault.Invalid || read.Wraps != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, payload := range map[string]string{
		"a length alone":       "\x00\x00\x00\x00\x00\x00\x00\x05",
		"an endless field":     "\xff\xff\xff\xff\xff\xff\xff\xffx",
		"half a length":        "\x00\x00\x00",
		"something at the end": join(good) + "x",
	} {
		if _, err := escrow.ParseSealed(armourRaw(payload)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What did not come as text is held to the same form.
func TestASealedAddressWithoutItsPartsIsRefused(t *testing.T) {
	w := newWorld(t)
	if err := w.seal(t, canary).Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*escrow.Sealed){
		"nothing":           func(s *escrow.Sealed) { *s = escrow.Sealed{} },
		"no wraps":          func(s *escrow.Sealed) { s.Wraps = nil },
		"a wrap too few":    func(s *escrow.Sealed) { s.Wraps = s.Wraps[:3] },
		"a wrap too many":   func(s *escrow.Sealed) { s.Wraps = append(s.Wraps, s.Wraps[0]) },
		"a slot twice":      func(s *escrow.Sealed) { s.Wraps[1] = s.Wraps[0] },
		"two epochs":        func(s *escrow.Sealed) { s.Wraps[3].Epoch = 2 },
		"an earlier epoch":  func(s *escrow.Sealed) { s.Record.ContentEpoch = 2 },
		"another record's":  func(s *escrow.Sealed) { s.Wraps[2].Record = w.seal(t, canary).Record.ID },
		"an unknown kind":   func(s *escrow.Sealed) { s.Record.Kind = "fax" },
		"no policy":         func(s *escrow.Sealed) { s.Record.Policy = "" },
		"a content cut off": func(s *escrow.Sealed) { s.Record.Content = s.Record.Content[1:] },
	} {
		s := w.seal(t, canary)
		spoil(&s)
		if err := s.Check(); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// partsOfText reads the fields of a text, without looking at the checksum.
func partsOfText(t *testing.T, text string) (fields []string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	payload, err := base64.StdEncoding.DecodeString(strings.Join(lines[1:len(lines)-2], ""))
	if err != nil {
		t.Fatal(err)
	}
	for len(payload) > 0 {
		size := binary.BigEndian.Uint64(payload)
		fields = append(fields, string(payload[8:8+size]))
		payload = payload[8+size:]
	}
	return fields
}

func join(fields []string) string {
	var out []byte
	for _, f := range fields {
		out = binary.BigEndian.AppendUint64(out, uint64(len(f)))
		out = append(out, f...)
	}
	return string(out)
}

func armour(fields []string) string { return armourRaw(join(fields)) }

func armourRaw(payload string) string {
	sum := sha256.Sum256([]byte(payload))
	return "-----BEGIN BATSIGNAL SEALED CONTACT-----\n" + base64.StdEncoding.EncodeToString([]byte(payload)) + "\n=" +
		base64.StdEncoding.EncodeToString(sum[:6]) + "\n-----END BATSIGNAL SEALED CONTACT-----\n"
}
