// Package faults owns the fault suite: seeded runs in which processes that page people
// are killed, frozen and cut off, and which assert that no page is lost or silent.
//
// All of it is tests, since it stands on fakes and databases of tests. Each run opens an
// incident, or a group of alerts, in a database of its own. Pages are sent by processes
// of their own (this test binary, started again) that run incidents.Pager and the worker
// of errands with the real clients of the routes. Between them and Postgres stands a
// proxy, and between them and each provider a gate; both do what the plan of the run
// says: pass on, cut, slow down, swallow, and kill whoever is at the other end at that
// very moment. The providers behind the gates have a memory. People see only what a
// provider shows them, and answer as the plan says.
//
// The processes page without the fence of leadership (migrations/pg/leader): where two of
// them are at work at once, nothing but leases keeps them apart. That is the harder case;
// the take-over of a leader has tests of its own in cmd/batsignal.
//
// Time is in a file that only the run moves: it stands still while there is work, and
// then jumps to the next instant at which something is due, so that half an hour is over
// in a second. Steps of an hour, forward and back, are among the faults.
//
// At the end an oracle compares the rows with what the providers remember. What it asserts
// is listed in oracle_test.go. A plan is drawn from its seed alone:
//
//	make faults                  # a thousand runs, from a new seed
//	make faults SEED=42          # the one run of that seed, with its whole story
//	make faults RUNS=50 SEED=7   # the runs of the seeds 7 to 56
//
// The same plan meets the same faults, counted in requests, commits and steps of the
// clock; how the processes interleave is up to the machine.
package faults
