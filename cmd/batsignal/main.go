// Command batsignal rings at least one person in every role of an emergency.
//
// This package joins the parts: it is the only place that reads the command
// line, the environment and the configuration file, and the only one that knows
// every concrete type. It decides nothing about incidents, people or pages.
package main

import (
	"fmt"
	"os"
	_ "time/tzdata" // a machine without zone files must still know who is awake

	"batsignal/integrations/argv"
)

func main() {
	// Servers on which restores are tested begin as ourselves, for a moment.
	if is, err := argv.Enter(os.Args, os.Environ()); is {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(argv.NotEntered)
	}
	os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
