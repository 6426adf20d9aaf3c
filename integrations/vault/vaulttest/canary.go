package vaulttest

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// Wrong is a share that looks right and is not: of the same number, with one bit turned.
func Wrong(t testing.TB, share string) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(share)
	if err != nil {
		t.Fatal(err)
	}
	raw[0] ^= 1
	return base64.StdEncoding.EncodeToString(raw)
}

// Number is the number of a share: its last byte.
func Number(t testing.TB, share string) int {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(share)
	if err != nil {
		t.Fatal(err)
	}
	return int(raw[len(raw)-1])
}

// Spellings are the ways in which a share or token could stand somewhere, in parts long
// enough to be no accident: what a search for canaries looks for.
func Spellings(t testing.TB, value string) []string {
	t.Helper()
	all := []string{value[:len(value)*2/3]}
	if raw, err := base64.StdEncoding.DecodeString(value); err == nil && len(raw) > 16 {
		all = append(all, string(raw[:12]), hex.EncodeToString(raw[:12]), strings.ToUpper(hex.EncodeToString(raw[:12])),
			base64.RawURLEncoding.EncodeToString(raw)[:20], strings.Trim(strings.ReplaceAll(fmt.Sprint(raw[:12]), ",", ""), "[]"))
	}
	return all
}

// Leaks names where a share or token is seen.
func Leaks(t testing.TB, where map[string]string, values ...string) (seen []string) {
	t.Helper()
	for _, value := range values {
		for _, form := range Spellings(t, value) {
			for name, text := range where {
				if strings.Contains(text, form) {
					seen = append(seen, name)
				}
			}
		}
	}
	return seen
}
