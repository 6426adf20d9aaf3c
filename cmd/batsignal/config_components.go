package main

import (
	"cmp"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/component"
)

type componentsConfig struct {
	Rooms         []componentRoomConfig   `mapstructure:"rooms" doc:"Where the command owner ask asks who looks after a component. None: the home room of each network."`
	Sources       []componentSourceConfig `mapstructure:"sources" doc:"Lists of components and their owners that are read again and again: CSV, YAML or JSON. What a list says replaces what it said before; what people say in chat stays."`
	AllowNetworks []netip.Prefix          `mapstructure:"allow_networks" doc:"Networks of yours that lists may be fetched from, by http too. Everything else must be a public address, by https." example:"[10.20.0.0/16]"`
}

type componentRoomConfig struct {
	Network string `mapstructure:"network" doc:"The network, by its id." example:"libera"`
	Room    string `mapstructure:"room" doc:"The room. The bot must be in it." example:"'#devel'"`
}

type componentSourceConfig struct {
	Name  string        `mapstructure:"name" doc:"What the list is called: small letters, digits, dots, hyphens." example:"fedora"`
	File  string        `mapstructure:"file" doc:"The file that it is in, as a whole path." example:"/etc/batsignal/owners.yaml"`
	URL   string        `mapstructure:"url" doc:"The address that it is at, instead of a file, as in https://src.example.org/owners.json."`
	Every time.Duration `mapstructure:"every" doc:"How often it is read again. 0: once a day." example:"24h"`
}

var sourceName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

func (c componentsConfig) check(found *problems, all *Config) {
	for i, room := range c.Rooms {
		at := entry("components.rooms", i)
		if !slices.Contains(all.networkIDs(), room.Network) {
			found.add(at+"network", "%s is no network of this configuration; there are: %s", strconv.Quote(room.Network), strings.Join(all.networkIDs(), ", "))
		}
		if room.Room == "" {
			found.add(at+"room", "must be a room, such as #devel")
		}
	}
	seen := map[string]bool{}
	for i, s := range c.Sources {
		at := entry("components.sources", i)
		switch {
		case !sourceName.MatchString(s.Name):
			found.add(at+"name", "must be small letters, digits, dots and hyphens, such as fedora")
		case seen[s.Name]:
			found.add(at+"name", "%s is the name of another list; choose another one", s.Name)
		}
		seen[s.Name] = true
		u, err := url.Parse(s.URL)
		switch {
		case (s.File == "") == (s.URL == ""):
			found.add(at+"file", "give either a file or a url")
		case s.File != "" && !filepath.IsAbs(s.File):
			found.add(at+"file", "must be a whole path, such as /etc/batsignal/owners.yaml")
		case s.URL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil):
			found.add(at+"url", "must be an address such as https://src.example.org/owners.json, without a password")
		}
		if s.Every != 0 {
			between(found, at+"every", s.Every, time.Minute, 31*24*time.Hour)
		}
	}
}

// sourcesOf are the lists that are read by themselves.
func sourcesOf(c Config) []component.Source {
	var list []component.Source
	for _, s := range c.Components.Sources {
		list = append(list, component.Source{Name: s.Name, Place: cmp.Or(s.File, s.URL), Every: cmp.Or(s.Every, 24*time.Hour)})
	}
	return list
}

// askingRooms are where one is asked who looks after a component.
func askingRooms(c Config, places []place) []oncall.Room {
	var rooms []oncall.Room
	for _, r := range c.Components.Rooms {
		rooms = append(rooms, oncall.Room{Network: r.Network, Name: r.Room})
	}
	if len(rooms) == 0 {
		for _, p := range places {
			rooms = append(rooms, oncall.Room{Network: p.id, Name: p.home})
		}
	}
	return rooms
}
