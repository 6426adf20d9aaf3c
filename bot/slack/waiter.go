package slack

// waiter is one call that waits for its turn.
type waiter struct {
	class  class
	number uint64
	turn   chan struct{}
}

func (w *waiter) before(other *waiter) bool {
	if w.class != other.class {
		return w.class < other.class
	}
	return w.number < other.number
}

type waiters []*waiter

func (w waiters) Len() int           { return len(w) }
func (w waiters) Less(i, j int) bool { return w[i].before(w[j]) }
func (w waiters) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *waiters) Push(x any)        { *w = append(*w, x.(*waiter)) }
func (w *waiters) Pop() any {
	old := *w
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*w = old[:len(old)-1]
	return last
}
