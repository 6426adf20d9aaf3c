package pagerduty

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// Keys make our keys PagerDuty's, and the other way round.
//
// Ours follow one another, and what is answered there with one of them is an answer to that
// page. So they are sealed: whoever may open incidents in the same account cannot make up
// one that passes for a page of ours.
type Keys struct {
	Name string // of this installation; "" is none
	// Seals are the secrets: the first one seals, and each of them is believed. Without any
	// nothing is sealed, and nothing may be answered there.
	Seals []secret.Text
}

// There is the dedup key of one of our keys.
func (k Keys) There(key string) string {
	if len(k.Seals) == 0 {
		return k.prefix() + key
	}
	return k.prefix() + key + "." + seal(k.Seals[0], k.prefix()+key)
}

// Ours is the key that a dedup key was made of; "" if it is not one of this installation.
func (k Keys) Ours(dedup string) string {
	key, ok := strings.CutPrefix(dedup, k.prefix())
	if !ok {
		return ""
	}
	if len(k.Seals) > 0 {
		var sealed string
		if key, sealed, ok = strings.Cut(key, "."); !ok || !k.sealed(k.prefix()+key, sealed) {
			return ""
		}
	}
	if _, _, ok := paging.ParseKey(key); ok {
		return key
	}
	if _, _, ok := paging.ParseHelpKey(key); ok {
		return key
	}
	return ""
}

func (k Keys) prefix() string {
	if k.Name == "" {
		return "batsignal/"
	}
	return "batsignal/" + k.Name + "/"
}

func (k Keys) sealed(text, with string) bool {
	for _, s := range k.Seals {
		if hmac.Equal([]byte(with), []byte(seal(s, text))) {
			return true
		}
	}
	return false
}

// sealLength is in bytes: nobody tries 96 bits.
const sealLength = 12

func seal(of secret.Text, text string) string {
	h := hmac.New(sha256.New, []byte(of.Reveal()))
	h.Write([]byte("dedup key\n" + text)) // the same secret signs other things
	return hex.EncodeToString(h.Sum(nil)[:sealLength])
}
