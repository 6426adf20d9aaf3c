package command

import "batsignal/oncall/notice"

// Reply is what a verb answers: blocks of meaning that each door draws its own
// way. The zero Reply says nothing.
type Reply struct {
	Blocks  []Block
	Private bool // for the caller only, even when asked in a room
	Refused bool // nothing was done, and the blocks say why
}

// Block is one of [Line], [Verbatim], [Facts], [List], [Table], [Code], [Link] or [Actions].
type Block interface{ block() }

// Line is a sentence.
type Line string

// Verbatim is a sentence that is not ours, as the switchboard's line of a challenge: it is
// shown letter by letter.
type Verbatim string

// Facts are names with values, in order.
type Facts [][2]string

// List is a list of sentences under a title; the title may be empty.
type List struct {
	Title string
	Items []string
}

// Table has a header and rows of the same length.
type Table struct {
	Head []string
	Rows [][]string
}

// Code is text to be shown letter by letter.
type Code string

// Link is an address with a name.
type Link struct{ Text, URL string }

// Actions are commands to click. The blocks before them say the same in words, for
// networks without buttons.
type Actions []notice.Action

func (Line) block()     {}
func (Verbatim) block() {}
func (Facts) block()    {}
func (List) block()     {}
func (Table) block()    {}
func (Code) block()     {}
func (Link) block()     {}
func (Actions) block()  {}
