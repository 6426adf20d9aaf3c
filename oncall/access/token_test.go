package access_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

func TestTokensOfPrograms(t *testing.T) {
	s := newScene(t)
	month := s.now.AddDate(0, 1, 0)
	text, made, err := s.CreateToken(ctx, s.ada, " nightly export ", []access.Scope{access.ScheduleWrite, access.Read, access.Read}, month)
	s.must(err)
	if !strings.HasPrefix(text.Reveal(), "bst_") || made.Title != "nightly export" || !slices.Equal(made.Scopes, []access.Scope{access.Read, access.ScheduleWrite}) {
		t.Errorf("%+v", made)
	}
	got, err := s.Bearer(ctx, text)
	s.must(err)
	if got.Handle != "ada" || got.PersonID != s.ada.PersonID || !got.May(access.Read) || got.May(access.AdminScope) || got.UsedAt != nil {
		t.Errorf("%+v", got)
	}
	for _, wrong := range []string{"", "bst_", "bst_" + access.Fresh(), access.Fresh(), text.Reveal()[4:]} {
		_, err := s.Bearer(ctx, secret.New(wrong))
		s.fails(err, fault.Forbidden)
	}
	s.now = s.now.Add(59 * time.Minute)
	_, err = s.Bearer(ctx, text)
	s.must(err)
	list, err := s.Tokens(ctx, s.ada.PersonID)
	s.must(err)
	if len(list) != 1 || list[0].UsedAt == nil || !list[0].UsedAt.Equal(start) {
		t.Errorf("%+v", list)
	}
	s.now = month
	_, err = s.Bearer(ctx, text)
	s.fails(err, fault.Forbidden)
}

func TestRevokingAToken(t *testing.T) {
	s := newScene(t)
	text, made, err := s.CreateToken(ctx, s.ada, "script", []access.Scope{access.Command}, s.now.AddDate(1, 0, 0))
	s.must(err)
	s.fails(s.RevokeToken(ctx, s.bert, made.ID), fault.NotFound)
	s.must(s.RevokeToken(ctx, s.ada, made.ID))
	s.fails(s.RevokeToken(ctx, s.ada, made.ID), fault.NotFound)
	_, err = s.Bearer(ctx, text)
	s.fails(err, fault.Forbidden)
	if got := s.says(s.ada); got != "ada made a token for command until 1 Mar 2027\nada revoked a token\n" {
		t.Errorf("the record says\n%s", got)
	}
}

func TestTokensThatAreNotMade(t *testing.T) {
	s := newScene(t)
	year := s.now.AddDate(1, 0, 0)
	for _, c := range []struct {
		title   string
		scopes  []access.Scope
		expires time.Time
	}{
		{"", []access.Scope{access.Read}, year},
		{strings.Repeat("x", 61), []access.Scope{access.Read}, year},
		{"two\nlines", []access.Scope{access.Read}, year},
		{"none", nil, year},
		{"unknown", []access.Scope{access.Read, "everything"}, year},
		{"never ends", []access.Scope{access.Read}, time.Time{}},
		{"long", []access.Scope{access.Read}, year.AddDate(0, 0, 2)},
		{"over", []access.Scope{access.Read}, s.now},
	} {
		_, _, err := s.CreateToken(ctx, s.ada, c.title, c.scopes, c.expires)
		s.fails(err, fault.Invalid)
	}
	for range 20 {
		_, _, err := s.CreateToken(ctx, s.ada, "one of many", []access.Scope{access.Read}, year)
		s.must(err)
	}
	_, _, err := s.CreateToken(ctx, s.ada, "one too many", []access.Scope{access.Read}, year)
	s.fails(err, fault.Limited)
}

func TestAddressesOfCalendars(t *testing.T) {
	s := newScene(t)
	s.must(oncall.SyncRoles(ctx, s.db, s.now, oncall.DefaultRoles()))
	text, made, err := s.CreateFeed(ctx, s.ada, access.Feed{OfRole: "coordination"})
	s.must(err)
	if !strings.HasPrefix(text.Reveal(), "bsf_") || made.Of == "" {
		t.Errorf("%+v", made)
	}
	got, err := s.Feed(ctx, text)
	s.must(err)
	if got.OfRole != "coordination" || got.OfPerson != 0 || got.OfSchedule != 0 || got.Handle != "ada" {
		t.Errorf("%+v", got)
	}
	own, _, err := s.CreateFeed(ctx, s.ada, access.Feed{OfPerson: s.ada.PersonID})
	s.must(err)
	for _, wrong := range []access.Feed{{}, {OfRole: "coordination", OfPerson: s.ada.PersonID}} {
		_, _, err := s.CreateFeed(ctx, s.ada, wrong)
		s.fails(err, fault.Invalid)
	}
	s.fails(s.RevokeFeed(ctx, s.bert, made.ID), fault.NotFound)
	s.must(s.RevokeFeed(ctx, s.ada, made.ID))
	_, err = s.Feed(ctx, text)
	s.fails(err, fault.NotFound)
	_, err = s.Feed(ctx, own)
	s.must(err)
	for _, wrong := range []string{"", "bsf_", "bsf_" + access.Fresh(), own.Reveal()[4:]} {
		_, err := s.Feed(ctx, secret.New(wrong))
		s.fails(err, fault.NotFound)
	}
	list, err := s.Feeds(ctx, s.ada.PersonID)
	s.must(err)
	if len(list) != 1 || list[0].Of != "ada" {
		t.Errorf("%+v", list)
	}
}

func TestAFeedOfNothing(t *testing.T) {
	s := newScene(t)
	_, _, err := s.CreateFeed(ctx, s.ada, access.Feed{OfSchedule: 4711})
	s.fails(err, fault.NotFound)
}

func TestWhatASignInKeepsComesBackOnce(t *testing.T) {
	s := newScene(t)
	type kept struct{ State string }
	token, err := s.Begin(ctx, access.AttemptOIDC, s.ada.PersonID, kept{"abc"})
	s.must(err)
	var got kept
	_, err = s.Take(ctx, access.AttemptPasskey, token, &got)
	s.fails(err, fault.NotFound)
	person, err := s.Take(ctx, access.AttemptOIDC, token, &got)
	s.must(err)
	if person != s.ada.PersonID || got.State != "abc" {
		t.Errorf("%d, %+v", person, got)
	}
	_, err = s.Take(ctx, access.AttemptOIDC, token, &got)
	s.fails(err, fault.NotFound)
	late, err := s.Begin(ctx, access.AttemptOIDC, 0, kept{})
	s.must(err)
	s.now = s.now.Add(10 * time.Minute)
	_, err = s.Take(ctx, access.AttemptOIDC, late, &got)
	s.fails(err, fault.NotFound)
}

func TestPasskeys(t *testing.T) {
	s := newScene(t)
	k, err := s.AddPasskey(ctx, s.ada, access.Passkey{CredentialID: []byte{1}, Credential: []byte(`{"a": 1}`), Name: "phone"})
	s.must(err)
	_, err = s.AddPasskey(ctx, s.bert, access.Passkey{CredentialID: []byte{1}, Credential: []byte(`{}`), Name: "stolen"})
	s.fails(err, fault.Conflict)
	_, err = s.AddPasskey(ctx, s.bert, access.Passkey{CredentialID: []byte{2}, Credential: []byte(`{}`)})
	s.fails(err, fault.Invalid)
	s.must(s.UsePasskey(ctx, s.ada, []byte{1}, []byte(`{"a": 2}`)))
	s.fails(s.UsePasskey(ctx, s.bert, []byte{1}, []byte(`{"a": 3}`)), fault.NotFound)
	list, err := s.Passkeys(ctx, s.ada.PersonID)
	s.must(err)
	if len(list) != 1 || string(list[0].Credential) != `{"a": 2}` || list[0].UsedAt == nil {
		t.Errorf("%+v", list)
	}
	begun, _, err := s.SignIn(ctx, s.ada, access.ByPasskey, access.Browser{})
	s.must(err)
	other, _, err := s.SignIn(ctx, s.ada, access.ByLink, access.Browser{})
	s.must(err)
	s.fails(s.RemovePasskey(ctx, s.bert, k.ID, 0), fault.NotFound)
	s.must(s.RemovePasskey(ctx, s.ada, k.ID, 0))
	if s.in(begun) || !s.in(other) {
		t.Error("what the passkey began goes on, or another session ended")
	}
}

func TestAccountsAtProviders(t *testing.T) {
	seen := map[string]string{}
	for _, subject := range []string{"abc", "ABC", "Abc", "^abc", "^a^b^c", "^^abc", strings.Repeat("x", 300), strings.Repeat("X", 300), "^#00", "ÄÖ", "äö", "a\x00b"} {
		name := access.ProviderAccount("acme", subject).Name
		if other, taken := seen[name]; taken || len(name) > 128 {
			t.Errorf("%q is %s, as %q is", subject, name, other)
		}
		seen[name] = subject
		if strings.ToLower(name) != name && subject != "ÄÖ" {
			t.Errorf("%q becomes %s, which the table would fold", subject, name)
		}
	}
	s := newScene(t)
	upper, lower := access.ProviderAccount("acme", "X"), access.ProviderAccount("acme", "x")
	s.must(s.AddAccount(ctx, s.ada, upper))
	s.must(s.AddAccount(ctx, s.ada, upper)) // again
	s.must(s.AddAccount(ctx, s.bert, lower))
	s.fails(s.AddAccount(ctx, s.bert, upper), fault.Conflict)
	p, found, err := oncall.PersonByAccount(ctx, s.db, upper.Network, upper.Name)
	s.must(err)
	if !found || p.Handle != "ada" {
		t.Errorf("%v, %+v", found, p)
	}
	s.fails(s.RemoveAccount(ctx, s.bert, upper, 0), fault.NotFound)
	s.must(s.RemoveAccount(ctx, s.ada, upper, 0))
	s.fails(s.RemoveAccount(ctx, s.ada, oncall.Account{Network: "libera", Name: "ada"}, 0), fault.Invalid)
}
