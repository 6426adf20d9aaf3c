package bot

import (
	"time"

	"batsignal/oncall/redact"
)

// follow tells whether a line is a further one of a key that the same person began to say.
func (b *Burnt) follow(h Heard) bool {
	if h.Change != Said {
		return false
	}
	who := sayer(h)
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.keys[who]
	if k == nil {
		k = &redact.KeyLines{}
	}
	body := k.Hear(h.Text, h.At)
	if !k.Going(h.At) {
		delete(b.keys, who)
		delete(b.heard, who)
		return body
	}
	if b.keys == nil {
		b.keys, b.heard = map[source]*redact.KeyLines{}, map[source]time.Time{}
	}
	forgetOldest(b.keys, b.heard, who)
	b.keys[who], b.heard[who] = k, b.Now()
	return body
}

// sayer is who says it in a room: the account, or the name of one who has none.
func sayer(h Heard) source {
	who := h.Account
	if who == "" {
		who = "~" + h.Nick
	}
	return source{h.Network, h.Room + "\x00" + who}
}

// ofThe is who says that it is this secret.
func (b *burnt) ofThe(h Heard) source {
	who := sayer(h)
	who.name += "\x00" + b.name()
	return who
}

// again tells whether whoever said it was told of the same in this room just now.
func (b *Burnt) again(h Heard, is *burnt) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	then, told := b.calls[is.ofThe(h)]
	return told && b.Now().Sub(then) < burntEvery
}

// told remembers that everybody who must know was told.
func (b *Burnt) told(h Heard, is *burnt) {
	who := is.ofThe(h)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.calls == nil {
		b.calls = map[source]time.Time{}
	}
	forgetOldest(b.calls, b.calls, who)
	b.calls[who] = b.Now()
}

// forgetOldest makes room for one more in a list, if it is full: whoever fills it with names does
// not have the others forgotten at once.
func forgetOldest[V any](list map[source]V, since map[source]time.Time, next source) {
	if _, in := list[next]; in || len(list) < rememberMost {
		return
	}
	var oldest source
	first := true
	for who := range list {
		if first || since[who].Before(since[oldest]) {
			oldest, first = who, false
		}
	}
	delete(list, oldest)
	delete(since, oldest)
}
