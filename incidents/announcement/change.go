package announcement

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/rota"
)

const (
	sqlInsert = `
		insert into announcement (what, text, state, incident_id, run_id, made_by, made_words, made_at, edited_by, edited_at)
		values (@what, @text, 'draft', @incident, @run, @person, @words, @now, @person, @now) returning id`
	sqlEdit = `
		update announcement set text = @text, state = 'draft', version = version + 1, edited_by = @person, edited_at = @now,
			approved_by = null, approved_words = '', approved_at = null
		where id = @id`
	sqlApprove = `
		update announcement set state = 'approved', approved_by = @person, approved_words = @words, approved_at = @now where id = @id`
	sqlSend = `update announcement set state = 'sent', sent_words = @words, sent_at = @now where id = @id`
	sqlDrop = `update announcement set state = 'dropped' where id = @id`
	sqlCopy = `
		insert into announcement_copy (announcement_id, way, network, place, state, at) values (@id, @way, @network, @place, @state, @now)
		on conflict do nothing`
	sqlIncidentOf    = `select incident_id from announcement where id = @id`
	sqlShareIncident = `select id from incident where id = @incident for share`
)

// longest is how much a text may hold, in letters.
const longest = 2000

// NewDraft is what somebody proposes to announce.
type NewDraft struct {
	What     string
	Text     string
	Incident int64 // 0 is none
	Run      int64
}

// change is one transaction.
type change struct {
	*Service
	ctx context.Context
	tx  pgx.Tx
	now time.Time
	by  oncall.Actor
	say []notice.Notice
}

func (s *Service) change(ctx context.Context, by oncall.Actor, fn func(c *change) error) error {
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		c := &change{Service: s, ctx: ctx, tx: tx, now: s.Now(), by: by}
		if err := fn(c); err != nil {
			return err
		}
		return notice.Post(ctx, tx, s.Queue, c.now, c.say...)
	})
}

// Draft keeps a proposal, and asks in the rooms for somebody to agree.
func (s *Service) Draft(ctx context.Context, by oncall.Actor, d NewDraft) (a Announcement, err error) {
	text, err := readText(d.Text)
	if err != nil {
		return Announcement{}, err
	}
	err = s.change(ctx, by, func(c *change) error {
		if d.Incident != 0 {
			if _, err := c.tx.Exec(ctx, sqlShareIncident, pgx.NamedArgs{"incident": d.Incident}); err != nil {
				return err
			}
		}
		var id int64
		if err := c.tx.QueryRow(ctx, sqlInsert, pgx.NamedArgs{
			"what": d.What, "text": text, "incident": pg.NullID(d.Incident), "run": pg.NullID(d.Run), "person": pg.NullID(by.PersonID), "words": by.Who(), "now": c.now,
		}).Scan(&id); err != nil {
			return err
		}
		if a, err = get(ctx, c.tx, id); err != nil {
			return err
		}
		return c.tell(a, fmt.Sprintf("drafted by %s: %s", by.Who(), text), true)
	})
	return a, err
}

// Edit changes the text; an approval of the old one does not count any more. version, if it is
// not 0, is the text that was read, and if somebody changed it since, that is a
// fault.Conflict. It must be said unless the text is the first one, or one's own.
func (s *Service) Edit(ctx context.Context, by oncall.Actor, id int64, version int, text string) (a Announcement, err error) {
	if text, err = readText(text); err != nil {
		return Announcement{}, err
	}
	return s.step(ctx, by, id, func(c *change, a Announcement) error {
		own := a.EditedBy != nil && *a.EditedBy == by.PersonID
		switch {
		case version == 0 && a.Version > 1 && !own:
			return fault.New(fault.Conflict, "Somebody else changed the text of %s. Read it, and say which one you change: !announce edit %d --version %d TEXT.", Ref(id), id, a.Version)
		case version != 0 && version != a.Version:
			return fault.New(fault.Conflict, "%s was changed since you read it. Read it again: !announce show %d.", Ref(id), id)
		}
		if _, err := c.tx.Exec(ctx, sqlEdit, pgx.NamedArgs{"id": id, "text": text, "person": pg.NullID(by.PersonID), "now": c.now}); err != nil {
			return err
		}
		a.Version++
		return c.tell(a, fmt.Sprintf("changed by %s: %s", by.Who(), text), true)
	})
}

// Approve says that somebody agrees to a text who did not write it. version, if it is not
// 0, is the text that was read; it must be said once the text was changed.
func (s *Service) Approve(ctx context.Context, by oncall.Actor, id int64, version int) (Announcement, error) {
	return s.step(ctx, by, id, func(c *change, a Announcement) error {
		switch {
		case a.State == Approved:
			return fault.New(fault.Conflict, "%s is approved already, by %s. !announce send %d sends it.", Ref(id), a.ApprovedBy, id)
		case by.PersonID == 0:
			return fault.New(fault.Forbidden, "Only somebody I know can approve it.")
		case a.EditedBy != nil && *a.EditedBy == by.PersonID:
			return fault.New(fault.Forbidden, "You wrote it, so somebody else has to approve it.")
		case version == 0 && a.Version > 1:
			return fault.New(fault.Conflict, "The text of %s was changed. Say which one you read: !announce approve %d %d is the one that there is now.", Ref(id), id, a.Version)
		case version != 0 && version != a.Version:
			return fault.New(fault.Conflict, "%s was changed since you read it. Read it again: !announce show %d.", Ref(id), id)
		}
		if _, err := c.tx.Exec(ctx, sqlApprove, pgx.NamedArgs{"id": id, "person": by.PersonID, "words": by.Who(), "now": c.now}); err != nil {
			return err
		}
		return c.tell(a, fmt.Sprintf("approved by %s. !announce send %d sends it.", by.Who(), id), false,
			notice.Action{Label: "Send", Command: fmt.Sprintf("announce send %d", id), Says: Ref(id) + " is sent to every configured room and list.", Grave: true})
	})
}

// Send has what is approved said in the rooms and mailed to the lists.
func (s *Service) Send(ctx context.Context, by oncall.Actor, id int64) (Announcement, error) {
	return s.step(ctx, by, id, func(c *change, a Announcement) error {
		if a.State != Approved {
			return fault.New(fault.Conflict, "Somebody other than its author has to approve %s first: !announce approve %d.", Ref(id), id)
		}
		if len(c.Rooms)+len(c.Lists) == 0 {
			return fault.New(fault.Unready, "There is nowhere to send it: set jobs.announce in the configuration.")
		}
		if _, err := c.tx.Exec(ctx, sqlSend, pgx.NamedArgs{"id": id, "words": by.Who(), "now": c.now}); err != nil {
			return err
		}
		for _, room := range c.Rooms {
			c.post(room, a.Incident, headline(a)+oneLine(a.Text))
			if err := c.copy(id, "room", room.Network, room.Room, "sent"); err != nil {
				return err
			}
		}
		for _, list := range c.Lists {
			if err := c.copy(id, "list", "", list, "waiting"); err != nil {
				return err
			}
			if _, err := c.Queue.InsertTx(ctx, c.tx, MailArgs{Announcement: id, List: list}, &river.InsertOpts{Queue: Queue, MaxAttempts: mailTries}); err != nil {
				return err
			}
		}
		where := oncall.Plural(len(c.Rooms), "room", "rooms")
		if len(c.Lists) > 0 {
			where += " and " + oncall.Plural(len(c.Lists), "mailing list", "mailing lists")
		}
		return c.tell(a, fmt.Sprintf("sent by %s to %s.", by.Who(), where), false)
	})
}

// Drop gives one up that was not sent.
func (s *Service) Drop(ctx context.Context, by oncall.Actor, id int64) (Announcement, error) {
	return s.step(ctx, by, id, func(c *change, a Announcement) error {
		if _, err := c.tx.Exec(ctx, sqlDrop, pgx.NamedArgs{"id": id}); err != nil {
			return err
		}
		return c.tell(a, "dropped by "+by.Who()+".", false)
	})
}

// step locks an announcement that was not sent, changes it, and reads it again. Its incident
// is locked first, as in every change of one: its timeline is written, too.
func (s *Service) step(ctx context.Context, by oncall.Actor, id int64, fn func(*change, Announcement) error) (a Announcement, err error) {
	err = s.change(ctx, by, func(c *change) error {
		var incident *int64
		if err := c.tx.QueryRow(ctx, sqlIncidentOf, pgx.NamedArgs{"id": id}).Scan(&incident); err != nil {
			return orNone(err, id)
		}
		if incident != nil {
			if _, err := c.tx.Exec(ctx, sqlShareIncident, pgx.NamedArgs{"incident": *incident}); err != nil {
				return err
			}
		}
		if a, err = lock(ctx, c.tx, id); err != nil {
			return err
		}
		switch a.State {
		case Sent:
			return fault.New(fault.Conflict, "%s was sent by %s. A correction is a new one.", Ref(id), a.SentBy)
		case Dropped:
			return fault.New(fault.Conflict, "%s was dropped. Draft a new one: !announce outage TEXT.", Ref(id))
		}
		if err := fn(c, a); err != nil {
			return err
		}
		a, err = get(ctx, c.tx, id)
		return err
	})
	return a, err
}

// tell says where one is worked on what became of it, and writes it into its incident's
// timeline. asks has somebody asked to agree.
func (c *change) tell(a Announcement, text string, asks bool, actions ...notice.Action) error {
	rooms := c.Home
	if c.by.Room != "" {
		rooms = []rota.Room{{Network: c.by.Network, Room: c.by.Room}}
	}
	// In a room it is one line: one that began anew could be a command to another bot.
	said, version := Ref(a.ID)+" "+oneLine(text), a.Version
	if asks {
		command := fmt.Sprintf("announce approve %d", a.ID)
		if version > 1 {
			command += fmt.Sprintf(" %d", version)
		}
		said = fmt.Sprintf("%s Somebody else has to agree: !%s.", ended(said), command)
		actions = append(actions, notice.Action{Label: "Approve", Command: command, Says: "You agree to this text."})
	}
	for _, room := range rooms {
		c.post(room, a.Incident, said, actions...)
	}
	if a.Incident == nil || c.Incidents == nil {
		return nil
	}
	return c.Incidents.RecordIn(c.ctx, c.tx, c.now, *a.Incident, c.by, incidents.Noted{Kind: "note", Text: oncall.Clip(Ref(a.ID)+" "+text, longest)})
}

func (c *change) post(room rota.Room, incident *int64, text string, actions ...notice.Action) {
	c.say = append(c.say, notice.Notice{Network: room.Network, Room: room.Room, Kind: notice.Say, Text: oncall.Clip(text, longest), Incident: incident, Actions: actions})
}

func (c *change) copy(id int64, way, network, place, state string) error {
	_, err := c.tx.Exec(c.ctx, sqlCopy, pgx.NamedArgs{"id": id, "way": way, "network": network, "place": place, "state": state, "now": c.now})
	return err
}

// oneLine joins lines.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// headline keeps a line from beginning with somebody's text.
func headline(a Announcement) string {
	if a.What == Outage {
		return "Outage announced: "
	}
	return "Announcement: "
}

func readText(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch n := len([]rune(text)); {
	case n == 0:
		return "", fault.New(fault.Invalid, "What is missing is the text: what, when, for how long, and whom it touches.")
	case n > longest-200:
		return "", fault.New(fault.Invalid, "The text has %d letters; %d are the most.", n, longest-200)
	}
	return text, nil
}

// ended is a sentence with its end.
func ended(text string) string {
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// firstSentence is the first one, or the first line, cut to what fits a subject.
func firstSentence(text string) string {
	const most = 78 // letters
	line, _, _ := strings.Cut(text, "\n")
	if sentence, _, ok := strings.Cut(line, ". "); ok {
		line = sentence
	}
	return oncall.Clip(strings.TrimSuffix(line, "."), most)
}
