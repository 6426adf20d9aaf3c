package main

import "batsignal/oncall/secret"

// ircConfig is one IRC network.
type ircConfig struct {
	ID             string     `mapstructure:"id" doc:"What this network is called here, in commands, pages and the list of admins." example:"libera"`
	Server         string     `mapstructure:"server" doc:"Its address, with the port." example:"irc.libera.chat:6697"`
	TLS            bool       `mapstructure:"tls" doc:"Whether the connection is encrypted. false is for servers on this machine only."`
	ServerName     string     `mapstructure:"server_name" doc:"The name in its certificate, where that differs from server." example:"irc.libera.chat"`
	CAFile         string     `mapstructure:"ca_file" file:"authorities" doc:"The certificate authorities to trust instead of the system's." example:"irc-ca.pem"`
	CertFile       string     `mapstructure:"cert_file" file:"read" doc:"Our own certificate, for sasl external." example:"irc-cert.pem"`
	KeyFile        string     `mapstructure:"key_file" file:"private" doc:"The key of that certificate." example:"irc-key.pem"`
	Nick           string     `mapstructure:"nick" doc:"Our nick."`
	User           string     `mapstructure:"user" doc:"Our user name."`
	RealName       string     `mapstructure:"real_name" doc:"Our real name, as whois shows it."`
	SASL           saslConfig `mapstructure:"sasl" doc:"How we log in to the network's services."`
	Home           string     `mapstructure:"home" doc:"The room where we announce." example:"'#security'"`
	Rooms          []string   `mapstructure:"rooms" doc:"More rooms to listen in." example:"['#infra']"`
	IncidentRoom   string     `mapstructure:"incident_room" doc:"The room of an incident: {id} is its number, {slug} a short form of its title. Empty: no room of its own."`
	Burst          int        `mapstructure:"burst" doc:"How many lines we may send at once after a pause."`
	LinesPerSecond float64    `mapstructure:"lines_per_second" doc:"How many lines a second we may send after that."`
}

type saslConfig struct {
	Mechanism    string      `mapstructure:"mechanism" doc:"plain (account and password), external (our certificate) or none." example:"plain"`
	Account      string      `mapstructure:"account" doc:"Our services account." example:"batsignal"`
	PasswordFile string      `mapstructure:"password_file" doc:"A file with its password." example:"irc-password"`
	Password     secret.Text `mapstructure:"-" secret:"password_file"`
}
