package book

import "fmt"

// Past tells what somebody did at a step, as the rest of a sentence: "step 4 was done by
// bert".
func (b Book) Past(e Event) string {
	at := fmt.Sprintf("step %d", e.Step+1)
	switch e.What {
	case Started:
		return "it was started by " + e.Who
	case Looked:
		return e.Who + " looked before " + at
	case Confirmed:
		return at + " was confirmed by " + e.Who
	case Chosen:
		return at + " was decided by " + e.Who + " (" + e.Choice + ")"
	case Asked:
		return fmt.Sprintf("the job of %s was started by %s, as run %d", at, e.Who, e.Run)
	case Succeeded:
		return fmt.Sprintf("the job of %s succeeded, run %d", at, e.Run)
	case Failed:
		return fmt.Sprintf("the job of %s did not succeed, run %d", at, e.Run)
	case Skipped:
		return at + " was skipped by " + e.Who
	case Aborted:
		return "it was aborted by " + e.Who + " at " + at
	}
	return at + " was done by " + e.Who
}
