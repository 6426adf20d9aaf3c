package main

import (
	"cmp"
	"fmt"

	"batsignal/integrations/argv"
	"batsignal/integrations/job"
	"batsignal/integrations/procedure"
)

// procedureJobs are the programs of the configuration that people may have run.
func procedureJobs(c Config) ([]job.Definition, error) {
	var all []job.Definition
	for _, conf := range c.Jobs.Procedures {
		d := job.Definition{
			Name: conf.Name, Type: "run", Summary: conf.Summary,
			Policy: job.Policy{
				Timeout: conf.Timeout, Tries: conf.Tries, Exclusive: conf.Exclusive, Approvals: conf.Approvals,
				Risky: conf.Risky, Disrupts: conf.Disrupts, Admin: conf.Admin, Expect: conf.Expect, Quiet: true,
			},
		}
		for _, q := range conf.Params {
			d.Params = append(d.Params, job.Param{Name: q.Name, Type: job.ParamType(q.Type), Choices: q.Choices, Default: q.Default, Help: q.Help})
		}
		if conf.At != "" {
			d.Schedule = &job.Schedule{Rule: conf.At, Zone: cmp.Or(c.Jobs.Zone, "UTC"), Missed: job.Missed(cmp.Or(conf.Missed, string(job.MissedOnce)))}
		}
		secrets := map[string]string{}
		for _, s := range conf.Secrets {
			secrets[s.Name] = s.File
		}
		var err error
		if d.Kind, err = procedure.New(procedure.Config{
			Argv: conf.Argv, Params: d.Params, Secrets: secrets, Dir: conf.Dir, Report: conf.Report,
			Limits: conf.Limits.limits(), Sandbox: conf.sandbox(), Offline: conf.Offline, Walls: argv.OurWalls(),
		}); err != nil {
			return nil, fmt.Errorf("the procedure %s: %w", conf.Name, err)
		}
		all = append(all, d)
	}
	return all, nil
}

func (l limitsConfig) limits() argv.Limits {
	return argv.Limits{CPU: l.CPU, Memory: int64(l.MemoryMB) << 20, Files: l.OpenFiles, FileSize: int64(l.FileMB) << 20}
}

// sandbox is what was asked for; nil is none.
func (p procedureConfig) sandbox() *argv.Sandbox {
	if !p.Sandbox {
		return nil
	}
	return &argv.Sandbox{Writable: p.Writable, Tasks: p.Limits.Tasks}
}
