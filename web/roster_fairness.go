package web

import (
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

// fairMonths is how many months a report shows if nobody says which: this one is the last.
const fairMonths = 3

// fairness is who carried how much of some schedules, month by month.
type fairness struct {
	rota.Fairness
	First, Last string // months, as typed: "2026-03"
	Problem     string
}

// Query is the part of an address that asks for the same months.
func (f fairness) Query() string { return "?from=" + f.First + "&until=" + f.Last }

// fairnessOf reads which months are wanted, and reports on them. Without schedules there
// is nothing to report.
func (s *site) fairnessOf(r *http.Request, schedules []schedule.Schedule) (*fairness, error) {
	if len(schedules) == 0 {
		return nil, nil //nolint:nilnil // no schedule, no report
	}
	now := s.Now().UTC()
	this := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	f := &fairness{First: r.URL.Query().Get("from"), Last: r.URL.Query().Get("until")}
	from, until, err := monthsOf(f.First, f.Last)
	if f.First == "" && f.Last == "" {
		from, until, err = this.AddDate(0, 1-fairMonths, 0), this, nil
	}
	if err == nil {
		f.First, f.Last = from.Format("2006-01"), until.Format("2006-01")
		ids := make([]int64, len(schedules))
		for i, sched := range schedules {
			ids[i] = sched.ID
		}
		f.Fairness, err = s.Rota.Report(r.Context(), from, until.AddDate(0, 1, 0), ids...)
	}
	if err != nil && statusOf(err) < http.StatusInternalServerError {
		f.First, f.Last = oncall.Clip(f.First, 7), oncall.Clip(f.Last, 7)
		f.Problem, err = fault.Say(err), nil
	}
	return f, err
}

// monthsOf reads two months; one that is not given is the other.
func monthsOf(first, last string) (from, until time.Time, err error) {
	if first == "" {
		first = last
	}
	if last == "" {
		last = first
	}
	from, err1 := time.Parse("2006-01", strings.TrimSpace(first))
	until, err2 := time.Parse("2006-01", strings.TrimSpace(last))
	if err1 != nil || err2 != nil {
		return from, until, fault.New(fault.Invalid, "Write months like 2026-03.")
	}
	return from, until, nil
}

// hoursOf writes a duration in hours.
func hoursOf(d time.Duration) string { return strconv.FormatFloat(d.Hours(), 'f', 1, 64) }

// fairnessFile is the report as a table for other programs.
func (s *site) fairnessFile(w http.ResponseWriter, r *http.Request) error {
	role, err := oncall.FindRole(r.Context(), s.DB, segment(r, "role"))
	if err != nil {
		return err
	}
	now := s.Now()
	book, err := rota.Load(r.Context(), s.DB, now, now)
	if err != nil {
		return err
	}
	f, err := s.fairnessOf(r, book.OfRole(role.Name))
	switch {
	case err != nil:
		return err
	case f == nil:
		return fault.New(fault.NotFound, "No schedule serves %s, so there is nothing to report.", role.Title)
	case f.Problem != "":
		return fault.New(fault.Invalid, "%s", f.Problem)
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="fairness-`+role.Name+`-`+f.First+`-`+f.Last+`.csv"`)
	out := csv.NewWriter(w)
	_ = out.Write([]string{"person", "name", "hours", "nights", "weekends", "holidays", "shifts", "pages"})
	for _, share := range f.Shares {
		_ = out.Write([]string{
			cell(share.Person.Handle), cell(share.Person.Name), hoursOf(share.On), hoursOf(share.Nights), hoursOf(share.Weekends), hoursOf(share.Holidays),
			strconv.Itoa(share.Shifts), strconv.Itoa(share.Pages),
		})
	}
	out.Flush() // who went away meanwhile needs no answer
	return nil
}

// cell keeps a spreadsheet from taking somebody's words for a formula.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
