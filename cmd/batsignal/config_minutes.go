package main

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/oncall/secret"
)

type minutesConfig struct {
	Dialect   string              `mapstructure:"dialect" doc:"How the bot speaks in meetings and what minutes look like: batsignal, or as MeetBot does at debian, openstack or fedora, its faults included."`
	Dir       string              `mapstructure:"dir" doc:"The directory for the files of minutes. Empty: minutes in state_dir. none: no files; minutes are in the database and on the web anyway." example:"/var/www/meetbot"`
	Pattern   string              `mapstructure:"pattern" doc:"How files are called below it, without their endings: %(channel)s, %(network)s and %(meetingname)s, and with %% the letters of strftime."`
	URLPrefix string              `mapstructure:"url_prefix" doc:"What stands before these names in links. Empty: the bot's own pages, web.public_url and /minutes/." example:"https://meetbot.example.org/"`
	Formats   []string            `mapstructure:"formats" doc:"Which files are written: txt, html, log.html, log.txt, rst, mw; in the dialect batsignal also md, json and eml."`
	Length    time.Duration       `mapstructure:"length" doc:"After how long anybody may end a meeting, in dialects that let them."`
	Idle      time.Duration       `mapstructure:"idle" doc:"After how long a silence the bot ends a meeting by itself, in the dialect batsignal. It warns of that before."`
	Rooms     []minutesRoomConfig `mapstructure:"rooms" doc:"What differs in single rooms."`
	S3        s3Config            `mapstructure:"s3" doc:"A bucket that the files of minutes are written to as well."`
	Tracker   trackerConfig       `mapstructure:"tracker" doc:"The issue tracker that actions can be exported to, by the command action issue."`
}

type minutesRoomConfig struct {
	Network string        `mapstructure:"network" doc:"The network, by its id." example:"libera"`
	Room    string        `mapstructure:"room" doc:"The room." example:"'#ops'"`
	Dialect string        `mapstructure:"dialect" doc:"Its dialect. Empty: minutes.dialect." example:"debian"`
	Pattern string        `mapstructure:"pattern" doc:"How its files are called. Empty: minutes.pattern."`
	Recent  time.Duration `mapstructure:"recent" doc:"How long what is said there without a meeting is kept, so that one that starts late can take it in with #adopt. 0: not at all. Tell people in the room's topic." example:"15m"`
}

type s3Config struct {
	Endpoint      string      `mapstructure:"endpoint" doc:"The server, as host or host:port. Empty: no bucket." example:"s3.example.org"`
	Bucket        string      `mapstructure:"bucket" doc:"The bucket." example:"minutes"`
	Region        string      `mapstructure:"region" doc:"Its region, where the server wants one." example:"eu-central-1"`
	Prefix        string      `mapstructure:"prefix" doc:"What stands before the names of files in it." example:"meetings/"`
	AccessKey     string      `mapstructure:"access_key" doc:"The name of the key." example:"AKIAEXAMPLE"`
	SecretKeyFile string      `mapstructure:"secret_key_file" doc:"A file with the secret of the key." example:"s3-secret"`
	SecretKey     secret.Text `mapstructure:"-" secret:"secret_key_file"`
	Insecure      bool        `mapstructure:"insecure" doc:"Speak plain http; for a server on this machine only."`
	Private       bool        `mapstructure:"private" doc:"The bucket is not readable by the world, so restricted minutes may be written there too."`
}

type trackerConfig struct {
	GitLab    string      `mapstructure:"gitlab" doc:"The address of a GitLab. Empty: no tracker." example:"https://gitlab.example.org"`
	Project   string      `mapstructure:"project" doc:"The project whose issues they are." example:"infra/actions"`
	TokenFile string      `mapstructure:"token_file" doc:"A file with an access token that may open issues there (scope api)." example:"gitlab-token"`
	Token     secret.Text `mapstructure:"-" secret:"token_file"`
}

// defaultMinutes is what minutes are where nobody decided.
func defaultMinutes() minutesConfig {
	return minutesConfig{
		Dialect: minutes.Batsignal().Name, Pattern: minutes.DefaultPattern, Length: time.Hour, Idle: time.Hour,
		Formats: []string{"txt", "html", "log.html", "log.txt"},
	}
}

func (m minutesConfig) check(found *problems, c *Config) {
	names := dialectNames()
	oneOf(found, "minutes.dialect", m.Dialect, names...)
	for i, format := range m.Formats {
		oneOf(found, strings.TrimSuffix(entry("minutes.formats", i), "."), format, "txt", "html", "log.html", "log.txt", "rst", "mw", "pmw", "md", "json", "eml")
	}
	checkPattern(found, "minutes.pattern", m.Pattern)
	between(found, "minutes.length", m.Length, time.Minute, 48*time.Hour)
	between(found, "minutes.idle", m.Idle, 5*time.Minute, 7*24*time.Hour)
	if m.Dir != "" && m.Dir != "none" && !filepath.IsAbs(m.Dir) {
		found.add("minutes.dir", "must be a whole path, such as /var/www/meetbot, or none")
	}
	for i, room := range m.Rooms {
		at := entry("minutes.rooms", i)
		if !slices.Contains(c.networkIDs(), room.Network) {
			found.add(at+"network", "%s is no network of this configuration; there are: %s", strconv.Quote(room.Network), strings.Join(c.networkIDs(), ", "))
		}
		if room.Room == "" {
			found.add(at+"room", "must be a room, such as #ops")
		}
		if room.Dialect != "" {
			oneOf(found, at+"dialect", room.Dialect, names...)
		}
		if room.Pattern != "" {
			checkPattern(found, at+"pattern", room.Pattern)
		}
		if room.Recent < 0 || room.Recent > 24*time.Hour {
			found.add(at+"recent", "must be between 0 and 24 hours")
		}
	}
	m.S3.check(found)
	m.Tracker.check(found)
}

func (s s3Config) check(found *problems) {
	if s.Endpoint == "" {
		return
	}
	if s.Bucket == "" {
		found.add("minutes.s3.bucket", "must name a bucket")
	}
	if s.AccessKey == "" || s.SecretKey.Empty() {
		found.add("minutes.s3.secret_key_file", "must name a file with the secret of minutes.s3.access_key")
	}
	if host, _, _ := strings.Cut(s.Endpoint, ":"); s.Insecure && !isLoopback(host) {
		found.add("minutes.s3.insecure", "would send minutes in the clear to %s", s.Endpoint)
	}
}

func (t trackerConfig) check(found *problems) {
	if t.GitLab == "" {
		return
	}
	if !strings.HasPrefix(t.GitLab, "https://") && !strings.HasPrefix(t.GitLab, "http://127.0.0.1") && !strings.HasPrefix(t.GitLab, "http://localhost") {
		found.add("minutes.tracker.gitlab", "must be an address such as https://gitlab.example.org")
	}
	if t.Project == "" {
		found.add("minutes.tracker.project", "must be a project, such as infra/actions")
	}
	if t.Token.Empty() {
		found.add("minutes.tracker.token_file", "must name a file with an access token")
	}
}

// checkPattern finds what would put two meetings in one file, or a file elsewhere.
func checkPattern(found *problems, key, pattern string) {
	switch {
	case pattern == "" || strings.HasPrefix(pattern, "/") || strings.Contains(pattern, ".."):
		found.add(key, "must be a path below the directory, such as %s", minutes.DefaultPattern)
	case strings.Contains(strings.ReplaceAll(strings.ReplaceAll(pattern, "%%", ""), "%(", ""), "%"):
		found.add(key, "write %%%% before the letters of dates: %s", minutes.DefaultPattern)
	}
}

func dialectNames() (names []string) {
	for _, d := range minutes.Dialects() {
		names = append(names, d.Name)
	}
	return names
}

// policyOf is what meetings are told of the configuration.
func policyOf(c Config) meeting.Policy {
	p := meeting.Policy{
		Dialect: c.Minutes.Dialect, Length: c.Minutes.Length, Idle: c.Minutes.Idle, Pattern: c.Minutes.Pattern,
		URLPrefix: cmp.Or(c.Minutes.URLPrefix, strings.TrimRight(c.Web.PublicURL, "/")+"/minutes/"),
	}
	for _, r := range c.Minutes.Rooms {
		p.Rooms = append(p.Rooms, meeting.RoomPolicy{Network: r.Network, Room: r.Room, Dialect: r.Dialect, Pattern: r.Pattern, Recent: r.Recent})
	}
	return p
}
