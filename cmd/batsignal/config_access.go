package main

import (
	"net/url"
	"regexp"
	"unicode/utf8"

	"batsignal/oncall/secret"
	"batsignal/web"
)

// oidcConfig is an identity provider by which people may sign in on the web.
type oidcConfig struct {
	ID               string      `mapstructure:"id" doc:"What this provider is called here, in addresses: people come back to web.public_url and /sign-in/oidc/ID/callback, which the provider must be told. Accounts hang on it, so do not change it." example:"acme"`
	Name             string      `mapstructure:"name" doc:"What people call it. Empty: its id." example:"Acme accounts"`
	Issuer           string      `mapstructure:"issuer" doc:"Its address as it writes it itself, as the issuer of its tokens. It describes itself below that, at /.well-known/openid-configuration." example:"https://accounts.example.org"`
	ClientID         string      `mapstructure:"client_id" doc:"What we are called there." example:"batsignal"`
	ClientSecretFile string      `mapstructure:"client_secret_file" doc:"A file with the secret that it gave us. Empty: it gave none (a public client)." example:"oidc-secret"`
	ClientSecret     secret.Text `mapstructure:"-" secret:"client_secret_file"`
}

var oidcID = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

func checkOIDC(found *problems, list []oidcConfig) {
	seen := map[string]bool{}
	for i, p := range list {
		at := entry("web.oidc", i)
		switch {
		case !oidcID.MatchString(p.ID):
			found.add(at+"id", "must be one word of small letters, digits and hyphens, such as acme")
		case seen[p.ID]:
			found.add(at+"id", "%s is the id of another provider; choose another word", p.ID)
		}
		seen[p.ID] = true
		if utf8.RuneCountInString(p.Name) > 60 {
			found.add(at+"name", "must be at most 60 letters: it stands on a button")
		}
		u, err := url.Parse(p.Issuer)
		switch {
		case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http":
			found.add(at+"issuer", "must be an address such as https://accounts.example.org")
		case u.Scheme == "http" && !isLoopback(u.Hostname()):
			found.add(at+"issuer", "would let anybody on the way sign in as anybody; use https")
		}
		if p.ClientID == "" {
			found.add(at+"client_id", "must be what the provider calls us")
		}
	}
}

// providersOf are the identity providers as the web takes them.
func providersOf(c Config) (list []web.Provider) {
	for _, p := range c.Web.OIDC {
		name := p.Name
		if name == "" {
			name = p.ID
		}
		list = append(list, web.Provider{ID: p.ID, Name: name, Issuer: p.Issuer, ClientID: p.ClientID, ClientSecret: p.ClientSecret})
	}
	return list
}

// inTheClear tells whether cookies of people who sign in can be read on the way.
func (w webConfig) inTheClear() bool {
	u, err := url.Parse(w.PublicURL)
	return err == nil && u.Scheme == "http" && !isLoopback(u.Hostname())
}
