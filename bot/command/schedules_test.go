package command_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"batsignal/bot/play"
	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/policy"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

// plans are the schedules and policies that a story may bring, in its file
// "schedules.yaml". People are named by their handles.
type plans struct {
	Schedules []struct {
		Name, Title, Role, Zone string
		Layers                  []struct {
			Name, Starts string
			Unit         schedule.Unit
			Turns        []int
			Members      []string
			Shadow       bool
		}
	}
	Policies []struct {
		Name, Title string
		Repeats     int
		Steps       []struct {
			Rings []string // "person maria", "role coordination", "room #ops"
			Wait  time.Duration
			All   bool
		}
	}
	Uses []policy.Use
	Away []struct {
		Who         string
		From, Until time.Time
	}
}

const sqlStoryAway = `
	insert into absence (person_id, starts_at, ends_at, created_at) select id, $2, $3, $2 from person where handle = $1`

// plan stores the plans of a story.
func plan(ctx context.Context, t *testing.T, stage *play.Stage, text string) {
	t.Helper()
	if text == "" {
		return
	}
	var in plans
	must(t, yaml.Unmarshal([]byte(text), &in))
	everybody, err := oncall.People(ctx, stage.DB)
	must(t, err)
	ids := map[string]int64{}
	for _, p := range everybody {
		ids[p.Handle] = p.ID
	}
	schedules := rota.Service{DB: stage.DB, Now: stage.Now}
	for _, s := range in.Schedules {
		out := schedule.Schedule{Name: s.Name, Title: s.Title, Role: s.Role, Zone: s.Zone}
		for _, l := range s.Layers {
			starts, err := civil.Parse(l.Starts)
			must(t, err)
			layer := schedule.Layer{Name: l.Name, Starts: starts, Unit: l.Unit, Turns: l.Turns, Shadow: l.Shadow}
			for _, handle := range l.Members {
				layer.Members = append(layer.Members, ids[handle])
			}
			out.Layers = append(out.Layers, layer)
		}
		_, _, err := schedules.Save(ctx, oncall.Actor{}, 0, out)
		must(t, err)
	}
	policies := policy.Service{DB: stage.DB, Now: stage.Now}
	for _, p := range in.Policies {
		out := policy.Policy{Name: p.Name, Title: p.Title, Repeats: p.Repeats}
		for _, s := range p.Steps {
			step := policy.Step{Wait: s.Wait, All: s.All}
			for _, word := range s.Rings {
				kind, name, _ := strings.Cut(word, " ")
				step.Targets = append(step.Targets, policy.Target{Kind: policy.Kind(kind), Name: name})
			}
			out.Steps = append(out.Steps, step)
		}
		_, err := policies.Save(ctx, oncall.Actor{}, out)
		must(t, err)
	}
	for _, u := range in.Uses {
		must(t, policies.Assign(ctx, oncall.Actor{}, u))
	}
	for _, a := range in.Away {
		_, err := stage.DB.Exec(ctx, sqlStoryAway, a.Who, a.From, a.Until)
		must(t, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
