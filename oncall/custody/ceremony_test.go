package custody_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Five custodians: two kinds of age keys, a token behind a plugin, and paper.
func TestACeremonyGoesHomeWithFivePeople(t *testing.T) {
	self, err := os.Executable()
	must(t, err)
	bin := t.TempDir()
	must(t, os.Symlink(self, filepath.Join(bin, "age-plugin-"+testPlugin)))
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))

	x, err := age.GenerateX25519Identity()
	must(t, err)
	pq, err := age.GenerateHybridIdentity()
	must(t, err)
	token, err := age.GenerateX25519Identity()
	must(t, err)

	w := world{bot: key(t), switchboard: key(t)}
	p := params(w.bot, w.switchboard, 3, five...)
	p.Custodians[0].Recipient = x.Recipient().String()
	p.Custodians[1].Recipient = pq.Recipient().String()
	p.Custodians[2].Recipient = plugin.EncodeRecipient(testPlugin, []byte(token.Recipient().String()))
	o, err := custody.Init(p)
	must(t, err)
	must(t, o.Keyring.Verify(custody.Keyring{}))

	ids := []string{
		"# mine\n" + x.String() + "\n", pq.String(), plugin.EncodeIdentity(testPlugin, []byte(token.String())), "", "",
	}
	kinds := []string{"x25519", "hybrid", "plugin " + testPlugin, "sheet", "sheet"}
	var shares []custody.Share
	for i, h := range o.Handouts {
		if h.Custodian.Recipient != kinds[i] || h.Paper != (kinds[i] == "sheet") {
			t.Errorf("%s has a %s", h.Custodian.Name, h.Custodian.Recipient)
		}
		if kinds[i] != "sheet" {
			if strings.Contains(h.Text.Reveal(), "keyring") {
				t.Error("an encrypted share can be read")
			}
			_, err := custody.OpenShare(h.Text, secret.Text{}, custody.Terminal{})
			refused(t, err, "Say by which identity")
			_, err = custody.OpenShare(h.Text, secret.New(ids[(i+1)%2]), custody.Terminal{})
			if i < 2 {
				refused(t, err, "does not open with that identity")
			}
		}
		s, err := custody.OpenShare(h.Text, secret.New(ids[i]), custody.Terminal{})
		must(t, err)
		who, err := o.Keyring.Check(s)
		must(t, err)
		if who.Name != five[i] {
			t.Errorf("%s has the share of %s", five[i], who.Name)
		}
		shares = append(shares, s)
	}
	c, err := o.Keyring.Combine(shares[1:4])
	must(t, err)
	if c.Key.Public() != o.Keyring.Custody {
		t.Error("another key")
	}
}

func TestCeremoniesThatAreRefused(t *testing.T) {
	w := newWorld(t)
	for says, change := range map[string]func(*custody.Params){
		"must be able to open together": func(p *custody.Params) { p.Custodians = p.Custodians[:2] },
		"at the same place":             func(p *custody.Params) { p.Custodians[4].Place = "Safe of Ada" },
		"is in the keyring twice":       func(p *custody.Params) { p.Custodians[4].Name = "ada" },
		"no recipient of age":           func(p *custody.Params) { p.Custodians[4].Recipient = "age1nonsense" },
		"two shares must be needed":     func(p *custody.Params) { p.K = 1 },
		"cannot be printed":             func(p *custody.Params) { p.Custodians[0].Name = "A\u202eda" },
		"Two keys of the keyring":       func(p *custody.Params) { p.Bot = custody.Host{Key: p.Switchboard.Key} },
	} {
		p := params(w.bot, w.switchboard, 3, five...)
		change(&p)
		_, err := custody.Init(p)
		refused(t, err, says)
	}
}

func TestATypingErrorIsNamedByItsLine(t *testing.T) {
	w := newWorld(t)
	sheet, err := w.keyring.Sheet(w.shares[2])
	must(t, err)
	lines := strings.Split(sheet.Reveal(), "\n")
	row := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "2  ") })

	typed := strings.ToLower(strings.Join(lines, "\n"))
	typed = strings.ReplaceAll(typed, "0", "o")
	typed = strings.Replace(typed, "custody share\n", "custody share\n# my copy\n", 1)
	if s, err := custody.ParseSheet(secret.New(strings.ReplaceAll(typed, "keyring o", "keyring 0"))); err != nil || !s.Value.Equal(w.shares[2].Value) {
		t.Errorf("small letters are not forgiven: %v", err)
	}
	change := func(to string) secret.Text {
		changed := slices.Clone(lines)
		changed[row] = to
		return secret.New(strings.Join(changed, "\n"))
	}
	letter := lines[row][3:4]
	for _, other := range "0123456789ABCDEFGHJKMNPQRSTVWXYZ" {
		if string(other) == letter {
			continue
		}
		s, err := custody.ParseSheet(change("2  " + string(other) + lines[row][4:]))
		if err == nil {
			// A line has 12 bits of a hash, which one slip in four thousand passes: then the share
			// as a whole is found to be wrong.
			if _, err := w.keyring.Check(s); err == nil {
				t.Errorf("%s for %s was not noticed", string(other), letter)
			}
		} else if !strings.Contains(fault.Say(err), "Line 2 of the sheet has a typing error") {
			t.Error(fault.Say(err))
		}
	}
	_, err = custody.ParseSheet(change(lines[row][:len(lines[row])-1]))
	refused(t, err, "Line 2 of the sheet has 19 letters")
	_, err = custody.ParseSheet(change("3" + lines[row][1:]))
	refused(t, err, "Line 2 of the sheet is missing")
	_, err = custody.ParseSheet(change("2  U" + lines[row][4:]))
	refused(t, err, "never used there (letter 1)")
	_, err = custody.ParseSheet(secret.New(strings.Replace(sheet.Reveal(), "custodian 3", "custodian 2", 1)))
	refused(t, err, "do not belong to it")
	for _, line := range lines {
		if len(line) > 55 {
			t.Errorf("too wide for half a page: %d letters", len(line))
		}
	}
}

func TestAHostIsReadAsItWasWritten(t *testing.T) {
	h := custody.Host{Side: custody.SideSwitchboard, Key: key(t).Public(), Ledger: "batsignal+1234+abc"}
	got, err := custody.ParseHost(h.Text(), custody.SideSwitchboard)
	must(t, err)
	if got != h {
		t.Errorf("%+v", got)
	}
	_, err = custody.ParseHost(h.Text(), custody.SideBot)
	refused(t, err, "one of the bot is needed")
	_, err = custody.ParseHost("{}", custody.SideBot)
	refused(t, err, "does not say who")
}

func FuzzSheet(f *testing.F) {
	w := newWorld(f)
	sheet, err := w.keyring.Sheet(w.shares[0])
	must(f, err)
	f.Add(sheet.Reveal())
	f.Add("keyring 1 custodian 2\n1 a\n2: b\n3. c\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := custody.ParseSheet(secret.New(text))
		if err == nil && s.Value.Len() != 33 {
			t.Fatalf("a share of %d bytes", s.Value.Len())
		}
		_, _ = custody.OpenShare(secret.New("-----BEGIN AGE ENCRYPTED FILE-----\n"+text), secret.New(text), custody.Terminal{})
		_, _ = custody.ParseHost(text, custody.SideBot)
	})
}
