// Command batsignal rings at least one person in every role of an emergency.
//
// This package joins the parts: it is the only place that reads the command
// line, the environment and the configuration file, and the only one that knows
// every concrete type. It decides nothing about incidents, people or pages.
package main

import (
	"os"
	_ "time/tzdata" // a machine without zone files must still know who is awake
)

func main() {
	os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
