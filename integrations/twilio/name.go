package twilio

import (
	"net/netip"
	"strings"

	"batsignal/oncall/paging"
)

// isSID tells whether something is a name that Twilio gives: two letters that say of what,
// and 32 hexadecimal digits.
func isSID(s, kind string) bool {
	digits, ok := strings.CutPrefix(s, kind)
	return ok && len(digits) == 32 && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
}

// isNumber tells whether something is a number as the whole world dials it (ITU-T E.164).
func isNumber(s string) bool {
	digits, ok := strings.CutPrefix(s, "+")
	return ok && len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// Usual are the traits of texts and calls where nobody has said what they cost: for a bot
// whose switchboard has not told yet which routes it has.
func Usual() []paging.Traits {
	account := &Account{api: &client{timeout: defaultTimeout}}
	return []paging.Traits{(&SMS{account: account}).Traits(), (&Voice{account: account}).Traits()}
}
