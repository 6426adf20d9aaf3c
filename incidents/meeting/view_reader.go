package meeting

// Reader is for whom the archive is read. The zero reader is the world, so whoever
// forgets to say shows what is for everybody and no more.
//
// Who is what, this package does not know: whoever serves the pages finds that out.
type Reader struct {
	Restricted bool // restricted meetings too
}

// mayRead is the condition by which every statement of the archive keeps restricted
// meetings from the world; m is the meeting.
const mayRead = `(@restricted::boolean or not m.restricted)`
