package incidents_test

import (
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// Fifty answers to one page at the same moment, typed and by links: it is answered
// once, the role is filled once, the room is told once.
func TestAnAckCountsExactlyOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix dan")
	for range 4 {
		inc := s.light("ada", "dan", fire())
		s.advance(urgent) // cem's page is open too, and must be closed once
		page := s.page("bea")
		var links []secret.Text
		for range 20 {
			token, err := paging.AddToken(ctx, s.db, s.Now(), page, 0)
			s.must(err)
			links = append(links, token)
		}
		s.said()
		var answers [50]incidents.Answered
		var acks []func() error
		for i := range answers {
			acks = append(acks, func() (err error) {
				if i%2 == 0 {
					answers[i], err = s.svc.Ack(ctx, s.as("bea"), page)
				} else {
					answers[i], err = s.svc.AckByToken(ctx, links[i/2%len(links)]) // some are pressed twice
				}
				return err
			})
		}
		changed := 0
		for i, err := range together(acks...) {
			switch {
			case err != nil && (i%2 == 0 || fault.KindOf(err) != fault.NotFound):
				t.Errorf("%d: %v", i, err)
			case err == nil && answers[i].Say == "":
				t.Errorf("%d was told nothing", i)
			case answers[i].Changed:
				changed++
			}
		}
		lines, said := s.timeline(inc.ID), s.said()
		if changed != 1 || countOf(lines, "ack: bea answers P") != 1 || countOf(said, "#ops ") != 1 || countOf(said, "@cem ") != 1 {
			t.Errorf("answered %d times%s%s", changed, text(lines), text(said))
		}
		for what, sql := range map[string]string{
			"responders": `select count(*) from responder where role = 'fix' and incident_id = $1`,
			"hunts":      `select count(*) from escalation where state = 'filled' and cause = 'incident:' || $1::bigint`,
		} {
			if n := get[int](t, s.db, sql, inc.ID); n != 1 {
				t.Errorf("%d %s", n, what)
			}
		}
		s.must(s.svc.Resolve(ctx, s.as("ada"), inc.ID, "", false, true))
	}
}

// A link that is used says that the message arrived which brought it: its address answers,
// and so does its route.
func TestALinkProvesItsWay(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	sms, _ := s.phones()
	s.phone("bea", "sms")
	s.light("ada", "bea", fire())
	s.advance(time.Minute)
	m := sms.take()[0]
	d := get[int64](t, s.db, `select id from delivery where route = 'sms'`)
	token, err := paging.AddToken(ctx, s.db, s.Now(), m.Page, d)
	s.must(err)
	ans, err := s.svc.AckByToken(ctx, token)
	if err != nil || !ans.Changed {
		t.Fatalf("%+v, %v", ans, err)
	}
	if n := get[int](t, s.db, `select count(*) from delivery d join contact c on c.id = d.contact_id join route_health h on h.route = 'sms'
		where d.id = $1 and d.state = 'acked' and c.tested_at = $2 and h.proven_at = $2`, d, s.Now()); n != 1 {
		t.Error("the text, its number or its route counts as never heard of")
	}
}

func TestAckByALink(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	inc := s.light("ada", "bea", fire())
	token, err := paging.AddToken(ctx, s.db, s.Now(), s.page("bea"), 0)
	s.must(err)
	p, about, err := s.svc.PeekToken(ctx, token)
	if err != nil || p.Handle != "bea" || about != "fixing" || s.pageState(p.ID) != "open" {
		t.Errorf("%+v, %s, %v", p, about, err)
	}
	ans, err := s.svc.AckByToken(ctx, token)
	if err != nil || !ans.Changed || s.filled(inc.ID) != "lead= fix=bea" {
		t.Errorf("%+v, %v", ans, err)
	}
	if entries, err := s.svc.Timeline(ctx, inc.ID, 0); err != nil || entries[len(entries)-1].Network != "link" || entries[len(entries)-1].Who != "bea" {
		t.Errorf("%+v, %v", entries, err)
	}
	_, err = s.svc.AckByToken(ctx, token)
	s.refused(err, fault.NotFound)
	_, _, err = s.svc.PeekToken(ctx, secret.New("guess"))
	s.refused(err, fault.NotFound)
	// Pressing a button is a sign of life.
	if n := get[int](t, s.db, `select count(*) from person where handle = 'bea' and heard_at = $1`, start); n != 1 {
		t.Error("bea was not noted as heard")
	}
}
