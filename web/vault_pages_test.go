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
