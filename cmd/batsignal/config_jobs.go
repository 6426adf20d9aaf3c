package main

import (
	"time"

	"batsignal/oncall/secret"
)

// jobsConfig is what operators may have done from chat, and what is done by itself.
// docs/jobs.md is the way there.
type jobsConfig struct {
	Zone        string             `mapstructure:"zone" doc:"The zone in which jobs have their times, and in which days are frozen. Empty: UTC." example:"Europe/Berlin"`
	FreezeDays  []string           `mapstructure:"freeze_days" doc:"The days of the week on which nothing risky is done, unless two people override that with a reason." example:"[friday]"`
	Runbooks    []string           `mapstructure:"runbooks" doc:"Files of runbooks of your own, one each, as whole paths; the ones that come with the bot are there anyway." example:"[/etc/batsignal/runbooks/wiki-failover.yaml]"`
	RunbookJobs []runbookJobConfig `mapstructure:"runbook_jobs" doc:"Which job of this installation a word of a runbook stands for; one that is not here stands for the job of that name, and where there is none people do it by hand."`
	Seals       []sealConfig       `mapstructure:"seals" doc:"For whom backups are sealed, one entry for each set of people."`
	Walls       string             `mapstructure:"walls" doc:"Whether servers on which restores are tested have a network of their own, with nobody else in it. auto: where the machine lets us, and the test says where not; required: or nothing is tested; off: never. Empty: auto." example:"required"`
	Places      []placeConfig      `mapstructure:"places" doc:"Where backups are kept. A backup needs two, one of them off site."`
	Backups     []backupConfig     `mapstructure:"backups" doc:"What is backed up. Each makes the jobs backup-NAME, verify-NAME and retire-NAME."`
	Vaults      []vaultConfig      `mapstructure:"vaults" doc:"Vaults (or OpenBao) that the bot watches. Each makes the jobs unseal-NAME, rekey-NAME and root-NAME."`
	Procedures  []procedureConfig  `mapstructure:"procedures" doc:"Programs of yours that people may have run, as jobs of their own."`
	Announce    announceConfig     `mapstructure:"announce" doc:"Where outages are announced."`
}

type runbookJobConfig struct {
	Word string `mapstructure:"word" doc:"As the runbook says it." example:"vault-unseal"`
	Job  string `mapstructure:"job" doc:"The job." example:"unseal-main"`
}

type sealConfig struct {
	Name       string   `mapstructure:"name" doc:"What backups call it." example:"main"`
	Age        []string `mapstructure:"age" doc:"Public keys of age, at least two: age1..., or ssh-ed25519 ..." example:"[age1..., age1...]"`
	PGP        []string `mapstructure:"pgp" doc:"Instead of age: files with OpenPGP public keys, as whole paths, at least two." example:"[/etc/batsignal/anna.asc, /etc/batsignal/bert.asc]"`
	Identities []string `mapstructure:"identities" doc:"Files with the secret keys of age by which restores are tested, as whole paths. Each is tried in turn. Whoever can read them can read the backups, so keep the ones of people elsewhere." example:"[/etc/batsignal/verify.agekey]"`
	GNUPGHome  string   `mapstructure:"gnupg_home" doc:"The same for OpenPGP: the home of a gpg that holds a secret key without passphrase." example:"/var/lib/batsignal/gnupg"`
}

type placeConfig struct {
	Name    string       `mapstructure:"name" doc:"What backups call it." example:"attic"`
	OffSite bool         `mapstructure:"off_site" doc:"It survives when everything in the building of the others burns."`
	Disk    string       `mapstructure:"disk" doc:"A directory of this machine. Give this or one of the sections below." example:"/srv/backup"`
	S3      jobsS3Config `mapstructure:"s3" doc:"A bucket of Amazon S3, or of a server that speaks like it."`
	SFTP    sftpConfig   `mapstructure:"sftp" doc:"A directory of another host, by SFTP."`
	Restic  resticConfig `mapstructure:"restic" doc:"A repository of restic, which seals by itself. Needs the program restic."`
}

type jobsS3Config struct {
	Endpoint      string      `mapstructure:"endpoint" doc:"The server, as host or host:port." example:"s3.example.org"`
	Bucket        string      `mapstructure:"bucket" doc:"The bucket." example:"backups"`
	Region        string      `mapstructure:"region" doc:"Its region, where the server wants one." example:"eu-central-1"`
	Prefix        string      `mapstructure:"prefix" doc:"What stands before the names of files in it." example:"batsignal/"`
	AccessKey     string      `mapstructure:"access_key" doc:"The name of a key that may write and read there." example:"AKIAEXAMPLE"`
	SecretKeyFile string      `mapstructure:"secret_key_file" doc:"A file with the secret of the key." example:"backup-secret"`
	SecretKey     secret.Text `mapstructure:"-" secret:"secret_key_file"`
	Insecure      bool        `mapstructure:"insecure" doc:"Speak plain http; for a server on this machine only."`
	LockDays      int         `mapstructure:"lock_days" doc:"For how many days nobody may delete what was stored, the bot included. The bucket must have object lock. 0: no lock." example:"30"`
	LockMode      string      `mapstructure:"lock_mode" doc:"compliance: nobody can lift it; governance: an administrator can. Empty: governance." example:"compliance"`
}

type sftpConfig struct {
	Address    string `mapstructure:"address" doc:"The host and port." example:"backup.example.org:22"`
	User       string `mapstructure:"user" doc:"Who logs in." example:"batsignal"`
	KeyFile    string `mapstructure:"key_file" file:"private" doc:"The private key of ours." example:"sftp-key"`
	KnownHosts string `mapstructure:"known_hosts" file:"read" doc:"A file with the host's key, as in ~/.ssh/known_hosts." example:"sftp-known-hosts"`
	Dir        string `mapstructure:"dir" doc:"The directory there." example:"/srv/backup"`
}

type resticConfig struct {
	Repository    string      `mapstructure:"repository" doc:"As restic takes it, without passwords in it." example:"sftp:backup@example.org:/srv/restic"`
	PasswordFile  string      `mapstructure:"password_file" doc:"A file with the password of the repository." example:"restic-password"`
	Password      secret.Text `mapstructure:"-" secret:"password_file"`
	AccessKey     string      `mapstructure:"access_key" doc:"The name of a key, for a repository in a bucket." example:"AKIAEXAMPLE"`
	SecretKeyFile string      `mapstructure:"secret_key_file" doc:"A file with the secret of that key." example:"restic-secret"`
	SecretKey     secret.Text `mapstructure:"-" secret:"secret_key_file"`
	Init          bool        `mapstructure:"init" doc:"Make the repository if it is not there."`
}

type backupConfig struct {
	Name     string         `mapstructure:"name" doc:"What it is called: backup NAME in chat." example:"consul"`
	Consul   consulConfig   `mapstructure:"consul" doc:"A snapshot of Consul. Give this or one of the next sections."`
	Raft     raftConfig     `mapstructure:"raft" doc:"A snapshot of a Vault that keeps its data by itself (raft)."`
	Files    filesConfig    `mapstructure:"files" doc:"Files and directories of this machine: boxes of keys, NSS databases, secrets."`
	Postgres postgresConfig `mapstructure:"postgres" doc:"A PostgreSQL."`

	Seal           string        `mapstructure:"seal" doc:"For whom it is sealed, by the name of one of jobs.seals." example:"main"`
	Places         []string      `mapstructure:"places" doc:"Where it is kept, by the names of jobs.places." example:"[attic, offsite]"`
	At             string        `mapstructure:"at" doc:"When it is taken, as in crontab, or @daily. Empty: only when somebody asks." example:"'30 2 * * *'"`
	VerifyAt       string        `mapstructure:"verify_at" doc:"When a restore of the newest one is tested." example:"'0 5 * * *'"`
	RetireAt       string        `mapstructure:"retire_at" doc:"When old ones are deleted." example:"'0 6 * * *'"`
	Daily          int           `mapstructure:"daily" doc:"How many days are kept; only backups whose restore was tested count. With daily, weekly and monthly all 0: 7, 3 and 2." example:"7"`
	Weekly         int           `mapstructure:"weekly" doc:"How many weeks, beyond that." example:"3"`
	Monthly        int           `mapstructure:"monthly" doc:"How many months, beyond that." example:"2"`
	Expect         time.Duration `mapstructure:"expect" doc:"It must succeed so often, or it is an alarm. 0: no alarm." example:"26h"`
	ExpectVerified time.Duration `mapstructure:"expect_verified" doc:"The same for its test of a restore." example:"50h"`
	Timeout        time.Duration `mapstructure:"timeout" doc:"How long one try may take. 0: an hour." example:"2h"`
}

type consulConfig struct {
	Address   string      `mapstructure:"address" doc:"Where Consul answers." example:"https://consul.example.org:8501"`
	TokenFile string      `mapstructure:"token_file" doc:"A file with a token that may take snapshots and write the sentinel." example:"consul-token"`
	Token     secret.Text `mapstructure:"-" secret:"token_file"`
	CAFile    string      `mapstructure:"ca_file" file:"authorities" doc:"The certificate authorities to trust instead of the system's." example:"consul-ca.pem"`
	Binary    string      `mapstructure:"binary" doc:"The program consul, of the same version, for the throw-away server on which a restore is tested." example:"/usr/bin/consul"`
	Prefix    string      `mapstructure:"prefix" doc:"Below it a random value is written before each snapshot, to be found in what is restored. Empty: batsignal." example:"batsignal"`
}

type raftConfig struct {
	Vault     string      `mapstructure:"vault" doc:"Which of jobs.vaults." example:"main"`
	TokenFile string      `mapstructure:"token_file" doc:"A file with a token that may take snapshots and write the sentinel, and nothing else." example:"vault-snapshot-token"`
	Token     secret.Text `mapstructure:"-" secret:"token_file"`
	Sentinel  string      `mapstructure:"sentinel" doc:"Where in Vault a random value is written before each snapshot. Empty: cubbyhole/batsignal-sentinel, which every token has for itself." example:"secret/batsignal-sentinel"`
	Server    []string    `mapstructure:"server" doc:"The program, with its arguments, of the throw-away server on which a restore is tested; @CONFIG@, @LISTEN@ and @DIR@ stand for its configuration, address and directory. Empty: snapshots are checked, but not restored." example:"[/usr/bin/vault, server, -config=@CONFIG@]"`
	Drill     bool        `mapstructure:"drill" doc:"Ask the holders for their shares in each test, to look into what was restored. Without it no snapshot is verified beyond level 3."`
}

type filesConfig struct {
	Paths    []string      `mapstructure:"paths" doc:"Whole paths of files and directories, and patterns of them." example:"[/etc/pki/signing]"`
	Exclude  []string      `mapstructure:"exclude" doc:"Patterns that are left out: with a slash of whole paths, else of names." example:"['*.tmp']"`
	Sentinel string        `mapstructure:"sentinel" doc:"A file below one of the paths that a random value is written to before each backup. Empty: a restore is not proven beyond level 3." example:"/etc/pki/signing/.batsignal"`
	Copies   []copyConfig  `mapstructure:"copies" doc:"Files that are written to all the time, and how each is copied in one piece."`
	Check    []string      `mapstructure:"check" doc:"A program, with arguments, that must succeed with what was restored; {dir} is where the restored tree is." example:"[/usr/bin/certutil, -L, -d, '{dir}/etc/pki/signing']"`
	OnChange bool          `mapstructure:"on_change" doc:"Back up when something changed, beside the times."`
	Settle   time.Duration `mapstructure:"settle" doc:"How long nothing must have changed before that. 0: 30s." example:"1m"`
}

type copyConfig struct {
	Of   string   `mapstructure:"of" doc:"The file, in one of the paths." example:"/var/lib/app/app.db"`
	With []string `mapstructure:"with" doc:"A program, with arguments, that writes the copy to {to}." example:"[/usr/bin/sqlite3, /var/lib/app/app.db, '.backup {to}']"`
}

type postgresConfig struct {
	Own       bool          `mapstructure:"own" doc:"The bot's own database. With a private one no dsn is needed."`
	DSN       secret.Text   `mapstructure:"dsn" secret:"dsn_file" doc:"The database, as a role that may read everything." example:"postgres://backup@db.example.org/wiki?sslmode=verify-full"`
	DSNFile   string        `mapstructure:"dsn_file" doc:"A file with that address, for when it holds a password." example:"wiki-dsn"`
	Mode      string        `mapstructure:"mode" doc:"dump (with pg_dump) or base (the whole server, with pg_basebackup). Empty: dump." example:"dump"`
	Databases []string      `mapstructure:"databases" doc:"The databases of a dump; '*' is all that let people in. None: the one in dsn." example:"[wiki]"`
	Sentinel  string        `mapstructure:"sentinel" doc:"A table that a random value is written to before each backup, made if it is missing. Empty: none, and only the queries prove a restore." example:"batsignal_sentinel"`
	Tables    []string      `mapstructure:"tables" doc:"The tables whose rows are counted. None: the largest ones." example:"[public.page]"`
	Queries   []queryConfig `mapstructure:"queries" doc:"What is asked of what was restored, beside the numbers of rows."`
	Trusted   bool          `mapstructure:"trusted" doc:"Everybody who owns a table there may run programs on this machine, as the account of the server on which restores are tested: functions and checks of a dump run there as its superuser. Without it, only the bot's own database is tested."`
	BinDir    string        `mapstructure:"bin_dir" doc:"Where pg_dump and the server for the test are, of the same version. Empty: database.pg_bindir, or the newest." example:"/usr/lib/postgresql/15/bin"`
}

type queryConfig struct {
	Name     string `mapstructure:"name" doc:"What it is called in the evidence." example:"newest edit"`
	SQL      string `mapstructure:"sql" doc:"A query that gives one column." example:"select max(edited_at) from page"`
	Expect   string `mapstructure:"expect" doc:"same (as when it was taken), nonempty, or a duration: a time at most so long before the backup." example:"24h"`
	Database string `mapstructure:"database" doc:"The database that is asked. Empty: the one in dsn." example:"wiki"`
}

type vaultConfig struct {
	Name      string            `mapstructure:"name" doc:"What it is called." example:"main"`
	Nodes     []vaultNodeConfig `mapstructure:"nodes" doc:"Its nodes."`
	CAFile    string            `mapstructure:"ca_file" file:"authorities" doc:"The certificate authorities to trust instead of the system's." example:"vault-ca.pem"`
	Holders   []holderConfig    `mapstructure:"holders" doc:"Who is given a new share by a rekey, and may be given a root token. Who holds a share now is what people register: batsignal share register."`
	Custody   keptConfig        `mapstructure:"custody" doc:"Where backups of it are and who can read what, beside what holders register: so that it is told who has shares and backups at hand."`
	Every     time.Duration     `mapstructure:"every" doc:"How often its nodes are asked whether they are sealed. 0: 15s." example:"15s"`
	Tolerates time.Duration     `mapstructure:"tolerates" doc:"For how long everything else can be served while it is sealed. 0: not said." example:"24h"`
	Page      bool              `mapstructure:"page" doc:"Ring the holders when a node is sealed, and not only tell them."`
}

type keptConfig struct {
	Readers []readersConfig `mapstructure:"readers" doc:"Who else can read a place, beside the holder who keeps a share there."`
	Backups []string        `mapstructure:"backups" doc:"Places that keep backups of its storage, as holders would call them; those of jobs.backups with raft.vault are known anyway." example:"[tape]"`
}

type readersConfig struct {
	Place  string   `mapstructure:"place" doc:"A place of shares, as its holder registered it, or one of backups. Who can open backups there counts as one who can read it." example:"the safe"`
	People []string `mapstructure:"people" doc:"Who can read it." example:"[root, kevin]"`
}

type vaultNodeConfig struct {
	Name    string `mapstructure:"name" doc:"What it is called." example:"vault1"`
	Address string `mapstructure:"address" doc:"Where it answers, itself and not a balancer before it." example:"https://vault1.example.org:8200"`
}

type holderConfig struct {
	Person string `mapstructure:"person" doc:"The handle of a person." example:"maria"`
	PGP    string `mapstructure:"pgp" file:"read" doc:"A file with the person's OpenPGP public key, to which new shares and root tokens are encrypted." example:"maria.asc"`
}

type procedureConfig struct {
	Name      string                  `mapstructure:"name" doc:"What the job is called." example:"flush-cdn"`
	Summary   string                  `mapstructure:"summary" doc:"One sentence: what it does." example:"Empties the cache of the mirrors."`
	Argv      []string                `mapstructure:"argv" doc:"The program, as a whole path, and its arguments. {name} as a whole argument is the value of a parameter." example:"[/usr/local/bin/flush-cdn, --zone, '{zone}']"`
	Params    []paramConfig           `mapstructure:"params" doc:"What people may say when they ask for it."`
	Dir       string                  `mapstructure:"dir" doc:"Where it runs." example:"/"`
	Secrets   []procedureSecretConfig `mapstructure:"secrets" doc:"Files with secrets; @NAME@ in an argument stands for a file in memory that only the program can open."`
	Report    bool                    `mapstructure:"report" doc:"The last line that it prints is JSON and says what came of it: {\"said\": \"3 packages\", \"evidence\": [[\"packages\", \"3\"]]}."`
	Limits    limitsConfig            `mapstructure:"limits" doc:"How much it may take."`
	Sandbox   bool                    `mapstructure:"sandbox" doc:"Run it in a sandbox of systemd: it sees all files read-only but its dir and those in writable. Only where the bot is root and systemd runs the machine; elsewhere it runs without, and its log says so."`
	Writable  []string                `mapstructure:"writable" doc:"Directories that it may write to in its sandbox, as whole paths." example:"[/var/cache/cdn]"`
	Offline   bool                    `mapstructure:"offline" doc:"It has no network but a loopback of its own. Where the machine does not let us, it is not run."`
	Timeout   time.Duration           `mapstructure:"timeout" doc:"How long it may take. 0: an hour." example:"10m"`
	Tries     int                     `mapstructure:"tries" doc:"How often it is tried. 0: once." example:"1"`
	Exclusive string                  `mapstructure:"exclusive" doc:"Jobs with the same word never run at once. Empty: its name." example:"cdn"`
	Approvals int                     `mapstructure:"approvals" doc:"How many other people must agree first." example:"1"`
	Risky     bool                    `mapstructure:"risky" doc:"It is refused in a freeze."`
	Disrupts  bool                    `mapstructure:"disrupts" doc:"People notice it, so the bot asks whether an announcement is due."`
	Admin     bool                    `mapstructure:"admin" doc:"Only admins may ask for it."`
	At        string                  `mapstructure:"at" doc:"When it runs by itself, as in crontab." example:"'15 4 * * 1'"`
	Missed    string                  `mapstructure:"missed" doc:"once: one run makes up for times that passed while nobody was there; skip: the next time will do. Empty: once." example:"once"`
	Expect    time.Duration           `mapstructure:"expect" doc:"It must succeed so often, or it is an alarm. 0: no alarm." example:"26h"`
}

type limitsConfig struct {
	CPU       time.Duration `mapstructure:"cpu" doc:"How long each of its processes may compute, in whole seconds. 0: no limit." example:"5m"`
	MemoryMB  int           `mapstructure:"memory_mb" doc:"How much address space each of its processes may have, in MiB; programs in Go and Java take a lot of it. 0: no limit." example:"2048"`
	OpenFiles int           `mapstructure:"open_files" doc:"How many files each of its processes may have open. 0: no limit." example:"256"`
	FileMB    int           `mapstructure:"file_mb" doc:"How long each file may be that it writes, in MiB. 0: no limit." example:"100"`
	Tasks     int           `mapstructure:"tasks" doc:"How many processes and threads there may be of it, all together. Only a sandbox can count them. 0: no limit." example:"32"`
}

type procedureSecretConfig struct {
	Name string `mapstructure:"name" doc:"What it is called, in capitals." example:"TOKEN"`
	File string `mapstructure:"file" file:"private" doc:"The file." example:"cdn-token"`
}

type paramConfig struct {
	Name    string   `mapstructure:"name" doc:"What it is called." example:"zone"`
	Type    string   `mapstructure:"type" doc:"id, host, number, duration, choice or text." example:"choice"`
	Choices []string `mapstructure:"choices" doc:"What a choice may be." example:"[eu, us]"`
	Default string   `mapstructure:"default" doc:"What it is if nothing is said. Empty: it must be said." example:"eu"`
	Help    string   `mapstructure:"help" doc:"A few words." example:"which mirrors"`
}

type announceConfig struct {
	Rooms []componentRoomConfig `mapstructure:"rooms" doc:"The rooms where outages are announced. None: the home room of each network."`
	Lists []string              `mapstructure:"lists" doc:"The mailing lists that they are sent to." example:"[announce@example.org]"`
}
