package inbox

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap"
	"github.com/emersion/go-imap/client"

	"batsignal/oncall/fault"
)

// heardFlag marks a letter that was heard. It is a word of our own where the server takes
// one, so that somebody who reads the same mailbox takes nothing away from us; elsewhere
// a letter that was seen counts as heard.
const heardFlag = "$BatsignalHeard"

// oldest is how long a letter is worth hearing: an answer of last week answers nothing.
const oldest = 7 * 24 * time.Hour

// longestRest is the longest pause after failures.
const longestRest = time.Minute

// Run reads the mailbox until ctx ends: what is there, and then what comes, of which the
// server tells at once (IDLE) or, if it cannot, when one looks again. After a failure it
// connects again, at first soon and then less often.
func (b *Inbox) Run(ctx context.Context) error {
	if b.box.Host == "" {
		return errNoMailbox
	}
	rest := b.box.Rest
	for ctx.Err() == nil {
		began := false
		err := b.read(ctx, &began)
		if ctx.Err() != nil {
			break
		}
		if began {
			rest = b.box.Rest
		}
		b.log.Warn("answers by mail cannot be read now", "error", err, "again_in", rest)
		wait(ctx, rest)
		rest = min(2*rest, longestRest)
	}
	return nil
}

// Check connects, logs in and looks at the folder, without reading anything. A failure is
// a [fault.Error] whose sentence says what to look at.
func (b *Inbox) Check(ctx context.Context) error {
	s, err := b.box.connect(ctx)
	if err == nil {
		_, err = s.open(b.box.Folder, true)
		s.close()
	}
	if err != nil {
		return fault.Wrap(fault.Unready, err, "Answers by mail cannot be read: %v.", err)
	}
	return nil
}

// read hears what is in the mailbox, and waits for more, until something fails. began
// tells that it worked once.
func (b *Inbox) read(ctx context.Context, began *bool) error {
	s, err := b.box.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	defer s.watch()()
	flag, err := s.open(b.box.Folder, false)
	if err != nil {
		return err
	}
	for {
		if err := b.pass(ctx, s, flag); err != nil {
			return err
		}
		*began = true
		if err := s.wait(ctx, b.box.Poll, b.box.Timeout); err != nil {
			return err
		}
	}
}

// open selects the folder and tells by which flag letters are marked there.
func (s *session) open(folder string, only bool) (flag string, err error) {
	m, err := s.client.Select(folder, only)
	if err != nil {
		return "", errors.New("the folder of the mailbox could not be opened: check its name")
	}
	if slices.Contains(m.PermanentFlags, imap.TryCreateFlag) || slices.Contains(m.PermanentFlags, heardFlag) {
		return heardFlag, nil
	}
	return imap.SeenFlag, nil
}

// pass hears every letter that was not heard. One that cannot be heard now keeps no other;
// its error is returned in the end, so that it is tried again.
func (b *Inbox) pass(ctx context.Context, s *session, flag string) error {
	search := imap.NewSearchCriteria()
	search.WithoutFlags = []string{flag}
	search.Since = b.now().Add(-oldest)
	uids, err := s.client.UidSearch(search)
	if err != nil {
		return errors.New("the mailbox could not be searched")
	}
	var failed error
	for _, uid := range uids {
		raw, found, err := s.fetch(uid)
		if err != nil {
			return err
		}
		if !found {
			continue // somebody else took it away
		}
		if err := b.hear(ctx, raw); err != nil {
			failed = err
			continue
		}
		if err := s.mark(uid, flag); err != nil {
			return err
		}
	}
	return failed
}

// fetch reads the beginning of a letter, and leaves it unseen.
func (s *session) fetch(uid uint32) (raw []byte, found bool, err error) {
	set := new(imap.SeqSet)
	set.AddNum(uid)
	section := &imap.BodySectionName{Peek: true, Partial: []int{0, longestLetter}}
	// Servers may add news of other letters, so somebody must take whatever comes.
	came, done := make(chan *imap.Message, 1), make(chan error, 1)
	go func() { done <- s.client.UidFetch(set, []imap.FetchItem{imap.FetchUid, section.FetchItem()}, came) }()
	for m := range came {
		if body := m.GetBody(section); m.Uid == uid && body != nil {
			if raw, err = io.ReadAll(io.LimitReader(body, longestLetter)); err == nil {
				found = true
			}
		}
	}
	if err := <-done; err != nil {
		return nil, false, errors.New("a letter could not be read from the mailbox")
	}
	return raw, found, nil
}

// mark notes in the mailbox that a letter was heard.
func (s *session) mark(uid uint32, flag string) error {
	set := new(imap.SeqSet)
	set.AddNum(uid)
	flags := []any{imap.SeenFlag}
	if flag != imap.SeenFlag {
		flags = append(flags, flag)
	}
	if err := s.client.UidStore(set, imap.FormatFlagsOp(imap.AddFlags, true), flags, nil); err != nil {
		return errors.New("a letter could not be marked in the mailbox")
	}
	return nil
}

// watch has what the server tells by itself wake whoever waits. The function that it
// returns ends it.
func (s *session) watch() (stop func()) {
	updates, done, ended := make(chan client.Update, 16), make(chan struct{}), make(chan struct{})
	s.client.Updates = updates
	go func() {
		defer close(ended)
		for {
			select {
			case u := <-updates:
				if _, ok := u.(*client.MailboxUpdate); ok {
					select {
					case s.woken <- struct{}{}:
					default:
					}
				}
			case <-done:
				return
			}
		}
	}()
	return func() {
		s.stop() // nothing more is told
		<-s.client.LoggedOut()
		close(done)
		<-ended
	}
}

// wait returns when something happened in the mailbox or some time has passed. The server
// must say within patience that it has understood that we go on.
func (s *session) wait(ctx context.Context, poll, patience time.Duration) error {
	stop, done := make(chan struct{}), make(chan error, 1)
	s.client.Timeout = 0 // it is silent as long as nothing happens
	go func() {
		done <- s.client.Idle(stop, &client.IdleOptions{LogoutTimeout: -1, PollInterval: poll / 2})
	}()
	timer := time.NewTimer(poll)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-s.woken:
	case <-s.client.LoggedOut():
	}
	close(stop)
	late := time.AfterFunc(patience, func() { s.conn.Close() })
	err := <-done
	late.Stop()
	s.client.Timeout = patience
	if err != nil {
		return errors.New("the connection to the mailbox was lost")
	}
	return ctx.Err()
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
