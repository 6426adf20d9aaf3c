package main

import (
	"context"

	"github.com/spf13/cobra"

	"batsignal/migrations/pg"
	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
)

func newCustodyCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "custody",
		Short:   "Keep the shares that bring sealed addresses back, and exchange keys",
		GroupID: groupCare,
		Long: `Custody is for those who keep a share of the custody key, and for operators when keys
are exchanged. Three of five shares, with a backup, open every sealed address without any
machine of ours; fewer open nothing.

On an offline laptop, without configuration and database: init, next, sign-keyring,
add-signature, recover, restore-half. A custodian at home: share, drill, approve. On a host of
ours, with its configuration: load, trust, status, record-drill, export, new-key, rotate,
flip, drop, load-restored. docs/escrow.md tells the whole ceremony.

Secrets are never on a command line: shares and identities are named by file, or typed.`,
		Example: `  batsignal custody init --bot bot.txt --switchboard switchboard.txt --out /media/stick \
    --custodian 'Ada;safe in Berlin;age1…' --custodian 'Bert;safe in Vienna;sheet' …
  batsignal custody drill --share share-1-1.age --identity key.txt
  batsignal custody status --config /etc/batsignal/batsignal.yaml`,
	}
	cmd.AddCommand(
		newCustodyInitCommand(a), newCustodyNextCommand(a), newSignKeyringCommand(a), newAddSignatureCommand(a),
		newFingerprintCommand(a),
		newShareCommand(a), newDrillCommand(a), newApproveCommand(a),
		newLoadCommand(a), newTrustCommand(a), newNewKeyCommand(a),
		newCustodyStatusCommand(a), newRecordDrillCommand(a), newCustodyPlanCommand(a),
		newRotateCommand(a), newFlipCommand(a), newDropCommand(a),
		newSealedExportCommand(a), newRecoverCommand(a), newRestoreHalfCommand(a), newLoadRestoredCommand(a),
	)
	return cmd
}

// custodySide is one of the two hosts, as its configuration says: which half is there, the
// keys that open it, and the database.
type custodySide struct {
	c     Config
	home  keyHome
	db    pg.DB
	close func()
}

// homeOf tells whose configuration it is.
func homeOf(c Config) keyHome {
	if c.Switchboard.Run.Listen != "" {
		return switchboardKeys(c)
	}
	return botKeys(c)
}

// withSide does something on one of the two hosts, by its own login to the database and,
// perhaps, with its keys.
func (a *app) withSide(cmd *cobra.Command, do func(ctx context.Context, s custodySide) error) error {
	if err := harden(); err != nil {
		return err
	}
	c, err := a.load(cmd)
	if err != nil {
		return err
	}
	s, err := a.openSide(cmd.Context(), c)
	if err != nil {
		return err
	}
	defer s.close()
	return do(cmd.Context(), s)
}

func (a *app) openSide(ctx context.Context, c Config) (custodySide, error) {
	s := custodySide{c: c, home: homeOf(c)}
	if s.home.side == custody.SideBot {
		db, err := openDatabase(ctx, c, true, quiet(a.log))
		if err != nil {
			return s, err
		}
		s.db, s.close = db.Pool, db.close
		return s, nil
	}
	pool, err := openSwitchboardDatabase(ctx, c, pg.Options{Name: "batsignal custody", MaxConns: 4})
	if err != nil {
		return s, err
	}
	s.db, s.close = pool, pool.Close
	return s, nil
}

// needs refuses what only the other host can do.
func (s custodySide) needs(side custody.Side) error {
	if s.home.side == side {
		return nil
	}
	return fault.New(fault.Invalid, "This is done with the configuration of the %s, and this one is the %s's.", side, s.home.side)
}
