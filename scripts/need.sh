#!/usr/bin/env bash
# Looks for the programs that a target of the Makefile needs and installs what is
# missing: as root (or with a sudo that asks no password) by itself, else it prints
# the one command to run.
#
#   scripts/need.sh go       a Go that can build this
#   scripts/need.sh run      what batsignal itself uses
#   scripts/need.sh test     the real servers and the browser that the tests use
#
# Nothing that it installs is started, now or at the next boot, and nothing that is
# installed already is removed.
set -euo pipefail

# program to look for | Debian package | what for
programs_run='
postgres|postgresql|keeps incidents, people and pages (a private server, never on a port)
'
programs_test="$programs_run"'
inspircd|inspircd|the real IRC server of the tests
atheme-services|atheme-services|its services, which prove who speaks
exim4|exim4-daemon-light|the real mail server of the tests
dovecot|dovecot-imapd|the real mailbox of the tests, read over IMAP
node|nodejs|runs the real identity provider of the tests
npm|npm|fetches it, once on a machine
sshd|openssh-server|the real SFTP server of the tests
restic|restic|keeps backups in its own repositories
age|age|opens sealed backups in the tests, without us
gpg|gnupg|seals backups for OpenPGP, and opens them
sqlite3|sqlite3|a database in a file, which the tests back up while it is written to
gcore|gdb|takes the memory of the bot, in which no sealed address may be
chromium-headless-shell|chromium-headless-shell|the browser that looks at our pages in the tests (chromium does as well, and is slower)
'

say() { printf '%s\n' "$*" >&2; }

have() {
	case $1 in
	postgres) compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null ||
		compgen -G '/usr/pgsql-*/bin/postgres' >/dev/null ||
		[ -x "${PG_BINDIR:-/nonexistent}/postgres" ] || command -v postgres >/dev/null ;;
	chromium-headless-shell) command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ;;
	# /usr/sbin is not on everybody's PATH.
	*) PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null ;;
	esac
}

# need_go explains what a too old or forbidden toolchain cannot. Go 1.21 and newer
# fetch the version that go.mod names, unless they were told not to.
need_go() {
	local wanted have_version toolchain
	wanted=$(sed -n 's/^go \([0-9.]*\)$/\1/p' go.mod)
	if ! command -v go >/dev/null; then
		say "Go is missing: it builds batsignal. Install version 1.21 or newer as go.dev/doc/install says"
		say "(Debian and Ubuntu: a golang-go package that is new enough, or the one of backports)."
		return 1
	fi
	# Outside of this directory, go speaks of itself and not of what it would fetch.
	have_version=$(cd / && GOTOOLCHAIN=local go env GOVERSION | sed 's/^go//; s/[^0-9.].*//')
	if at_least "$have_version" "$wanted"; then
		return 0
	fi
	if ! at_least "$have_version" 1.21; then
		say "Go $have_version is too old: batsignal needs $wanted, which Go 1.21 and newer fetch by themselves."
		return 1
	fi
	toolchain=$(cd / && go env GOTOOLCHAIN)
	case $toolchain in
	auto | *+auto) ;;
	*)
		say "Go $have_version may not fetch Go $wanted, because GOTOOLCHAIN is $toolchain."
		say "Install Go $wanted, or allow it for once by putting GOTOOLCHAIN=auto before the command."
		return 1
		;;
	esac
}

# at_least tells whether version $1 is $2 or newer.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# need_programs installs what is missing of a list, and fails if anything still is.
need_programs() {
	local list=$1 name=$2 program package why
	local packages=()
	while IFS='|' read -r program package why; do
		[ -n "$program" ] || continue
		have "$program" && continue
		say "Missing: $package: $why."
		packages+=("$package")
	done <<<"$list"
	[ ${#packages[@]} -gt 0 ] || return 0

	if ! command -v apt-get >/dev/null; then
		say "This machine has no apt-get. Install with its own package manager: ${packages[*]}"
		return 1
	fi
	if [ "$(id -u)" = 0 ]; then
		install_packages "${packages[@]}"
	elif sudo -n true 2>/dev/null; then
		say "Installing with sudo."
		sudo -n bash "$PWD/scripts/need.sh" install "${packages[@]}"
	else
		say "Run this once, then try again:"
		say "  sudo bash $(printf %q "$PWD")/scripts/need.sh $name"
		return 1
	fi
}

install_packages() {
	local package failed=()
	export DEBIAN_FRONTEND=noninteractive
	keep_servers_quiet
	say "Installing: $*"
	# An old list of packages is good enough; without any, nothing is found.
	apt update -qq || say "The list of packages could not be brought up to date; trying with the old one."
	if ! apt install -y "$@"; then
		# One that cannot be had must not stop the others.
		for package in "$@"; do
			apt install -y "$package" || failed+=("$package")
		done
	fi
	not_at_boot "$@"
	if [ ${#failed[@]} -gt 0 ]; then
		say "Could not be installed: ${failed[*]} (the reason stands above)."
		return 1
	fi
}

# apt runs apt-get in the way that fits a script: it waits for somebody else's
# apt-get, removes nothing (a mail server of yours stays), and speaks only of failure.
apt() {
	local command=$1 status=0 said
	shift
	said=$(apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 --no-remove --no-install-recommends \
		"$command" "$@" </dev/null 2>&1) || status=$?
	[ $status = 0 ] || say "$said"
	return $status
}

# keep_servers_quiet makes the packages' own scripts start nothing. Debian's way to
# say so is a program that answers 101; PostgreSQL's is a setting that no cluster of
# its own is made, which would listen on port 5432. Both go away when we end.
keep_servers_quiet() {
	local policy=/usr/sbin/policy-rc.d cluster=/etc/postgresql-common/createcluster.d/batsignal.conf
	trap 'rm -f "${made[@]}"; rmdir /etc/postgresql-common/createcluster.d 2>/dev/null || true' EXIT
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
		made+=("$policy")
	fi
	mkdir -p "${cluster%/*}"
	echo 'create_main_cluster = false' >"$cluster"
	made+=("$cluster")
}

made=()

# not_at_boot switches off the servers that came with packages: the tests start
# their own.
not_at_boot() {
	local package
	for package in "$@"; do
		case $package in
		inspircd | atheme-services) update-rc.d "$package" disable >/dev/null 2>&1 || true ;;
		exim4-daemon-light) update-rc.d exim4 disable >/dev/null 2>&1 || true ;;
		dovecot-imapd) update-rc.d dovecot disable >/dev/null 2>&1 || true ;;
		esac
	done
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
case ${1:-} in
go) need_go ;;
run) need_programs "$programs_run" run ;;
test)
	if ! need_programs "$programs_test" test; then
		# In CI a test that did not run is a failure; elsewhere most of them are
		# better than none.
		if [ -n "${CI:-}" ]; then
			exit 1
		fi
		say "Going on without: the tests that need them will say that they did not run."
	fi
	;;
install)
	shift
	install_packages "$@"
	;;
*)
	say "usage: scripts/need.sh go|run|test"
	exit 2
	;;
esac
