package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"batsignal/oncall/share"
)

// Somebody who can write the database puts a key of theirs into the row of a session: no page
// shows it, and no share goes there.
func TestThePageOfAShareShowsNoStrangersKey(t *testing.T) {
	j := newJobWorld(t)
	session := j.isSealed()
	path := fmt.Sprintf("/vaults/shares/%d", session)
	thief, err := share.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	li := j.enters("li")
	j.sql(`update share_session set recipient = $1`, thief.Recipient())
	page := li.read(path)
	page.says(t, http.StatusOK, "Hand in no share here", "not known here for the bot", `role="alert"`)
	page.lacks(t, thief.Recipient(), `type="password"`)
	for _, field := range []string{"share", "sealed"} {
		a := li.fill("/account", path, url.Values{field: {aShare}})
		a.says(t, http.StatusConflict, "Hand in no share here")
		a.lacks(t, aShare, thief.Recipient())
	}
	var kept int
	if err := j.DB.QueryRow(ctx, `select count(*) from share_handed`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d kept, %v", kept, err)
	}
	if log := j.log.String(); strings.Contains(log, aShare) {
		t.Error("the share is in the log")
	}
}

// A host that has another secret than the one that leads says so, and calls nothing forged; of
// a session that is over, that it is over comes first.
func TestThePageOfAShareAtAnotherHost(t *testing.T) {
	j := newJobWorld(t)
	path := fmt.Sprintf("/vaults/shares/%d", j.isSealed())
	li := j.enters("li")
	j.sql(`insert into share_stamp (mark, host, seen_at, leads) values (repeat('a', 64), 'other', now(), true)`)
	li.read(path).says(t, http.StatusOK, `type="password"`) // it is ours, whoever leads
	j.sql(`update share_session set stamp = repeat('b', 64)`)
	page := li.read(path)
	page.says(t, http.StatusOK, "This host has another share-stamp.key")
	page.lacks(t, "somebody may have written", `type="password"`, j.key.Recipient())
	j.sql(`update share_session set state = 'closed', ended_at = now()`)
	a := li.fill("/account", path, url.Values{"share": {aShare}})
	a.says(t, http.StatusConflict, "takes no more shares")
	a.lacks(t, aShare, "share-stamp.key")
}
