package bot

// RoomState is how a room is at one moment. What a network does not tell is empty,
// which says nothing about how it is.
type RoomState struct {
	Topic string
	// Names are what people see of who is there, as in [Heard.Nick]; we are among
	// them. nil is a network that does not tell, and a large room may be cut short.
	Names []string
	Self  string   // what we are called there
	Ops   []string // those of Names who run the room
}
