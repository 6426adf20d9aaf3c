package paging_test

import (
	"testing"

	"batsignal/oncall/paging"
)

func FuzzParseHelpKey(f *testing.F) {
	for _, key := range []string{"help-12-PABC123", "help-0-P", "help-012-P", "help-12-", "help-12-a/b", "help-12-a-b", "page-12", "help--1-P"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		hunt, place, ok := paging.ParseHelpKey(key)
		if !ok {
			return
		}
		if hunt < 1 || !paging.IsPlace(place) || paging.HelpKey(hunt, place) != key {
			t.Errorf("%q is read as %d %q", key, hunt, place)
		}
		if _, _, other := paging.ParseKey(key); other {
			t.Errorf("%q is a key of two kinds", key)
		}
	})
}

func TestAKeyOfHelpIsReadBack(t *testing.T) {
	if hunt, place, ok := paging.ParseHelpKey("help-12-PABC123"); !ok || hunt != 12 || place != "PABC123" {
		t.Error(hunt, place, ok)
	}
	for _, key := range []string{"help-0-P", "help-012-P", "help-12-", "help-12", "help-12-a/b", "help-12-a-b", "page-12", "proof-3"} {
		if _, _, ok := paging.ParseHelpKey(key); ok {
			t.Errorf("%q is taken for one", key)
		}
	}
}
