package oncall

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/notice"
)

// Message is something that one person is told in private.
type Message struct {
	Person  int64
	Text    string
	Actions []notice.Action
}

// longestMessage is in letters; the column of a notice has the same limit.
const longestMessage = 2000

// Tell has people told in private on every one of the networks where they have an
// account, in the transaction of what they are told of. Whoever has no account there
// is not told; without a queue nobody is.
func Tell(ctx context.Context, tx pgx.Tx, q notice.Queue, now time.Time, networks []string, messages ...Message) error {
	if q == nil || len(messages) == 0 {
		return nil
	}
	people := make([]int64, len(messages))
	for i, m := range messages {
		people[i] = m.Person
	}
	accounts, err := AccountsOfMany(ctx, tx, people)
	if err != nil {
		return err
	}
	var notices []notice.Notice
	for _, m := range messages {
		for _, a := range accounts[m.Person] {
			if slices.Contains(networks, a.Network) {
				notices = append(notices, notice.Notice{
					Network: a.Network, Kind: notice.Say, Account: a.Name,
					Text: Clip(m.Text, longestMessage), Actions: m.Actions,
				})
			}
		}
	}
	return notice.Post(ctx, tx, q, now, notices...)
}
