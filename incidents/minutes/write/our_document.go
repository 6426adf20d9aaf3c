package write

// Minutes are minutes as our JSON has them. Texts are in one line; instants are in UTC
// and to the second: "2026-11-28T20:00:00Z".
type Minutes struct {
	Version    int    `json:"version"` // see JSONVersion
	Title      string `json:"title"`
	Room       string `json:"room"`
	Network    string `json:"network,omitempty"`
	Topic      string `json:"topic,omitempty"` // of the whole meeting
	Name       string `json:"name,omitempty"`  // what later meetings know it by
	Incident   string `json:"incident,omitempty"`
	Restricted bool   `json:"restricted"`
	Started    string `json:"started"`
	Ended      string `json:"ended"` // or the last that was heard of it
	Over       bool   `json:"over"`
	EndedByBot string `json:"ended_by_bot,omitempty"` // why
	StartedBy  string `json:"started_by,omitempty"`
	Lines      int    `json:"lines"` // that were said
	URL        string `json:"url"`   // of the minutes for people
	Log        string `json:"log"`

	// Lists of numbers of items, each in the order of the meeting.
	Decisions  []int   `json:"decisions"`
	Actions    []int   `json:"actions"`
	ByPerson   []Share `json:"by_person"`
	Unassigned []int   `json:"unassigned"` // actions

	Items  []Item   `json:"items"`
	People []Person `json:"people"` // who said most first
}

// Share is what one person has to do.
type Share struct {
	Name    string `json:"name"`
	Actions []int  `json:"actions"`
}

// Item is one entry of the minutes.
type Item struct {
	ID        int      `json:"id"`
	Kind      string   `json:"kind"`
	Text      string   `json:"text"`            // "" if it was taken back, or nothing was said
	Topic     int      `json:"topic,omitempty"` // the item that is the topic of this one
	By        string   `json:"by"`
	At        string   `json:"at"`
	Line      int      `json:"line"`                // of the log, from 1
	Log       string   `json:"log"`                 // address of that line
	Permalink string   `json:"permalink,omitempty"` // address of it on the network
	URL       string   `json:"url,omitempty"`       // what a link leads to
	Owners    []Owner  `json:"owners,omitempty"`    // of an action
	Perhaps   []string `json:"perhaps,omitempty"`   // who may be meant, where nobody surely is
	Due       string   `json:"due,omitempty"`       // a day: "2026-12-04"
	Edited    bool     `json:"edited"`
	TakenBack bool     `json:"taken_back"`
}

// Owner is somebody whose action it is.
type Owner struct {
	Name   string `json:"name"`
	Handle string `json:"handle,omitempty"` // on the roster
}

// Person is somebody who was present, or was named as if they were.
type Person struct {
	Nick    string   `json:"nick"`
	Nicks   []string `json:"nicks"`   // every one, oldest first
	Aliases []string `json:"aliases"` // what else people call them
	Handle  string   `json:"handle,omitempty"`
	Network string   `json:"network,omitempty"`
	Lines   int      `json:"lines"`
	Chair   bool     `json:"chair"`
	Here    bool     `json:"here"` // said so
}
