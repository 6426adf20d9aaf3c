package runbook

import (
	"fmt"
	"maps"
	"strings"

	"batsignal/incidents/runbook/book"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// ask has the job of the step begin, with the values that were said.
func (w *walk) ask(by By, text string) error {
	step := w.step()
	params, err := paramsOf(step, text)
	if err != nil {
		return err
	}
	if w.Starter == nil {
		return fault.New(fault.Unready, "No jobs are set up here. Do it by hand, then: !runbook skip %d WHY", w.Step)
	}
	run, err := w.Starter.Start(w.ctx, w.tx, Ask{
		Job: step.Job, Params: params, By: by.Actor, Admin: by.Admin, Incident: w.Incident,
		Reason: fmt.Sprintf("step %d of the runbook %s (%s)", w.Step, w.Name, w.Ref()),
		// A second try is another event, so it is another run.
		Key: fmt.Sprintf("runbook/%s/%d", w.Ref(), len(w.Events)+1),
	})
	if err != nil {
		return err
	}
	return w.did(by.Actor, book.Event{What: book.Asked, Run: run, Note: text})
}

// paramsOf joins what the book gives to a job with "name=value" as it was said.
func paramsOf(step book.Step, text string) (map[string]string, error) {
	params := maps.Clone(step.With)
	if params == nil {
		params = map[string]string{}
	}
	said := map[string]string{}
	for word := range strings.FieldsSeq(text) {
		name, value, ok := strings.Cut(word, "=")
		if !ok || value == "" {
			return nil, fault.New(fault.Invalid, "Say the values like %s.", blanks(step))
		}
		if _, twice := said[name]; twice {
			return nil, fault.New(fault.Invalid, "The value %s is there twice.", oncall.Clip(name, 40))
		}
		said[name] = value
	}
	for _, b := range step.Fill {
		value, ok := said[b.Name]
		if !ok {
			return nil, fault.New(fault.Invalid, "The job needs %s: %s. Say it like !runbook next %s", b.Name, b.Help, blanks(step))
		}
		params[b.Name] = value
		delete(said, b.Name)
	}
	for name := range said {
		return nil, fault.New(fault.Invalid, "The job of this step takes no value %s from here.", oncall.Clip(name, 40))
	}
	return params, nil
}

// blanks are the values that a job is started with, as one types them.
func blanks(step book.Step) string {
	words := make([]string, len(step.Fill))
	for i, b := range step.Fill {
		words[i] = b.Name + "=…"
	}
	if len(words) == 0 {
		return "name=value, but this job takes none"
	}
	return strings.Join(words, " ")
}
