package web

import (
	"strings"

	"batsignal/oncall/unseal"
)

// visibleLines is visible for texts in which the ends of lines mean something.
func visibleLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = visible(line)
	}
	return strings.Join(lines, "\n")
}

// laneWord says on whose word something was opened.
func laneWord(l unseal.Lane) string {
	switch l {
	case unseal.LaneDial:
		return "B: two people, to be dialled"
	case unseal.LaneReveal:
		return "D: the custodians, to be shown to one person"
	case unseal.LaneOwner:
		return "F: its owner"
	}
	return string(l)
}
