package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"batsignal/oncall/fault"
)

// envConfig names the configuration file where --config does not.
const envConfig = "BATSIGNAL_CONFIG"

// The exit statuses.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2 // the command line or the configuration is wrong
)

// app is what every command shares.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	configFile     string
	log            *slog.Logger
	// running is set when a command's own work begins. An error before that is
	// about how it was called.
	running bool
}

// said ends the program with a status, when everything has been said already.
type said struct{ status int }

func (s said) Error() string { return fmt.Sprintf("exit status %d", s.status) }

// The groups that the help lists commands in.
const (
	groupUse  = "use"
	groupCare = "care"
)

// newRoot makes the whole tree of commands. A new command is one line here.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "batsignal",
		Short: "Ring at least one person in every role, in the middle of the night",
		Long: `Batsignal is a chat bot for teams that answer emergencies. When somebody types
!batsignal and a second person confirms, it rings people until every role of the
incident is filled, and shows who holds the baton.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(*cobra.Command, []string) error { a.running = true; return nil },
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.AddGroup(
		&cobra.Group{ID: groupUse, Title: "To ring people:"},
		&cobra.Group{ID: groupCare, Title: "To look after it:"},
	)
	root.SetHelpCommandGroupID(groupCare)
	root.CompletionOptions.HiddenDefaultCmd = true

	flags := root.PersistentFlags()
	flags.StringVarP(&a.configFile, "config", "c", "", "the configuration file (or $"+envConfig+")")
	flags.String("state-dir", "", "the directory for what must outlive a restart")
	flags.String("log-level", "", "debug, info, warn or error")
	flags.String("log-format", "", "text, json or auto")
	bindFlag(flags, "state-dir", "state_dir")
	bindFlag(flags, "log-level", "log.level")
	bindFlag(flags, "log-format", "log.format")

	root.AddCommand(
		newConfigCommand(a),
		newHealthCommand(a),
		newTryCommand(a),
		newRunCommand(a),
		newServeCommand(a),
		newSwitchboardCommand(a),
		newEscrowCommand(a),
		newCustodyCommand(a),
		newLedgerCommand(a),
		newDoCommand(a),
		newContactCommand(a),
		newVaultShareCommand(a),
		newMigrateCommand(a),
		newDoctorCommand(a),
		newRosterCommand(a),
		newComponentsCommand(a),
		newExportCommand(a),
		newBackupCommand(a),
		newRestoreCommand(a),
		newPlanCommand(a),
		newApplyCommand(a),
		newConvertCommand(a),
		newMailInCommand(a),
		newSimulateCommand(a),
		newSlackCommand(a),
		newMinutesCommand(a),
		newRetroCommand(a),
		newVersionCommand(a),
	)
	return root
}

// execute runs the program and returns its exit status. The first interrupt
// asks for an orderly end, the second ends at once.
func execute(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// A reader that goes away (| head) is an error of writing like any other, not an
	// end without cleaning up.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, log: newLogger(stderr, logConfig{Level: "info", Format: "auto"})}
	root := newRoot(a)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	return a.report(cmd, err)
}

// report says what went wrong, in one plain sentence, and returns the exit status.
func (a *app) report(cmd *cobra.Command, err error) int {
	var done said
	var known *fault.Error
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &done):
		return done.status
	case !a.running:
		fmt.Fprintf(a.stderr, "batsignal: %s\nTry: %s --help\n", strings.TrimSpace(err.Error()), cmd.CommandPath())
		return exitUsage
	case !errors.As(err, &known):
		a.log.Error("the command failed", "command", cmd.CommandPath(), "error", err)
		fmt.Fprintf(a.stderr, "batsignal: %s\n", fault.Say(err))
		return exitFailed
	}
	fmt.Fprintf(a.stderr, "batsignal: %s\n", known.Say)
	if known.Kind == fault.Invalid {
		return exitUsage
	}
	if known.Cause != nil {
		a.log.Error("the command failed", "command", cmd.CommandPath(), "error", known.Cause)
	}
	return exitFailed
}

// load reads the configuration for a command, and starts the log that it asks for.
func (a *app) load(cmd *cobra.Command) (Config, error) {
	l, err := a.loadAll(cmd)
	return l.Config, err
}

func (a *app) loadAll(cmd *cobra.Command) (loaded, error) {
	file := a.configFile
	if file == "" {
		file = os.Getenv(envConfig)
	}
	l, err := loadConfig(file, cmd.Flags())
	if err == nil {
		a.log = newLogger(a.stderr, l.Log)
	}
	return l, err
}
