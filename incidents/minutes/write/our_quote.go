package write

import "strings"

// QuoteMarkdown is what somebody wrote as one line of Markdown that shows it letter by
// letter, for documents that people go on writing themselves. Nothing in it acts: an
// address stands there as code, to be copied, and is no link.
func QuoteMarkdown(text string) string {
	quoted := linkedBy(oneLine(text), mdText, func(address string) string { return "`" + address + "`" })
	// Some readers of Markdown make a link of this without any scheme.
	return mdStart(strings.ReplaceAll(quoted, "www.", "www."+breaker))
}
