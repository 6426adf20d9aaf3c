package ledger

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// prefixLength is how many bytes of a head's hash are said in chat. Whoever wanted another
// tree with the same ones would have to try 2^64 of them, each signed.
const prefixLength = 8

// Line is a head as it is said in chat: "Ledger 812 1a2b3c4d5e6f7081". Everybody who keeps
// a log of the room is a witness of it.
func (h Head) Line() string { return fmt.Sprintf("Ledger %d %s", h.Size, h.Prefix()) }

// Prefix is the beginning of the hash, as it is said in chat: 16 hexadecimal digits.
func (h Head) Prefix() string { return hex.EncodeToString(h.Hash[:prefixLength]) }

// isLine finds what [Head.Line] says. Compiled once.
var isLine = regexp.MustCompile(`\bLedger (0|[1-9][0-9]{0,14}) ([0-9a-f]{16})\b`)

// ParseLine finds the first head that is said in a line of any chat log, whatever the log
// writes before and after it.
func ParseLine(text string) (size int64, prefix string, ok bool) {
	found := isLine.FindStringSubmatch(text)
	if found == nil {
		return 0, "", false
	}
	size, err := strconv.ParseInt(found[1], 10, 64)
	return size, found[2], err == nil
}

// sign makes the signed head of a tree.
func sign(signer note.Signer, size int64, hash tlog.Hash) (Head, error) {
	signed, err := note.Sign(&note.Note{Text: headText(signer.Name(), size, hash)}, signer)
	if err != nil {
		return Head{}, fmt.Errorf("the head of the ledger cannot be signed: %w", err)
	}
	return Head{Size: size, Hash: hash, Note: string(signed)}, nil
}

func headText(name string, size int64, hash tlog.Hash) string {
	return fmt.Sprintf("%s\n%d\n%s\n", name, size, hash)
}

var errHead = errors.New("this is no head of a ledger")

// readHead reads what a note says, and believes it.
func readHead(signed string) (h Head, name string, err error) {
	text, _, ok := strings.Cut(signed, "\n\n")
	lines := strings.Split(text, "\n")
	if !ok || len(lines) != 3 || len(signed) > longestNoteText {
		return Head{}, "", errHead
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Head{}, "", errHead
	}
	hash, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Head{}, "", errHead
	}
	if lines[0] == "" || text+"\n" != headText(lines[0], size, hash) {
		return Head{}, "", errHead
	}
	return Head{Size: size, Hash: hash, Note: signed}, lines[0], nil
}

// longestNoteText is in letters, as the table has it.
const longestNoteText = 2000

// openHead reads a signed head, which one of the keys must have signed under the name of
// the ledger.
func openHead(signed string, keys note.Verifiers) (h Head, name string, err error) {
	h, name, err = readHead(signed)
	if err != nil {
		return Head{}, "", err
	}
	opened, err := note.Open([]byte(signed), keys)
	if err != nil {
		return Head{}, "", fmt.Errorf("%w: %w", errHead, err)
	}
	if opened.Text != headText(name, h.Size, h.Hash) || opened.Sigs[0].Name != name {
		return Head{}, "", fmt.Errorf("%w: signed under another name", errHead)
	}
	return h, name, nil
}

// ParseHead reads a signed head and checks its signature by public keys (note's vkey form:
// "name+hash+key"); one of them must have signed it.
func ParseHead(signed string, vkeys ...string) (Head, error) {
	keys, err := verifiers(vkeys)
	if err != nil {
		return Head{}, err
	}
	h, _, err := openHead(signed, keys)
	return h, err
}
