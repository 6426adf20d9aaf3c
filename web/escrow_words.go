package web

import "batsignal/oncall/unseal"

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
