package contact

import (
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Kinds are the kinds of contact, each with the name of its route.
func Kinds() []string { return []string{"mail", "webhook", "sms", "voice", "ntfy", "pagerduty"} }

// Noun is what people call an address of a kind: "your phone number".
func Noun(kind string) string {
	if noun := map[string]string{
		"mail": "mail address", "sms": "SMS number", "voice": "phone number", "ntfy": "ntfy topic", "pagerduty": "PagerDuty key",
	}[kind]; noun != "" {
		return noun
	}
	return kind
}

// Example is how an address of a kind is written, for people.
func Example(kind string) string {
	return map[string]string{
		"mail": "name@example.org", "webhook": "https://example.org/hook", "sms": "+14155550123", "voice": "+14155550123",
		"ntfy": "my-secret-topic", "pagerduty": "the 32 letters and digits of an Events API v2 integration key",
	}[kind]
}

// check refuses what cannot be an address of its kind, and writes it as it is stored. The
// refusal never repeats the address: it may be shown in a room.
func check(kind, address string) (string, error) {
	address = strings.TrimSpace(address)
	switch kind {
	case "mail":
		return checkMail(address)
	case "webhook":
		return checkWebhook(address)
	case "sms", "voice":
		return checkPhone(address)
	case "ntfy":
		return checkNtfy(address)
	case "pagerduty":
		if !integrationKey.MatchString(address) {
			return "", fault.New(fault.Invalid, "That is no integration key: it has 32 letters and digits. PagerDuty shows it with the integration Events API v2 of a service.")
		}
		return address, nil
	}
	return "", fault.New(fault.Invalid, "A contact is of the kind %s.", oncall.JoinOr(Kinds()))
}

// Known tells whether there is such a kind.
func Known(kind string) bool { return slices.Contains(Kinds(), kind) }

// Clean writes an address as it is used, or refuses what cannot be one of its kind. The
// refusal never repeats it. It is for whoever seals an address, where nobody can check it
// afterwards.
func Clean(kind string, address secret.Text) (secret.Text, error) {
	clean, err := check(kind, address.Reveal())
	if err != nil {
		return secret.Text{}, err
	}
	return secret.New(clean), nil
}

// MustBeSealed tells whether addresses of a kind are not taken open where there is a
// switchboard: a telephone number is what somebody cannot change the next day.
func MustBeSealed(kind string) bool { return kind == "sms" || kind == "voice" }

var (
	integrationKey = regexp.MustCompile(`^[A-Za-z0-9]{32}$`)
	topic          = regexp.MustCompile(`^[-_A-Za-z0-9]{1,64}$`)
)

func checkMail(address string) (string, error) {
	a, err := mail.ParseAddress(address)
	if err != nil || strings.ContainsAny(a.Address, "\r\n\x00") {
		return "", fault.New(fault.Invalid, "That is not a mail address. Write it like name@example.org.")
	}
	return a.Address, nil
}

func checkWebhook(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		return "", fault.New(fault.Invalid, "That is not a webhook address. Write it like https://example.org/hook, without a user name in it.")
	}
	return u.String(), nil
}

// checkNtfy takes the name of a topic on the server of the configuration, or the whole
// address of a topic on another one.
func checkNtfy(address string) (string, error) {
	if topic.MatchString(address) {
		return address, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		!topic.MatchString(u.Path[strings.LastIndexByte(u.Path, '/')+1:]) {
		return "", fault.New(fault.Invalid, "That is no topic of ntfy. Write its name (letters, digits, - and _, at most 64), or its address like https://ntfy.example.org/my-topic.")
	}
	return u.String(), nil
}

// checkPhone takes a number as the whole world dials it (ITU-T E.164): +, the number of
// the country, and the rest; 8 to 15 digits in all.
func checkPhone(number string) (string, error) {
	if strings.Contains(strings.ReplaceAll(number, " ", ""), "(0)") {
		return "", fault.New(fault.Invalid, "Leave out the (0): nobody dials it from abroad. Write the number like +442071838750.")
	}
	plain := strings.Map(func(r rune) rune {
		if slices.Contains([]rune{' ', '-', '(', ')'}, r) {
			return -1
		}
		return r
	}, number)
	digits, international := strings.CutPrefix(plain, "+")
	switch {
	case digits == "" || strings.Trim(digits, "0123456789") != "":
		return "", fault.New(fault.Invalid, "That is not a phone number. Write it with + and the number of your country, like +442071838750.")
	case len(digits) < 7:
		return "", fault.New(fault.Invalid, "That is a short number, such as emergency services have. I never ring those. Write a whole number with + and the number of your country, like +442071838750.")
	case !international || digits[0] == '0':
		return "", fault.New(fault.Invalid, "That number has no country. Write it with + and the number of your country, like +442071838750.")
	case len(digits) < 8 || len(digits) > 15:
		return "", fault.New(fault.Invalid, "A phone number has 8 to 15 digits with the number of its country. Write it like +442071838750.")
	}
	return plain, nil
}
