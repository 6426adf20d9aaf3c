package redact

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// rule is one shape in a line.
type rule struct {
	what string
	// hints are in small letters; a line without any of them is not searched, nor is one
	// without so many letters, digits, "_" and "-" in a row, nor one that is not likely to
	// hold it. Most lines are passed so: searching takes much longer.
	hints   []string
	least   int
	likely  func(lower string) bool
	pattern *regexp.Regexp // its group is what is taken out; of several, the one that is there
	// is judges what was found, by what stood before it; nil takes all.
	is   func(secret string, talk, quoted bool) bool
	talk bool // it is looked for in what people say, too
}

const (
	// names are of what holds a secret, at the end of a name: client_secret, DB_PASSWORD.
	names = `(?:(?:\b|_|-)(?:pass|pwd|credentials?|(?:secret[_-]?)?access[_-]?key|(?:routing|integration|service|unseal)[_-]?key)|pass(?:word|wd|phrase|wort)|secret|token|secret[_-]?id|api[_-]?key|private[_-]?key|shared[_-]?key)`
	// value is what follows such a name: what is quoted, also in a text that is quoted itself,
	// or up to what ends a word. What was taken out already is a part of it, so that nothing
	// hides behind it. Its last group is what has no quotes.
	value = `(?:"([^"\r\n]+)"|'([^'\r\n]+)'|\\+["']((?:\[taken out: [A-Za-z ]{1,40}\])*[^"'\\\s]*)|["']?((?:\[taken out: [A-Za-z ]{1,40}\])+[^\s"'&]*|<[^>\r\n]*>|[^\s"'&]+))`
	uuid  = `[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`
)

// privateKey is the only shape that goes over the ends of lines. One without an end is taken
// for one to the end of the text.
var (
	privateKey = regexp.MustCompile(`(?s)` + keyBegin + `.*?(?:` + keyEnd + `|\z)`)
	begins     = regexp.MustCompile(keyBegin)
	endsKey    = regexp.MustCompile(keyEnd)
)

const (
	keyBegin = `-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----`
	keyEnd   = `-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----`
)

// firstOfKey is how private keys begin behind the line that says so: of OpenSSH, of RSA, and of
// elliptic curves. Public keys and certificates begin otherwise.
var firstOfKey = regexp.MustCompile(firstLine)

const firstLine = `\b(b3BlbnNzaC1rZXktdjEA[A-Za-z0-9+/=]*|MII[A-Za-z0-9+/]{3}IBA(?:AKC|DANBgkqhkiG9w0B)[A-Za-z0-9+/=]{10,}|(?:MHcCAQEEI|MIGkAgEBBD|MIG[A-Za-z0-9+/]AgEAM[BI][A-Z]GByqGSM49|MC4CAQAwBQYDK2VwBCIE)[A-Za-z0-9+/=]{10,})`

// nameHints are in each of the names.
var nameHints = []string{"pass", "pwd", "secret", "token", "key", "credential"}

// assigns tells whether one of the names is followed by a sign.
func assigns(lower string) bool {
	for _, name := range nameHints {
		for rest := lower; ; {
			_, after, found := strings.Cut(rest, name)
			if !found {
				break
			}
			rest = after
			after = strings.TrimLeft(after, "abcdefghijklmnopqrstuvwxyz_-")
			after = strings.TrimLeft(after, `"'\ `+"\t")
			if after != "" && (after[0] == '=' || after[0] == ':') {
				return true
			}
		}
	}
	return false
}

// isOption tells whether something begins with a dash, as "--token" does.
func isOption(lower string) bool {
	return strings.HasPrefix(lower, "-") || strings.Contains(lower, " -") || strings.Contains(lower, "\t-")
}

// rules go from what is certain to what is likely.
var rules = []rule{
	{what: AgeKey, talk: true, hints: []string{"age-secret-key-"},
		pattern: regexp.MustCompile(`(?i)(AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{20,})`)},
	{what: PrivateKey, talk: true, hints: []string{"b3blbnnzac1rzxktdjea", "ibaakc", "ibadanbg", "mhccaqeei", "migkagebbd", "gbyqgsm49", "mc4caqawbqydk2vwbcie"}, least: 20,
		pattern: firstOfKey},
	{what: VaultToken, talk: true, hints: []string{"hvs.", "hvb.", "hvr."},
		pattern: regexp.MustCompile(`\b(hv[sbr]\.[A-Za-z0-9_-]{20,})`), is: isVaried},
	{what: VaultToken, talk: true, hints: []string{"s.", "b.", "r."}, least: 24, // of before Vault 1.10, and of OpenBao
		pattern: regexp.MustCompile(`\b((?:[sbr]\.[A-Za-z0-9]{24}|[br]\.[A-Za-z0-9_-]{60,})(?:\.[A-Za-z0-9]{5,6})?)(?:[^A-Za-z0-9_.(-]|[.(-]?$|\.\s)`), is: isOldToken},
	{what: AWSKey, talk: true, hints: []string{"akia", "asia"},
		pattern: regexp.MustCompile(`\b((?:AKIA|ASIA)[A-Z0-9]{16})\b`)},
	{what: GitHub, talk: true, hints: []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"},
		pattern: regexp.MustCompile(`\b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})`)},
	{what: GitLab, talk: true, hints: []string{"glpat-"},
		pattern: regexp.MustCompile(`\b(glpat-[A-Za-z0-9_-]{20,})`)},
	{what: Slack, talk: true, hints: []string{"xox", "xapp-"},
		pattern: regexp.MustCompile(`\b((?:xox[abceoprs]|xapp)-[A-Za-z0-9.-]{10,})`), is: hasDigit},
	{what: Slack, talk: true, hints: []string{"hooks.slack.com/"},
		pattern: regexp.MustCompile(`hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/]{20,})`)},
	{what: Signed, talk: true, hints: []string{"eyj"},
		pattern: regexp.MustCompile(`\b(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)`)},
	{what: Token, talk: true, hints: []string{"npm_", "aiza", "sk_live_", "pypi-age"},
		pattern: regexp.MustCompile(`\b(npm_[A-Za-z0-9]{36}|AIza[A-Za-z0-9_-]{35}|sk_live_[A-Za-z0-9]{20,}|pypi-AgE[A-Za-z0-9_-]{40,})`)},
	{what: Header, talk: true, hints: []string{"authorization"},
		pattern: regexp.MustCompile(`(?i)\bauthorization["']?[ \t]*[:=][ \t]*["']?((?:bearer|basic|token|digest|negotiate|apikey)[ \t]+[^"'\r\n]+)`), is: isHeader},
	{what: Header, talk: true, hints: []string{"bearer"},
		pattern: regexp.MustCompile(`(?i)\bbearer[ \t]+([A-Za-z0-9._~+/-]{16,}=*)`), is: isMixed},
	{what: Header, talk: true, hints: []string{"basic"}, least: 8,
		pattern: regexp.MustCompile(`\b(?i:basic)[ \t]+([A-Za-z0-9+/]{8,}={0,2})`), is: isPair},
	{what: Password, talk: true, hints: []string{"://"},
		pattern: regexp.MustCompile(`\b[a-zA-Z][a-zA-Z0-9+.-]*://([^\s/@:?#"'<>\[]*:[^\s/@"'<>]+)@`), is: isUserInfo},
	{what: Token, talk: true, hints: []string{"://"},
		pattern: regexp.MustCompile(`\b[a-zA-Z][a-zA-Z0-9+.-]*://([A-Za-z0-9._~-]{20,})@`), is: isMixed},
	{what: PagerDuty, talk: true, hints: []string{"pagerduty", "pd_", "routing", "integration", "service"}, least: 18,
		pattern: regexp.MustCompile(`(?i)\b(?:pagerduty|pd_|(?:routing|integration|service)[ _-]?key)[^\r\n]{0,24}?[ \t"'=:]([0-9a-f]{32}|u\+[A-Za-z0-9_+-]{18}|[A-Za-z0-9_+-]{20})\b`), is: isMixed},
	{what: Secret, talk: true, hints: []string{"token", "secret", "bootstrap", "management"},
		pattern: regexp.MustCompile(`(?i)(?:token|secret(?:[_ -]?id)?|bootstrap[_ -]?key|management[_ -]?key)["']?[ \t]*(?:is|was|=|:=|=>|->|:|,)?[ \t]*["']?(` + uuid + `)\b`)},
	{what: Secret, talk: true, hints: nameHints, likely: assigns,
		pattern: regexp.MustCompile(`(?i)` + names + `\\*["']?[ \t]*(?::?=)>?[ \t]*` + value), is: isAssigned},
	{what: Secret, talk: true, hints: nameHints, likely: assigns,
		pattern: regexp.MustCompile(`(?i)` + names + `\\*["']?[ \t]*(?::|=>)[ \t]+` + value), is: isTold},
	{what: Secret, talk: true, hints: nameHints, likely: assigns,
		pattern: regexp.MustCompile(`(?i)` + names + `\\*["']:` + value), is: isTold},
	{what: Secret, hints: nameHints, likely: assigns, // a line of YAML: nothing else is on it
		pattern: regexp.MustCompile(`(?i)^[ \t-]*["']?(?:[a-z0-9_.-]*[_.-])?` + names + `["']?[ \t]*:[ \t]+` + value + `["']?[ \t]*$`), is: isAssigned},
	{what: Secret, hints: nameHints, likely: isOption,
		pattern: regexp.MustCompile(`(?i)(?:^|\s)--?(?:[a-z0-9]+-)*` + names + `[ \t]+` + value), is: isTold},
}

// isAssigned judges what stands behind "password=".
func isAssigned(found string, talk, _ bool) bool {
	if isHole(found, talk) {
		return false
	}
	return !talk || len(found) >= 4
}

// isTold judges what stands behind "password:": often it is a word of the sentence.
func isTold(found string, talk, quoted bool) bool {
	if isHole(found, talk) || strings.Contains(found, "://") {
		return false
	}
	if quoted && !talk {
		return true // a file of settings: who writes quotes means a value
	}
	return len(found) >= 8 && isMixed(found, talk, quoted)
}

// isHole tells whether a value stands for one: $TOKEN, <secret>, ***, or what was taken out.
func isHole(bare string, talk bool) bool {
	if strings.HasPrefix(bare, opening) && strings.Count(bare, "[") == 1 && strings.HasSuffix(bare, "]") {
		return true
	}
	if strings.Trim(bare, "*.…-_?") == "" || len(bare) > 2 && strings.Trim(bare, "xX") == "" {
		return true
	}
	switch strings.ToLower(bare) {
	case "null", "none", "nil", "true", "false", "redacted", "hidden":
		return true
	}
	// In what people say, $token is a variable; in what a program prints it may be the value.
	return variable.MatchString(bare) || talk && strings.HasPrefix(bare, "$") && kindsOf(bare).digits == 0 ||
		enclosed(bare, "<", ">") || enclosed(bare, "{{", "}}") || enclosed(bare, "(", ")")
}

func enclosed(text, opens, closes string) bool {
	return strings.HasPrefix(text, opens) && strings.HasSuffix(text, closes)
}

var variable = regexp.MustCompile(`^\$(\{[A-Za-z_][A-Za-z0-9_]*\}$|[A-Z_][A-Z0-9_]*$|\()`)

// isMixed tells whether there are letters and digits: words of a language have no digits.
func isMixed(found string, _, _ bool) bool {
	k := kindsOf(found)
	return k.digits > 0 && k.upper+k.lower > 0
}

func hasDigit(found string, _, _ bool) bool { return kindsOf(found).digits > 0 }

// isVaried leaves hvs.XXXXXXXXXXXXXXXXXXXX alone, as documents have it.
func isVaried(found string, _, _ bool) bool {
	_, body, _ := strings.Cut(found, ".")
	return strings.Trim(body, body[:1]) != ""
}

// isOldToken tells s.Tf5xAm3… from a name behind a dot.
func isOldToken(found string, _, _ bool) bool {
	k := kindsOf(found[2:])
	return k.upper > 1 && k.lower > 1 && (k.digits > 0 || k.turns > 8)
}

// isHeader leaves alone what only says how one is written.
func isHeader(found string, talk, _ bool) bool {
	_, rest, _ := strings.Cut(strings.ReplaceAll(found, "\t", " "), " ")
	rest = strings.TrimSpace(rest)
	if _, after, is := strings.Cut(rest, "="); is && strings.HasPrefix(strings.ToLower(rest), "token=") {
		rest = after
	}
	return !isHole(rest, talk) && len(rest) >= 4
}

// isPair tells whether a word is base64 of a name and a password.
func isPair(found string, _, _ bool) bool {
	plain, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(found, "="))
	return err == nil && strings.Contains(string(plain), ":")
}

// isUserInfo leaves alone addresses whose password stands for one.
func isUserInfo(found string, talk, _ bool) bool {
	_, password, _ := strings.Cut(found, ":")
	return !isHole(password, talk) && password != "password" && password != "pass" && password != "PASSWORD"
}

// named says what a name is the name of, in small letters.
func named(name string) string {
	switch {
	case strings.Contains(name, "pass") || strings.Contains(name, "pwd"):
		return Password
	case strings.Contains(name, "token"):
		return Token
	}
	return Secret
}
