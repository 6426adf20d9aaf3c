package component

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"batsignal/oncall"
)

// parseCSV reads component,owner[,rank]. A first line that says so is a heading.
func parseCSV(text []byte, b *builder) error {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord, r.TrimLeadingSpace, r.Comment, r.ReuseRecord = -1, true, '#', true
	for first := true; ; first = false {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if bad := (*csv.ParseError)(nil); errors.As(err, &bad) {
			return badLine(bad.Line, "this is no CSV: %v", bad.Err)
		}
		if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		if first && isHeading(record) {
			continue
		}
		if len(record) < 2 || len(record) > 3 {
			return badLine(line, "write component,owner or component,owner,rank; there are %d parts", len(record))
		}
		if err := b.row(line, record); err != nil {
			return err
		}
	}
}

func (b *builder) row(line int, record []string) error {
	place, err := b.add(line, record[0])
	if err != nil {
		return err
	}
	rank := ""
	if len(record) == 3 {
		rank = record[2]
	}
	if strings.TrimSpace(record[1]) == "" && strings.TrimSpace(rank) == "" {
		return nil // owned by nobody
	}
	return b.own(line, place, record[1], rank)
}

func isHeading(record []string) bool {
	return len(record) >= 2 && slices.Contains([]string{"component", "package", "name"}, strings.ToLower(strings.TrimSpace(record[0]))) &&
		slices.Contains([]string{"owner", "maintainer", "owners", "person"}, strings.ToLower(strings.TrimSpace(record[1])))
}

func lineOf(line int) string { return fmt.Sprintf("Line %d: ", line) }

// clip keeps what is quoted out of a list short.
func clip(text string) string { return oncall.Clip(text, 40) }
