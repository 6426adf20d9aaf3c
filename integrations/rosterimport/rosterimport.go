// Package rosterimport owns the list of systems whose schedules and policies can be
// made a tree of, to be reviewed and applied. Each has a package below this one.
//
// It asks no network, and applies nothing: oncall/tree does.
package rosterimport

import (
	"strings"

	"batsignal/integrations/rosterimport/draft"
	"batsignal/integrations/rosterimport/goalert"
	"batsignal/integrations/rosterimport/grafana"
	"batsignal/integrations/rosterimport/pagerduty"
	"batsignal/oncall/fault"
	"batsignal/oncall/tree"
)

// Options say how an export is read.
type Options = draft.Options

// Note is one thing that was not carried over, or that somebody should look at.
type Note = draft.Note

// Systems lists the systems, by what they are called on the command line.
func Systems() []string { return []string{"pagerduty", "goalert", "grafana"} }

// Title is what a system calls itself.
func Title(system string) string {
	switch system {
	case "pagerduty":
		return "PagerDuty"
	case "goalert":
		return "GoAlert"
	case "grafana":
		return "Grafana OnCall"
	}
	return system
}

// Convert makes a tree of the files of an export. What could not be carried over is in
// the notes. A file that is not what it should be is fault.Invalid or fault.Limited.
func Convert(system string, files [][]byte, o Options) (tree.File, []Note, error) {
	switch system {
	case "pagerduty":
		return pagerduty.Convert(files, o)
	case "goalert":
		return goalert.Convert(files, o)
	case "grafana":
		return grafana.Convert(files, o)
	}
	return tree.File{}, nil, fault.New(fault.Invalid, "I cannot read exports of %q. I can read those of %s.", system, strings.Join(Systems(), ", "))
}
