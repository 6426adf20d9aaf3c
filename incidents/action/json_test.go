package action_test

import (
	"bytes"
	"testing"

	"batsignal/incidents/action"
)

func TestActionsAsJSON(t *testing.T) {
	var b bytes.Buffer
	items := []action.Item{{
		ID: 12, Text: "rotate <the> key", State: action.Open, Due: day("2026-12-24"), Owners: []action.Owner{{Name: "maria", Handle: "maria"}, {Name: "QA"}},
		CreatedAt: start, CreatedBy: "bert", ChangedAt: start, Incident: 7, Meeting: 3, Number: 2, Series: "standup", Network: "libera", Room: "#ops",
	}, {
		ID: 13, Text: "x", State: action.Done, CreatedAt: start, ChangedAt: start, ClosedAt: start, IssueURL: "https://gitlab.example/1",
	}}
	if err := action.WriteJSON(&b, items, "https://bat.example"); err != nil {
		t.Fatal(err)
	}
	const want = `{
  "actions": [
    {
      "ref": "A12",
      "id": 12,
      "text": "rotate <the> key",
      "state": "open",
      "due": "2026-12-24",
      "owners": [
        {
          "name": "maria",
          "handle": "maria"
        },
        {
          "name": "QA",
          "handle": ""
        }
      ],
      "created_at": "2026-11-30T12:00:00Z",
      "created_by": "bert",
      "changed_at": "2026-11-30T12:00:00Z",
      "closed_at": null,
      "incident": "INC-7",
      "meeting": 3,
      "item": 2,
      "series": "standup",
      "network": "libera",
      "room": "#ops",
      "issue_url": "",
      "url": "https://bat.example/actions/12"
    },
    {
      "ref": "A13",
      "id": 13,
      "text": "x",
      "state": "done",
      "due": null,
      "owners": [],
      "created_at": "2026-11-30T12:00:00Z",
      "created_by": "",
      "changed_at": "2026-11-30T12:00:00Z",
      "closed_at": "2026-11-30T12:00:00Z",
      "incident": null,
      "meeting": null,
      "item": null,
      "series": "",
      "network": "",
      "room": "",
      "issue_url": "https://gitlab.example/1",
      "url": "https://bat.example/actions/13"
    }
  ]
}
`
	if b.String() != want {
		t.Error(b.String())
	}
	b.Reset()
	if err := action.WriteJSON(&b, nil, ""); err != nil || b.String() != "{\n  \"actions\": []\n}\n" {
		t.Error(err, b.String())
	}
}
