package gitlabfake

import (
	"regexp"
	"slices"
	"strings"
)

// isCommand tells whether GitLab obeys that word at the beginning of a line.
func isCommand(name string) bool {
	return strings.Contains(" add_child approve assign assign_reviewer award blocked_by blocks board_move cc clear_weight clone close "+
		"confidential convert_to_ticket copy_metadata create_merge_request done due duplicate epic estimate health_status invite_email iteration "+
		"label labels lock merge milestone move page parent promote_to publish react reassign relabel relate remove_due_date "+
		"remove_estimate remove_milestone remove_parent remove_time_spent reopen severity shrug spend subscribe tableflip "+
		"target_branch timeline title todo unapprove unassign unlabel unlock unrelate unsubscribe weight zoom ", " "+strings.ToLower(name)+" ")
}

var (
	command = regexp.MustCompile(`^/([A-Za-z_]+)(?: ([^\n]*))?\s*$`)
	mention = regexp.MustCompile(`(?:^|[^\pL\pN_/])@([A-Za-z0-9_.][A-Za-z0-9_./-]*)`)
	// A reference leaves a note at something else: issues, requests, addresses, commits.
	link      = regexp.MustCompile(`<https?://[^\s>]*>`)
	issueURL  = regexp.MustCompile(`^<https?://[^\s?]+/-/(?:issues|merge_requests)/\d`)
	reference = regexp.MustCompile(`(?i)(?:^|[^\pL\pN_])((?:#|!|&|GL-)\d+|https?://[^\s>?]+/-/(?:issues|merge_requests)/\d+|[0-9a-f]{7,40})(?:[^\pL\pN_]|$)`)
)

// read has GitLab read what was written: commands are obeyed and taken out, people are
// called, and other things are told that they were named.
func (i *Issue) read(description string) {
	var kept []string
	lines := strings.Split(strings.ReplaceAll(description, "\r", ""), "\n")
	block := "" // what ends the block in which nothing is a command
	for n, line := range lines {
		end := ""
		switch {
		case strings.HasPrefix(line, "```"):
			end = "```"
		case line == ">>>":
			end = ">>>"
		}
		switch {
		case block != "":
			if line == block {
				block = ""
			}
		case end != "" && slices.Contains(lines[n+1:], end): // one that nothing ends is none
			block = end
		default:
			if m := command.FindStringSubmatch(line); m != nil && isCommand(m[1]) {
				i.obey(strings.ToLower(m[1]), m[2])
				continue
			}
		}
		kept = append(kept, line)
	}
	i.Description = strings.TrimRight(strings.Join(kept, "\n"), " \n\t")
	for _, text := range []string{i.Title, i.Description} {
		for _, m := range mention.FindAllStringSubmatch(text, -1) {
			i.Mentioned = append(i.Mentioned, m[1])
		}
	}
	// In a link no text is a reference, but the whole of it may be one.
	text := link.ReplaceAllStringFunc(withoutCode(i.Description), func(l string) string {
		if issueURL.MatchString(l) {
			return l
		}
		return " "
	})
	for _, m := range reference.FindAllStringSubmatch(i.Title+"\n"+text, -1) {
		i.Noted = append(i.Noted, m[1])
	}
}

func (i *Issue) obey(name, args string) {
	i.Obeyed = append(i.Obeyed, strings.TrimSpace(name+" "+args))
	switch name {
	case "close":
		i.State = "closed"
	case "title":
		i.Title = args
	case "due":
		i.DueDate = dateOf(strings.TrimSpace(args))
	case "label", "labels":
		i.Labels = append(i.Labels, strings.Fields(strings.ReplaceAll(args, "~", ""))...)
	}
}

// withoutCode is a text without what stands in backticks: as many as opened it close it.
func withoutCode(text string) string {
	var out strings.Builder
	for {
		at := strings.IndexByte(text, '`')
		if at < 0 {
			return out.String() + text
		}
		n := len(text[at:]) - len(strings.TrimLeft(text[at:], "`"))
		fence := text[at : at+n]
		rest := text[at+n:]
		end := closing(rest, fence)
		out.WriteString(text[:at])
		if end < 0 {
			out.WriteString(fence)
			text = rest
			continue
		}
		out.WriteString(" ")
		text = rest[end+n:]
	}
}

// closing is where a run of exactly these backticks begins, -1 if nowhere.
func closing(text, fence string) int {
	for i := 0; i < len(text); {
		at := strings.IndexByte(text[i:], '`')
		if at < 0 {
			return -1
		}
		i += at
		n := len(text[i:]) - len(strings.TrimLeft(text[i:], "`"))
		if n == len(fence) {
			return i
		}
		i += n
	}
	return -1
}

// Read is what GitLab makes of a title and a description, without a server.
func Read(title, description string) Issue {
	i := Issue{Title: title, State: "opened"}
	i.read(description)
	return i
}
