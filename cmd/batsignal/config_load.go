package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"batsignal/oncall/fault"
)

// envPrefix begins the name of each environment variable that is a setting.
const envPrefix = "BATSIGNAL_"

// configFlag is the annotation of a flag that sets a key; see [bindFlag].
const configFlag = "batsignal-config-key"

// bindFlag makes a flag the strongest source of a key.
func bindFlag(flags *pflag.FlagSet, name, key string) {
	// The only error is a flag that does not exist: a slip that any run shows.
	if err := flags.SetAnnotation(name, configFlag, []string{key}); err != nil {
		panic(err)
	}
}

// loaded is a configuration and where each of its values came from.
type loaded struct {
	Config
	file    string            // absolute; "" without a file
	lines   map[string]int    // key in the file to its line
	origins map[string]string // key to the flag or variable that set it
	found   problems          // what the values are wrong about; nil if they could not even be read
}

// loadConfig reads flags, environment, file and defaults, the first of them that
// has a key winning. file may be "". The error lists everything that is wrong,
// and is of kind [fault.Invalid] unless the file could not be read.
func loadConfig(file string, flags *pflag.FlagSet) (loaded, error) {
	l := loaded{Config: defaults(), lines: map[string]int{}, origins: map[string]string{}}
	v := viper.New()
	var found problems

	if file != "" {
		text, err := l.readFile(file)
		if err != nil {
			return l, err
		}
		var doc yaml.Node
		if err := yaml.Unmarshal(text, &doc); err != nil {
			return l, fault.Wrap(fault.Invalid, err, "%s is not YAML: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
		}
		found = append(found, checkKeys(&doc, l.lines)...)
		v.SetConfigType("yaml")
		if err := v.ReadConfig(bytes.NewReader(text)); err != nil {
			if len(found) > 0 {
				return l, l.fault(found) // a key that is there twice is one reason
			}
			return l, fault.Wrap(fault.Invalid, err, "%s must be a list of keys with values, as batsignal config example prints it.", file)
		}
	}
	found = append(found, l.bindEnvironment(v)...)
	l.bindFlags(v, flags)

	dropDefaultLists(v, &l.Config)
	l.RolesGiven = v.IsSet("roles")
	found = append(found, decode(v, &l.Config)...)
	if len(found) == 0 {
		// Only a configuration whose every key could be read is worth judging:
		// else one slip would be told twice.
		l.settle()
		found = append(found, l.readSecrets()...)
		found = append(found, l.check()...)
		l.found = found
	}
	return l, l.fault(found)
}

func (l *loaded) readFile(name string) ([]byte, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return nil, fault.Wrap(fault.Unready, err, "Cannot tell the current directory; give --config with a full path.")
	}
	l.file = path
	text, err := os.ReadFile(path) // #nosec G304 G703 -- the operator names it, who runs the program
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.Wrap(fault.Invalid, err, "There is no configuration file %s. Write one with: batsignal config example > %s", name, name)
	case err != nil:
		return nil, fault.Wrap(fault.Invalid, err, "Cannot read the configuration file %s: %s", name, reason(err))
	}
	return text, nil
}

// bindEnvironment gives each key outside of lists of sections its variable. A
// variable of ours that no key has is refused: it is a slip that would
// otherwise pass in silence.
func (l *loaded) bindEnvironment(v *viper.Viper) problems {
	known := map[string]string{}
	eachKey(reflect.TypeFor[Config](), "", func(k key) {
		if !k.inList && !k.entries {
			known[envName(k.path)] = k.path
		}
	})
	for name, path := range known {
		if os.Getenv(name) != "" {
			// The only error is a missing key.
			_ = v.BindEnv(path, name)
			l.origins[path] = name
		}
	}
	return checkEnvironment(os.Environ(), known)
}

func envName(path string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

func (l *loaded) bindFlags(v *viper.Viper, flags *pflag.FlagSet) {
	if flags == nil {
		return
	}
	flags.Visit(func(f *pflag.Flag) {
		for _, path := range f.Annotations[configFlag] {
			// Only flags that were given count, so that a flag's own default
			// never hides the file's value. The only error is a missing flag.
			_ = v.BindPFlag(path, f)
			l.origins[path] = "--" + f.Name
		}
	})
}

// dropDefaultLists empties each list that a source sets: decoding would else
// write over the default's first elements and leave the rest.
func dropDefaultLists(v *viper.Viper, c *Config) {
	eachValue(reflect.ValueOf(c).Elem(), "", func(k key, value reflect.Value) {
		if value.Kind() == reflect.Slice && !k.inList && v.IsSet(k.path) {
			value.SetZero()
		}
	})
}

// settle fills in what follows from something else.
func (l *loaded) settle() {
	l.StateDir = l.absolute("state_dir", l.StateDir)
	if l.Web.PublicURL == "" {
		l.Web.PublicURL = "http://" + l.Web.Listen
	}
	l.Web.PublicURL = strings.TrimRight(l.Web.PublicURL, "/")
	if l.Mail.Port == 0 {
		l.Mail.Port = map[string]int{"starttls": 587, "tls": 465, "none": 25}[l.Mail.TLS]
	}
	for i := range l.Roles {
		if l.Roles[i].Title == "" {
			l.Roles[i].Title = titleOf(l.Roles[i].Name)
		}
	}
}

func titleOf(role string) string { return strings.ReplaceAll(role, "-", " ") }

// absolute understands ~/ and takes other short names from where they were
// written: the file's directory, or the current one for flags and variables.
func (l *loaded) absolute(key, name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	if l.lines[key] != 0 && l.origins[key] == "" {
		return filepath.Join(filepath.Dir(l.file), name)
	}
	if path, err := filepath.Abs(name); err == nil {
		return path
	}
	return name
}
