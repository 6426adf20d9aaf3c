package paging

// PolicySlot is the slot of whoever an escalation policy finds: it is for no role, and
// for nobody by name.
func PolicySlot(policy string) Slot { return Slot("policy:" + policy) }

// Policy returns the policy's name, or "" and false for another kind of slot.
func (s Slot) Policy() (string, bool) { return s.named("policy:") }
