package seal

import (
	"strings"

	"batsignal/oncall/fault"
)

// key is what gpg says of one key.
type key struct {
	fingerprint string
	owner       string
}

// onlyKey reads the colons of gpg, of a file that is to hold one key that can be sealed to.
func onlyKey(file, colons string) (k key, err error) {
	keys := 0
	var validity, can string
	for line := range strings.Lines(colons) {
		f := strings.Split(strings.TrimRight(line, "\r\n"), ":")
		if len(f) < 12 && f[0] != "fpr" && f[0] != "uid" {
			continue
		}
		switch f[0] {
		case "sec":
			return k, fault.New(fault.Invalid, "%s holds a secret key. It must not lie there: export only the public one (gpg --export FINGERPRINT).", file)
		case "pub":
			keys++
			validity, can = f[1], f[11]
		case "fpr":
			if len(f) > 9 && k.fingerprint == "" {
				k.fingerprint = f[9]
			}
		case "uid":
			if len(f) > 9 && k.owner == "" {
				k.owner = strings.ReplaceAll(f[9], `\x3a`, ":")
			}
		}
	}
	if keys != 1 || k.fingerprint == "" {
		return k, fault.New(fault.Invalid, "%s holds %d keys, and one is needed: gpg --export FINGERPRINT writes one.", file, keys)
	}
	if k.owner == "" {
		k.owner = k.fingerprint
	}
	switch {
	case validity == "r":
		return k, fault.New(fault.Conflict, "The key of %s in %s is revoked. Ask for the new one.", k.owner, file)
	case validity == "e":
		return k, fault.New(fault.Conflict, "The key of %s in %s has expired. Ask for a fresh export: its date may have been moved on since.", k.owner, file)
	case !strings.Contains(can, "E"): // of a key as a whole, with all its subkeys
		return k, fault.New(fault.Conflict, "The key of %s in %s has no part, or none any more, that one can encrypt to. Ask for a fresh export.", k.owner, file)
	}
	return k, nil
}

// secretKeys reads the fingerprints of the secret keys of a keyring.
func secretKeys(colons string) (fingerprints []string) {
	fresh := false
	for line := range strings.Lines(colons) {
		f := strings.Split(line, ":")
		switch {
		case f[0] == "sec":
			fresh = true
		case f[0] == "fpr" && fresh && len(f) > 9:
			fingerprints = append(fingerprints, f[9])
			fresh = false
		}
	}
	return fingerprints
}
