package main

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"batsignal/oncall/secret"
)

// worldReadable is the permission that a file with a secret must not give.
const worldReadable = 0o004

// readSecrets reads every file that a key names for its secret, and makes the
// other file names absolute. A short name is looked for among the service's
// credentials first (systemd's LoadCredential=), then beside the file that
// holds it.
func (l *loaded) readSecrets() problems {
	var found problems
	names := map[string]reflect.Value{} // every key with text, to find a secret's neighbour
	eachValue(reflect.ValueOf(&l.Config).Elem(), "", func(k key, value reflect.Value) {
		if value.Kind() == reflect.String {
			names[k.path] = value
		}
	})
	eachValue(reflect.ValueOf(&l.Config).Elem(), "", func(k key, value reflect.Value) {
		switch {
		case k.secret != "":
			fileKey := strings.TrimSuffix(k.path, k.name) + k.secret
			l.readSecret(k.path, fileKey, names[fileKey], value.Addr().Interface().(*secret.Text), &found)
		case k.file != "" && value.String() != "":
			value.SetString(l.find(k.path, value.String()))
			if checkFile(k.path, value.String(), k.file == "private", &found) && k.file == "authorities" {
				checkAuthorities(k.path, value.String(), &found)
			}
		}
	})
	return found
}

func (l *loaded) readSecret(key, fileKey string, name reflect.Value, into *secret.Text, found *problems) {
	if name.String() == "" {
		l.checkInline(key, *into, found)
		return
	}
	if !into.Empty() {
		found.add(key, "is given twice; keep either it or %s", fileKey)
		return
	}
	name.SetString(l.find(fileKey, name.String()))
	if !checkFile(fileKey, name.String(), true, found) {
		return
	}
	value, err := secret.FromFile(name.String())
	switch {
	case err != nil:
		found.add(fileKey, "cannot read %s: %s", name, reason(err))
	case value.Empty():
		found.add(fileKey, "%s is empty; write the secret into it", name)
	default:
		*into = value
	}
}

// checkInline refuses a password in a configuration file that everybody may read.
func (l *loaded) checkInline(key string, value secret.Text, found *problems) {
	if value.Empty() || l.lines[key] == 0 || l.origins[key] != "" || !holdsPassword(value) {
		return
	}
	if info, err := os.Stat(l.file); err == nil && info.Mode().Perm()&worldReadable != 0 {
		found.add(key, "holds a password, and everybody on this machine may read the file; run: chmod 600 %s", l.file)
	}
}

// checkFile tells whether the file can be used.
func checkFile(key, name string, private bool, found *problems) bool {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		found.add(key, "there is no file %s; create it or correct the name", name)
	case err != nil:
		found.add(key, "cannot read %s: %s", name, reason(err))
	case info.IsDir():
		found.add(key, "%s is a directory; name a file", name)
	case private && info.Mode().Perm()&worldReadable != 0:
		found.add(key, "everybody on this machine may read %s; run: chmod 600 %s", name, name)
	default:
		return true
	}
	return false
}

// checkAuthorities refuses a file that would make every server a stranger.
func checkAuthorities(key, name string, found *problems) {
	text, err := os.ReadFile(name) // #nosec G304 -- the operator names it, in the configuration
	switch {
	case err != nil:
		found.add(key, "cannot read %s: %s", name, reason(err))
	case !x509.NewCertPool().AppendCertsFromPEM(text):
		found.add(key, "%s holds no certificate; it must begin with -----BEGIN CERTIFICATE-----", name)
	}
}

func (l *loaded) find(key, name string) string {
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" && filepath.IsLocal(name) {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil { // #nosec G703 -- the operator names it, in the configuration
			return path
		}
	}
	return l.absolute(key, name)
}
