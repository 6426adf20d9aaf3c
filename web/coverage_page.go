package web

import (
	"net/http"
	"time"

	"batsignal/oncall/coverage"
)

const (
	// mostStrips is for how many roles every hour is drawn; more of them are shown by
	// the day, since nobody reads a page of a megabyte.
	mostStrips = 20
	// mostSentences is how many gaps are named of one role where there are many.
	mostSentences = 5
)

// coverageBody is the heat map of all roles.
type coverageBody struct {
	Zone  zoned
	Map   heatMap       // of a few roles: each hour
	Days  []string      // of many roles: the days
	Table []coverageRow // and how few are there on each
	Roles []coverageRole
	Short int // roles with gaps
	// Elsewhere tells who is on call now at other paging services; "" is nothing.
	Elsewhere string
}

// coverageRow is a role by the day.
type coverageRow struct {
	Name, Title string
	Cells       []coverageCell
}

// coverageCell is a day of a role at its worst.
type coverageCell struct {
	Have  int
	Level int
	Short bool
}

// coverageRole is what is said of a role.
type coverageRole struct {
	coverage.Role
	Sentences []string
	More      int
	Empty     bool // nobody at all can be rung
}

func (s *site) coverage(w http.ResponseWriter, r *http.Request) error {
	reports, err := coverage.Forecast(r.Context(), s.DB, s.Now(), coverage.Ahead)
	if err != nil {
		return err
	}
	body := coverageBody{Zone: s.zoneOf(r, "")}
	for _, one := range reports {
		role := coverageRole{Role: one.Role, Empty: one.Empty(), Sentences: coverage.Sentences(one, s.visitor(r).Zone)}
		if len(role.Sentences) > 0 {
			body.Short++
		}
		if role.More = len(role.Sentences) - mostSentences; role.More > 0 {
			role.Sentences = role.Sentences[:mostSentences]
		}
		body.Roles = append(body.Roles, role)
	}
	if len(reports) <= mostStrips {
		body.Map = strips(reports, body.Zone)
	} else {
		body.Days, body.Table = dayTable(reports, body.Zone)
	}
	body.Elsewhere = s.elsewhere(r, "")
	return s.render(w, r, http.StatusOK, "coverage", view{Title: "Coverage", Here: "/coverage", Body: body})
}

// elsewhere tells who is on call now for a role, "" is every one, at other paging services.
func (s *site) elsewhere(r *http.Request, role string) string {
	if s.Elsewhere == nil {
		return ""
	}
	return s.Elsewhere(r.Context(), role, s.visitor(r).Zone)
}

// dayTable says how few are there on each day.
func dayTable(reports []coverage.Report, z zoned) (days []string, rows []coverageRow) {
	if len(reports) == 0 {
		return nil, nil
	}
	var starts []time.Time
	for at := z.midnight(reports[0].From); at.Before(reports[0].Until); at = z.addDays(at, 1) {
		starts, days = append(starts, at), append(days, at.In(z.In).Format("Mon 2"))
	}
	for _, report := range reports {
		row := coverageRow{Name: report.Role.Name, Title: report.Role.Title, Cells: make([]coverageCell, len(starts))}
		day, fresh := 0, true
		for _, c := range coverage.Cells(report, time.Hour) {
			for day+1 < len(starts) && !starts[day+1].After(c.From) {
				day, fresh = day+1, true
			}
			cell := &row.Cells[day]
			if fresh || c.Have < cell.Have {
				cell.Have, fresh = c.Have, false
			}
			cell.Short = cell.Short || c.Short
			cell.Level = levelOf(cell.Have)
		}
		rows = append(rows, row)
	}
	return days, rows
}
