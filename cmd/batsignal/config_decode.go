package main

import (
	"errors"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"

	"batsignal/oncall/secret"
)

// decode fills c from v. Unlike the library's habit it guesses nothing: a
// number where words belong is refused, because 007 and +44… would change.
func decode(v *viper.Viper, c *Config) problems {
	err := v.Unmarshal(c, func(d *mapstructure.DecoderConfig) {
		d.WeaklyTypedInput = false
		d.DecodeHook = decodeValue
		d.MatchName = func(key, field string) bool { return key == field }
	})
	var found problems
	collect(err, "", &found)
	return found
}

// decodeValue makes the typed value of one that a file or a variable gave. Files
// give numbers and truth values; variables and flags give everything as text.
func decodeValue(from, to reflect.Value) (any, error) {
	switch entry := to.Addr().Interface().(type) {
	case *ircConfig:
		*entry = defaultIRC()
	case *slackConfig:
		*entry = defaultSlack()
	case *roleConfig:
		*entry = defaultRole()
	case *pagerdutyServiceConfig:
		*entry = defaultPagerDutyService()
	}
	in := from.Interface()
	text, isText := in.(string)
	if isSection(to.Type()) && from.Kind() != reflect.Map {
		return nil, errors.New("must be a section with keys of its own")
	}
	switch to.Interface().(type) {
	case secret.Text:
		if !isText {
			return nil, errors.New("must be text; put it in quotes")
		}
		return secret.New(text), nil
	case time.Duration:
		d, err := time.ParseDuration(text)
		if !isText || err != nil {
			return nil, errors.New("must be a time with its unit, such as 90s, 5m or 24h")
		}
		return d, nil
	case netip.Prefix:
		return decodeNetwork(text)
	case []string, []netip.Prefix:
		if isText {
			return splitList(text), nil
		}
		if from.Kind() != reflect.Slice {
			return nil, errors.New("must be a list")
		}
	case []ircConfig, []slackConfig, []roleConfig, []aliasConfig, []oidcConfig, []componentRoomConfig, []componentSourceConfig, []pagerdutyServiceConfig:
		if from.Kind() != reflect.Slice {
			return nil, errors.New("must be a list: begin each entry with a hyphen")
		}
	case string:
		if !isText {
			return nil, errors.New("must be text; put it in quotes")
		}
	case int:
		if isText {
			return decodeText(text, "a whole number", strconv.Atoi)
		}
		if from.Kind() == reflect.Float64 { // the library would drop the fraction
			return nil, errors.New("must be a whole number")
		}
	case float64:
		if isText {
			return decodeText(text, "a number", func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })
		}
	case bool:
		if isText {
			return decodeText(text, "true or false", strconv.ParseBool)
		}
	}
	return in, nil
}

func decodeText[T any](text, what string, parse func(string) (T, error)) (any, error) {
	value, err := parse(strings.TrimSpace(text))
	if err != nil {
		return nil, errors.New("must be " + what)
	}
	return value, nil
}

func decodeNetwork(text string) (any, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, errors.New("must be a network such as 10.20.0.0/16 or fd00:1::/32")
	}
	return network.Masked(), nil
}

func splitList(text string) []string {
	var list []string
	for _, part := range strings.Split(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// collect turns the library's tree of errors into problems, one for each key.
func collect(err error, key string, found *problems) {
	switch e := err.(type) {
	case nil:
	case *mapstructure.DecodeError:
		collect(e.Unwrap(), e.Name(), found)
	case interface{ Unwrap() []error }:
		for _, each := range e.Unwrap() {
			collect(each, key, found)
		}
	case interface{ Unwrap() error }: // a heading over the whole tree
		collect(e.Unwrap(), key, found)
	default:
		found.add(key, "%s", plain(err))
	}
}

// plain words a type error of the library for people; our own pass unchanged.
func plain(err error) string {
	var wrong *mapstructure.UnconvertibleTypeError
	if !errors.As(err, &wrong) {
		return err.Error()
	}
	switch wrong.Expected.Kind() {
	case reflect.Int:
		return "must be a whole number"
	case reflect.Float64:
		return "must be a number"
	case reflect.Bool:
		return "must be true or false"
	}
	return "must be text; put it in quotes"
}
