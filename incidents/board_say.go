package incidents

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// boardEvery is how often the board is said in a room at most: what it tells beside the
	// single events is worth a line, and not more.
	boardEvery = 3 * time.Minute
	// boardRest lets what happens at one instant come together in one board.
	boardRest = 10 * time.Second
)

const (
	sqlBoardChanged = `
		update incident set board_due = greatest(@now::timestamptz + @rest::interval, coalesce(board_at, opened_at) + @every::interval)
		where id = @incident and status = 'open' and board_due is null`
	sqlDueBoard  = `select id from incident where board_due <= @now order by board_due, id limit 1`
	sqlSayBoard  = `update incident set board = @board, board_at = @now where id = @incident and board <> @board`
	sqlBoardDone = `update incident set board_due = null where id = @incident and board_due <= @now`
)

// boardChanged notes that the board of an incident looks different now. It is written
// with the change.
func (c *change) boardChanged(incident int64) {
	if incident == 0 {
		return
	}
	if c.board == nil {
		c.board = map[int64]bool{}
	}
	c.board[incident] = true
}

// dueBoards has the board of each incident that changed be said soon.
func (c *change) dueBoards() error {
	for id := range c.board {
		if _, err := c.tx.Exec(c.ctx, sqlBoardChanged, pgx.NamedArgs{
			"incident": id, "now": c.now, "rest": boardRest, "every": boardEvery,
		}); err != nil {
			return err
		}
	}
	return nil
}

// sayBoards says the board of one incident, if it is due and looks different from when it
// was said last, in the rooms of networks that show no live summary.
func (s *Service) sayBoards(ctx context.Context) (did bool, err error) {
	var id int64
	err = s.DB.QueryRow(ctx, sqlDueBoard, pgx.NamedArgs{"now": s.Now()}).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, s.change(ctx, func(c *change) error {
		inc, err := c.lock(id)
		if err != nil {
			return err
		}
		tag, err := c.tx.Exec(c.ctx, sqlBoardDone, pgx.NamedArgs{"incident": id, "now": c.now})
		if err != nil || tag.RowsAffected() == 0 || !inc.Open() {
			return err
		}
		return c.sayBoard(inc)
	})
}

func (c *change) sayBoard(inc Incident) error {
	rows, err := board(c.ctx, c.tx, inc.ID)
	if err != nil {
		return err
	}
	var lines, same []string
	hunting := false
	for _, row := range rows {
		lines, same = append(lines, row.Says(c.now)), append(same, row.still())
		hunting = hunting || row.Hunting
	}
	if !hunting {
		return nil // the last one who came was announced with it
	}
	// That time goes by is no news.
	tag, err := c.tx.Exec(c.ctx, sqlSayBoard, pgx.NamedArgs{"incident": inc.ID, "board": clipped(strings.Join(same, " | ")), "now": c.now})
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	rooms, err := roomsOf(c.ctx, c.tx, inc.ID)
	for _, r := range rooms {
		if n := c.network(r.Network); n != nil && !n.Summaries {
			c.say(r.Network, r.Room, inc.ID, "Board: "+strings.Join(lines, " | "))
		}
	}
	return err
}
