package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"batsignal/oncall/custody"
)

// changes says in words what another keyring changes, for those who are to sign it.
func changes(before, next custody.Keyring) (list []string) {
	name := func(c custody.Custodian) string { return fmt.Sprintf("%s (%s)", c.Name, c.Place) }
	in := func(k custody.Keyring, who custody.Custodian) bool {
		return slices.ContainsFunc(k.Custodians, func(c custody.Custodian) bool { return c.Name == who.Name && c.Place == who.Place })
	}
	var comes, goes, stays []string
	for _, c := range next.Custodians {
		if in(before, c) {
			stays = append(stays, c.Name)
		} else {
			comes = append(comes, name(c))
		}
	}
	for _, c := range before.Custodians {
		if !in(next, c) {
			goes = append(goes, name(c))
		}
	}
	for _, part := range []struct {
		word  string
		names []string
	}{{"stay", stays}, {"come", comes}, {"go", goes}} {
		if len(part.names) > 0 {
			list = append(list, fmt.Sprintf("%s: %s", part.word, strings.Join(part.names, ", ")))
		}
	}
	list = append(list, fmt.Sprintf("shares that open: %d of %d, and before %d of %d", next.K, next.N, before.K, before.N))
	for _, key := range []struct {
		what string
		same bool
	}{
		{"key of the bot", before.Bot == next.Bot},
		{"key of the switchboard", before.Switchboard == next.Switchboard},
		{"key of the ledger", before.Ledger == next.Ledger},
		{"certificates", before.TLS == next.TLS},
	} {
		list = append(list, key.what+": "+map[bool]string{true: "the same", false: "ANOTHER ONE"}[key.same])
	}
	return list
}

// indented sets a text off from what is said around it.
func indented(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ") + "\n"
}

// notShown tells whether a character could hide something from whoever reads a text.
func notShown(r rune) bool { return !unicode.IsPrint(r) }

// linesOf reads a text as an asker is read.
func linesOf(text string) func() (string, error) {
	rest := text
	return func() (string, error) {
		if rest == "" {
			return "", io.EOF
		}
		line, more, _ := strings.Cut(rest, "\n")
		rest = more
		return line, nil
	}
}
