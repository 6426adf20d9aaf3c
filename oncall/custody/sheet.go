package custody

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// A share on paper is three lines of five groups of four letters. Each line holds 11 bytes
// and 12 bits that check it, which makes 20 letters without a rest.
const (
	sheetTitle  = "batsignal custody share"
	sheetLines  = 3
	lineBytes   = 11
	lineLetters = 20
	longestPage = 8192 // bytes; more is no sheet
)

// Crockford's alphabet: no I, L, O and U, so that nothing is taken for something else.
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Sheet writes a share as it is printed, and as it stands in an encrypted file. Lines with #
// are for people and are not read.
func (k Keyring) Sheet(s Share) (secret.Text, error) {
	c, err := k.Check(s)
	if err != nil {
		return secret.Text{}, err
	}
	var b bytes.Buffer
	defer func() { clear(b.Bytes()) }()
	b.Grow(longestPage) // grown later, it would leave copies behind
	fmt.Fprintf(&b, "%s\nkeyring %d custodian %d\n\n", sheetTitle, s.Epoch, s.Custodian)
	fmt.Fprintf(&b, "# %s\n# fingerprint of the keyring: %s\n# made on %s; %d of %d shares open everything\n\n", c.Name, k.Short(), k.Made, k.K, k.N)
	for i := range sheetLines {
		fmt.Fprintf(&b, "%d  %s\n", i+1, lineOf(s, i))
	}
	b.WriteString(sheetAdvice)
	return secret.New(b.String()), nil
}

const sheetAdvice = `
# Keep it where nobody else reads it, and never next
# to another share. No photograph, no mail, no cloud.
# Once a month: batsignal custody drill
# If it was seen or lost, tell the other custodians
# today: with enough of them, a new keyring is made.
`

// lineOf is one line of letters, with their check.
func lineOf(s Share, line int) string {
	chunk := s.Value.RevealBytes()[line*lineBytes : (line+1)*lineBytes]
	check := lineCheck(s.Epoch, s.Custodian, line, chunk)
	var b strings.Builder
	var acc, bits uint32
	put := func(value uint32, size uint32) {
		acc, bits = acc<<size|value, bits+size
		for bits >= 5 {
			bits -= 5
			if n := b.Len(); n%5 == 4 {
				b.WriteByte(' ')
			}
			b.WriteByte(letters[acc>>bits&31])
		}
	}
	for _, x := range chunk {
		put(uint32(x), 8)
	}
	put(uint32(check), 12)
	return b.String()
}

// lineCheck is 12 bits over a line and where it belongs: a line of another sheet, or in
// another place, is noticed as a wrong letter is.
func lineCheck(epoch, custodian, line int, chunk []byte) uint16 {
	sum := sha256.Sum256(escrow.Join([]byte("sheet"), []byte(strconv.Itoa(epoch)), []byte(strconv.Itoa(custodian)), []byte(strconv.Itoa(line)), chunk))
	return (uint16(sum[0])<<8 | uint16(sum[1])) >> 4
}

// ParseSheet reads a share that somebody typed from paper. Small letters, missing spaces and
// O for 0 are forgiven; a mistake is named by its line.
func ParseSheet(text secret.Text) (Share, error) {
	page := text.Reveal()
	if len(page) > longestPage {
		return Share{}, fault.New(fault.Invalid, "That is too long for the sheet of a share.")
	}
	var rows []string
	for row := range strings.Lines(page) {
		if row = strings.TrimSpace(row); row != "" && !strings.HasPrefix(row, "#") {
			rows = append(rows, row)
		}
	}
	if len(rows) > 0 && strings.EqualFold(rows[0], sheetTitle) {
		rows = rows[1:]
	}
	if len(rows) != 1+sheetLines {
		return Share{}, fault.New(fault.Invalid, "The sheet of a share has a line \"keyring … custodian …\" and the lines 1 to %d. Type these %d lines.", sheetLines, 1+sheetLines)
	}
	s := Share{}
	words := strings.Fields(strings.ToLower(rows[0]))
	var errs [2]error
	if len(words) == 4 && words[0] == "keyring" && words[2] == "custodian" {
		s.Epoch, errs[0] = strconv.Atoi(words[1])
		s.Custodian, errs[1] = strconv.Atoi(words[3])
	}
	if errs[0] != nil || errs[1] != nil || s.Epoch < 1 || s.Custodian < 1 || s.Custodian > MaxCustodians {
		return Share{}, fault.New(fault.Invalid, "The line above the letters must say \"keyring 1 custodian 2\", with the numbers of the sheet.")
	}
	value := make([]byte, 0, shareSize)
	for i, row := range rows[1:] {
		chunk, err := readLine(s, i, row)
		if err != nil {
			clear(value)
			return Share{}, err
		}
		value = append(value, chunk...)
		clear(chunk)
	}
	s.Value = secret.NewBytes(value)
	return s, nil
}

// readLine reads one line of letters. The error never repeats them.
func readLine(s Share, line int, row string) ([]byte, error) {
	number, rest, _ := strings.Cut(row, " ")
	if strings.TrimRight(number, ".:") != strconv.Itoa(line+1) {
		return nil, fault.New(fault.Invalid, "Line %d of the sheet is missing, or does not begin with its number.", line+1)
	}
	var values []uint32
	defer func() { clear(values) }()
	for _, r := range strings.ToUpper(rest) {
		switch r {
		case ' ', '\t', '-':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		v := strings.IndexRune(letters, r)
		if v < 0 {
			return nil, fault.New(fault.Invalid, "Line %d of the sheet has a letter that is never used there (letter %d). Compare it with the paper.", line+1, len(values)+1)
		}
		values = append(values, uint32(v)) // #nosec G115 -- 0 to 31, a place among the letters
	}
	if len(values) != lineLetters {
		return nil, fault.New(fault.Invalid, "Line %d of the sheet has %d letters, and there must be %d. Compare it with the paper.", line+1, len(values), lineLetters)
	}
	chunk := make([]byte, 0, lineBytes)
	var acc, bits uint32
	for _, v := range values {
		acc, bits = acc<<5|v, bits+5
		if bits >= 8 && len(chunk) < lineBytes {
			bits -= 8
			chunk = append(chunk, byte(acc>>bits)) // #nosec G115 -- the low eight bits are meant
		}
	}
	if uint16(acc&0xfff) != lineCheck(s.Epoch, s.Custodian, line, chunk) {
		clear(chunk)
		return nil, fault.New(fault.Invalid, "Line %d of the sheet has a typing error, or the keyring and custodian above it do not belong to it. Compare it with the paper.", line+1)
	}
	return chunk, nil
}
